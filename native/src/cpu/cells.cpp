// Codes of groups in spatial cells, and their gradient (docs/mathematics.md, section 3.9). All sums are in double.
#include "kib/cells.h"

#include <algorithm>

#include "../cells.h"
#include "arena.h"
#include "elementary.h"
#include "threads.h"

namespace kib::KIB_LEVEL {
namespace {

constexpr int64_t kChannels = 512;  // that a thread has sums of at once

// The positions of a sample that are in one cell.
struct Area {
  int64_t top, bottom, left, right;

  // Calls visit with each position's first number.
  template <class T, class Visit>
  void for_positions(T* z, const kib_cells_spec& spec, Visit visit) const {
    for (int64_t h = top; h < bottom; h++)
      for (int64_t w = left; w < right; w++) visit(z + (h * spec.width + w) * spec.channels);
  }
};

// sums [count]: of term(z, c) over the positions, for each of the channels first ...
template <class T, class Term>
void sum_channels(double* sums, const T* z, const Area& area, int64_t first, int64_t count, const kib_cells_spec& spec,
                  Term term) {
  std::fill_n(sums, count, 0.0);
  area.for_positions(z + first, spec, [=](const T* x) {
#pragma omp simd
    for (int64_t c = 0; c < count; c++) sums[c] += term(static_cast<double>(load(x[c])), c);
  });
}

// What one cell's sums are of: groups first ... of so many channels each.
struct Sums {
  double means[kChannels], sums[kChannels];  // spread over a group's channels; of channels
};

// The codes of a few groups in a cell, which together have at most kChannels channels.
template <class T>
void codes_in_cell(float* u, double* mean, float* scale, const T* z, const Area& area, double n, int64_t first,
                   int64_t groups, int64_t channels, Sums& t, const kib_cells_spec& spec) {
  int64_t count = groups * channels;
  auto of_group = [&](int64_t g) { return sum(channels, [&](int64_t c) { return t.sums[g * channels + c]; }); };
  sum_channels(t.sums, z, area, first * channels, count, spec, [](double x, int64_t) { return x; });
  for (int64_t g = 0; g < groups; g++) {
    mean[first + g] = of_group(g) / n;
    std::fill_n(t.means + g * channels, channels, mean[first + g]);
  }
  const double* means = t.means;
  sum_channels(t.sums, z, area, first * channels, count, spec,
               [=](double x, int64_t c) { return (x - means[c]) * (x - means[c]); });
  for (int64_t g = 0; g < groups; g++) {
    double s = (spec.delta + of_group(g)) / n;
    scale[first + g] = static_cast<float>(s);
    u[first + g] = static_cast<float>(power_or_zero(s, spec.power));
  }
}

// The code of a group of more channels, part by part.
template <class T>
void code_of_wide_group(float* u, double* mean, float* scale, const T* z, const Area& area, double n, int64_t g,
                        int64_t channels, Sums& t, const kib_cells_spec& spec) {
  auto all = [&](auto term) {
    double total = 0;
    for (int64_t first = 0; first < channels; first += kChannels) {
      int64_t count = std::min(kChannels, channels - first);
      sum_channels(t.sums, z, area, g * channels + first, count, spec, [=](double x, int64_t) { return term(x); });
      total += sum(count, [&](int64_t c) { return t.sums[c]; });
    }
    return total;
  };
  double m = all([](double x) { return x; }) / n;
  double s = (spec.delta + all([=](double x) { return (x - m) * (x - m); })) / n;
  mean[g] = m;
  scale[g] = static_cast<float>(s);
  u[g] = static_cast<float>(power_or_zero(s, spec.power));
}

// One sample's codes, with what its gradient needs.
template <class T>
void codes_of(float* u, double* mean, float* scale, const T* z, const kib_cells_spec& spec) {
  int64_t channels = spec.channels / spec.groups, at_once = kChannels / channels;
  Sums t;
  for_scales<int64_t>(spec, [&](const Scale<int64_t>& cells) {
    int64_t entry = cells.first;
    for (int64_t i = 0; i < cells.rows.count; i++) {
      for (int64_t j = 0; j < cells.columns.count; j++, entry += spec.groups) {
        Area area{cells.rows.first(i), cells.rows.end(i), cells.columns.first(j), cells.columns.end(j)};
        double n = static_cast<double>(cells.positions(i, j) * channels);
        for (int64_t g = 0; g < spec.groups && at_once == 0; g++)
          code_of_wide_group(u + entry, mean + entry, scale + entry, z, area, n, g, channels, t, spec);
        for (int64_t g = 0; g < spec.groups && at_once > 0; g += at_once)
          codes_in_cell(u + entry, mean + entry, scale + entry, z, area, n, g, std::min(at_once, spec.groups - g),
                        channels, t, spec);
      }
    }
  });
}

// factors [W] of one sample: du (2p/n) s^(p-1).
void factors_of(double* factors, const float* scale, const float* du, const kib_cells_spec& spec) {
  int64_t channels = spec.channels / spec.groups;
  for_scales<int64_t>(spec, [&](const Scale<int64_t>& cells) {
    int64_t entry = cells.first;
    for (int64_t i = 0; i < cells.rows.count; i++) {
      for (int64_t j = 0; j < cells.columns.count; j++) {
        double constant = 2 * spec.power / static_cast<double>(cells.positions(i, j) * channels);
#pragma omp simd
        for (int64_t g = 0; g < spec.groups; g++)
          factors[entry + g] = power_or_zero(scale[entry + g], spec.power - 1) * constant * du[entry + g];
        for (int64_t g = 0; g < spec.groups; g++, entry++)
          if (scale[entry] == 0) factors[entry] = 0;  // also where p is 1
      }
    }
  });
}

// Where the positions end that are in the same cells of all scales as h, along a side.
template <class Side>
int64_t end_of_cells(int64_t h, const kib_cells_spec& spec, Side side) {
  int64_t end = INT64_MAX;
  for_scales<int64_t>(spec, [&](const Scale<int64_t>& cells) {
    Parts<int64_t> parts = side(cells);
    end = std::min(end, parts.end(parts.of(h)));
  });
  return end;
}

// dz of positions that are in the same cells: dz = a z - b, with sums over the cells' factors, and theirs times means
// (in double, in which nothing is lost where z and the means are alike).
template <class T>
void gradient_in_area(T* dz, const T* z, const double* mean, const double* factors, const Area& area,
                      const kib_cells_spec& spec) {
  int64_t channels = spec.channels / spec.groups;
  for (int64_t first = 0; first < spec.channels; first += kChannels) {
    int64_t count = std::min(kChannels, spec.channels - first);
    double a[kChannels] = {}, b[kChannels] = {};
    for_scales<int64_t>(spec, [&](const Scale<int64_t>& cells) {
      int64_t cell = cells.rows.of(area.top) * cells.columns.count + cells.columns.of(area.left);
      const double *f = factors + cells.first + cell * spec.groups, *m = mean + cells.first + cell * spec.groups;
      for (int64_t c = 0, end; c < count; c = end) {
        int64_t g = (first + c) / channels;
        end = std::min(count, (g + 1) * channels - first);
        for (int64_t k = c; k < end; k++) a[k] += f[g], b[k] += f[g] * m[g];
      }
    });
    area.for_positions(z + first, spec, [&](const T* x) {
      T* to = dz + (x - z);
#pragma omp simd
      for (int64_t c = 0; c < count; c++) store(to + c, static_cast<float>(a[c] * load(x[c]) - b[c]));
    });
  }
}

// One sample's dz.
template <class T>
void gradient_of(T* dz, const T* z, const double* mean, const double* factors, const kib_cells_spec& spec) {
  for (int64_t top = 0, bottom; top < spec.height; top = bottom) {
    bottom = end_of_cells(top, spec, [](const Scale<int64_t>& cells) { return cells.rows; });
    for (int64_t left = 0, right; left < spec.width; left = right) {
      right = end_of_cells(left, spec, [](const Scale<int64_t>& cells) { return cells.columns; });
      gradient_in_area(dz, z, mean, factors, {top, bottom, left, right}, spec);
    }
  }
}

int64_t numbers(const kib_cells_spec& spec) { return spec.batch * spec.height * spec.width * spec.channels; }

}  // namespace

kib_status kib_cells_codes(float* u, double* mean, float* scale, const void* z, const kib_cells_spec* spec,
                           const kib_queue* queue) {
  kib_status refused = check_cells(*spec);
  if (refused != KIB_OK) return refused;
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    int64_t width = code_width(*spec), sample = spec->height * spec->width * spec->channels;
    int threads = threads_for(numbers(*spec), queue->threads);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t b = 0; b < spec->batch; b++)
      codes_of(u + b * width, mean + b * width, scale + b * width, static_cast<const T*>(z) + b * sample, *spec);
  });
}

kib_status kib_cells_gradient(void* dz, const void* z, const double* mean, const float* scale, const float* du,
                              const kib_cells_spec* spec, void* workspace, const kib_queue* queue) {
  kib_status refused = check_cells(*spec);
  if (refused != KIB_OK) return refused;
  return with_type(spec->type, [&](auto tag) {
    using T = decltype(tag);
    int64_t width = code_width(*spec), sample = spec->height * spec->width * spec->channels;
    double* factors = static_cast<double*>(workspace);
    int threads = threads_for(numbers(*spec), queue->threads);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t b = 0; b < spec->batch; b++) {
      int64_t entry = b * width;
      factors_of(factors + entry, scale + entry, du + entry, *spec);
      int64_t at = b * sample;
      gradient_of(static_cast<T*>(dz) + at, static_cast<const T*>(z) + at, mean + entry, factors + entry, *spec);
    }
  });
}

int64_t kib_cells_workspace(const kib_cells_spec* spec) {
  return padded(spec->batch * code_width(*spec) * static_cast<int64_t>(sizeof(double)));
}

}  // namespace kib::KIB_LEVEL
