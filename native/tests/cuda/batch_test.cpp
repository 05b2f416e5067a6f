#include "kib/batch.h"

#include "families.h"
#include "kib/cuda.h"

KIB_EXPECTED(kib_augmentation_batch)
KIB_EXPECTED(kib_augmentation_workspace)
KIB_EXPECTED(kib_batch_mix)
KIB_EXPECTED(kib_batch_mix_labels)
KIB_EXPECTED(kib_batch_rows)

namespace {

constexpr uint64_t kPhiloxSeed = 0xFEDCBA9876543210ull;

struct Shape {
  int64_t batch, channels, height, width, padding;
  int flip;
};

std::vector<uint8_t> bytes_of(size_t count) {
  std::vector<uint8_t> bytes;
  for (float x : random_numbers(count, 0, 255.99f)) bytes.push_back(static_cast<uint8_t>(x));
  return bytes;
}

std::vector<float> floats_of(size_t count) { return random_numbers(count, -2, 2); }

// The processor's batch, with zeros behind each pixel's channels, from images that begin anywhere.
template <class T, class S>
void compare_from(std::vector<S> images, int source, const Shape& shape, int type, int64_t stored, bool ordered,
                  size_t offset) {
  auto [batch, channels, height, width, padding, flip] = shape;
  std::string what = "augmentation.batch " + std::to_string(channels) + "x" + std::to_string(height) + "x" +
                     std::to_string(width) + " of type " + std::to_string(source) + " stored as " +
                     std::to_string(stored) + " of type " + std::to_string(type);
  int64_t count = batch + 5, pixels = batch * height * width;
  std::vector<int32_t> all_labels, order;
  for (int64_t i = 0; i < count; i++) {
    all_labels.push_back(static_cast<int32_t>(i * 7 % 10));
    order.push_back(static_cast<int32_t>((i * 5 + 3) % count + i % 3 * count));  // of three views
  }
  std::vector<double> mean, deviation;
  for (int64_t c = 0; c < channels; c++) {
    mean.push_back(0.4 + 0.01 * static_cast<double>(c));
    deviation.push_back(0.2 + 0.03 * static_cast<double>(c));
  }
  std::vector<int64_t> now = {77, 3, 4, 2};
  std::vector<T> plain(static_cast<size_t>(pixels * channels)), wanted(static_cast<size_t>(pixels * stored), T());
  std::vector<int32_t> labels(static_cast<size_t>(batch));
  std::vector<char> workspace(static_cast<size_t>(expected::kib_augmentation_workspace(channels)));
  expected::kib_augmentation_batch(plain.data(), labels.data(), images.data(), source, all_labels.data(),
                                   ordered ? order.data() : nullptr, count, type, batch, channels, height, width,
                                   padding, flip, mean.data(), deviation.data(), kPhiloxSeed, now.data(),
                                   workspace.data(), test::processor());
  for (int64_t pixel = 0; pixel < pixels; pixel++)
    for (int64_t c = 0; c < channels; c++)
      wanted[static_cast<size_t>(pixel * stored + c)] = plain[static_cast<size_t>(pixel * channels + c)];
  images.insert(images.begin(), offset, S(0));
  test::Array<S> dimages(images);
  test::Array<int32_t> dall(all_labels), dorder(order), dlabels(labels.size());
  test::Array<int64_t> dnow(now);
  test::Array<T> x(wanted.size() + offset);
  test::Scratch scratch(static_cast<size_t>(kib_augmentation_workspace(channels)));
  const int32_t* an_order = ordered ? dorder.data() : nullptr;
  kib_status status =
      stored == channels
          ? kib_augmentation_batch(x.data(), dlabels.data(), dimages.data() + offset, source, dall.data(), an_order,
                                   count, type, batch, channels, height, width, padding, flip, mean.data(),
                                   deviation.data(), kPhiloxSeed, dnow.data(), scratch.data(), test::device())
          : kib_augmentation_padded_batch(x.data() + offset, dlabels.data(), dimages.data() + offset, source,
                                          dall.data(), an_order, count, type, batch, channels, stored, height, width,
                                          padding, flip, mean.data(), deviation.data(), kPhiloxSeed, dnow.data(),
                                          scratch.data(), test::device());
  test::ok(status, what);
  std::vector<T> got(wanted.size());
  test::copy(got.data(), x.data() + (stored == channels ? 0 : offset), got.size() * sizeof(T));
  test::equal(got, wanted, what);
  test::equal(dlabels.read(), labels, what + ": labels");
}

template <class T>
void compare(const Shape& shape, int type, int64_t stored, bool ordered, size_t offset) {
  auto size = static_cast<size_t>((shape.batch + 5) * shape.channels * shape.height * shape.width);
  compare_from<T>(bytes_of(size), KIB_U8, shape, type, stored, ordered, offset);
  compare_from<T>(floats_of(size), KIB_F32, shape, type, stored, ordered, offset);
}

void test_rows() {
  const int64_t shapes[][3] = {{5, 8, 12}, {5, 8, 9}, {3, 10, 10}, {4, 1, 1}, {0, 3, 3}};
  for (const auto& [batch, m, stride] : shapes) {
    for (bool ordered : {false, true}) {
      auto all = random_numbers(static_cast<size_t>((batch + 3) * stride), -1, 1);
      std::vector<int32_t> order = {9, 9, 0, 3, 2, 1 + 2 * static_cast<int32_t>(batch + 3), 0};
      std::vector<int64_t> now = {0, 0, 2, 0};
      std::vector<float> wanted(static_cast<size_t>(batch * m));
      expected::kib_batch_rows(wanted.data(), all.data(), ordered ? order.data() : nullptr, batch + 3, batch, m, stride,
                               now.data(), test::processor());
      test::Array<float> dall(all), out(wanted.size());
      test::Array<int32_t> dorder(order);
      test::Array<int64_t> dnow(now);
      test::ok(kib_batch_rows(out.data(), dall.data(), ordered ? dorder.data() : nullptr, batch + 3, batch, m, stride,
                              dnow.data(), test::device()),
               "batch.rows");
      test::equal(out.read(), wanted, "batch.rows");
    }
  }
}

template <class T>
void compare_mix(int64_t batch, int64_t size, int type, std::vector<T> x) {
  const std::vector<double> parts = {0.5, 0.3};
  const std::vector<int64_t> now = {9, 1, 2, 1};
  test::Array<T> dx(x);
  test::Array<double> dparts(parts);
  test::Array<int64_t> dnow(now);
  expected::kib_batch_mix(x.data(), type, batch, size, parts.data(), 2, now.data(), test::processor());
  test::ok(kib_batch_mix(dx.data(), type, batch, size, dparts.data(), 2, dnow.data(), test::device()), "batch.mix");
  std::string what = "batch.mix " + std::to_string(batch) + "x" + std::to_string(size) + " of type ";
  test::near(dx.read(), x, type == KIB_F32 ? 1.3e-7 : 0x1p-8, what + std::to_string(type));
  std::vector<int32_t> labels;
  for (int64_t j = 0; j < batch; j++) labels.push_back(static_cast<int32_t>(j * 7 % 5));
  std::vector<float> wanted(static_cast<size_t>(batch * 5));
  test::Array<int32_t> dlabels(labels);
  test::Array<float> out(wanted.size());
  expected::kib_batch_mix_labels(wanted.data(), labels.data(), batch, 5, parts.data(), 2, now.data(),
                                 test::processor());
  test::ok(kib_batch_mix_labels(out.data(), dlabels.data(), batch, 5, dparts.data(), 2, dnow.data(), test::device()),
           "batch.mix_labels");
  test::near(out.read(), wanted, 1.3e-7, "batch.mix_labels");
}

void test_mix() {
  const int64_t shapes[][2] = {{4, 3072}, {5, 784}, {7, 15}, {1, 8}, {2, 1}, {0, 4}};
  for (const auto& [batch, size] : shapes) {
    auto x = random_numbers(static_cast<size_t>(batch * size), -1, 1);
    compare_mix<float>(batch, size, KIB_F32, x);
    compare_mix<uint16_t>(batch, size, KIB_BF16, narrowed(x));
  }
  check(kib_batch_mix(nullptr, 9, 1, 1, nullptr, 1, nullptr, test::device()) == KIB_UNSUPPORTED_TYPE, "no type 9");
}

void test_refusals() {
  test::Array<float> none(1);
  std::vector<double> ones(3, 1);
  auto status = [&](int type, int64_t channels, int64_t stored, int source = KIB_U8) {
    return kib_augmentation_padded_batch(none.data(), nullptr, nullptr, source, nullptr, nullptr, 1, type, 1, channels,
                                         stored, 1, 1, 0, 0, ones.data(), ones.data(), 1, nullptr, nullptr,
                                         test::device());
  };
  check(status(KIB_F32, 3, 2) == KIB_BAD_ARGUMENT, "3 channels in 2 are refused");
  check(status(9, 3, 8) == KIB_UNSUPPORTED_TYPE, "no type 9");
  check(status(KIB_F32, 3, 3, KIB_BF16) == KIB_UNSUPPORTED_TYPE, "no images of bfloat16");
}

}  // namespace

