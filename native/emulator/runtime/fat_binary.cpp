#include "runtime/fat_binary.h"

#include <dlfcn.h>
#include <elf.h>

#include <cstring>

namespace kib::emulator {
namespace {

// A fat binary: a header, then entries that each have a header of their own.
struct FatHeader {
  uint32_t magic;
  uint16_t version, header_bytes;
  uint64_t bytes;  // of the entries
};

struct FatEntry {
  uint16_t kind, version;
  uint32_t header_bytes;
  uint64_t bytes;
  uint32_t compressed_bytes, options;  // 0 where not compressed
  uint16_t minor, major;
  uint32_t capability;
  uint64_t name, flags, reserved, plain_bytes;
};
static_assert(sizeof(FatEntry) == 64, "the layout of nvcc's fat binaries");

constexpr uint32_t kFatMagic = 0xba55ed50;
constexpr int kPtx = 1, kMachineCode = 2;
constexpr uint64_t kLz4 = 0x2000, kZstd = 0x8000;  // of FatEntry::flags
constexpr uint64_t kMostBytes = uint64_t{1} << 30;
constexpr uint64_t kMostByLz4 = 255;  // bytes that LZ4 can make of one

template <class Function>
Function library_function(const char* library, const char* name) {
  void* handle = ::dlopen(library, RTLD_LAZY | RTLD_LOCAL);
  return handle == nullptr ? nullptr : reinterpret_cast<Function>(::dlsym(handle, name));
}

bool decompress(uint64_t flags, std::string_view from, std::string* to) {
  if ((flags & kZstd) != 0) {
    using Zstd = size_t (*)(void*, size_t, const void*, size_t);
    static const auto zstd = library_function<Zstd>("libzstd.so.1", "ZSTD_decompress");
    return zstd != nullptr && zstd(to->data(), to->size(), from.data(), from.size()) == to->size();
  }
  if ((flags & kLz4) != 0) {
    using Lz4 = int (*)(const char*, char*, int, int);
    static const auto lz4 = library_function<Lz4>("liblz4.so.1", "LZ4_decompress_safe");
    const auto bytes = static_cast<int>(to->size());
    return lz4 != nullptr && lz4(from.data(), to->data(), static_cast<int>(from.size()), bytes) == bytes;
  }
  return false;
}

template <class T>
bool get(std::string_view from, uint64_t offset, T* to) {
  if (offset > from.size() || from.size() - offset < sizeof(T)) return false;
  std::memcpy(to, from.data() + offset, sizeof(T));
  return true;
}

std::string_view part(std::string_view from, uint64_t offset, uint64_t bytes) {
  if (offset > from.size() || bytes > from.size() - offset) return {};
  return from.substr(offset, bytes);
}

// The entry's content; empty where it cannot be read.
std::string content(const FatEntry& entry, std::string_view payload) {
  if (entry.compressed_bytes == 0) return std::string(payload);
  if (entry.compressed_bytes > payload.size() || entry.plain_bytes > kMostBytes) return {};
  if ((entry.flags & kLz4) != 0 && entry.plain_bytes / kMostByLz4 > entry.compressed_bytes) return {};
  std::string plain(entry.plain_bytes, '\0');
  return decompress(entry.flags, payload.substr(0, entry.compressed_bytes), &plain) ? plain : std::string();
}

// Attributes of a kernel: form, number, and a value or the length of what follows.
std::vector<ArgumentPlace> parameters_of_attributes(std::string_view attributes) {
  constexpr uint8_t kFollows = 4, kParameter = 0x17;
  std::vector<ArgumentPlace> found;
  struct {
    uint8_t form, number;
    uint16_t value;
  } head;
  struct {
    uint32_t index;
    uint16_t ordinal, offset;
    uint32_t packed;  // the size lies above bit 18
  } parameter;
  for (uint64_t at = 0; get(attributes, at, &head); at += 4 + (head.form == kFollows ? head.value : 0)) {
    if (head.form != kFollows || head.number != kParameter || !get(attributes, at + 4, &parameter)) continue;
    if (parameter.ordinal >= 4096) return {};
    if (found.size() <= parameter.ordinal) found.resize(parameter.ordinal + 1u);
    found[parameter.ordinal] = {parameter.offset, parameter.packed >> 18};
  }
  return found;
}

}  // namespace

std::map<std::string, std::vector<ArgumentPlace>> parameters_of_machine_code(std::string_view elf) {
  constexpr std::string_view kPrefix = ".nv.info.";
  std::map<std::string, std::vector<ArgumentPlace>> found;
  Elf64_Ehdr header;
  if (!get(elf, 0, &header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return found;
  const auto section = [&](unsigned i, Elf64_Shdr* to) { return get(elf, header.e_shoff + i * sizeof *to, to); };
  Elf64_Shdr names, info;
  if (!section(header.e_shstrndx, &names)) return found;
  const std::string_view text = part(elf, names.sh_offset, names.sh_size);
  for (unsigned i = 0; i < header.e_shnum && section(i, &info); ++i) {
    if (info.sh_name >= text.size()) continue;
    std::string_view name = text.substr(info.sh_name);
    name = name.substr(0, name.find('\0'));
    if (name.substr(0, kPrefix.size()) != kPrefix) continue;
    found[std::string(name.substr(kPrefix.size()))] = parameters_of_attributes(part(elf, info.sh_offset, info.sh_size));
  }
  return found;
}

FatBinaryContent read_fat_binary(const void* data, const std::string& library) {
  FatBinaryContent found;
  FatHeader header;
  std::memcpy(&header, data, sizeof header);
  if (header.magic != kFatMagic) return found;
  std::string_view entries(static_cast<const char*>(data) + header.header_bytes, header.bytes);
  FatEntry entry;
  while (get(entries, 0, &entry)) {
    const std::string_view payload = part(entries, entry.header_bytes, entry.bytes);
    if (entry.header_bytes < sizeof entry || payload.size() != entry.bytes) {
      found.unreadable = true;
      break;
    }
    entries.remove_prefix(entry.header_bytes + entry.bytes);
    const std::string plain = content(entry, payload);
    if (entry.kind == kPtx) {
      Ptx ptx = describe_ptx(plain.substr(0, plain.find('\0')), "the PTX in " + library);
      if (ptx.target == 0) {
        found.unreadable = true;
      } else {
        found.ptx.push_back(std::move(ptx));
      }
    } else if (entry.kind == kMachineCode) {
      found.parameters.merge(parameters_of_machine_code(plain));
    }
  }
  return found;
}

}  // namespace kib::emulator
