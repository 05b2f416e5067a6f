#include "kib/convolution.h"

#include <string>

#include "families.h"

namespace {

using Images = kib_convolution_images;

size_t count(const Images& images) {
  return static_cast<size_t>(images.count * images.height * images.width * images.channels);
}

// Number (b, h, w, c) of images; zero outside.
template <class T>
T at(const std::vector<T>& numbers, const Images& images, int64_t b, int64_t h, int64_t w, int64_t c) {
  if (h < 0 || h >= images.height || w < 0 || w >= images.width || c >= images.channels) return T();
  return numbers[static_cast<size_t>(((b * images.height + h) * images.width + w) * images.channels + c)];
}

std::string text(const char* what, int type, const Images& from, const Images& to) {
  std::string sentence = std::string(what) + (type == KIB_F32 ? " f32" : " bf16");
  for (const Images& images : {from, to}) {
    for (int64_t size : {images.count, images.height, images.width, images.channels})
      sentence += " " + std::to_string(size);
  }
  return sentence;
}

template <class T>
void fit(int type, const std::vector<T>& in, const Images& from, const Images& to, int64_t lead) {
  std::vector<T> wanted(static_cast<size_t>(lead * to.channels));
  for (int64_t b = 0; b < to.count; b++)
    for (int64_t h = 0; h < to.height; h++)
      for (int64_t w = 0; w < to.width; w++)
        for (int64_t c = 0; c < to.channels; c++) wanted.push_back(at(in, from, b, h, w, c));
  test::Array<T> source(in), out(wanted.size());
  const std::string what = text("convolution.fit", type, from, to);
  test::ok(kib_convolution_fit(out.data(), source.data(), type, &to, &from, lead, test::device()), what);
  test::equal(out.read(), wanted, what);
}

template <class T>
void windows(int type, const std::vector<T>& in, const Images& from, int64_t kernel, int64_t row) {
  std::vector<T> wanted;
  for (int64_t b = 0; b < from.count; b++)
    for (int64_t h = 0; h < from.height; h++)
      for (int64_t w = 0; w < from.width; w++) {
        const size_t end = wanted.size() + static_cast<size_t>(row);
        for (int64_t i = 0; i < kernel; i++)
          for (int64_t j = 0; j < kernel; j++)
            for (int64_t c = 0; c < from.channels; c++)
              wanted.push_back(at(in, from, b, h + i - kernel / 2, w + j - kernel / 2, c));
        wanted.resize(end);
      }
  test::Array<T> source(in), out(wanted.size());
  const std::string what = text("convolution.windows", type, from, {row, kernel, 0, 0});
  test::ok(kib_convolution_windows(out.data(), source.data(), type, &from, kernel, row, test::device()), what);
  test::equal(out.read(), wanted, what);
}

// Numbers of both types that bfloat16 holds: the second are the first.
struct Both {
  explicit Both(size_t count) : narrow(narrowed(random_numbers(count, -2, 2))), wide(widened(narrow)) {}
  std::vector<uint16_t> narrow;
  std::vector<float> wide;
};

void copies(const Images& from, const Images& to, int64_t lead) {
  const Both in(count(from));
  fit(KIB_F32, in.wide, from, to, lead);
  fit(KIB_BF16, in.narrow, from, to, lead);
}

void window_rows(const Images& from, int64_t kernel, int64_t row) {
  const Both in(count(from));
  windows(KIB_F32, in.wide, from, kernel, row);
  windows(KIB_BF16, in.narrow, from, kernel, row);
}

void add_bias(int64_t rows, int64_t channels) {
  const Both y(static_cast<size_t>(rows * channels));
  const std::vector<float> bias = random_numbers(static_cast<size_t>(channels), -2, 2);
  std::vector<float> sums = y.wide;
  for (size_t i = 0; i < sums.size(); i++) sums[i] += bias[i % bias.size()];
  test::Array<float> added(bias), wide(y.wide);
  test::Array<uint16_t> narrow(y.narrow);
  const std::string what = "convolution.add_bias " + std::to_string(rows) + " " + std::to_string(channels);
  test::ok(kib_convolution_add_bias(wide.data(), added.data(), KIB_F32, rows, channels, test::device()), what);
  test::equal(wide.read(), sums, what + " f32");
  test::ok(kib_convolution_add_bias(narrow.data(), added.data(), KIB_BF16, rows, channels, test::device()), what);
  test::equal(narrow.read(), narrowed(sums), what + " bf16");
}

}  // namespace

