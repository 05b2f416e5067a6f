#include "runtime/kernels.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "machine/options.h"
#include "runtime/launch_limits.h"
#include "runtime/node_details.h"
#include "runtime/ptxas.h"

namespace kib::emulator {
namespace {

// What __cudaRegisterFatBinary gets.
struct Wrapper {
  int magic, version;
  const void* data;
  void* more;
};

constexpr int kWrapperMagic = 0x466243b1;

std::string folder_of(const std::string& file) {
  const size_t slash = file.rfind('/');
  return slash == file.npos ? "." : file.substr(0, slash);
}

int error_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kDone:
      return cudaSuccess;
    case Outcome::kIllegalAddress:
      return cudaErrorIllegalAddress;
    case Outcome::kMisaligned:
      return cudaErrorMisalignedAddress;
    case Outcome::kTrap:
      return cudaErrorLaunchFailure;
    case Outcome::kUnsupported:
      return cudaErrorIllegalInstruction;
    case Outcome::kBarrier:
    case Outcome::kNoProgress:
      return cudaErrorLaunchTimeout;
  }
  return cudaErrorUnknown;
}

int refuse(const LaunchCall& call, const Function& function, int error, const std::string& why) {
  report(Finding::kBadArgument, call.caller, readable(function.name) + ": " + why);
  return error;
}

// A launch in two parts, of which the first may run before the kernel before it.
void begin_ahead(const Launch& launch, Task* task) {
  const auto ahead = std::make_shared<std::unique_ptr<AheadRun>>();
  task->ahead = [launch, ahead] {
    *ahead = AheadRun::begin(launch);
    return error_of((*ahead)->outcome());
  };
  task->work = [launch, ahead] {
    const std::unique_ptr<AheadRun> begun = std::move(*ahead);
    return error_of(begun ? begun->finish() : run(launch));
  };
}

KernelDetails details_of(const Function& function, const LaunchCall& call, const Launch& launch) {
  KernelDetails details;
  details.function = function.host;
  details.call = call;
  details.call.arguments = nullptr;
  details.bytes = std::make_shared<std::vector<std::byte>>(launch.parameters);
  for (const Parameter& parameter : function.kernel->parameters()) {
    details.arguments.push_back(details.bytes->data() + parameter.offset);
  }
  return details;
}

}  // namespace

const Module* FatBinary::module(int* error) {
  if (!loaded_) {
    loaded_ = true;
    load();
  }
  *error = error_;
  return module_.get();
}

void FatBinary::load() {
  const Options& options = Options::current();
  FatBinaryContent content = read_fat_binary(data_, library_);
  parameters_ = std::move(content.parameters);
  folders_ = {folder_of(library_)};
  for (std::string& folder : split_path(options.ptx_path)) folders_.push_back(std::move(folder));
  for (const std::string& folder : folders_) {
    for (Ptx& ptx : ptx_in_folder(folder)) content.ptx.push_back(std::move(ptx));
  }
  const Ptx* chosen = choose_ptx(content.ptx, entries_, options.capability);
  if (chosen == nullptr) {
    report(Finding::kUnsupported, library_, missing(content.unreadable));
    error_ = cudaErrorNoKernelImageForDevice;
    return;
  }
  ptx_ = *chosen;
  try {
    module_ = Module::parse(ptx_.text, ptx_.file);
    check_parameters();
  } catch (const Unsupported& problem) {
    Report finding;
    finding.finding = Finding::kUnsupported;
    finding.detail = problem.what();
    Reports::instance().add(std::move(finding));
    module_ = nullptr;
    error_ = cudaErrorInvalidPtx;
  }
}

