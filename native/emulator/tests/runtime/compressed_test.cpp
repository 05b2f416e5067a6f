// PTX that nvcc compressed by LZ4: what the format allows is read, and damage is refused without reading or writing
// beyond the data. Usage: compressed_test [SEED]
#include <dlfcn.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "check.h"
#include "runtime/fat_binary.h"

using namespace kib::emulator;

namespace {

const std::string kHead = ".version 9.0\n.target sm_80\n.address_size 64\n// ";
const std::string kTail = "\n.entry k()\n{ ret; }\n";  // LZ4 wants literals at the end
constexpr uint64_t kLz4 = 0x2000;

// An LZ4 block written sequence by sequence, and the text that the format says it stands for.
class Block {
 public:
  // Literals, then `length` bytes of the text from `distance` bytes back: 4 or more, and they may overlap.
  Block& sequence(const std::string& literals, size_t distance, size_t length) {
    token(literals, length - 4);
    bytes_ += static_cast<char>(distance & 0xff);
    bytes_ += static_cast<char>(distance >> 8);
    extend(length - 4);
    for (size_t n = 0; n < length; ++n) text_ += text_[text_.size() - distance];
    return *this;
  }
  Block& last(const std::string& literals) {
    token(literals, 0);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }
  const std::string& text() const { return text_; }

 private:
  void token(const std::string& literals, size_t match) {
    bytes_ += static_cast<char>(std::min<size_t>(literals.size(), 15) << 4 | std::min<size_t>(match, 15));
    extend(literals.size());
    bytes_ += literals;
    text_ += literals;
  }
  void extend(size_t length) {
    if (length < 15) return;
    for (length -= 15; length >= 255; length -= 255) bytes_ += '\xff';
    bytes_ += static_cast<char>(length);
  }
  std::string bytes_, text_;
};

void put(std::string* to, size_t at, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) (*to)[at + static_cast<size_t>(i)] = static_cast<char>(value >> (8 * i));
}

// A fat binary with one entry of PTX, as nvcc --compress-mode=speed writes it.
std::string fat_binary(const std::string& compressed, uint64_t plain_bytes) {
  std::string made(16 + 64, '\0');
  put(&made, 0, 0xba55ed50, 4);
  put(&made, 4, 1, 2);
  put(&made, 6, 16, 2);
  put(&made, 8, 64 + compressed.size(), 8);
  put(&made, 16, 1, 2);
  put(&made, 18, 0x0101, 2);
  put(&made, 20, 64, 4);
  put(&made, 24, compressed.size(), 8);
  put(&made, 32, compressed.size(), 4);
  put(&made, 56, kLz4, 8);
  put(&made, 72, plain_bytes, 8);
  return made + compressed;
}

// Read where nothing lies behind it, for the address sanitizer.
FatBinaryContent read(const std::string& fat) {
  const std::unique_ptr<char[]> exact(new char[fat.size()]);
  std::memcpy(exact.get(), fat.data(), fat.size());
  return read_fat_binary(exact.get(), "libk.so");
}

void is_read(const std::string& compressed, const std::string& text) {
  const FatBinaryContent found = read(fat_binary(compressed, text.size()));
  CHECK(!found.unreadable);
  CHECK_EQUAL(found.ptx.size(), size_t{1});
  if (found.ptx.size() == 1) CHECK(found.ptx[0].text == text);
}

void is_refused(const std::string& fat) {
  const FatBinaryContent found = read(fat);
  CHECK(found.unreadable);
  CHECK_EQUAL(found.ptx.size(), size_t{0});
}

std::vector<Block> blocks() {
  std::vector<Block> all;
  all.push_back(Block().last(kHead + kTail));
  for (size_t distance : {1, 2, 3, 4, 7, 8, 15, 16, 31}) {  // matches that overlap themselves
    all.push_back(Block().sequence(kHead + std::string("abcdefghijklmnopqrstuvwxyz01234"), distance, 100).last(kTail));
  }
  // Lengths around the ends of a token's four bits and of each further byte.
  for (size_t length : {4, 5, 18, 19, 20, 273, 274, 275, 528, 529, 530, 70000}) {
    all.push_back(Block().sequence(kHead, 5, length).last(kTail));
  }
  for (size_t length : {0, 1, 14, 15, 16, 269, 270, 271, 524, 525, 526}) {
    const std::string literals(length, 'x');
    all.push_back(Block().sequence(kHead, 3, 9).sequence(literals, 20, 30).last(kTail));
    all.push_back(Block().last(kHead + literals + kTail));
  }
  all.push_back(Block().sequence(kHead + std::string(70000, 'y'), 65535, 40).last(kTail));  // the farthest
  return all;
}

