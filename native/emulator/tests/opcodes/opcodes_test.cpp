// opcodes_test [--seed N] [--emit FOLDER] [PART OF A NAME]: every case of the tables, on the PTX machine.
#include <cfenv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>

#include "cases.h"
#include "machine/machine.h"

namespace kib::emulator::tests {
namespace {

class Buffer {
 public:
  explicit Buffer(uint64_t bytes) : bytes_(bytes), address_(Memory::instance().allocate(bytes, "opcodes_test")) {
    if (!address_) throw std::runtime_error("opcodes_test: no device memory for " + std::to_string(bytes) + " bytes");
  }
  ~Buffer() { Memory::instance().release(address_); }
  Buffer(const Buffer&) = delete;
  uint64_t address() const { return address_; }
  std::byte* view(Memory::Access access) { return Memory::instance().view(address_, bytes_, access, "opcodes_test"); }
  void zero() { std::memset(view(Memory::Access::kWrite), 0, bytes_); }

 private:
  uint64_t bytes_, address_;
};

std::vector<uint64_t> run_case(const Case& c, const std::vector<Inputs>& inputs) {
  auto module = Module::parse(module_text(c), c.name);
  Buffer in(inputs.size() * sizeof(Inputs)), out(inputs.size() * 8), extra(4096);
  std::memcpy(in.view(Memory::Access::kWrite), inputs.data(), inputs.size() * sizeof(Inputs));
  out.zero();
  extra.zero();
  Launch launch;
  launch.kernel = module->kernel("test");
  if (!launch.kernel) throw std::runtime_error("the module has no kernel `test`");
  launch.grid = Dim3{uint32_t(inputs.size() / 128), 1, 1};
  launch.block = Dim3{128, 1, 1};
  launch.parameters.resize(24);
  uint64_t parameters[] = {in.address(), out.address(), extra.address()};
  std::memcpy(launch.parameters.data(), parameters, sizeof parameters);
  if (Outcome outcome = run(launch); outcome != Outcome::kDone)
    throw std::runtime_error("the launch's outcome is " + std::to_string(int(outcome)));
  std::vector<uint64_t> results(inputs.size());
  std::memcpy(results.data(), out.view(Memory::Access::kRead), results.size() * 8);
  return results;
}

std::string compare(const Case& c, const std::vector<Inputs>& inputs, const std::vector<uint64_t>& results) {
  size_t wrong = 0, first = 0;
  std::optional<uint64_t> expected, first_expected;
  std::vector<std::optional<uint64_t>> warp(32);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (c.warp && i % 32 == 0) {
      std::fill(warp.begin(), warp.end(), std::nullopt);
      c.warp(&inputs[i], warp.data());
    }
    expected = c.warp ? warp[i % 32] : c.reference(inputs[i]);
    if (!expected || agrees(c, *expected, results[i])) continue;
    if (wrong++ == 0) first = i, first_expected = expected;
  }
  if (!wrong) return {};
  char text[400];
  std::snprintf(text, sizeof text, "%zu of %zu wrong; thread %zu: (%llx, %llx, %llx, %llx) gave %llx, expected %llx",
                wrong, inputs.size(), first, (unsigned long long)inputs[first][0], (unsigned long long)inputs[first][1],
                (unsigned long long)inputs[first][2], (unsigned long long)inputs[first][3],
                (unsigned long long)results[first], (unsigned long long)*first_expected);
  return text;
}

std::string check(const Case& c, uint64_t seed, size_t* values) {
  std::mt19937_64 random(seed);
  std::vector<Inputs> inputs = inputs_of(c, random);
  *values += inputs.size();
  size_t findings = Reports::instance().count();
  try {
    std::string text = compare(c, inputs, run_case(c, inputs));
    if (text.empty() && Reports::instance().count() != findings)
      text = "a finding: " + Reports::instance().all().back().sentence();
    return text;
  } catch (const std::exception& e) {
    return e.what();
  }
}

template <class T>
struct Processor {  // one operation in one rounding mode
  static T apply(int operation, Mode mode, volatile T a, volatile T b, volatile T c) {
    const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
    std::fesetround(modes[int(mode)]);
    volatile T y = 0;
    switch (operation) {
      case 0:
        y = a + b;
        break;
      case 1:
        y = a * b;
        break;
      case 2:
        y = a / b;
        break;
      case 3:
        y = std::fma(T(a), T(b), T(c));
        break;
      default:
        y = std::sqrt(T(a));
    }
    std::fesetround(FE_TONEAREST);
    return y;
  }
};

// The reference's own rounding against the processor's.
template <class T>
bool reference_agrees_with_processor(const Format& format, Domain domain, uint64_t seed) {
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20000; ++i) {
    Mode mode = Mode(i % 4);
    Arithmetic arithmetic{&format, mode};
    uint64_t x[3];
    T v[3];
    for (int k = 0; k < 3; ++k) {
      x[k] = random_value(domain, random);
      std::memcpy(&v[k], &x[k], sizeof(T));
    }
    uint64_t ours[] = {arithmetic.add(x[0], x[1]), arithmetic.mul(x[0], x[1]), arithmetic.div(x[0], x[1]),
                       arithmetic.fma(x[0], x[1], x[2]), arithmetic.sqrt(x[0])};
    for (int k = 0; k < 5; ++k) {
      T host = Processor<T>::apply(k, mode, v[0], v[1], v[2]);
      uint64_t bits = 0;
      std::memcpy(&bits, &host, sizeof(T));
      if (bits == ours[k] || (format.is_nan(bits) && format.is_nan(ours[k]))) continue;
      std::printf("the reference's operation %d (%s.%s) of %llx %llx %llx gives %llx, the processor %llx\n", k,
                  suffix(mode), format.name, (unsigned long long)x[0], (unsigned long long)x[1],
                  (unsigned long long)x[2], (unsigned long long)ours[k], (unsigned long long)bits);
      return false;
    }
  }
  return true;
}

