#include "runtime/ptx.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace kib::emulator {
namespace {

bool in_identifier(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '%';
}

// The identifier behind `position` and blanks.
std::string_view identifier(std::string_view text, size_t position) {
  while (position < text.size() && std::strchr(" \t\r\n", text[position]) != nullptr) ++position;
  size_t end = position;
  while (end < text.size() && in_identifier(text[end])) ++end;
  return text.substr(position, end - position);
}

bool is_ptx(std::string_view text) { return text.find(".version") != text.npos && text.find(".target") != text.npos; }

}  // namespace

Ptx describe_ptx(std::string text, std::string file) {
  Ptx ptx;
  const std::string_view view = text;
  const size_t target = view.find(".target");
  if (target == view.npos || !is_ptx(view)) return ptx;
  const std::string_view name = identifier(view, target + 7);
  if (name.substr(0, 3) != "sm_") return ptx;
  for (char c : name.substr(3)) {
    if (c >= '0' && c <= '9') {
      ptx.target = ptx.target * 10 + (c - '0');
    } else {
      (c == 'f' ? ptx.family : ptx.specific) = true;
    }
  }
  for (size_t at = view.find(".entry"); at != view.npos; at = view.find(".entry", at + 6)) {
    ptx.entries.emplace(identifier(view, at + 6));
  }
  ptx.text = std::move(text);
  ptx.file = std::move(file);
  return ptx;
}

std::vector<Ptx> ptx_in_folder(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".ptx") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  std::vector<Ptx> found;
  for (const std::string& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    Ptx ptx = describe_ptx(std::move(text), file);
    if (ptx.target != 0) found.push_back(std::move(ptx));
  }
  return found;
}

const Ptx* choose_ptx(const std::vector<Ptx>& all, const std::set<std::string>& entries, int capability) {
  const Ptx* best = nullptr;
  for (const Ptx& ptx : all) {
    if (ptx.target > capability || (ptx.specific && ptx.target != capability)) continue;
    if (ptx.family && ptx.target / 10 != capability / 10) continue;
    if (!std::includes(ptx.entries.begin(), ptx.entries.end(), entries.begin(), entries.end())) continue;
    // Of equal targets that which may use more of the card.
    const auto rank = [](const Ptx& p) { return 4 * p.target + 2 * p.specific + p.family; };
    if (best == nullptr || rank(ptx) > rank(*best)) best = &ptx;
  }
  return best;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const size_t end = std::min(path.find(':'), path.size());
    if (end > 0) parts.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

}  // namespace kib::emulator
