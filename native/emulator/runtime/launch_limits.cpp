#include "runtime/launch_limits.h"

#include <algorithm>
#include <atomic>

#include "machine/options.h"

namespace kib::emulator {
namespace {

constexpr uint32_t kMostRegisters = 255, kMostLocal = 512 << 10, kStackUnit = 16;

std::atomic<uint32_t> stack{1024};

std::string n(uint64_t value) { return std::to_string(value); }
std::string text(const Dim3& d) { return n(d.x) + "x" + n(d.y) + "x" + n(d.z); }

bool in_range(const Dim3& grid, const Dim3& block) {
  return grid.count() > 0 && grid.x <= 0x7fffffffu && grid.y <= 65535 && grid.z <= 65535 && block.count() > 0 &&
         block.x <= 1024 && block.y <= 1024 && block.z <= 64 &&
         block.count() <= static_cast<uint64_t>(limits().threads_block);
}

// What the numbers rest on, where that is not ptxas.
std::string resting(const Function& function) {
  const Resources& resources = function.binary->resources();
  return resources.estimated.empty() ? "" : ", an estimate, since " + resources.estimated;
}

// A block of any registers fits, or ptxas has been told the size of blocks.
bool registers_cannot_matter(const Function& function, uint32_t threads) {
  return registers_of_block(kMostRegisters, threads) <= static_cast<uint32_t>(limits().registers) ||
         function.kernel->bounded();
}

Refusal check_registers(Function& function, uint32_t threads) {
  if (registers_cannot_matter(function, threads)) return {};
  const Limits& l = limits();
  const uint32_t registers = resources_of(function).registers, wanted = registers_of_block(registers, threads);
  if (wanted <= static_cast<uint32_t>(l.registers)) return {};
  return {cudaErrorLaunchOutOfResources,
          "a block of " + n(threads) + " threads with " + n(registers) + " registers each" + resting(function) +
              " takes " + n(wanted) + " registers, where a block has at most " + n(static_cast<uint64_t>(l.registers)) +
              "; compile the kernel with __launch_bounds__(" + n(threads) + "), or launch blocks of at most " +
              n(most_threads(l, registers, static_cast<uint32_t>(l.threads_block))) + " threads"};
}

Refusal check_shared(Function& function, size_t dynamic) {
  const auto most_static = static_cast<uint32_t>(limits().shared_block);
  // PTX may declare what ptxas leaves out.
  if (function.kernel->static_shared_bytes() > most_static && resources_of(function).shared > most_static) {
    return {cudaErrorInvalidKernelImage, n(function.kernel->static_shared_bytes()) +
                                             " bytes of static shared memory are more than the " + n(most_static) +
                                             " that a kernel can have; use dynamic shared memory"};
  }
  if (dynamic <= dynamic_shared_allowed(function)) return {};
  resources_of(function);  // counts static shared memory exactly from here on
  const size_t allowed = dynamic_shared_allowed(function);
  if (dynamic <= allowed) return {};
  const Limits& l = limits();
  const std::string remedy =
      dynamic + function.static_shared() <= static_cast<size_t>(l.shared_optin)
          ? "; raise cudaFuncAttributeMaxDynamicSharedMemorySize first"
          : ", and the device has at most " + n(static_cast<uint64_t>(l.shared_optin)) + " for a block; ask for less";
  return {cudaErrorInvalidValue,
          n(dynamic) + " bytes of dynamic shared memory are more than the " + n(allowed) + " allowed" + remedy};
}

Refusal check_cooperation(Function& function, const LaunchCall& call) {
  const Limits& l = limits();
  const auto threads = static_cast<uint32_t>(call.block.count());
  const KernelResources kernel = resources_of(function);
  const Occupancy fit = occupancy_of(l, kernel, threads, call.shared);
  const uint64_t most = static_cast<uint64_t>(fit.blocks) * static_cast<uint64_t>(l.multiprocessors);
  if (call.grid.count() <= most) return {};
  const std::string registers =
      fit.bound == std::string("registers") ? " (" + n(kernel.registers) + " a thread" + resting(function) + ")" : "";
  return {cudaErrorCooperativeLaunchTooLarge,
          n(call.grid.count()) + " cooperating blocks are more than the " + n(most) +
              " that fit at once: " + n(static_cast<uint64_t>(fit.blocks)) + " on each of " +
              n(static_cast<uint64_t>(l.multiprocessors)) + " multiprocessors, for their " + fit.bound + registers +
              "; size the grid by cudaOccupancyMaxActiveBlocksPerMultiprocessor"};
}

constexpr uint32_t kPortableCluster = 8;

Refusal check_cluster(const Function& function, const LaunchCall& call) {
  const Kernel& kernel = *function.kernel;
  const Dim3 own = kernel.cluster(), c = own.count() != 0 ? own : call.cluster;
  const auto refused = [](std::string why) { return Refusal{cudaErrorInvalidClusterSize, std::move(why)}; };
  if (c.count() == 0) {
    if (!kernel.cluster_needed()) return {};
    return refused("the kernel must be launched in clusters; pass cudaLaunchAttributeClusterDimension");
  }
  if (limits().major < 9) {
    if (c.count() == 1) return {};
    return refused("clusters of " + text(c) + " blocks need capability 9.0 or later, the device has " +
                   n(static_cast<uint64_t>(limits().major)) + "." + n(static_cast<uint64_t>(limits().minor)) +
                   "; launch without them, or set KIB_EMULATOR_CAPABILITY to 9.0");
  }
  if (own.count() != 0 && call.cluster.count() != 0 &&
      (own.x != call.cluster.x || own.y != call.cluster.y || own.z != call.cluster.z)) {
    return refused("the launch asks for clusters of " + text(call.cluster) +
                   " blocks where the kernel was compiled for " + text(own) +
                   " (__cluster_dims__); leave the attribute out");
  }
  if (kernel.most_in_cluster() != 0 && c.count() > kernel.most_in_cluster()) {
    return refused("clusters of " + text(c) + " blocks are more than the " + n(kernel.most_in_cluster()) +
                   " that the kernel was compiled for (.maxclusterrank)");
  }
  if (call.grid.x % c.x != 0 || call.grid.y % c.y != 0 || call.grid.z % c.z != 0) {
    return refused("a grid of " + text(call.grid) + " blocks is no multiple of clusters of " + text(c) +
                   "; round it up, and let blocks without work take part in the cluster's barriers");
  }
  const uint32_t most = most_in_cluster(function);
  if (c.count() <= most) return {};
  return refused(
      "clusters of " + n(c.count()) + " blocks are more than " +
      (most == kPortableCluster && most_in_cluster_ever() > most
           ? "the 8 that each card has; set cudaFuncAttributeNonPortableClusterSizeAllowed, or use smaller ones"
           : "the " + n(most) + " that the device has; use smaller ones"));
}

}  // namespace

uint32_t most_in_cluster_ever() { return limits().major == 9 || limits().major == 10 ? 16 : kPortableCluster; }

uint32_t most_in_cluster(const Function& function) {
  if (limits().major < 9) return 1;
  return function.large_clusters ? most_in_cluster_ever() : kPortableCluster;
}

KernelResources resources_of(Function& function) {
  if (function.resources_known) return function.resources;
  const Resources& all = function.binary->resources();
  const auto found = all.kernels.find(function.name);
  if (found != all.kernels.end()) function.resources = found->second;
  // The estimate does not see which shared variables are used.
  if (found == all.kernels.end() || !all.estimated.empty()) {
    function.resources.shared = function.kernel->static_shared_bytes();
  }
  function.resources_known = true;
  return function.resources;
}

size_t dynamic_shared_allowed(const Function& function) {
  const auto most = static_cast<uint32_t>(limits().shared_block);
  return function.dynamic_shared_limit != 0 ? function.dynamic_shared_limit
                                            : most - std::min(most, function.static_shared());
}

Refusal refusal_of(Function& function, const LaunchCall& call) {
  if (!in_range(call.grid, call.block)) {
    return {cudaErrorInvalidConfiguration,
            "a grid of " + text(call.grid) + " blocks of " + text(call.block) + " threads is beyond the device"};
  }
  if (call.block.count() > function.kernel->max_threads()) {
    return {cudaErrorLaunchOutOfResources, "a block of " + text(call.block) +
                                               " threads is beyond the kernel's own limit of " +
                                               n(function.kernel->max_threads()) + " (__launch_bounds__)"};
  }
  Refusal refused = check_registers(function, static_cast<uint32_t>(call.block.count()));
  if (refused.error == 0) refused = check_shared(function, call.shared);
  if (refused.error == 0) refused = check_cluster(function, call);
  if (refused.error == 0 && call.cooperative) refused = check_cooperation(function, call);
  return refused;
}

uint32_t stack_limit() { return stack; }

bool set_stack_limit(size_t bytes) {
  if (bytes > kMostLocal) return false;
  stack = static_cast<uint32_t>((bytes + kStackUnit - 1) / kStackUnit * kStackUnit);
  return true;
}

}  // namespace kib::emulator
