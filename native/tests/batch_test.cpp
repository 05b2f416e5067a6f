#include "kib/batch.h"

#include <cmath>

#include "kernels.h"

namespace {

void test_rows() {
  const float all[] = {0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32};
  const int32_t order[] = {9, 3, 4};
  const int64_t now[4] = {0, 0, 1, 0};
  std::vector<float> out(4);
  kib_batch_rows(out.data(), all, order, 4, 2, 2, 3, now, on(2));
  check(out == std::vector<float>{30, 31, 0, 1}, "rows of a table in an order, the second of a second view");
  kib_batch_rows(out.data(), all, nullptr, 4, 2, 2, 3, now, on(2));
  check(out == std::vector<float>{10, 11, 20, 21}, "rows of a table in its own order");
}

// The first is mixed with the last, and so on; the one in the middle stays. Steps behind the table's have its last
// part.
void test_mix() {
  const double parts[] = {0.5, 0.75};
  const int64_t now[4] = {9, 1, 2, 7};
  std::vector<float> x = {1, 2, 3, 4, 5, 6};
  check(kib_batch_mix(x.data(), KIB_F32, 3, 2, parts, 2, now, on(2)) == KIB_OK, "mix");
  check(x == std::vector<float>{2, 3, 3, 4, 4, 5}, "mixed");
  const int32_t labels[] = {1, 0, 2, 1};
  std::vector<float> out(12);
  kib_batch_mix_labels(out.data(), labels, 4, 3, parts, 2, now, on(2));
  check(out == std::vector<float>{0, 1, 0, 0.75f, 0, 0.25f, 0.25f, 0, 0.75f, 0, 1, 0}, "mixed labels");
  check(kib_batch_mix(x.data(), 9, 3, 2, parts, 2, now, on(2)) == KIB_UNSUPPORTED_TYPE, "no type 9");
}

// Floats are moved as bytes are, and their zeros come in: those of bytes / 255 give what the bytes give.
void test_floats() {
  constexpr int64_t B = 3, C = 2, H = 4, W = 3, count = 5, size = C * H * W;
  std::vector<uint8_t> bytes(count * size);
  std::vector<float> floats, x(B * size), wanted(B * size);
  for (size_t i = 0; i < bytes.size(); i++) {
    bytes[i] = static_cast<uint8_t>(i * 37 % 256);
    floats.push_back(static_cast<float>(bytes[i]) / 256);  // exact, as is 255 / 256 of the deviation
  }
  const double mean[C] = {0, 0}, of_bytes[C] = {256.0 / 255, 512.0 / 255}, of_floats[C] = {1, 2};
  const int64_t now[4] = {9, 1, 1, 0};
  std::vector<int32_t> all_labels = {4, 3, 2, 1, 0}, labels(B);
  std::vector<char> workspace(static_cast<size_t>(kib_augmentation_workspace(C)));
  for (int flip : {0, 1, 2}) {
    for (int64_t padding : {0, 2}) {
      auto batch = [&](float* to, const void* images, int source, const double* deviation) {
        return kib_augmentation_batch(to, labels.data(), images, source, all_labels.data(), nullptr, count, KIB_F32, B,
                                      C, H, W, padding, flip, mean, deviation, 11, now, workspace.data(), on(2));
      };
      check(batch(wanted.data(), bytes.data(), KIB_U8, of_bytes) == KIB_OK, "a batch of bytes");
      check(batch(x.data(), floats.data(), KIB_F32, of_floats) == KIB_OK, "a batch of floats");
      check(labels == std::vector<int32_t>{3, 2, 1}, "labels of floats");
      for (size_t i = 0; i < x.size(); i++) check(std::abs(x[i] - wanted[i]) < 1e-6f, "a float is its number");
      check(batch(x.data(), floats.data(), KIB_BF16, of_floats) == KIB_UNSUPPORTED_TYPE, "no images of bfloat16");
    }
  }
  // A feature is a channel of one pixel, with a mean of its own.
  const float features[] = {1, 2, 3, 4, 5, 6};
  const double own[] = {1, 2, 3}, width[] = {1, 2, 0.5};
  const int64_t second[4] = {0, 0, 1, 0};
  kib_augmentation_batch(x.data(), labels.data(), features, KIB_F32, all_labels.data(), nullptr, 2, KIB_F32, 1, 3, 1, 1,
                         0, 0, own, width, 11, second, workspace.data(), on(2));
  check(x[0] == 3 && x[1] == 1.5f && x[2] == 6, "features are normalized, each by itself");
}

}  // namespace

