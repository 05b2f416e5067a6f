// Reads a function's body into instructions.
#ifndef KIB_EMULATOR_PTX_BODY_PARSER_H
#define KIB_EMULATOR_PTX_BODY_PARSER_H
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "machine/forms/key.h"
#include "machine/ptx/module_parser.h"
#include "machine/ptx/opcode.h"
#include "machine/ptx/trace.h"

namespace kib::emulator::ptx {

struct Register {
  Operand slot = kNoOperand;
  uint32_t bytes = 4;  // of a lane; 0: a predicate
  Type type = Type::kNone;
};

// [register or symbol + offset]
struct AddressOperand {
  Operand base = kNoOperand;
  bool wide = true;
  int64_t offset = 0;
  const Symbol* symbol = nullptr;
};

class BodyParser {
 public:
  BodyParser(ModuleParser& module, uint32_t function);
  void parse();

  // What the families of instructions use.
  Cursor& cursor() { return cursor_; }
  Image& image() { return image_; }
  Function& function() { return image_.functions[index_]; }
  void mark_computed();
  void note(const RealOperation& real) { real_ = real; }  // of the statement at hand
  Instruction& emit(Kind kind, Class counted);            // with the current guard and line
  Instruction& emit_form(const Opcode& op, Form form, Class counted);
  // Refuses the function for what its instruction is, by a sentence; the module's others may run.
  [[noreturn]] void refuse_form(const Opcode& op, const std::string& why = "");
  void check_taken(const Opcode& op);

  Operand source(uint32_t bytes, Type type = Type::kNone);  // register of that width, constant, or symbol's address
  Operand source_predicate();                               // with ! too
  Register source_any(uint32_t bytes);                      // a register of any width, else a constant of `bytes`
  Operand destination(uint32_t bytes);
  Operand destination_predicate();
  Register destination_any();
  AddressOperand address();
  Operand constant(uint32_t bytes, uint64_t bits) { return module_.constant(bytes, bits); }
  Operand temporary(uint32_t bytes);
  Operand carry();  // the carry flag of add.cc
  void comma() { cursor_.expect(",", "between operands"); }
  const Symbol* symbol(std::string_view name) const;
  bool is_register(std::string_view name) const { return find_register(name).has_value(); }
  uint32_t function_named(std::string_view name) const { return module_.function(name); }
  void branch_to(uint32_t instruction, std::string label);

 private:
  struct Scope {
    std::unordered_map<std::string, Register> registers;
    std::vector<std::pair<std::string, Register>> ranges;  // prefix of %r<9>
    std::unordered_map<std::string, Symbol> symbols;
    uint32_t parameter_area = 0;  // where the scope's own .param variables end
  };

  void statement();
  void directive();
  void registers();
  void location();
  uint32_t caller_of(const std::array<int64_t, 3>& at, int depth);
  void instruction();
  void one_instruction();
  void skip_refused(const UnknownForm& problem);
  void declare_variable(Space space);
  void branch_targets(const std::string& label);
  void resolve_labels();
  std::optional<Register> find_register(std::string_view name) const;
  Register read(const Register& r);
  Register mentioned(Register r, bool written);
  Operand allocate(uint32_t bytes);
  std::optional<Register> special(std::string_view name);
  std::optional<Register> reserved_shared(std::string_view which);
  Operand symbol_address(const Symbol& s, uint32_t bytes, int64_t offset);
  uint64_t immediate(uint32_t bytes, Type type);

  ModuleParser& module_;
  Cursor& cursor_;
  Image& image_;
  uint32_t index_;
  mutable std::vector<Scope> scopes_;
  Operand guard_ = kNoOperand;
  std::unordered_set<Operand> written_;  // registers, by instructions before this one, whatever its guard
  std::vector<Operand> writes_;          // of this one
  SourceLine line_;
  int opcode_line_ = 0;
  // File, line and column, and of each whether it is inlined, and where.
  using Place = std::pair<uint32_t, std::pair<int64_t, int64_t>>;
  Place place(const std::array<int64_t, 3>& at) const { return {module_.source_file(at[0]), {at[1], at[2]}}; }
  std::map<Place, std::pair<bool, std::array<int64_t, 3>>> inlined_;
  std::map<std::array<int64_t, 3>, uint32_t> callers_;  // file, line and caller: index into Image::callers
  Operand carry_ = kNoOperand;
  std::unordered_map<std::string, uint32_t> labels_;
  std::vector<Fixup> fixups_;
  std::unordered_map<std::string, uint32_t> targets_;  // label of .branchtargets: index into Image::branch_targets
  std::vector<std::pair<uint32_t, std::vector<std::string>>> target_labels_;
  Trace trace_;
  RealOperation real_;
};

// Families of instructions: each returns false where the opcode is none of its own.
bool parse_arithmetic(BodyParser& body, Opcode& op);
Form form_of(const Key& key);  // of arithmetic; null where there is none
bool parse_moves(BodyParser& body, Opcode& op);
bool parse_memory(BodyParser& body, Opcode& op);
bool parse_mbarrier(BodyParser& body, Opcode& op);
void parse_bulk(BodyParser& body, Opcode& op);  // cp.async.bulk, cp.async.mbarrier.arrive
bool parse_control(BodyParser& body, Opcode& op);
bool parse_cluster(BodyParser& body, Opcode& op);  // mapa, getctarank
void parse_cluster_barrier(BodyParser& body, Opcode& op);
bool parse_together(BodyParser& body, Opcode& op);  // shfl, vote, match, redux, barriers

bool parse_matrix(BodyParser& body, Opcode& op);

void parse_body(ModuleParser& module, uint32_t function);
void finish_calls(const Image& image);  // refuses calls of functions that nobody defined

}  // namespace kib::emulator::ptx
#endif