// The same numbers, moved: of rows of channels that are multiples of 16 bytes, and of others. And what is refused.
void test_convolution() {
  copies({2, 3, 5, 16}, {2, 4, 6, 16}, 7);   // a border
  copies({3, 4, 4, 64}, {3, 6, 6, 64}, 14);  // of two positions
  copies({2, 5, 3, 3}, {2, 5, 3, 8}, 0);     // channels
  copies({1, 1, 1, 27}, {1, 1, 1, 32}, 0);
  copies({2, 3, 3, 8}, {2, 3, 3, 5}, 0);  // fewer of them
  copies({2, 3, 3, 24}, {2, 3, 3, 8}, 0);
  copies({1, 3, 2, 5}, {1, 4, 3, 5}, 4);
  copies({33, 16, 16, 8}, {33, 17, 17, 8}, 18);  // many blocks
  window_rows({2, 4, 5, 3}, 3, 32);
  window_rows({2, 4, 5, 3}, 3, 27);
  window_rows({1, 3, 6, 1}, 3, 16);
  window_rows({2, 2, 2, 5}, 5, 128);
  add_bias(7, 24);
  add_bias(5, 17);
  const Images images{1, 1, 1, 1}, many{int64_t{1} << 20, 64, 64, 3};
  check(kib_convolution_fit(nullptr, nullptr, 7, &images, &images, 0, test::device()) == KIB_UNSUPPORTED_TYPE,
        "convolution.fit of type 7");
  check(kib_convolution_fit(nullptr, nullptr, KIB_F32, &many, &many, 0, test::device()) == KIB_BAD_ARGUMENT,
        "convolution.fit of more parts than are counted");
}

// At the shapes of VGG's first layers, with 8 channels instead of 3, and bordered.
void time_convolution(test::Timer& timer) {
  const int64_t batch = timer.small() ? 1 : 128;
  const auto bytes = [](const Images& images) { return 2.0 * static_cast<double>(count(images)); };
  const auto image = [&](int64_t size, int64_t channels) { return Images{batch, size, size, channels}; };
  const auto name = [&](const Images& images) {
    return std::to_string(images.count) + "x" + std::to_string(images.height) + "x" + std::to_string(images.width) +
           "x" + std::to_string(images.channels) + " bf16";
  };
  const auto time_fit = [&](const char* what, const Images& from, const Images& to, int64_t lead) {
    test::Array<uint16_t> in(narrowed(random_numbers(count(from), -1, 1)));
    test::Array<uint16_t> out(count(to) + static_cast<size_t>(lead * to.channels));
    timer.time(what, name(from), {bytes(from) + bytes(to)},
               [&] { return kib_convolution_fit(out.data(), in.data(), KIB_BF16, &to, &from, lead, test::device()); });
  };
  time_fit("convolution.fit channels", image(32, 3), image(32, 8), 0);
  time_fit("convolution.fit border", image(32, 128), image(33, 128), 34);
  time_fit("convolution.fit border", image(8, 512), image(9, 512), 10);
  const Images from = image(32, 3);
  test::Array<uint16_t> in(narrowed(random_numbers(count(from), -1, 1))), out(count(from) / 3 * 32);
  timer.time("convolution.windows", name(from), {bytes(from) + 2.0 * static_cast<double>(out.size())},
             [&] { return kib_convolution_windows(out.data(), in.data(), KIB_BF16, &from, 3, 32, test::device()); });
  test::Array<uint16_t> y(narrowed(random_numbers(count(image(32, 128)), -1, 1)));
  test::Array<float> bias(random_numbers(128, -1, 1));
  timer.time("convolution.add_bias", name(image(32, 128)), {2 * bytes(image(32, 128))}, [&] {
    return kib_convolution_add_bias(y.data(), bias.data(), KIB_BF16, batch * 1024, 128, test::device());
  });
}
