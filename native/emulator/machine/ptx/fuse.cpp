#include "machine/ptx/fuse.h"

#include <algorithm>

#include "machine/ptx/body_parser.h"
#include "machine/ptx/flow.h"
#include "machine/ptx/opcode.h"

namespace kib::emulator::ptx {
namespace {

bool is_product(const Statement& s) {
  return s.real.op == Op::kMul && s.real.type != Type::kNone && s.real.free && !s.real.sat && !s.guarded;
}
bool is_sum(const Statement& s) {
  return (s.real.op == Op::kAdd || s.real.op == Op::kSub) && s.real.type != Type::kNone && s.real.free;
}
bool is_alias(const Statement& s) {
  return (s.real.op == Op::kMov || s.real.op == Op::kNeg) && s.real.type != Type::kNone && !s.guarded;
}

// A product, or a move or negation of one, as long as a register holds it.
struct Value {
  size_t product;
  int parent = -1;  // the value that is moved or negated
  bool negated = false;
  uint32_t statement = 0;
  uint32_t kept = 0;  // uses that no fused instruction takes over
};

struct Product {
  uint32_t statement = 0, position = 0;  // position: within its chain
  bool other = false;                    // something else than a sum uses it
  bool fused = false;
  size_t uses = 0;           // sums at first
  std::vector<size_t> sums;  // not fused yet
  Operand saved[2] = {kNoOperand, kNoOperand};
};

struct Sum {
  uint32_t statement;
  int value[2] = {-1, -1};
  bool overwritten[2][2] = {};  // of each operand that is a product: whether its factors are overwritten before the sum
  int fused = -1;
};

class Fusion {
 public:
  Fusion(BodyParser& body, const Trace& trace) : body_(body), trace_(trace), code_(body.image().code) {}

  void chain(const std::vector<FlowBlock>& blocks, const std::vector<uint32_t>& chain, const std::vector<bool>& live,
             const std::unordered_map<Operand, uint32_t>& slots) {
    values_.clear();
    products_.clear();
    sums_.clear();
    at_.clear();
    written_.clear();
    position_ = 0;
    for (uint32_t b : chain) {
      for (uint32_t s = blocks[b].begin; s < blocks[b].end; ++s) walk(s);
    }
    for (const auto& [slot, value] : at_) {
      const auto bit = slots.find(slot);
      if (bit == slots.end() || live[bit->second]) other(value);
    }
    for (Product& p : products_) p.uses = p.sums.size();
    choose(true);
    choose(false);
    rewrite();
  }

  const std::vector<bool>& removed() const { return removed_; }
  std::map<uint32_t, std::vector<Instruction>>& before() { return before_; }
  void set_size(size_t n) { removed_.assign(n, false); }

 private:
  Instruction& operation(uint32_t statement) { return code_[trace_.statements[statement].end - 1]; }
  Product& product_of(int value) { return products_[values_[static_cast<size_t>(value)].product]; }

  void other(int value) {
    ++values_[static_cast<size_t>(value)].kept;
    product_of(value).other = true;
  }

  int value_in(Operand slot) const {
    const auto found = at_.find(slot);
    return found == at_.end() ? -1 : found->second;
  }

  void walk(uint32_t s) {
    const Statement& statement = trace_.statements[s];
    ++position_;
    int alias_of = -1;
    if (is_sum(statement)) {
      add_sum(s);
    } else if (is_alias(statement) && (alias_of = value_in(operation(s).a)) >= 0 && !looks_through(s, alias_of)) {
      other(alias_of);
      alias_of = -1;
    } else if (alias_of < 0) {
      for (uint32_t m = statement.mentions; m < statement.mentions_end; ++m) {
        const int value = trace_.mentions[m].written ? -1 : value_in(trace_.mentions[m].slot);
        if (value >= 0) other(value);
      }
    }
    for (uint32_t m = statement.mentions; m < statement.mentions_end; ++m) {
      const Mention& mention = trace_.mentions[m];
      if (!mention.written) continue;
      written_[mention.slot] = position_;
      if (const int value = value_in(mention.slot); value >= 0 && statement.guarded) other(value);
      at_.erase(mention.slot);
    }
    Value v{};
    v.statement = s;
    if (is_product(statement)) {
      v.product = products_.size();
      products_.emplace_back();
      products_.back().statement = s;
      products_.back().position = position_;
    } else if (alias_of >= 0) {
      const Value& from = values_[static_cast<size_t>(alias_of)];
      v.product = from.product;
      v.parent = alias_of;
      v.negated = from.negated != (statement.real.op == Op::kNeg);
    } else {
      return;
    }
    at_[operation(s).d] = static_cast<int>(values_.size());
    values_.push_back(v);
  }

  bool looks_through(uint32_t s, int value) {
    const RealOperation &r = trace_.statements[s].real, &p = trace_.statements[product_of(value).statement].real;
    if (r.op == Op::kMov) return bytes_of(r.type) == bytes_of(p.type);
    return r.type == p.type && r.ftz == p.ftz;
  }

