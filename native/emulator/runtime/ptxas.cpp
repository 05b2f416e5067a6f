#include "runtime/ptxas.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "runtime/run_program.h"

namespace kib::emulator {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostCached = 1000;  // files

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool has_all(const Resources& resources, const std::set<std::string>& entries) {
  return std::all_of(entries.begin(), entries.end(),
                     [&](const std::string& name) { return resources.kernels.count(name) != 0; });
}

Resources from_files(const std::vector<std::string>& folders, int capability) {
  Resources found;
  for (const std::string& folder : folders) {
    std::vector<fs::path> files;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
      if (entry.path().extension() == ".ptxas") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      read_ptxas(read_file(file), capability, &found);
      found.source = file.string();
    }
  }
  return found;
}

uint64_t mix(uint64_t hash, std::string_view text, uint64_t by) {
  for (unsigned char c : text) hash = (hash ^ c) * by;
  return hash ^ text.size();
}

// Of the text and of all that decides what ptxas makes of it.
std::string cache_name(const Ptx& ptx, const std::string& target, const std::string& program) {
  std::error_code ignored;
  const std::string version = program + " " + std::to_string(fs::file_size(program, ignored)) + " " +
                              std::to_string(fs::last_write_time(program, ignored).time_since_epoch().count());
  char name[64];
  std::snprintf(
      name, sizeof name, "%016llx%016llx-%s.ptxas",
      static_cast<unsigned long long>(mix(mix(0xcbf29ce484222325, ptx.text, 0x100000001b3), version, 0x100000001b3)),
      static_cast<unsigned long long>(
          mix(mix(0x9e3779b97f4a7c15, ptx.text, 0xd6e8feb86659fd93), version, 0xd6e8feb86659fd93)),
      target.c_str());
  return name;
}

// The oldest half goes when there are too many.
void make_room(const fs::path& folder) {
  std::error_code ignored;
  std::multimap<fs::file_time_type, fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".ptxas") files.emplace(entry.last_write_time(ignored), entry.path());
  }
  if (files.size() < kMostCached) return;
  size_t left = files.size() / 2;
  for (auto file = files.begin(); left > 0; ++file, --left) fs::remove(file->second, ignored);
}

// Another process may write the same: each writes a file of its own and gives it the name at once.
void keep(const fs::path& folder, const std::string& name, const std::string& output, const fs::path& scratch) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) return;
  make_room(folder);
  const fs::path made = folder / (name + scratch.filename().string());
  {
    std::ofstream out(made, std::ios::binary);
    if (!(out << output) || !out.flush()) {
      out.close();
      fs::remove(made, failed);
      return;
    }
  }
  fs::rename(made, folder / name, failed);
  if (failed) fs::remove(made, failed);
}

// For a sentence: at most 200 characters, none of them a terminal's orders.
std::string first_line(const std::string& output) {
  std::string line = output.substr(0, std::min<size_t>(output.find('\n'), 200));
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
  return line;
}

// Empty, and why, where ptxas does not say it.
Resources from_ptxas(const Ptx& ptx, const Options& options, std::string* why) {
  const std::string program = options.ptxas == "none" ? "" : find_program(options.ptxas);
  if (program.empty()) {
    *why = options.ptxas == "none" ? "KIB_EMULATOR_PTXAS is 'none'"
           : options.ptxas.find('/') == std::string::npos
               ? options.ptxas + " is not on the PATH"
               : "KIB_EMULATOR_PTXAS is '" + options.ptxas + "', which is no program";
    return {};
  }
  const std::string target = ptxas_target(ptx, options.capability), name = cache_name(ptx, target, program);
  Resources found;
  if (!options.cache.empty()) {
    read_ptxas(read_file(fs::path(options.cache) / name), options.capability, &found);
    if (!found.empty()) return found;
  }
  const TemporaryFolder folder;
  const std::string input = folder.path() + "/module.ptx";
  std::ofstream out(input, std::ios::binary);
  if (folder.path().empty() || !(out << ptx.text) || !out.flush()) {
    *why = "no temporary file can be written";
    return {};
  }
  out.close();
  const ProgramRun run =
      run_program(program, {"-v", "-arch=" + target, input, "-o", folder.path() + "/module.cubin"}, folder.path());
  if (run.status == 0) read_ptxas(run.output, options.capability, &found);
  if (found.empty()) {
    const std::string said = first_line(run.output);
    *why = program + " " +
           (!run.problem.empty()               ? run.problem
            : !said.empty() && run.status != 0 ? "says: " + said
                                               : "tells no registers");
    return {};
  }
  if (!options.cache.empty()) keep(options.cache, name, run.output, folder.path());
  return found;
}

}  // namespace

std::string ptxas_target(const Ptx& ptx, int capability) {
  return "sm_" + std::to_string(capability) + (ptx.specific ? "a" : ptx.family ? "f" : "");
}

Resources find_resources(const Ptx& ptx, const std::set<std::string>& entries, const std::vector<std::string>& folders,
                         const Options& options) {
  Resources found = from_files(folders, options.capability);
  if (!found.empty() && has_all(found, entries)) return found;
  std::string why;
  found = from_ptxas(ptx, options, &why);
  if (!found.empty()) {
    found.source = "ptxas";
    return found;
  }
  found = estimate_resources(ptx.text);
  found.source = "an estimate";
  found.estimated = why;
  return found;
}

}  // namespace kib::emulator
