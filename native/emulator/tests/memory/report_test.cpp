// Sentences of findings, and that a faulty line does not flood.
#include "machine/report.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "check.h"

using namespace kib::emulator;

// What a process that finds the same seven times says at its end.
std::string said_at_end() {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], 2);
    Report report;
    report.finding = Finding::kBadArgument;
    report.detail = "cublasSgemm: lda is 3";
    for (int i = 0; i < 7; ++i) Reports::instance().add(report);
    std::exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char part[256];
  for (ssize_t n; (n = ::read(ends[0], part, sizeof part)) > 0;) text.append(part, static_cast<size_t>(n));
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return text;
}

int main() {
  // A file that takes nothing is complained of, once.
  ::setenv("KIB_EMULATOR_REPORT", "/dev/full", 1);
  const std::string complaint = said_at_end(), sentence = "KIB_EMULATOR_REPORT: cannot write to /dev/full (No space";
  CHECK_CONTAINS(complaint, sentence);
  CHECK_EQUAL(complaint.find(sentence), complaint.rfind(sentence));
  ::unsetenv("KIB_EMULATOR_REPORT");
  Report report;
  report.finding = Finding::kOutOfBounds;
  report.kernel = "scale";
  report.file = "scale.cu";
  report.line = 12;
  report.has_thread = true;
  report.block = {1, 2, 3};
  report.thread = {4, 5, 6};
  report.address = 0x1000;
  report.detail = "4 bytes behind 'x'";
  CHECK_EQUAL(report.sentence(),
              "out of bounds in kernel scale at scale.cu:12, block (1,2,3) thread (4,5,6), address 0x1000: 4 bytes "
              "behind 'x'");
  report.kernel = "_Z5scalePfi";
  CHECK_CONTAINS(report.sentence(), "out of bounds in kernel scale(float*, int) at");
  report.kernel = "i";  // no mangled symbol, though it could be a type
  CHECK_CONTAINS(report.sentence(), "in kernel i at");
  Reports& reports = Reports::instance();
  for (uint32_t i = 0; i < 100; ++i) {
    report.thread.x = i;
    reports.add(report);
  }
  CHECK_EQUAL(reports.count(), 5u);
  report.line = 13;
  reports.add(report);
  CHECK_EQUAL(reports.count(), 6u);
  Report bare;
  bare.finding = Finding::kLeak;
  bare.detail = "'x' was never freed";
  for (int i = 0; i < 20; ++i) {  // equal but for addresses
    bare.detail = "'x' at " + std::string(i % 2 == 0 ? "0x30ff" : "0xA0") + " was never freed";
    reports.add(bare);
  }
  CHECK_EQUAL(reports.count(), 11u);
  CHECK_EQUAL(reports.left_out(), 110u);
  bare.detail = "'x' was never freed";
  reports.add(bare);
  CHECK_EQUAL(reports.count(), 12u);
  CHECK_EQUAL(reports.all().back().sentence(), "leak: 'x' was never freed");
  reports.clear();
  CHECK_EQUAL(reports.count(), 0u);
  CHECK_EQUAL(reports.left_out(), 0u);
  CHECK_CONTAINS(said_at_end(), "kib-emulator: 2 more findings like these were left out");
  reports.add(report);
  CHECK_EQUAL(reports.count(), 1u);
  return kib::test::result();
}
