// The cards that the device can say it is: one real card for each capability.
#ifndef KIB_EMULATOR_CARD_H
#define KIB_EMULATOR_CARD_H
#include <array>

namespace kib::emulator {

// Limits of a capability (CUDA programming guide, "Technical specifications per compute capability"; what it leaves
// out, from cuda_occupancy.h), and what is particular to the card. Those of all six are alike: 1024 threads and 65536
// registers a block, 65536 registers and four partitions a multiprocessor, 1 KB of shared memory reserved for each
// block.
struct Card {
  int capability;  // 80 for 8.0
  const char* name;
  int multiprocessors;
  int threads, blocks;   // at once on a multiprocessor
  int barriers;          // of all its blocks; before 9.0 each block has 16
  int shared_kilobytes;  // of a multiprocessor; a block has 1 KB less at most
  int l2_megabytes, bus_bits;
  int megahertz, memory_megahertz;
  int single_to_double;  // throughput
};

constexpr std::array<Card, 6> kCards{{
    {80, "A100", 108, 2048, 32, 512, 164, 40, 5120, 1410, 1215, 2},
    {86, "RTX 3090", 82, 1536, 16, 256, 100, 6, 384, 1695, 9751, 64},
    {89, "RTX 4090", 128, 1536, 24, 384, 100, 72, 384, 2520, 10501, 64},
    {90, "H100 SXM", 132, 2048, 32, 64, 228, 50, 5120, 1980, 2619, 2},
    {100, "B200", 148, 2048, 32, 64, 228, 126, 8192, 1965, 3996, 2},
    {120, "RTX 5090", 170, 1536, 24, 24, 100, 96, 512, 2407, 14001, 64},
}};

// The card of a capability that is one of the six.
constexpr const Card& card_of(int capability) {
  for (const Card& card : kCards) {
    if (card.capability == capability) return card;
  }
  return kCards[3];
}

}  // namespace kib::emulator
#endif