void test_vectors() {
  // Written out by hand: 48 literals (15 + 33), a match of 15 + 4 + 1 from one byte back, 22 literals (15 + 7).
  CHECK_EQUAL(kHead.size(), size_t{47});
  const std::string by_hand =
      std::string("\xff\x21", 2) + kHead + "z" + std::string("\x01\x00\x01", 3) + std::string("\xf0\x06", 2) + kTail;
  is_read(by_hand, kHead + std::string(21, 'z') + kTail);
  for (const Block& block : blocks()) is_read(block.bytes(), block.text());
}

void test_library_round_trip(std::mt19937& random) {
  using Compress = int (*)(const char*, char*, int, int);
  const auto compress = reinterpret_cast<Compress>(::dlsym(::dlopen("liblz4.so.1", RTLD_LAZY), "LZ4_compress_default"));
  for (int n = 0; n < 50; ++n) {
    std::string text = kHead;
    while (text.size() < 20u * static_cast<unsigned>(n)) text += "abc"[random() % (1 + static_cast<unsigned>(n) % 3)];
    text += kTail;
    std::string compressed(text.size() + 1000, '\0');
    const int bytes =
        compress(text.data(), &compressed[0], static_cast<int>(text.size()), static_cast<int>(compressed.size()));
    compressed.resize(static_cast<size_t>(bytes));
    is_read(compressed, text);
  }
}

// Wherever a block is cut off, and whatever other size of the plain text is claimed.
void test_truncated() {
  const Block block = Block().sequence(kHead, 3, 300).sequence("lo", 290, 19).last(kTail);
  const std::string& bytes = block.bytes();
  for (size_t n = 0; n < bytes.size(); ++n) {
    is_refused(fat_binary(bytes.substr(0, n), block.text().size()));
    std::string fat = fat_binary(bytes.substr(0, n), block.text().size());
    put(&fat, 24, bytes.size(), 8);  // and where the entry goes on behind the end
    put(&fat, 32, bytes.size(), 4);
    is_refused(fat);
  }
  for (uint64_t claimed : {uint64_t{0}, block.text().size() - 1, block.text().size() + 1, uint64_t{1} << 30,
                           (uint64_t{1} << 30) + 1, ~uint64_t{0}}) {
    is_refused(fat_binary(bytes, claimed));
  }
}

void test_far_matches() {  // from before the text's beginning
  for (size_t distance : {size_t{0}, kHead.size() + 1, size_t{65535}}) {
    std::string bytes = Block().sequence(kHead, 1, 30).last(kTail).bytes();
    const size_t at = 2 + kHead.size();
    put(&bytes, at, distance, 2);
    const FatBinaryContent found = read(fat_binary(bytes, kHead.size() + 30 + kTail.size()));
    if (distance != 0) CHECK(found.unreadable);  // LZ4 leaves open what distance 0 gives
  }
}

// A flipped byte may give another text, but of the size that was promised.
void test_flipped(std::mt19937& random) {
  const std::vector<Block> all = blocks();
  for (int n = 0; n < 5000; ++n) {
    const Block& block = all[random() % all.size()];
    std::string fat = fat_binary(block.bytes(), block.text().size());
    const size_t first = n % 2 == 0 ? 16 + 64 : 16;  // in the block, or in the entry's header too
    for (unsigned flips = 1 + random() % 3; flips > 0; --flips) {
      fat[first + random() % (fat.size() - first)] ^= static_cast<char>(1 + random() % 255);
    }
    const FatBinaryContent found = read(fat);
    if (n % 2 != 0) continue;
    CHECK(found.unreadable || found.ptx.size() == 1);
    if (found.ptx.size() == 1) CHECK(found.ptx[0].text.size() <= block.text().size());
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (::dlopen("liblz4.so.1", RTLD_LAZY) == nullptr) {
    std::puts("skipped: there is no liblz4.so.1 (install the package liblz4-1)");
    return 0;
  }
  const unsigned long seed = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 1;
  std::printf("compressed_test %lu\n", seed);
  std::mt19937 random(seed);
  test_vectors();
  test_library_round_trip(random);
  test_truncated();
  test_far_matches();
  test_flipped(random);
  return kib::test::result();
}
