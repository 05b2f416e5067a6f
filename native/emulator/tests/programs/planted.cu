// The planted bugs of one theme, and beside each its repaired twin: nvcc -DTHEME='"planted/NAME.cuh"' planted.cu.
// Usage: planted NAME | NAME_repaired | --list
#include THEME

int main(int count, char** arguments) {
  std::string name = count > 1 ? arguments[1] : "", ending = "_repaired";
  bool repaired = name.size() > ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
  if (repaired) name.resize(name.size() - ending.size());
  for (const Bug& bug : bugs()) {
    if (name == "--list") std::printf("%s\n", bug.name);
    if (name != bug.name) continue;
    try {
      bug.run(repaired);
    } catch (const WrongResult&) {
      return 9;
    } catch (const std::exception& e) {
      std::printf("FAILED %s\n", e.what());
      return 1;
    }
    return 0;
  }
  return name == "--list" ? 0 : 2;
}