void emit(const Cases& cases, const std::string& folder) {
  for (size_t i = 0; i < cases.size(); ++i) {
    std::ofstream file(folder + "/" + std::to_string(i) + ".ptx");
    file << "// " << cases[i].name << "\n" << module_text(cases[i]);
  }
}

int test_all(int count, char** arguments) {
  uint64_t seed = uint64_t(std::chrono::steady_clock::now().time_since_epoch().count());
  std::string filter, folder;
  for (int i = 1; i < count; ++i) {
    std::string argument = arguments[i];
    if (argument == "--seed" && i + 1 < count)
      seed = std::strtoull(arguments[++i], nullptr, 10);
    else if (argument == "--emit" && i + 1 < count)
      folder = arguments[++i];
    else
      filter = argument;
  }
  Cases cases;
  for (auto table : {integer_cases, logic_cases, float_cases, approximate_cases, compare_cases, half_cases,
                     convert_cases, memory_cases, register_cases, atomic_cases, warp_cases, control_cases})
    table(cases);
  if (!folder.empty()) {
    emit(cases, folder);
    return 0;
  }
  std::printf("opcodes_test --seed %llu\n", (unsigned long long)seed);
  if (!reference_agrees_with_processor<float>(kF32, Domain::kF32, seed) ||
      !reference_agrees_with_processor<double>(kF64, Domain::kF64, seed))
    return 1;
  int run = 0, failed = 0;
  size_t values = 0;
  for (const Case& c : cases) {
    if (c.name.find(filter) == std::string::npos) continue;
    ++run;
    if (std::string text = check(c, seed, &values); !text.empty()) {
      ++failed;
      std::printf("FAILED %s\n    %s\n    %s\n", c.name.c_str(), c.body.c_str(), text.c_str());
    }
  }
  std::printf("%d opcode forms over %zu values, %d failed\n", run, values, failed);
  return failed || !run;
}

}  // namespace
}  // namespace kib::emulator::tests

int main(int count, char** arguments) { return kib::emulator::tests::test_all(count, arguments); }
