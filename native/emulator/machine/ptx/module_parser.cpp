#include "machine/ptx/module_parser.h"

#include <algorithm>
#include <cstring>

#include "machine/lines.h"
#include "machine/memory.h"
#include "machine/options.h"
#include "machine/ptx/body_parser.h"

namespace kib::emulator::ptx {
namespace {

uint64_t align(uint64_t at, uint64_t to) { return (at + to - 1) / to * to; }

void release(const Image& image) {
  for (uint64_t address : image.owned) Memory::instance().release(address);
}

}  // namespace

ModuleParser::ModuleParser(std::string_view text, const std::string& file)
    : cursor_(tokenize(text, file), file), image_(new Image, [](Image* image) {
        release(*image);
        delete image;
      }) {
  image_->file = file;
  if (!Options::current().lines.empty()) image_->runs = std::make_shared<RunCounts>();
  image_->files.push_back(file);
  find_files();
}

// .file stands at the end of what nvcc makes, behind the .loc that name its number.
void ModuleParser::find_files() {
  const std::vector<Token>& tokens = cursor_.tokens();
  for (size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (tokens[i].text != ".file" || tokens[i + 2].kind != TokenKind::kString) continue;
    image_->files.emplace_back(tokens[i + 2].text);
    files_[static_cast<int64_t>(tokens[i + 1].bits)] = static_cast<uint32_t>(image_->files.size() - 1);
  }
}

std::shared_ptr<Image> ModuleParser::parse() {
  if (!cursor_.is(".version")) cursor_.fail("no .version at its beginning; the file is no PTX");
  while (!cursor_.ended()) statement();
  apply_relocations();
  finish_calls(*image_);
  if (image_->runs != nullptr) image_->runs->know(*image_);
  return image_;
}

void ModuleParser::statement() {
  bool external = false;
  while (cursor_.is(".visible") || cursor_.is(".extern") || cursor_.is(".weak") || cursor_.is(".common")) {
    external |= cursor_.next().text == ".extern";
  }
  if (cursor_.accept(".version")) {
    cursor_.next();
  } else if (cursor_.accept(".target")) {
    do {
      cursor_.word("a target");
    } while (cursor_.accept(","));
  } else if (cursor_.accept(".address_size")) {
    const int line = cursor_.peek().line;
    if (cursor_.integer("an address size") != 64)
      refuse(cursor_.file(), line, "32-bit addresses are not emulated; compile with -m64");
  } else if (cursor_.accept(".file")) {
    file_directive();
  } else if (cursor_.accept(".section")) {
    cursor_.word("a section's name");
    cursor_.skip_braces();
  } else if (cursor_.accept(".global")) {
    variable(Space::kGlobal, external);
  } else if (cursor_.accept(".const")) {
    variable(Space::kConst, external);
  } else if (cursor_.accept(".shared")) {
    shared(external);
  } else if (cursor_.accept(".entry")) {
    function(true);
  } else if (cursor_.accept(".func")) {
    function(false);
  } else if (cursor_.accept(".alias")) {
    alias();
  } else if (cursor_.accept(".pragma")) {
    while (!cursor_.accept(";")) cursor_.next();
  } else {
    cursor_.fail("'" + std::string(cursor_.peek().text) +
                 "' is not emulated at module scope; rewrite the kernel without it");
  }
}

void ModuleParser::file_directive() {
  cursor_.integer("a file's number");
  if (cursor_.peek().kind != TokenKind::kString) cursor_.fail("expected a file's name");
  cursor_.next();
  while (cursor_.accept(",")) cursor_.integer("a number");
}

// 0, the PTX itself, for a number that no .file gives.
uint32_t ModuleParser::source_file(int64_t number) const {
  const auto found = files_.find(number);
  return found == files_.end() ? 0 : found->second;
}

const Symbol* ModuleParser::symbol(std::string_view name) const {
  const auto found = symbols_.find(std::string(name));
  return found == symbols_.end() ? nullptr : &found->second;
}

uint32_t ModuleParser::function(std::string_view name) const {
  const auto found = functions_.find(std::string(name));
  return found == functions_.end() ? kBuiltin : found->second;
}

Declaration ModuleParser::declaration() {
  Declaration d;
  while (true) {
    if (cursor_.accept(".align")) {
      d.alignment = static_cast<uint32_t>(cursor_.integer("an alignment"));
    } else if (cursor_.accept(".ptr")) {
      for (const char* space : {".global", ".const", ".shared", ".local"}) cursor_.accept(space);
    } else if (cursor_.accept(".attribute")) {
      while (!cursor_.accept(")")) cursor_.next();
    } else if (cursor_.is(".v2") || cursor_.is(".v4")) {
      cursor_.fail("variables of vector type are not emulated; declare an array of .b8");
    } else if (cursor_.peek().kind == TokenKind::kWord && cursor_.peek().text[0] == '.') {
      d.type = type_named(cursor_.next().text.substr(1));
      if (d.type == Type::kNone) cursor_.fail("a variable's type is not emulated; use a fundamental type");
    } else {
      break;
    }
  }
  if (d.type == Type::kNone) cursor_.fail("a variable has no type");
  d.name = cursor_.word("a variable's name");
  d.bytes = bytes_of(d.type);
  while (cursor_.accept("[")) {
    if (cursor_.accept("]")) {
      d.unsized = true;
      continue;
    }
    d.bytes *= static_cast<uint64_t>(cursor_.integer("an array's size"));
    cursor_.expect("]", "behind an array's size");
  }
  if (d.alignment == 0) d.alignment = bytes_of(d.type);
  return d;
}

void ModuleParser::variable(Space space, bool external) {
  const Declaration d = declaration();
  if (external && symbols_.count(d.name) == 0) {
    cursor_.fail("extern variable '" + d.name +
                 "' is defined in another module; link with nvcc -dlink or define it here");
  }
  if (d.unsized && !cursor_.is("=")) cursor_.fail("array '" + d.name + "' has no size");
  if (external || symbols_.count(d.name) != 0) {
    while (!cursor_.accept(";")) cursor_.next();
    return;
  }
  uint64_t bytes = std::max<uint64_t>(d.bytes, 1);
  const uint64_t address = Memory::instance().allocate(bytes, "variable " + d.name);
  if (address == 0) {
    cursor_.fail("no room for variable '" + d.name + "' of " + std::to_string(bytes) +
                 " bytes; set KIB_EMULATOR_MEMORY to more");
  }
  Memory::instance().keep(address);
  image_->owned.push_back(address);
  std::memset(Memory::instance().view(address, bytes, Memory::Access::kWrite, d.name), 0, bytes);
  symbols_[d.name] = {space, address, d.bytes, false};
  image_->variables[d.name] = {address, d.bytes, space == Space::kConst};
  if (cursor_.accept("=")) initialise(d, address);
  cursor_.expect(";", "behind a variable");
}

void ModuleParser::shared(bool external) {
  const Declaration d = declaration();
  cursor_.expect(";", "behind a shared variable");
  if (d.unsized || external) {
    symbols_[d.name] = {Space::kShared, kDynamicShared, 0, false};
    return;
  }
  add_shared(d);
}

void ModuleParser::add_shared(const Declaration& d) {
  if (symbols_.count(d.name) != 0) return;
  Image& image = *image_;
  const uint64_t at = align(image.module_shared_bytes, d.alignment);
  symbols_[d.name] = {Space::kShared, at, d.bytes, false};
  image.module_shared_bytes = static_cast<uint32_t>(at + d.bytes);
}

void ModuleParser::initialise(const Declaration& d, uint64_t address) {
  uint64_t at = 0;
  initialise_element(d, address, &at);
}

// A scalar, or a list in braces, nested as the array's dimensions are.
void ModuleParser::initialise_element(const Declaration& d, uint64_t address, uint64_t* at) {
  if (cursor_.accept("{")) {
    while (!cursor_.accept("}")) {
      initialise_element(d, address, at);
      cursor_.accept(",");
    }
    return;
  }
  const uint32_t bytes = bytes_of(d.type);
  if (*at + bytes > std::max<uint64_t>(d.bytes, 1))
    cursor_.fail("'" + d.name + "' has more initialisers than elements");
  const uint64_t where = address + *at;
  *at += bytes;
  uint64_t mask = ~uint64_t{0};
  if (cursor_.peek().kind == TokenKind::kInteger && cursor_.is("(", 1)) mask = cursor_.next().bits;
  const bool masked = mask != ~uint64_t{0};
  if (masked) cursor_.expect("(", "behind a mask");
  if (cursor_.peek().kind == TokenKind::kWord) {
    Relocation r{where, bytes, "", 0, mask, cursor_.peek().line};
    const bool generic = cursor_.accept("generic");
    if (generic) cursor_.expect("(", "behind 'generic'");
    r.symbol = cursor_.word("a symbol");
    if (generic) cursor_.expect(")", "behind a symbol");
    if (cursor_.is("+") || cursor_.is("-")) r.addend = cursor_.integer("an offset");
    relocations_.push_back(r);
    if (masked) cursor_.expect(")", "behind a mask's symbol");
    return;
  }
  uint64_t bits = 0;
  const TokenKind kind = cursor_.peek().kind;
  const bool negative = cursor_.is("-");
  if (kind == TokenKind::kFloat32 || kind == TokenKind::kFloat64 ||
      (negative && cursor_.peek(1).kind == TokenKind::kFloat64)) {
    if (negative) cursor_.next();
    const Token& token = cursor_.next();
    bits = token.bits;
    if (negative) bits ^= uint64_t{1} << 63;
    if (token.kind == TokenKind::kFloat64 && d.type == Type::kF32) {
      double value;
      std::memcpy(&value, &bits, 8);
      const float narrow = static_cast<float>(value);
      bits = 0;
      std::memcpy(&bits, &narrow, 4);
    }
  } else {
    bits = static_cast<uint64_t>(cursor_.integer("an initialiser"));
  }
  std::memcpy(Memory::instance().view(where, bytes, Memory::Access::kWrite, d.name), &bits, bytes);
}

void ModuleParser::apply_relocations() {
  for (const Relocation& r : relocations_) {
    uint64_t value = 0;
    if (const Symbol* s = symbol(r.symbol)) {
      value = s->address;
    } else if (function(r.symbol) != kBuiltin) {
      value = kFunctionWindow + function(r.symbol);
    } else {
      refuse(cursor_.file(), r.line, "an initialiser names '" + r.symbol + "', which is not defined");
    }
    value = (value + static_cast<uint64_t>(r.addend)) & r.mask;
    for (uint64_t mask = r.mask; (mask & 1) == 0 && mask != 0; mask >>= 1) value >>= 1;
    std::memcpy(Memory::instance().view(r.where, r.bytes, Memory::Access::kWrite, r.symbol), &value, r.bytes);
  }
}

Operand ModuleParser::constant(uint32_t bytes, uint64_t bits) {
  if (bytes < 8) bits &= (uint64_t{1} << (8 * bytes)) - 1;
  const auto found = constants_.find({bytes, bits});
  if (found != constants_.end()) return found->second;
  std::vector<std::byte>& pool = image_->constants;
  const Operand at = static_cast<Operand>(pool.size());
  pool.resize(pool.size() + align(32 * bytes, 64));
  for (uint32_t lane = 0; lane < 32; ++lane) std::memcpy(&pool[at + lane * bytes], &bits, bytes);
  return constants_[{bytes, bits}] = at | kConstants;
}

Parameters ModuleParser::parameters(uint64_t at) {
  Parameters p;
  const uint64_t start = at;
  while (!cursor_.accept(")")) {
    if (cursor_.is(".reg")) cursor_.fail("functions with .reg parameters are not emulated; compile with nvcc's ABI");
    cursor_.expect(".param", "in a list of parameters");
    const Declaration d = declaration();
    at = align(at, d.alignment);
    p.list.push_back({static_cast<uint32_t>(at - start), static_cast<uint32_t>(d.bytes), d.alignment});
    p.names.push_back(d.name);
    at += d.bytes;
    cursor_.accept(",");
  }
  p.bytes = static_cast<uint32_t>(at - start);
  return p;
}

void ModuleParser::performance_directives(Function& f) {
  while (cursor_.peek().kind == TokenKind::kWord && cursor_.peek().text[0] == '.') {
    const std::string_view directive = cursor_.next().text;
    if (directive == ".noreturn") continue;
    if (directive == ".explicitcluster") {
      f.explicit_cluster = true;
      continue;
    }
    if (directive == ".pragma") {
      while (!cursor_.accept(";")) cursor_.next();
      continue;
    }
    if (directive != ".maxntid" && directive != ".reqntid" && directive != ".minnctapersm" &&
        directive != ".maxnctapersm" && directive != ".maxnreg" && directive != ".maxclusterrank" &&
        directive != ".reqnctapercluster") {
      cursor_.fail("'" + std::string(directive) + "' is not emulated; compile without it");
    }
    uint64_t product = 1;
    uint32_t sizes[3] = {1, 1, 1};
    size_t size = 0;
    do {
      const int64_t limit = cursor_.integer("a limit");
      if (size < 3) sizes[size++] = static_cast<uint32_t>(limit);
      product *= static_cast<uint64_t>(limit);
    } while (cursor_.accept(","));
    if (directive == ".reqnctapercluster") f.cluster = {sizes[0], sizes[1], sizes[2]};
    if (directive == ".maxclusterrank") f.most_in_cluster = sizes[0];
    if (directive != ".maxntid" && directive != ".reqntid") continue;
    f.max_threads = static_cast<uint32_t>(product);
    f.bounded = true;
  }
}

void ModuleParser::function(bool entry) {
  Function f;
  f.entry = entry;
  if (cursor_.accept(".attribute")) {
    while (!cursor_.accept(")")) cursor_.next();
  }
  if (!entry && cursor_.accept("(")) f.results = parameters(0);
  f.name = cursor_.word("a function's name");
  if (cursor_.accept("(")) f.parameters = parameters(align(f.results.bytes, 16));
  f.parameter_area = static_cast<uint32_t>(align(f.results.bytes, 16) + f.parameters.bytes);
  performance_directives(f);
  Image& image = *image_;
  uint32_t index = function(f.name);
  if (index == kBuiltin) {
    index = static_cast<uint32_t>(image.functions.size());
    functions_[f.name] = index;
    image.functions.push_back(f);
  } else if (image.functions[index].defined) {
    cursor_.fail("function '" + f.name + "' is defined twice");
  } else {
    image.functions[index] = f;
  }
  if (cursor_.accept(";")) return;
  parse_body(*this, index);
  image.functions[index].defined = true;
}

void ModuleParser::alias() {
  const std::string name(cursor_.word("an alias"));
  cursor_.expect(",", "in .alias");
  const uint32_t target = function(cursor_.word("a function"));
  cursor_.expect(";", "behind .alias");
  if (target == kBuiltin) cursor_.fail("alias '" + name + "' of a function that is not defined");
  const uint32_t index = function(name);
  if (index == kBuiltin) {
    functions_[name] = target;
  } else {  // calls of the declared name: a copy of the function under it
    Function& f = image_->functions[index];
    const std::string own = f.name;
    f = image_->functions[target];
    f.name = own;
  }
}

std::shared_ptr<Image> parse(std::string_view text, const std::string& file) {
  return ModuleParser(text, file).parse();
}

}  // namespace kib::emulator::ptx