  void add_sum(uint32_t s) {
    const RealOperation& r = trace_.statements[s].real;
    Sum sum{};
    sum.statement = s;
    sum.value[0] = value_in(operation(s).a);
    sum.value[1] = value_in(operation(s).b);
    const bool same = sum.value[0] >= 0 && sum.value[1] >= 0 && &product_of(sum.value[0]) == &product_of(sum.value[1]);
    for (int k = 0; k < 2; ++k) {
      if (sum.value[k] < 0) continue;
      Product& p = product_of(sum.value[k]);
      const RealOperation& factor = trace_.statements[p.statement].real;
      if (same || factor.type != r.type || factor.ftz != r.ftz || factor.round != r.round) {
        other(sum.value[k]);
        sum.value[k] = -1;
        continue;
      }
      const Instruction& mul = operation(p.statement);
      for (int f = 0; f < 2; ++f) {
        const auto found = written_.find(f == 0 ? mul.a : mul.b);
        sum.overwritten[k][f] = found != written_.end() && found->second >= p.position;
      }
      p.sums.push_back(sums_.size());
    }
    sums_.push_back(sum);
  }

  bool candidate(int value, bool single) {
    if (value < 0) return false;
    const Product& p = product_of(value);
    return !p.other && (!single || p.uses == 1);
  }

  void choose(bool single) {
    for (size_t n = 0; n < sums_.size(); ++n) {
      Sum& sum = sums_[n];
      if (sum.fused >= 0) continue;
      const bool first = candidate(sum.value[0], single), second = candidate(sum.value[1], single);
      if (!first && !second) continue;
      sum.fused = first && second ? (product_of(sum.value[1]).uses < product_of(sum.value[0]).uses ? 1 : 0) : !first;
      Product& p = product_of(sum.value[sum.fused]);
      p.fused = true;
      p.sums.erase(std::find(p.sums.begin(), p.sums.end(), n));
      if (const int addend = sum.value[1 - sum.fused]; addend >= 0) product_of(addend).other = true;
    }
  }

  void rewrite() {
    for (const Sum& sum : sums_) {
      for (int k = 0; k < 2; ++k) {
        if (sum.value[k] >= 0 && sum.fused != k) ++values_[static_cast<size_t>(sum.value[k])].kept;
      }
    }
    // The factors are read before anything that this rewrites.
    for (const Sum& sum : sums_) {
      if (sum.fused >= 0) fuse(sum);
    }
    for (size_t n = values_.size(); n-- > 0;) {
      const Value& v = values_[n];
      if (v.kept > 0) {
        if (v.parent >= 0) ++values_[static_cast<size_t>(v.parent)].kept;
      } else if (products_[v.product].fused) {
        removed_[trace_.statements[v.statement].end - 1] = true;
      }
    }
  }

  // A copy of a factor as it is at the product.
  Operand saved(Product& p, int f) {
    if (p.saved[f] != kNoOperand) return p.saved[f];
    const uint32_t bytes = bytes_of(trace_.statements[p.statement].real.type);
    const Operand to = body_.temporary(bytes);
    const uint32_t at = trace_.statements[p.statement].end - 1;
    Key key;
    key.type = bytes == 8 ? Type::kB64 : bytes == 4 ? Type::kB32 : Type::kB16;
    Instruction move;
    move.form = forms().integer(key);
    move.d = to;
    move.a = f == 0 ? code_[at].a : code_[at].b;
    before_[at].push_back(move);
    return p.saved[f] = to;
  }

  void fuse(const Sum& sum) {
    const RealOperation& r = trace_.statements[sum.statement].real;
    const int k = sum.fused;
    const Value& v = values_[static_cast<size_t>(sum.value[k])];
    Product& p = products_[v.product];
    Instruction& i = operation(sum.statement);
    const Operand addend = k == 0 ? i.b : i.a;
    Operand factors[2];
    for (int f = 0; f < 2; ++f) {
      const Instruction& mul = operation(p.statement);
      factors[f] = sum.overwritten[k][f] ? saved(p, f) : f == 0 ? mul.a : mul.b;
    }
    const bool negate_product = v.negated != (r.op == Op::kSub && k == 1);
    const bool negate_addend = r.op == Op::kSub && k == 0;
    Key key;
    key.op = Op::kFma;
    key.type = r.type;
    key.ftz = r.ftz;
    key.sat = r.sat;
    key.signs = negate_product || negate_addend;
    i.form = form_of(key);
    i.a = factors[0];
    i.b = factors[1];
    i.c = addend;
    i.x = uint32_t{negate_product} | uint32_t{negate_addend} << 1 | static_cast<uint32_t>(r.round) << 2;
    i.flops = static_cast<uint8_t>(2 * i.flops);
  }

