#include "runtime/run_program.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

extern char** environ;

namespace kib::emulator {
namespace {

constexpr auto kPatience = std::chrono::minutes(5);

bool is_program(const std::string& file) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
}

// The environment, less what would load libraries into the program that only this process wants.
std::vector<char*> environment() {
  std::vector<char*> kept;
  for (char** e = environ; *e != nullptr; ++e) {
    if (std::strncmp(*e, "LD_PRELOAD=", 11) != 0 && std::strncmp(*e, "LD_LIBRARY_PATH=", 16) != 0) kept.push_back(*e);
  }
  kept.push_back(nullptr);
  return kept;
}

// Its status; -1 where it has to be ended. A process that ignores SIGCHLD is not told: 0, what was printed decides.
int wait_for(pid_t child) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (auto pause = std::chrono::microseconds(500);; pause = std::min(2 * pause, std::chrono::microseconds(20000))) {
    int status = 0;
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    if (ended < 0 && errno == ECHILD) return 0;
    if (std::chrono::steady_clock::now() > end) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      return -1;
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  const char* where = std::getenv("TMPDIR");
  std::string name = std::string(where != nullptr && where[0] == '/' ? where : "/tmp") + "/kib-emulator.XXXXXX";
  if (::mkdtemp(name.data()) != nullptr) path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::string find_program(const std::string& name) {
  if (name.find('/') != name.npos) return is_program(name) ? name : "";
  const char* path = std::getenv("PATH");
  for (std::string rest = path != nullptr ? path : ""; !rest.empty();) {
    const size_t end = std::min(rest.find(':'), rest.size());
    const std::string folder = rest.substr(0, end);
    rest.erase(0, end + 1);
    if (!folder.empty() && folder[0] == '/' && is_program(folder + "/" + name)) return folder + "/" + name;
  }
  return "";
}

ProgramRun run_program(const std::string& program, const std::vector<std::string>& arguments,
                       const std::string& folder) {
  ProgramRun run;
  const std::string printed = folder + "/printed";
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, 1, printed.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::posix_spawn_file_actions_adddup2(&files, 1, 2);
  // A process that blocks or ignores signals must not hand that on.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  std::vector<char*> environment_kept = environment();
  const int failed = ::posix_spawn(&child, program.c_str(), &files, &attributes, argv.data(), environment_kept.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  if (failed != 0) {
    run.problem = std::string("cannot be started: ") + std::strerror(failed);
    return run;
  }
  run.status = wait_for(child);
  if (run.status < 0) run.problem = "did not end within five minutes";
  std::ifstream in(printed, std::ios::binary);
  run.output.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  return run;
}

}  // namespace kib::emulator
