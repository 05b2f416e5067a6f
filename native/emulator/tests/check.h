// What the emulator's tests share: checks that count and print, and the process's exit status.
#ifndef KIB_EMULATOR_TESTS_CHECK_H
#define KIB_EMULATOR_TESTS_CHECK_H
#include <cstdio>
#include <cstring>
#include <sstream>
#include <string>

namespace kib::test {

inline int& failures() {
  static int count = 0;
  return count;
}

inline void check(bool holds, const char* what, const char* file, int line) {
  if (holds) return;
  ++failures();
  std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
}

template <class A, class B>
void equal(const A& got, const B& wanted, const char* what, const char* file, int line) {
  if (got == wanted) return;
  ++failures();
  std::ostringstream text;
  text << what << " is " << got << ", not " << wanted;
  std::fprintf(stderr, "%s:%d: %s\n", file, line, text.str().c_str());
}

inline void contains(const std::string& text, const std::string& part, const char* file, int line) {
  if (text.find(part) != std::string::npos) return;
  ++failures();
  std::fprintf(stderr, "%s:%d: '%s' is not in: %s\n", file, line, part.c_str(), text.c_str());
}

inline int result() {
  if (failures() > 0) std::fprintf(stderr, "%d checks failed\n", failures());
  return failures() == 0 ? 0 : 1;
}

}  // namespace kib::test

#define CHECK(condition) ::kib::test::check((condition), #condition, __FILE__, __LINE__)
#define CHECK_EQUAL(got, wanted) ::kib::test::equal((got), (wanted), #got, __FILE__, __LINE__)
#define CHECK_CONTAINS(text, part) ::kib::test::contains((text), (part), __FILE__, __LINE__)
#endif
