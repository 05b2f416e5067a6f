#include "libraries/overlap.h"

#include <algorithm>
#include <cstdlib>

#include "machine/report.h"

namespace kib::emulator {
namespace {

struct Run {
  uint64_t begin, end;  // [begin, end)
};

// The same bytes with dimensions of one element gone, strides above zero and ascending, and what is contiguous joined.
// A stride of zero stays: its bytes are there `count` times.
Strided simplified(Strided set) {
  std::vector<Strided::Dimension> dimensions;
  for (Strided::Dimension d : set.dimensions) {
    if (d.count == 0) return {};
    if (d.count == 1) continue;
    if (d.stride < 0) set.address += static_cast<uint64_t>((d.count - 1) * d.stride);
    dimensions.push_back({d.count, std::abs(d.stride)});
  }
  std::stable_sort(dimensions.begin(), dimensions.end(),
                   [](const auto& a, const auto& b) { return a.stride < b.stride; });
  set.dimensions.clear();
  for (const Strided::Dimension& d : dimensions) {
    if (set.dimensions.empty() && static_cast<uint64_t>(d.stride) == set.length) {
      set.length *= static_cast<uint64_t>(d.count);
    } else {
      set.dimensions.push_back(d);
    }
  }
  return set;
}

uint64_t end_of(const Strided& simple) {
  uint64_t end = simple.address + simple.length;
  for (const Strided::Dimension& d : simple.dimensions) end += static_cast<uint64_t>((d.count - 1) * d.stride);
  return end;
}

// Whether each dimension steps over all that the ones before it hold. Sufficient for a set without repetitions.
bool nested(const Strided& simple) {
  uint64_t size = simple.length;
  for (const Strided::Dimension& d : simple.dimensions) {
    if (static_cast<uint64_t>(d.stride) < size) return false;
    size += static_cast<uint64_t>((d.count - 1) * d.stride);
  }
  return true;
}

Run span(const std::vector<Strided>& sets) {
  Run all{~uint64_t{0}, 0};
  for (const Strided& set : sets) {
    const Strided simple = simplified(set);
    if (simple.length == 0) continue;
    all.begin = std::min(all.begin, simple.address);
    all.end = std::max(all.end, end_of(simple));
  }
  return all;
}

// All runs, sorted by where they begin.
std::vector<Run> runs(const std::vector<Strided>& sets) {
  std::vector<Run> result;
  for (const Strided& set : sets) {
    const Strided simple = simplified(set);
    if (simple.length == 0) continue;
    const size_t first = result.size();
    result.push_back({simple.address, simple.address + simple.length});
    for (const Strided::Dimension& d : simple.dimensions) {
      const size_t length = result.size();
      for (int64_t i = 1; i < d.count; ++i) {
        const uint64_t step = static_cast<uint64_t>(i * d.stride);
        for (size_t at = first; at < length; ++at) result.push_back({result[at].begin + step, result[at].end + step});
      }
    }
  }
  std::sort(result.begin(), result.end(), [](const Run& a, const Run& b) { return a.begin < b.begin; });
  return result;
}

// Sorted runs without what they repeat.
std::vector<Run> joined(const std::vector<Run>& sorted) {
  std::vector<Run> result;
  for (const Run& run : sorted) {
    if (!result.empty() && run.begin <= result.back().end) {
      result.back().end = std::max(result.back().end, run.end);
    } else {
      result.push_back(run);
    }
  }
  return result;
}

void report(const std::string& caller, const Shared& found, const std::string& who) {
  Memory& memory = Memory::instance();
  uint64_t start = 0, size = 0;
  std::string where = "the first at ";
  if (memory.find(found.first, &start, &size)) {
    where += "offset " + std::to_string(found.first - start) + " of " + memory.owner(start);
  } else {
    where = "in memory that is not allocated";
  }
  Report report;
  report.finding = Finding::kOverlap;
  report.address = found.first;
  report.detail = caller + ": " + who + " " + std::to_string(found.bytes) + " bytes, " + where +
                  "; a GPU reads and writes them in no order: give the result memory of its own";
  Reports::instance().add(std::move(report));
}

Strided columns_of(const Matrix& matrix) {
  const auto element = static_cast<int64_t>(bytes(matrix.type));
  return {matrix.address, static_cast<uint64_t>(matrix.rows * element), {{matrix.columns, matrix.ld * element}}};
}

}  // namespace

Argument::Argument(std::string name, const Matrix& matrix, Part part) : what(std::move(name)) {
  if (part == Part::kAll) {
    sets.push_back(columns_of(matrix));
    return;
  }
  for (int64_t column = 0; column < matrix.columns; ++column) {
    const int64_t first = part == Part::kLower ? std::min(column, matrix.rows) : 0;
    const int64_t last = part == Part::kLower ? matrix.rows : std::min(column + 1, matrix.rows);
    sets.push_back(
        {matrix.at(column * matrix.ld + first).address, static_cast<uint64_t>(last - first) * bytes(matrix.type), {}});
  }
}

Argument::Argument(std::string name, const Vector& vector) : what(std::move(name)) {
  const auto element = static_cast<int64_t>(bytes(vector.type));
  // A negative stride begins at the other end of the same elements.
  const int64_t start = vector.stride < 0 ? -(vector.count - 1) * vector.stride : 0;
  sets.push_back({vector.address + static_cast<uint64_t>(start * element),
                  static_cast<uint64_t>(element),
                  {{vector.count, vector.stride * element}}});
}

Argument::Argument(std::string name, const Matrix& matrix, int64_t batch, int64_t stride)
    : Argument(std::move(name), matrix) {
  sets.front().dimensions.push_back({batch, stride * static_cast<int64_t>(bytes(matrix.type))});
}

Shared shared(const Argument& a, const Argument& b) {
  const Run left = span(a.sets), right = span(b.sets);
  Shared found;
  if (left.begin >= right.end || right.begin >= left.end) return found;
  const std::vector<Run> first = joined(runs(a.sets)), second = joined(runs(b.sets));
  for (size_t i = 0, j = 0; i < first.size() && j < second.size();) {
    const uint64_t begin = std::max(first[i].begin, second[j].begin), end = std::min(first[i].end, second[j].end);
    if (begin < end) {
      if (found.bytes == 0) found.first = begin;
      found.bytes += end - begin;
    }
    if (first[i].end < second[j].end) {
      ++i;
    } else {
      ++j;
    }
  }
  return found;
}

Shared repeated(const Argument& argument) {
  Shared found;
  if (argument.sets.empty() || (argument.sets.size() == 1 && nested(simplified(argument.sets.front())))) return found;
  uint64_t end = 0;
  for (const Run& run : runs(argument.sets)) {
    if (run.begin < end) {
      if (found.bytes == 0) found.first = run.begin;
      found.bytes += std::min(run.end, end) - run.begin;
    }
    end = std::max(end, run.end);
  }
  return found;
}

void check_overlaps(const std::string& caller, const std::vector<Argument>& results,
                    const std::vector<Argument>& operands) {
  for (size_t i = 0; i < results.size(); ++i) {
    const Argument& result = results[i];
    if (const Shared found = repeated(result); found.bytes != 0) {
      report(caller, found, "parts of " + result.what + " share");
    }
    for (size_t j = i + 1; j < results.size(); ++j) {
      if (const Shared found = shared(result, results[j]); found.bytes != 0) {
        report(caller, found, result.what + " and " + results[j].what + " share");
      }
    }
    for (const Argument& operand : operands) {
      if (i == 0 && operand.in_place && operand.sets == result.sets) continue;
      if (const Shared found = shared(result, operand); found.bytes != 0) {
        report(caller, found, result.what + " and " + operand.what + " share");
      }
    }
  }
}

}  // namespace kib::emulator
