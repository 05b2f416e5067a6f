// What the programs share: device vectors, checked calls, and comparisons with the host bit for bit.
#ifndef KIB_EMULATOR_TESTS_PROGRAM_H
#define KIB_EMULATOR_TESTS_PROGRAM_H
#include <cuda_runtime.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

inline void check(cudaError_t error, const char* call, const char* file, int line) {
  if (error == cudaSuccess) return;
  throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + call + ": " +
                           cudaGetErrorString(error));
}
#define CUDA(call) check(call, #call, __FILE__, __LINE__)
#define LAUNCHED() CUDA(cudaGetLastError())

// Elements of device memory.
template <class T>
class Device {
 public:
  explicit Device(size_t n) : n_(n) { CUDA(cudaMalloc(&data_, n * sizeof(T))); }
  explicit Device(const std::vector<T>& host) : Device(host.size()) {
    CUDA(cudaMemcpy(data_, host.data(), n_ * sizeof(T), cudaMemcpyHostToDevice));
  }
  ~Device() { cudaFree(data_); }
  Device(const Device&) = delete;
  operator T*() const { return data_; }
  T* data() const { return data_; }
  std::vector<T> get() const {
    std::vector<T> host(n_);
    CUDA(cudaMemcpy(host.data(), data_, n_ * sizeof(T), cudaMemcpyDeviceToHost));
    return host;
  }
  void zero() { CUDA(cudaMemset(data_, 0, n_ * sizeof(T))); }

 private:
  T* data_ = nullptr;
  size_t n_;
};

template <class T>
double number(T x) {
  return double(x);
}

// Throws where an element differs by more than `relative`; with 0, where a bit differs.
template <class T>
void equal(const std::string& what, const std::vector<T>& got, const std::vector<T>& wanted, double relative = 0) {
  if (got.size() != wanted.size()) throw std::runtime_error(what + ": " + std::to_string(got.size()) + " elements");
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::memcmp(&got[i], &wanted[i], sizeof(T)) == 0) continue;
    double x = number(got[i]), y = number(wanted[i]);
    if (relative > 0 && std::abs(x - y) <= relative * std::abs(y)) continue;
    char text[200];
    std::snprintf(text, sizeof text, ": element %zu is %.17g, not %.17g", i, x, y);
    throw std::runtime_error(what + text);
  }
}

template <class T>
std::vector<T> random_values(size_t n, std::mt19937_64& random, double low, double high) {
  std::uniform_real_distribution<double> draw(low, high);
  std::vector<T> values(n);
  for (T& value : values) value = T(draw(random));
  return values;
}

// The same for an error of at most `bound`.
template <class T>
void near(const std::string& what, const std::vector<T>& got, const std::vector<double>& wanted, double bound) {
  if (got.size() != wanted.size()) throw std::runtime_error(what + ": " + std::to_string(got.size()) + " elements");
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::abs(number(got[i]) - wanted[i]) <= bound) continue;
    char text[200];
    std::snprintf(text, sizeof text, ": element %zu is %.17g, not %.17g", i, number(got[i]), wanted[i]);
    throw std::runtime_error(what + text);
  }
}

// Whole numbers of low to high: as floating-point numbers, small ones have sums and products without rounding, so that
// every order of adding gives the same bits.
template <class T>
std::vector<T> whole(size_t n, std::mt19937_64& random, int low, int high) {
  std::vector<T> values(n);
  for (T& value : values) value = T(low + int(random() % unsigned(high - low + 1)));
  return values;
}

struct Program {
  const char* name;
  void (*run)(std::mt19937_64&);
};
inline std::vector<Program>& programs() {
  static std::vector<Program> all;
  return all;
}
struct Registered {
  Registered(const char* name, void (*run)(std::mt19937_64&)) { programs().push_back({name, run}); }
};

// PROGRAM(name) { ... }: a program that clean.cu runs, with random numbers of `random`.
#define PROGRAM(name)                              \
  void name(std::mt19937_64& random);              \
  const Registered registered_##name{#name, name}; \
  void name([[maybe_unused]] std::mt19937_64& random)

// Runs every program, or the one named, from one printed seed.
inline int run_programs(int count, char** arguments) {
  std::string only = count > 1 ? arguments[1] : "";
  uint64_t seed = count > 2 && *arguments[2] ? std::strtoull(arguments[2], nullptr, 10) : std::random_device{}();
  int run = 0, failed = 0;
  for (const Program& program : programs()) {
    if (!only.empty() && only != "all" && only != program.name) continue;
    ++run;
    std::mt19937_64 random(seed);
    try {
      program.run(random);
      CUDA(cudaDeviceSynchronize());
    } catch (const std::exception& e) {
      ++failed;
      std::printf("FAILED %s (again: %s %s %llu): %s\n", program.name, arguments[0], program.name,
                  (unsigned long long)seed, e.what());
    }
  }
  std::printf("%d programs, %d failed, seed %llu\n", run, failed, (unsigned long long)seed);
  return failed || !run;
}
#endif