// PTX of an older state of the source than the library has other parameters.
void FatBinary::check_parameters() const {
  for (const std::string& entry : entries_) {
    const auto expected = parameters_.find(entry);
    const Kernel* kernel = module_->kernel(entry);
    if (expected == parameters_.end() || kernel == nullptr) continue;
    const auto& places = expected->second;
    const auto& parameters = kernel->parameters();
    size_t i = 0;
    while (i < places.size() && i < parameters.size() &&
           places[i] == ArgumentPlace{parameters[i].offset, parameters[i].size}) {
      ++i;
    }
    if (i == places.size() && i == parameters.size()) continue;
    const auto text = [i](bool has, uint32_t offset, uint32_t size) {
      if (!has) return "has " + std::to_string(i) + " arguments";
      return "takes " + std::to_string(size) + " bytes at offset " + std::to_string(offset) + " as argument " +
             std::to_string(i + 1);
    };
    const bool in_library = i < places.size(), in_ptx = i < parameters.size();
    throw Unsupported(module_->file() + ": kernel " + readable(entry) + " of " + library_ + " " +
                      text(in_library, in_library ? places[i].offset : 0, in_library ? places[i].size : 0) +
                      ", but in this PTX it " +
                      text(in_ptx, in_ptx ? parameters[i].offset : 0, in_ptx ? parameters[i].size : 0) +
                      "; make both from the same source");
  }
}

std::string FatBinary::missing(bool compressed) const {
  const int capability = Options::current().capability;
  std::string sentence = "no PTX with ";
  if (entries_.empty()) {
    sentence += "its variables";
  } else {
    sentence += "its kernel " + readable(*entries_.begin());
    if (entries_.size() > 1) sentence += " and " + std::to_string(entries_.size() - 1) + " more";
  }
  sentence +=
      " for a capability up to " + std::to_string(capability / 10) + "." + std::to_string(capability % 10) + " in ";
  for (size_t i = 0; i < folders_.size(); ++i) sentence += (i == 0 ? "" : ", ") + folders_[i];
  if (compressed) sentence += " (the library's own PTX is compressed in a way that cannot be read)";
  return sentence +
         "; make it beside the library: nvcc -ptx -lineinfo -arch=compute_80 FILE.cu, or build the library with "
         "nvcc --no-compress -gencode arch=compute_80,code=compute_80";
}

const Resources& FatBinary::resources() {
  if (!resources_) {
    resources_ = std::make_unique<Resources>(find_resources(ptx_, entries_, folders_, Options::current()));
    ptx_.text.clear();
    if (!resources_->estimated.empty()) {
      std::fprintf(stderr,
                   "kib-emulator: note: the registers of the kernels in %s are an estimate, since %s; put the ptxas of "
                   "CUDA on the PATH, or its output into a .ptxas file beside the library\n",
                   ptx_.file.c_str(), resources_->estimated.c_str());
    }
  }
  return *resources_;
}

Kernels& Kernels::instance() {
  static Kernels* kernels = new Kernels;
  return *kernels;
}

FatBinary* Kernels::add_binary(const void* pointer) {
  const auto* wrapper = static_cast<const Wrapper*>(pointer);
  Dl_info info;
  const bool known = ::dladdr(pointer, &info) != 0 && info.dli_fname != nullptr;
  const std::string library = known ? info.dli_fname : "the program";
  if (wrapper->magic != kWrapperMagic) {
    report(Finding::kUnsupported, library, "registers a fat binary of an unknown form; build it with nvcc of CUDA 13");
    return nullptr;
  }
  binaries_.push_back(std::make_unique<FatBinary>(wrapper->data, library));
  return binaries_.back().get();
}

void Kernels::remove_binary(FatBinary* binary) {
  for (auto f = functions_.begin(); f != functions_.end();) f = f->second->binary == binary ? functions_.erase(f) : ++f;
  for (auto v = variables_.begin(); v != variables_.end();) v = v->second.binary == binary ? variables_.erase(v) : ++v;
}

void Kernels::add_function(FatBinary* binary, const void* host, const std::string& name) {
  auto function = std::make_unique<Function>();
  function->binary = binary;
  function->host = host;
  function->name = name;
  binary->add_entry(name);
  functions_[host] = std::move(function);
}

void Kernels::add_variable(FatBinary* binary, const void* host, const std::string& name) {
  variables_[host] = {binary, name};
}

