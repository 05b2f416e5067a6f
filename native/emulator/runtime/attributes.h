// Attributes of streams, kernel nodes and launches: hints that change no result, checked against the device's limits.
#ifndef KIB_EMULATOR_ATTRIBUTES_H
#define KIB_EMULATOR_ATTRIBUTES_H
#include <array>
#include <cstddef>
#include <string>

namespace kib::emulator {

// cudaLaunchAttributeValue, and the numbers of cudaLaunchAttributeID.
using AttributeValue = std::array<char, 64>;
constexpr int kAccessPolicy = 1, kCooperative = 2, kSynchronizationPolicy = 3, kPriority = 8, kDomainMap = 9,
              kDomain = 10;

// A cudaAccessPolicyWindow. Returns 0 or a CUDA error, after a report of what is wrong.
int check_access_policy(const void* window, const std::string& caller);

}  // namespace kib::emulator
#endif
