// Reads a module: variables, functions; bodies go to BodyParser.
#ifndef KIB_EMULATOR_PTX_MODULE_PARSER_H
#define KIB_EMULATOR_PTX_MODULE_PARSER_H
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "machine/ptx/cursor.h"
#include "machine/ptx/ir.h"

namespace kib::emulator::ptx {

// A variable of a state space as bodies see it.
struct Symbol {
  Space space = Space::kGlobal;
  uint64_t address = 0;  // within its space; of a parameter, in the function's parameter area
  uint64_t bytes = 0;
  bool entry_parameter = false;
};

// .align 4 .b8 name[16]
struct Declaration {
  Type type = Type::kNone;
  uint32_t alignment = 0;
  std::string name;
  uint64_t bytes = 0;
  bool unsized = false;
};

class ModuleParser {
 public:
  ModuleParser(std::string_view text, const std::string& file);
  std::shared_ptr<Image> parse();

  // For BodyParser.
  Cursor& cursor() { return cursor_; }
  Image& image() { return *image_; }
  const Symbol* symbol(std::string_view name) const;
  uint32_t function(std::string_view name) const;  // kBuiltin where there is none
  Declaration declaration();
  Operand constant(uint32_t bytes, uint64_t bits);  // 32 lanes of it
  uint32_t source_file(int64_t number) const;
  void add_shared(const Declaration& d);  // of the module's scope

 private:
  void statement();
  void find_files();
  void file_directive();
  void variable(Space space, bool external);
  void shared(bool external);
  void initialise(const Declaration& d, uint64_t address);
  void initialise_element(const Declaration& d, uint64_t address, uint64_t* at);
  void function(bool entry);
  Parameters parameters(uint64_t at);
  void performance_directives(Function& f);
  void alias();
  void apply_relocations();

  struct Relocation {
    uint64_t where;
    uint32_t bytes;
    std::string symbol;
    int64_t addend;
    uint64_t mask;
    int line;
  };

  Cursor cursor_;
  std::shared_ptr<Image> image_;
  std::unordered_map<std::string, Symbol> symbols_;
  std::unordered_map<std::string, uint32_t> functions_;
  std::map<std::pair<uint32_t, uint64_t>, Operand> constants_;
  std::map<int64_t, uint32_t> files_;
  std::vector<Relocation> relocations_;
};

std::shared_ptr<Image> parse(std::string_view text, const std::string& file);

}  // namespace kib::emulator::ptx
#endif