Function* Kernels::function(const void* host, const std::string& caller) {
  if (const auto found = functions_.find(host); found != functions_.end()) return found->second.get();
  for (const auto& entry : functions_) {
    if (entry.second.get() == host) return entry.second.get();
  }
  report(Finding::kBadArgument, caller, "the function is no kernel that a library built by nvcc registered");
  return nullptr;
}

int Kernels::prepare(Function& function) {
  if (function.kernel != nullptr) return cudaSuccess;
  int error = cudaSuccess;
  if (!Options::current().lines.empty()) {  // those of kernels that nobody uses did not run
    for (const auto& other : functions_) other.second->binary->module(&error);
  }
  const Module* module = function.binary->module(&error);
  if (module == nullptr) return error;
  const Kernel* kernel = module->kernel(function.name);
  if (kernel == nullptr) return cudaErrorInvalidDeviceFunction;
  if (!kernel->refusal().empty()) {
    if (!function.refused) report(Finding::kUnsupported, readable(function.name), kernel->refusal());
    function.refused = true;
    return cudaErrorInvalidPtx;
  }
  function.kernel = kernel;
  return cudaSuccess;
}

int Kernels::variable(const void* host, uint64_t* address, uint64_t* bytes, const std::string& caller) {
  const auto found = variables_.find(host);
  if (found == variables_.end()) {
    report(Finding::kBadArgument, caller, "the symbol is no variable that a library built by nvcc registered");
    return cudaErrorInvalidSymbol;
  }
  int error = cudaSuccess;
  const Module* module = found->second.binary->module(&error);
  if (module == nullptr) return error;
  if (module->variable(found->second.name, address, bytes)) return cudaSuccess;
  report(Finding::kBadArgument, caller, module->file() + " has no variable " + found->second.name);
  return cudaErrorInvalidSymbol;
}

int Kernels::launch(Lock& lock, Device& device, Stream& stream, Function& function, const LaunchCall& call) {
  Task task;
  if (const int error = prepare(function, call, &task)) return error;
  return device.enqueue(lock, stream, std::move(task));
}

int Kernels::prepare(Function& function, const LaunchCall& call, Task* task) {
  if (const int error = prepare(function)) return error;
  const Kernel& kernel = *function.kernel;
  if (const Refusal refused = refusal_of(function, call); refused.error != 0) {
    return refuse(call, function, refused.error, refused.why);
  }
  Launch launch;
  launch.kernel = &kernel;
  launch.grid = call.grid;
  launch.block = call.block;
  launch.dynamic_shared_bytes = static_cast<uint32_t>(call.shared);
  launch.cluster = call.cluster;
  launch.cooperative = call.cooperative;
  if (kernel.waits_for_blocks()) {
    const Occupancy o =
        occupancy_of(limits(), resources_of(function), static_cast<uint32_t>(call.block.count()), call.shared);
    launch.resident =
        std::max<uint64_t>(static_cast<uint64_t>(o.blocks) * static_cast<uint64_t>(limits().multiprocessors), 1);
  }
  if (kernel.unknown_stack()) {
    launch.resources = &function.binary->resources();
    launch.stack_limit = stack_limit();
  }
  launch.parameters.resize(kernel.parameter_bytes());
  for (size_t i = 0; i < kernel.parameters().size(); ++i) {
    const Parameter& parameter = kernel.parameters()[i];
    if (call.arguments == nullptr || call.arguments[i] == nullptr) {
      return refuse(
          call, function, cudaErrorInvalidValue,
          "argument " + std::to_string(i + 1) + " of " + std::to_string(kernel.parameters().size()) + " is missing");
    }
    std::memcpy(launch.parameters.data() + parameter.offset, call.arguments[i], parameter.size);
  }
  auto details = std::make_shared<NodeDetails>();
  details->value = details_of(function, call, launch);
  *task = {NodeKind::kKernel, "kernel " + readable(function.name), [launch] { return error_of(run(launch)); },
           std::move(details)};
  task->triggers = kernel.triggers();
  task->waits_first = kernel.waits_first();
  if (call.programmatic && !call.cooperative) begin_ahead(launch, task);
  return cudaSuccess;
}

}  // namespace kib::emulator
