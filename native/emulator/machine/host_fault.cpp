#include "machine/host_fault.h"

#include <signal.h>
#include <ucontext.h>

#include <array>
#include <atomic>
#include <mutex>

namespace kib::emulator {
namespace {

std::array<std::atomic<HostFaultHandler>, 4> handlers{};
struct sigaction previous_action;

void pass_on(int signal, siginfo_t* info, void* context) {
  if ((previous_action.sa_flags & SA_SIGINFO) != 0) {
    previous_action.sa_sigaction(signal, info, context);
  } else if (previous_action.sa_handler == SIG_DFL || previous_action.sa_handler == SIG_IGN) {
    ::sigaction(signal, &previous_action, nullptr);  // the access is tried again and ends the process
  } else {
    previous_action.sa_handler(signal);
  }
}

bool writes([[maybe_unused]] void* context) {
#if defined(__x86_64__)
  return (static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR] & 2) != 0;
#else
  return false;
#endif
}

void on_fault(int signal, siginfo_t* info, void* context) {
  const auto address = reinterpret_cast<uint64_t>(info->si_addr);
  for (const auto& entry : handlers) {
    const HostFaultHandler handler = entry.load();
    if (handler == nullptr) break;
    const HostFault answer = handler(address, writes(context));
    if (answer == HostFault::kGoOn) return;
    if (answer == HostFault::kReported) break;
  }
  pass_on(signal, info, context);
}

}  // namespace

void watch_host_faults(HostFaultHandler handler) {
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  static bool installed = false;
  for (auto& entry : handlers) {
    if (entry.load() == handler) break;
    if (entry.load() != nullptr) continue;
    entry = handler;
    break;
  }
  if (installed) return;
  installed = true;
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGSEGV, &action, &previous_action);
}

}  // namespace kib::emulator
