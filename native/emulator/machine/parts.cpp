#include "machine/parts.h"

namespace kib::emulator {

std::string Parts::quoted(const Part& part) const {
  return "'" + part.name + "' (" + std::to_string(part.bytes) + " bytes, carved from " + arena_ + ")";
}

const Parts::Part* Parts::before(uint64_t address) const {
  const auto next = live_.upper_bound(address);
  return next == live_.begin() ? nullptr : &std::prev(next)->second;
}

const Parts::Part* Parts::released(uint64_t address) const {
  auto next = gone_.upper_bound(address);
  if (next == gone_.begin()) return nullptr;
  --next;
  return address < next->second.end ? &next->second.part : nullptr;
}

void Parts::cover(uint64_t start, uint64_t end) {
  auto next = gone_.lower_bound(start);
  if (next != gone_.begin()) {
    Gone& first = std::prev(next)->second;
    if (first.end > end) gone_.emplace(end, first);
    if (first.end > start) first.end = start;
  }
  while (next != gone_.end() && next->first < end) {
    if (next->second.end > end) gone_.emplace(end, next->second);
    next = gone_.erase(next);
  }
}

std::string Parts::carve(uint64_t start, uint64_t bytes, const std::string& name) {
  const Part part{start, bytes, name};
  const Part* other = before(part.end() - 1);
  if (other != nullptr && other->end() > start) {
    return quoted(part) + " overlaps " + quoted(*other) + ", which starts " +
           (other->start < start ? std::to_string(start - other->start) + " bytes before it"
                                 : std::to_string(other->start - start) + " bytes behind its start") +
           " and is not released";
  }
  cover(start, part.end());
  live_.emplace(start, part);
  return "";
}

uint64_t Parts::bytes(uint64_t start) const {
  const auto part = live_.find(start);
  return part == live_.end() ? 0 : part->second.bytes;
}

void Parts::release(uint64_t start) {
  const auto part = live_.find(start);
  cover(start, part->second.end());
  gone_.emplace(start, Gone{part->second.end(), part->second});
  live_.erase(part);
}

Fault Parts::not_released(uint64_t address) const {
  if (const Part* part = before(address); part != nullptr && address < part->end()) {
    return {Finding::kBadArgument, "the address is offset " + std::to_string(address - part->start) + " of " +
                                       quoted(*part) + "; pass its start"};
  }
  if (const Part* part = released(address)) {
    return {Finding::kUseAfterFree, quoted(*part) + " is released a second time"};
  }
  return {Finding::kBadArgument, "no part of " + arena_ + " starts at the address"};
}

bool Parts::locate(uint64_t address, uint64_t bytes, uint64_t* start, uint64_t* end) const {
  const Part* part = before(address);
  if (part == nullptr || address >= part->end() || bytes > part->end() - address) return false;
  *start = part->start;
  *end = part->end();
  return true;
}

std::string Parts::owner(uint64_t address) const {
  const Part* part = before(address);
  return part != nullptr && address < part->end() ? quoted(*part) : "";
}

Fault Parts::explain(const std::string& access, uint64_t address, uint64_t bytes) const {
  const Part* part = before(address);
  if (part != nullptr && address < part->end()) {
    return {Finding::kOutOfBounds, access + "begin at offset " + std::to_string(address - part->start) + " of " +
                                       quoted(*part) + " and end " + std::to_string(address + bytes - part->end()) +
                                       " bytes behind it"};
  }
  if (const Part* gone = released(address)) {
    return {Finding::kUseAfterFree, access + "lie at offset " + std::to_string(address - gone->start) + " of " +
                                        quoted(*gone) + ", which was released; release it behind its last use"};
  }
  if (part != nullptr) {
    return {Finding::kOutOfBounds,
            access + "begin " + std::to_string(address - part->end()) + " bytes behind " + quoted(*part)};
  }
  if (const auto next = live_.upper_bound(address); next != live_.end()) {
    return {Finding::kOutOfBounds,
            access + "lie " + std::to_string(next->first - address) + " bytes before " + quoted(next->second)};
  }
  return {Finding::kOutOfBounds, access + "lie in no part of " + arena_ + "; carve one first"};
}

}  // namespace kib::emulator
