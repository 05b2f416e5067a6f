#include "activity_layers.h"

#include <algorithm>

namespace test {

kib_activity_spec activity(int64_t batch, int64_t channels, int64_t height, int64_t width, int pooling,
                           int64_t groups) {
  int64_t factor = pooling == KIB_POOL_NONE ? 1 : 2;
  kib_activity_spec spec = {};
  spec.pooling = pooling, spec.groups = groups;
  spec.batch = batch, spec.channels = channels, spec.height = height, spec.width = width;
  spec.input_height = factor * height, spec.input_width = factor * width;
  spec.power = 1, spec.seed = 0x123456789ABCDEFull, spec.layer = 3;
  return spec;
}

void drop(kib_activity_spec& spec, bool alpha) {
  spec.drop_below = 0x4CCCCCCDu;
  spec.kept_scale = alpha ? 0.8f : 1 / 0.7f, spec.kept_shift = alpha ? 0.4f : 0, spec.dropped_value = alpha ? -1 : 0;
}

template <class T>
ActivityLayer<T>::ActivityLayer(const kib_activity_spec& layer, size_t shift)
    : spec(layer),
      shift_(shift),
      units_(static_cast<size_t>(layer.batch * layer.channels * layer.height * layer.width)),
      inputs_(static_cast<size_t>(layer.batch * layer.channels * layer.input_height * layer.input_width)),
      codes_(static_cast<size_t>(layer.batch * layer.groups)),
      a(inputs_ + shift),
      da(inputs_ + shift),
      post(units_ + shift),
      sent(units_ + shift),
      dsent(units_ + shift),
      mask(units_ + shift),
      mean(codes_),
      scale(codes_),
      code(codes_),
      third(codes_),
      now(4),
      workspace(static_cast<size_t>(kib_activity_workspace(&layer, device()))) {
  spec.type = sizeof(T) == 4 ? KIB_F32 : KIB_BF16;
}

template <class T>
kib_status ActivityLayer<T>::try_forward(bool drops) {
  return kib_activity_forward(post.data() + shift_, mask.data() + shift_, mean.data(), scale.data(), code.data(),
                              (drops ? sent : post).data() + shift_, a.data() + shift_, drops ? now.data() : nullptr,
                              &spec, workspace.data(), device());
}

template <class T>
kib_status ActivityLayer<T>::try_hebbian_gradient(bool over_a) {
  const void* du = spec.groups > 0 ? static_cast<const void*>(third.data()) : dsent.data() + shift_;
  bool reads = spec.pooling == KIB_POOL_AVERAGE;
  return kib_activity_hebbian_gradient((over_a ? a : da).data() + shift_, reads ? a.data() + shift_ : nullptr,
                                       post.data() + shift_, mask.data() + shift_, mean.data(), scale.data(), du, &spec,
                                       workspace.data(), device());
}

template <class T>
kib_status ActivityLayer<T>::try_output_gradient(bool over_a, bool drops) {
  bool reads = spec.pooling == KIB_POOL_AVERAGE;
  return kib_activity_output_gradient((over_a ? a : da).data() + shift_, reads ? a.data() + shift_ : nullptr,
                                      post.data() + shift_, mask.data() + shift_, mean.data(), scale.data(),
                                      dsent.data() + shift_, drops ? now.data() : nullptr, &spec, workspace.data(),
                                      device());
}

template class ActivityLayer<float>;
template class ActivityLayer<uint16_t>;

namespace {

// So many numbers of type T, of few random ones.
template <class T>
std::vector<T> filled(size_t count) {
  std::vector<float> some = random_numbers(4099, -2, 2);
  std::vector<uint16_t> halves = narrowed(some);
  std::vector<T> numbers(count);
  for (size_t i = 0; i < count; i++) {
    if constexpr (sizeof(T) == 4) {
      numbers[i] = some[i % some.size()];
    } else {
      numbers[i] = halves[i % halves.size()];
    }
  }
  return numbers;
}

template <class T>
void rows_of(const char* name, kib_activity_spec spec, const ActivityRow& row) {
  spec.activation = KIB_SELU, spec.power = 0.8, spec.divisive_power = 0.2, spec.delta = 1;
  drop(spec, true);
  ActivityLayer<T> layer(spec, 0);
  layer.write(layer.a, filled<T>(layer.a.size()));
  layer.write(layer.dsent, filled<T>(layer.dsent.size()));
  layer.third.write(filled<float>(layer.third.size()));
  layer.now.write({7, 0, 0, 0});
  layer.forward(true);
  double inputs = static_cast<double>(layer.a.size()), units = static_cast<double>(layer.post.size());
  double groups = 16.0 * static_cast<double>(layer.third.size()), type = sizeof(T);
  std::string shape = std::string(name) + (type == 4 ? " f32 [" : " bf16 [") + std::to_string(spec.batch) + "," +
                      std::to_string(spec.channels) + "," + std::to_string(spec.input_height) + "," +
                      std::to_string(spec.input_width) + "] G" + std::to_string(spec.groups);
  row("activity.forward", shape, {type * (inputs + 2 * units) + units + groups},
      [&] { return layer.try_forward(true); });
  row("activity.hebbian_gradient", shape, {type * (inputs + units) + units + groups},
      [&] { return layer.try_hebbian_gradient(false); });
  row("activity.output_gradient", shape, {type * (inputs + 2 * units) + units + 12.0 / 16 * groups},
      [&] { return layer.try_output_gradient(false, true); });
}

}  // namespace

void activity_rows(int64_t batch, bool few, const ActivityRow& row) {
  const struct {
    const char* name;
    int64_t channels, height;
    int pooling;
  } layers[] = {{"conv1", 128, 32, KIB_POOL_NONE}, {"conv2", 256, 16, KIB_POOL_MAX}, {"conv3", 256, 16, KIB_POOL_NONE},
                {"conv4", 512, 8, KIB_POOL_MAX},   {"conv5", 512, 4, KIB_POOL_MAX},  {"conv6", 512, 2, KIB_POOL_MAX},
                {"fc", 1024, 1, KIB_POOL_NONE}};
  for (auto [name, channels, height, pooling] : layers) {
    if (few && height > 4) continue;
    kib_activity_spec spec = activity(batch, channels, height, height, pooling, 64);
    rows_of<uint16_t>(name, spec, row);
    rows_of<float>(name, spec, row);
  }
}

}  // namespace test