// Every sample is its image, or one that is moved by at most the padding and perhaps mirrored; black is what lies
// outside.
void test_batch() {
  test_rows();
  test_mix();
  test_floats();
  constexpr int64_t B = 4, C = 2, H = 5, W = 3, count = 6, padding = 2, size = C * H * W;
  std::vector<uint8_t> images(count * size);
  for (size_t i = 0; i < images.size(); i++) images[i] = static_cast<uint8_t>(1 + i * 37 % 255);
  std::vector<int32_t> all_labels = {5, 4, 3, 2, 1, 0}, order = {3, 1, 0, 5, 2, 4}, labels(B);
  double mean[C] = {0.25, 0.5}, deviation[C] = {0.5, 2};
  int64_t now[4] = {9, 1, 2, 0};
  std::vector<float> x(B * size);
  std::vector<char> workspace(static_cast<size_t>(kib_augmentation_workspace(C)));
  auto pixel = [&](int64_t image, int64_t h, int64_t w, int64_t c) {
    bool inside = h >= 0 && h < H && w >= 0 && w < W;
    int byte = inside ? images[static_cast<size_t>(((image * H + h) * W + w) * C + c)] : 0;
    return static_cast<float>((byte / 255.0 - mean[c]) / deviation[c]);
  };
  auto is = [&](int64_t j, int64_t image, int64_t dy, int64_t dx, bool mirrored) {
    for (int64_t h = 0; h < H; h++)
      for (int64_t w = 0; w < W; w++)
        for (int64_t c = 0; c < C; c++)
          if (x[static_cast<size_t>(((j * H + h) * W + w) * C + c)] !=
              pixel(image, h + dy, (mirrored ? W - 1 - w : w) + dx, c))
            return false;
    return true;
  };
  auto batch = [&](const int32_t* ordered, int64_t moves, int flip) {
    check(kib_augmentation_batch(x.data(), labels.data(), images.data(), KIB_U8, all_labels.data(), ordered, count,
                                 KIB_F32, B, C, H, W, moves, flip, mean, deviation, 11, now, workspace.data(),
                                 on(2)) == KIB_OK,
          "batch's status");
  };
  batch(order.data(), 0, 0);
  for (int64_t j = 0; j < B; j++) check(is(j, order[2 + j], 0, 0, false), "the batch is the order's");
  for (int64_t j = 0; j < B; j++) check(labels[j] == all_labels[order[2 + j]], "labels follow");
  batch(order.data(), 0, 2);
  for (int64_t j = 0; j < B; j++) check(is(j, order[2 + j], 0, 0, true), "every image is mirrored");
  batch(nullptr, padding, 1);
  for (int64_t j = 0; j < B; j++) {
    int found = 0;
    for (int64_t dy = -padding; dy <= padding; dy++)
      for (int64_t dx = -padding; dx <= padding; dx++)
        found += is(j, 2 + j, dy, dx, false) || is(j, 2 + j, dy, dx, true);
    check(found == 1, "an image is moved");
  }
  // The first view is the image by itself; the second is moved by other random numbers.
  std::vector<int32_t> views = {9, 9, 3, 3 + count, 5, 5 + count};
  batch(views.data(), 0, 0);
  for (int64_t j = 0; j < B; j++) check(is(j, j < 2 ? 3 : 5, 0, 0, false), "views are of one image");
  for (int64_t j = 0; j < B; j++) check(labels[j] == all_labels[j < 2 ? 3 : 5], "views have one label");
  batch(views.data(), padding, 1);
  std::vector<float> first = x;
  batch(std::vector<int32_t>{9, 9, 3, 3, 5, 5}.data(), padding, 1);
  for (int64_t j = 0; j < B; j++) {
    bool same = std::equal(&x[j * size], &x[j * size] + size, &first[j * size]);
    check(same == (j % 2 == 0), "a first view moves as ever, a second otherwise");
  }
}
