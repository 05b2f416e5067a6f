// Which PTX belongs to a fat binary that a program registers: the PTX inside it where that is not compressed, else the
// .ptx files beside the library and in the folders of KIB_EMULATOR_PTX.
#ifndef KIB_EMULATOR_PTX_H
#define KIB_EMULATOR_PTX_H
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kib::emulator {

struct Ptx {
  std::string text, file;
  int target = 0;         // 80 for sm_80
  bool specific = false;  // sm_90a: for that capability alone
  bool family = false;    // sm_100f: for that capability and later ones of the same major number
  std::set<std::string> entries;
};

// Reads the target and the names of the entries; target 0 where the text is no PTX.
Ptx describe_ptx(std::string text, std::string file);

// The .ptx files of a folder, in the order of their names.
std::vector<Ptx> ptx_in_folder(const std::string& folder);

// The one for the highest target that the capability runs, among those with all entries; the first of equals; null
// where there is none.
const Ptx* choose_ptx(const std::vector<Ptx>& all, const std::set<std::string>& entries, int capability);

std::vector<std::string> split_path(std::string_view path);

}  // namespace kib::emulator
#endif
