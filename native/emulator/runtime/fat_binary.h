// What nvcc put into a library: PTX, and from its machine code the kernels' parameters.
#ifndef KIB_EMULATOR_FAT_BINARY_H
#define KIB_EMULATOR_FAT_BINARY_H
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/ptx.h"

namespace kib::emulator {

struct ArgumentPlace {
  uint32_t offset, size;
  bool operator==(const ArgumentPlace& o) const { return offset == o.offset && size == o.size; }
};

struct FatBinaryContent {
  std::vector<Ptx> ptx;
  // Of each kernel, as the machine code has them; empty where the library holds none.
  std::map<std::string, std::vector<ArgumentPlace>> parameters;
  bool unreadable = false;  // some PTX is damaged, or compressed in a way that cannot be undone here
};

// Reads a fat binary, its data as the registered wrapper names it. PTX and machine code compressed by zstd (nvcc's
// default) or LZ4 are read where the system has those libraries.
FatBinaryContent read_fat_binary(const void* data, const std::string& library);

// The parameters of the kernels of an ELF image for NVIDIA's devices.
std::map<std::string, std::vector<ArgumentPlace>> parameters_of_machine_code(std::string_view elf);

}  // namespace kib::emulator
#endif