void test_batch() {
  // The last shapes: several blocks an image; a row that no block's shared memory holds; many channels.
  const Shape shapes[] = {{4, 3, 32, 32, 4, 1}, {5, 1, 28, 28, 0, 0}, {3, 2, 5, 7, 2, 1},    {2, 3, 4, 4, 9, 0},
                          {6, 1, 6, 5, 0, 1},   {2, 3, 40, 50, 3, 1}, {2, 3, 2, 1000, 3, 1}, {1, 128, 2, 3, 1, 1},
                          {3, 300, 4, 5, 1, 1}, {0, 3, 4, 4, 1, 1},   {3, 3, 6, 5, 0, 2}};
  for (const Shape& shape : shapes) {
    for (bool ordered : {false, true}) {
      compare<float>(shape, KIB_F32, shape.channels, ordered, 0);
      compare<uint16_t>(shape, KIB_BF16, shape.channels, ordered, 5);
      compare<uint16_t>(shape, KIB_BF16, shape.channels + 5, ordered, ordered ? 0 : 3);
    }
  }
  test_rows();
  test_mix();
  test_refusals();
}

void time_batch(test::Timer& timer) {
  for (int64_t batch : {128, 512}) {
    int64_t few = timer.small() ? 2 : batch;
    test::Array<uint8_t> images(std::vector<uint8_t>(static_cast<size_t>(few * 3072), 100));
    test::Array<int32_t> all(std::vector<int32_t>(static_cast<size_t>(few), 1)), labels(all.size());
    test::Array<int64_t> now(std::vector<int64_t>{0, 0, 0, 0});
    test::Array<uint16_t> x(static_cast<size_t>(few * 8192));
    const double mean[3] = {0.5, 0.5, 0.5}, deviation[3] = {0.25, 0.25, 0.25};
    for (int64_t stored : {3, 8})
      timer.time("augmentation.batch", std::to_string(few) + "x32x32x3 to " + std::to_string(stored) + " bf16",
                 {static_cast<double>(few * (3072 + 2048 * stored + 8))}, [&, channels = stored] {
                   return kib_augmentation_padded_batch(x.data(), labels.data(), images.data(), KIB_U8, all.data(),
                                                        nullptr, few, KIB_BF16, few, 3, channels, 32, 32, 4, 1, mean,
                                                        deviation, 1, now.data(), nullptr, test::device());
                 });
    test::Array<double> parts(std::vector<double>{0.5});
    timer.time("batch.mix", std::to_string(few) + "x3072 bf16", {static_cast<double>(few * 4 * 3072)}, [&] {
      return kib_batch_mix(x.data(), KIB_BF16, few, 3072, parts.data(), 1, now.data(), test::device());
    });
  }
}
