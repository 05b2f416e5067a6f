// Another program's run, without a shell.
#ifndef KIB_EMULATOR_RUN_PROGRAM_H
#define KIB_EMULATOR_RUN_PROGRAM_H
#include <string>
#include <vector>

namespace kib::emulator {

// A folder that only this user can read, gone at the end with what is in it; its path is empty where none can be made.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The file that a name stands for on the PATH, or the name itself where it has a slash; empty where no such program is.
std::string find_program(const std::string& name);

struct ProgramRun {
  int status = -1;      // 0: it ended well
  std::string output;   // what it printed, errors too
  std::string problem;  // why it did not run to its end: "cannot be started: ..."
};
// Waits for its end, five minutes at most. What it prints goes through a file in `folder`.
ProgramRun run_program(const std::string& program, const std::vector<std::string>& arguments,
                       const std::string& folder);

}  // namespace kib::emulator
#endif
