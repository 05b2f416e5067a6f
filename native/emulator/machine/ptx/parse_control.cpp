// Branches, calls, ends, and what does nothing here.
#include <algorithm>

#include "machine/execute/warp_forms.h"
#include "machine/ptx/body_parser.h"

namespace kib::emulator::ptx {
namespace {

void parse_branch(BodyParser& body, Opcode& op) {
  op.take("uni");
  const std::string label(body.cursor().word("a label"));
  body.emit(Kind::kBranch, Class::kControl);
  body.branch_to(static_cast<uint32_t>(body.image().code.size() - 1), label);
}

void parse_indexed(BodyParser& body, Opcode& op) {
  op.take("idx");
  op.take("uni");
  const Operand a = body.source(4);
  body.comma();
  const std::string targets(body.cursor().word("a list of labels"));
  body.emit(Kind::kIndexed, Class::kControl).a = a;
  body.branch_to(static_cast<uint32_t>(body.image().code.size() - 1), targets);
}

std::vector<std::string> names_in_parentheses(BodyParser& body) {
  std::vector<std::string> names;
  body.cursor().expect("(", "before arguments");
  while (!body.cursor().accept(")")) {
    names.emplace_back(body.cursor().word("an argument"));
    body.cursor().accept(",");
  }
  return names;
}

std::vector<Copy> copies(BodyParser& body, const std::vector<std::string>& names, const Parameters* formal,
                         uint32_t base) {
  std::vector<Copy> all;
  uint32_t at = base;
  for (size_t n = 0; n < names.size(); ++n) {
    const Symbol* s = body.symbol(names[n]);
    if (s == nullptr || s->space != Space::kParam)
      body.cursor().fail("argument '" + names[n] + "' is no .param variable");
    uint32_t to;
    if (formal != nullptr) {
      if (n >= formal->list.size() || formal->list[n].size != s->bytes) {
        body.cursor().fail("argument '" + names[n] + "' does not fit the function's parameters");
      }
      to = base + formal->list[n].offset;
    } else {  // of a function behind a pointer: laid out as its definition lays them out
      const uint32_t alignment = static_cast<uint32_t>(std::min<uint64_t>(std::max<uint64_t>(s->bytes, 1), 16));
      at = (at + alignment - 1) / alignment * alignment;
      to = at;
      at += static_cast<uint32_t>(s->bytes);
    }
    all.push_back({static_cast<uint32_t>(s->address), to, static_cast<uint32_t>(s->bytes)});
  }
  return all;
}

// call.uni (result), function, (arguments){, prototype};
void parse_call(BodyParser& body, Opcode& op) {
  op.take("uni");
  std::vector<std::string> results, arguments;
  if (body.cursor().is("(")) {
    results = names_in_parentheses(body);
    body.comma();
  }
  Call call;
  const std::string_view name = body.cursor().peek().text;
  if (body.is_register(name)) {
    call.indirect = body.source(8);
  } else {
    call.name = body.cursor().word("a function");
    call.function = body.function_named(call.name);
  }
  if (body.cursor().accept(",")) {
    if (body.cursor().is("(")) arguments = names_in_parentheses(body);
    if (body.cursor().accept(",") || call.indirect != kNoOperand) body.cursor().word("a prototype");
  }
  Image& image = body.image();
  const Parameters* formal_results = nullptr;
  const Parameters* formal = nullptr;
  uint32_t result_bytes = 0;
  if (call.indirect == kNoOperand && call.function != kBuiltin) {
    const Function& f = image.functions[call.function];
    formal_results = &f.results;
    formal = &f.parameters;
    result_bytes = f.results.bytes;
    body.function().callees.push_back(call.function);
  }
  call.results = copies(body, results, formal_results, 0);
  if (call.indirect != kNoOperand) {
    for (const Copy& c : call.results) result_bytes = std::max(result_bytes, c.to + c.bytes);
  }
  call.arguments = copies(body, arguments, formal, (result_bytes + 15) / 16 * 16);
  body.emit(Kind::kCall, Class::kControl).target = static_cast<uint32_t>(image.calls.size());
  image.calls.push_back(std::move(call));
}

}  // namespace

bool parse_control(BodyParser& body, Opcode& op) {
  const std::string_view name = op.name();
  if (name == "bra") {
    parse_branch(body, op);
  } else if (name == "brx") {
    parse_indexed(body, op);
  } else if (name == "call") {
    parse_call(body, op);
  } else if (name == "ret") {
    op.take("uni");
    body.emit(body.function().entry ? Kind::kExit : Kind::kReturn, Class::kControl);
  } else if (name == "exit") {
    body.emit(Kind::kExit, Class::kControl);
  } else if (name == "trap" || name == "brkpt") {
    body.emit(Kind::kTrap, Class::kControl);
  } else if (name == "nanosleep") {
    op.take_type();
    body.source(4);
  } else if (name == "griddepcontrol") {
    const bool wait = op.take("wait");
    if (!wait && !op.take("launch_dependents")) body.refuse_form(op);
    body.emit(wait ? Kind::kWaitForGrids : Kind::kTrigger, Class::kControl);
  } else if (name == "setmaxnreg") {
    op.take("inc") || op.take("dec");
    op.take("sync");
    op.take("aligned");
    op.take_type();
    body.cursor().integer("a number of registers");
  } else if (name == "createpolicy") {  // of caches, which are not emulated
    op.take("fractional");
    op.take_prefixed("L2::");
    op.take_type();
    body.destination(8);
    while (body.cursor().accept(",")) body.cursor().next();
  } else if (name == "pmevent") {
    body.cursor().integer("an event");
  } else {
    return false;
  }
  return true;
}

}  // namespace kib::emulator::ptx
