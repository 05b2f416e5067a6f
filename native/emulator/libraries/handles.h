// Live and destroyed objects behind the opaque pointers of a library. An object is never deleted, so that its address
// is not used again and a use after its destruction is seen.
#ifndef KIB_EMULATOR_HANDLES_H
#define KIB_EMULATOR_HANDLES_H
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "machine/report.h"

namespace kib::emulator {

inline void report_call(Finding finding, const std::string& caller, const std::string& what) {
  Report report;
  report.finding = finding;
  report.detail = caller + ": " + what;
  Reports::instance().add(report);
}

template <class T>
class Handles {
 public:
  explicit Handles(const char* kind) : kind_(kind) {}

  T* create() {
    std::lock_guard<std::mutex> lock(mutex_);
    auto object = std::make_unique<T>();
    T* address = object.get();
    entries_[address] = {std::move(object), true};
    return address;
  }

  // The live object, or null after a report.
  T* get(const void* handle, const std::string& caller) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = entries_.find(handle);
    if (found != entries_.end() && found->second.live) return found->second.object.get();
    const std::string fault = handle == nullptr         ? "a null "
                              : found == entries_.end() ? "a pointer that is no "
                                                        : "a destroyed ";
    report_call(Finding::kBadHandle, caller,
                "was passed " + fault + kind_ + "; create one before, and destroy it last");
    return nullptr;
  }

  bool destroy(const void* handle, const std::string& caller) {
    if (get(handle, caller) == nullptr) return false;
    std::lock_guard<std::mutex> lock(mutex_);
    entries_[handle].live = false;
    return true;
  }

 private:
  struct Entry {
    std::unique_ptr<T> object;
    bool live = false;
  };
  std::string kind_;
  std::mutex mutex_;
  std::map<const void*, Entry> entries_;
};

}  // namespace kib::emulator
#endif