  BodyParser& body_;
  const Trace& trace_;
  std::vector<Instruction>& code_;
  std::vector<Value> values_;
  std::vector<Product> products_;
  std::vector<Sum> sums_;
  std::unordered_map<Operand, int> at_;
  std::unordered_map<Operand, uint32_t> written_;  // the position of the last write in the chain
  uint32_t position_ = 0;
  std::vector<bool> removed_;  // by instruction
  std::map<uint32_t, std::vector<Instruction>> before_;
};

}  // namespace

bool splits_block(std::string_view text, int capability) {
  const Opcode op(text);
  const std::string_view name = op.name();
  const bool rounded = op.has("rn") || op.has("rz") || op.has("rm") || op.has("rp");
  if (name == "div" || name == "rem") return rounded || (!op.has("u32") && !op.has("f32"));
  if (name == "rcp" || name == "sqrt") return rounded;
  if (name == "rsqrt") return op.has("f64") && !op.has("ftz");
  if (name == "bfind") return op.has("u64") || op.has("s64");
  if (name == "atom" || name == "red") return capability < 90 && (op.has("release") || op.has("acq_rel"));
  if (name == "griddepcontrol") return op.has("launch_dependents");
  return name == "fence" || name == "membar" || name == "call" || name == "trap" || name == "brkpt" ||
         name == "pmevent";
}

void fuse_products(BodyParser& body, uint32_t first, const Trace& trace,
                   std::unordered_map<std::string, uint32_t>& labels, std::vector<Fixup>& fixups,
                   const std::unordered_map<std::string, uint32_t>& targets,
                   const std::vector<std::pair<uint32_t, std::vector<std::string>>>& target_labels) {
  const std::vector<Statement>& statements = trace.statements;
  if (std::none_of(statements.begin(), statements.end(), is_product) ||
      std::none_of(statements.begin(), statements.end(), is_sum)) {
    return;
  }
  Image& image = body.image();
  std::vector<Instruction>& code = image.code;
  const uint32_t n = static_cast<uint32_t>(statements.size());

  Branches branches;
  branches.ends.resize(n);
  branches.falls_through.assign(n, true);
  const auto statement_at = [&](uint32_t instruction) {
    const auto found = std::lower_bound(statements.begin(), statements.end(), instruction,
                                        [](const Statement& s, uint32_t at) { return s.first < at; });
    return static_cast<uint32_t>(found - statements.begin());
  };
  for (uint32_t s = 0; s < n; ++s) {
    const Statement& statement = statements[s];
    branches.ends[s] = statement.splits_block;
    if (statement.first == statement.end) continue;
    const Kind kind = code[statement.end - 1].kind;
    const bool leaves = kind == Kind::kBranch || kind == Kind::kIndexed || kind == Kind::kReturn || kind == Kind::kExit;
    if (!leaves) continue;
    branches.ends[s] = true;
    branches.falls_through[s] = statement.guarded;
  }
  for (const Fixup& f : fixups) {
    // The statement whose last instruction branches.
    const uint32_t s = statement_at(f.instruction + 1) - 1;
    std::vector<uint32_t>& to = branches.targets[s];
    const auto add = [&](const std::string& label) {
      if (const auto found = labels.find(label); found != labels.end()) to.push_back(statement_at(found->second));
    };
    if (const auto list = targets.find(f.label); list != targets.end()) {
      for (const auto& [index, names] : target_labels) {
        if (index != list->second) continue;
        for (const std::string& name : names) add(name);
      }
    } else {
      add(f.label);
    }
  }

  std::unordered_map<Operand, uint32_t> slots;
  for (const Statement& s : statements) {
    if (is_product(s) || is_alias(s)) slots.emplace(code[s.end - 1].d, static_cast<uint32_t>(slots.size()));
  }
  const std::vector<FlowBlock> blocks = flow_blocks(trace, branches);
  const std::vector<std::vector<bool>> live = live_behind(trace, blocks, slots);
  Fusion fusion(body, trace);
  fusion.set_size(code.size());
  for (const std::vector<uint32_t>& chain : flow_chains(blocks)) {
    fusion.chain(blocks, chain, live[chain.back()], slots);
  }

  // The code without what is computed no more, and with the copies of factors.
  std::vector<uint32_t> moved(code.size() + 1);
  std::vector<Instruction> kept;
  std::vector<SourceLine> lines;
  for (uint32_t at = first; at < code.size(); ++at) {
    moved[at] = first + static_cast<uint32_t>(kept.size());
    for (const Instruction& i : fusion.before()[at]) {
      kept.push_back(i);
      lines.push_back(image.lines[at]);
    }
    if (fusion.removed()[at]) continue;
    kept.push_back(code[at]);
    lines.push_back(image.lines[at]);
  }
  moved[code.size()] = first + static_cast<uint32_t>(kept.size());
  code.resize(first);
  image.lines.resize(first);
  code.insert(code.end(), kept.begin(), kept.end());
  image.lines.insert(image.lines.end(), lines.begin(), lines.end());
  for (auto& [name, at] : labels) at = moved[at];
  for (Fixup& f : fixups) f.instruction = moved[f.instruction];
}

}  // namespace kib::emulator::ptx
