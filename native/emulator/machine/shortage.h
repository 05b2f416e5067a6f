// What a crowded device lacks, for tests of who asks it: memory that another process holds, and functions that find
// none.
#ifndef KIB_EMULATOR_SHORTAGE_H
#define KIB_EMULATOR_SHORTAGE_H
#include <cstdint>
#include <set>
#include <string>

namespace kib::emulator {

// Names between commas.
std::set<std::string> function_names(const std::string& list);

// Both begin as KIB_EMULATOR_TAKEN and KIB_EMULATOR_FULL have it.
uint64_t taken_bytes();
void take_bytes(uint64_t bytes);
// Whether a function of the runtime or a library fails for want of memory, whatever there is.
bool finds_no_memory(const char* function);
void let_find_no_memory(const std::set<std::string>& functions);
// Both as they began.
void reset_shortage();

}  // namespace kib::emulator
#endif
