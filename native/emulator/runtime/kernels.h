// What programs register of their device code, and the launches of it.
#ifndef KIB_EMULATOR_KERNELS_H
#define KIB_EMULATOR_KERNELS_H
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "machine/machine.h"
#include "runtime/device.h"
#include "runtime/fat_binary.h"

namespace kib::emulator {

class FatBinary;

// A kernel that a program registered: a cudaKernel_t, and what a host function's address stands for.
struct Function {
  FatBinary* binary = nullptr;
  const void* host = nullptr;  // the host function's address
  std::string name;
  bool large_clusters = false;        // of cudaFuncSetAttribute: more than 8 blocks, which not every card has
  uint32_t dynamic_shared_limit = 0;  // of cudaFuncSetAttribute; 0: what is allowed without it
  const Kernel* kernel = nullptr;     // once its module is parsed
  bool refused = false;               // it was reported that the kernel cannot run
  KernelResources resources;          // once they are asked for
  bool resources_known = false;

  // Bytes of static shared memory, as exactly as they are known.
  uint32_t static_shared() const { return resources_known ? resources.shared : kernel->static_shared_bytes(); }
};

// One translation unit's device code. Its module is parsed when first used.
class FatBinary {
 public:
  FatBinary(const void* data, std::string library) : data_(data), library_(std::move(library)) {}
  // The module, or null after a report of why there is none, made once; `error` is CUDA's then.
  const Module* module(int* error);
  // What its kernels take, looked for when first asked; of a binary whose module is there.
  const Resources& resources();
  int ptx_target() const { return ptx_.target; }  // 80 for PTX of sm_80
  const std::string& library() const { return library_; }
  void add_entry(const std::string& name) { entries_.insert(name); }

 private:
  void load();
  void check_parameters() const;
  std::string missing(bool compressed) const;

  const void* data_;
  std::string library_;  // the file that registered it
  std::set<std::string> entries_;
  std::map<std::string, std::vector<ArgumentPlace>> parameters_;  // of the machine code
  Ptx ptx_;                           // the chosen one; its text only until resources() has seen it
  std::vector<std::string> folders_;  // where PTX, and what ptxas said of it, is looked for
  std::unique_ptr<Module> module_;
  std::unique_ptr<Resources> resources_;
  bool loaded_ = false;
  int error_ = 0;
};

struct LaunchCall {
  std::string caller;
  Dim3 grid, block;
  size_t shared = 0;
  void** arguments = nullptr;
  bool cooperative = false;
  bool programmatic = false;  // may begin before the kernel before it in the stream has ended
  Dim3 cluster{0, 0, 0};      // 0 x 0 x 0: the kernel's own, or none
};

class Kernels {
 public:
  static Kernels& instance();

  FatBinary* add_binary(const void* wrapper);
  void remove_binary(FatBinary* binary);  // its module stays, for launches that are enqueued
  void add_function(FatBinary* binary, const void* host, const std::string& name);
  void add_variable(FatBinary* binary, const void* host, const std::string& name);

  // By the host function's address, or by the handle itself; null after a report.
  Function* function(const void* host, const std::string& caller);
  // Parses the function's module where that has not been done.
  int prepare(Function& function);
  // Address and size of a __device__ or __constant__ variable.
  int variable(const void* host, uint64_t* address, uint64_t* bytes, const std::string& caller);

  int launch(Lock& lock, Device& device, Stream& stream, Function& function, const LaunchCall& call);
  // The work of a launch, with a copy of its arguments, once the call is found to be right.
  int prepare(Function& function, const LaunchCall& call, Task* task);

 private:
  std::vector<std::unique_ptr<FatBinary>> binaries_;
  std::map<const void*, std::unique_ptr<Function>> functions_;
  struct Variable {
    FatBinary* binary;
    std::string name;
  };
  std::map<const void*, Variable> variables_;
};

}  // namespace kib::emulator
#endif
