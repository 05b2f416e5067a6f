// How often something happened, by name.
#ifndef KIB_EMULATOR_TALLY_H
#define KIB_EMULATOR_TALLY_H
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace kib::emulator {

class Tally {
 public:
  static Tally& calls();  // of the runtime's functions
  static Tally& work();   // that calls put on streams or into graphs

  void add(const std::string& name);
  void clear();
  std::string lines() const;  // "NAME\tCOUNT\n", by name

 private:
  mutable std::mutex mutex_;
  std::map<std::string, uint64_t> counts_;
};

}  // namespace kib::emulator
#endif
