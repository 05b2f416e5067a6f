// What the lanes of a warp tell each other.
#include "integer.h"

namespace kib::emulator::tests {
namespace {

using Results = std::optional<uint64_t>*;

Case make(const std::string& name, const std::string& body, Domain result, std::vector<Domain> operands,
          WarpReference warp) {
  Case c = form(name, result, std::move(operands), nullptr);
  c.body = body;
  c.warp = std::move(warp);
  return c;
}

// Which lanes take part: all; or those whose bit of a mask is set, the others go another way and give 0.
struct Part {
  const char* name;
  uint32_t mask;
};
const Part kParts[] = {
    {"all lanes", 0xffffffffu}, {"even lanes", 0x55555555u}, {"lanes 3 to 17", 0x3fff8u}, {"lane 31", 0x80000000u}};

bool in(const Part& part, int lane) { return part.mask >> lane & 1; }

// `body` for the lanes of the part.
std::string guarded(const Part& part, const std::string& body, bool predicate) {
  std::string zero = predicate ? "setp.ne.u32 %q, %r7, %r7; " : "xor.b32 %r8, %r8, %r8; cvt.u64.u32 %x7, %r8; ";
  if (part.mask == 0xffffffffu) return "mov.u32 %r7, 0; mov.u32 %r8, 0; " + body;
  return "mov.u32 %r8, 0; mov.u32 %r7, 0; mov.u32 %r6, %lanemask_eq; and.b32 %r6, %r6, " + std::to_string(part.mask) +
         "; setp.eq.u32 %p7, %r6, 0; " + zero + (predicate ? "" : "mov.b32 %o, %r8; ") + "@%p7 bra skip; " + body +
         " skip: ";
}

void votes(Cases& cases) {
  for (const Part& part : kParts) {
    std::string mask = std::to_string(part.mask), set = "and.b32 %r2, %a, 3; setp.ne.u32 %p0, %r2, 0; ";
    auto holds = [](const Inputs& x) { return (x[0] & 3) != 0; };
    for (std::string mode : {"all", "any", "uni"})
      for (bool negated : {false, true}) {
        std::string opcode = "vote.sync." + mode + ".pred", p = negated ? "!%p0" : "%p0";
        Case c = make(opcode + (negated ? " of a negation, " : ", ") + part.name,
                      guarded(part, set + opcode + " %q, " + p + ", " + mask + ";", true), Domain::kInt32,
                      {Domain::kInt32}, [=](const Inputs* lanes, Results results) {
                        int yes = 0, n = 0;
                        for (int i = 0; i < 32; ++i)
                          if (in(part, i)) ++n, yes += holds(lanes[i]) != negated;
                        bool result = mode == "all" ? yes == n : mode == "any" ? yes > 0 : yes == n || yes == 0;
                        for (int i = 0; i < 32; ++i) results[i] = in(part, i) && result;
                      });
        c.predicate = true;
        // Warps that agree are common.
        c.adjust = [](Inputs& x) { x[0] = x[0] % 64 ? x[0] | 1 : 0; };
        cases.push_back(c);
      }
    cases.push_back(make(std::string("vote.sync.ballot.b32, ") + part.name,
                         guarded(part, set + "vote.sync.ballot.b32 %o, %p0, " + mask + ";", false), Domain::kInt32,
                         {Domain::kInt32}, [=](const Inputs* lanes, Results results) {
                           uint64_t ballot = 0;
                           for (int i = 0; i < 32; ++i) ballot |= uint64_t(in(part, i) && holds(lanes[i])) << i;
                           for (int i = 0; i < 32; ++i) results[i] = in(part, i) ? ballot : 0;
                         }));
    cases.push_back(make(std::string("activemask.b32, ") + part.name, guarded(part, "activemask.b32 %o;", false),
                         Domain::kInt32, {Domain::kInt32}, [=](const Inputs*, Results results) {
                           for (int i = 0; i < 32; ++i) results[i] = in(part, i) ? part.mask : 0;
                         }));
  }
}

// The manual's pseudocode: the source lane, and whether it lies within the segment.
std::pair<int, bool> source_lane(const std::string& mode, int lane, int b, int c) {
  int bound = c & 31, segment = c >> 8 & 31;
  b &= 31;
  int most = (lane & segment) | (bound & ~segment), least = lane & segment;
  int j = 0;
  bool valid = false;
  if (mode == "up") j = lane - b, valid = j >= most;
  if (mode == "down") j = lane + b, valid = j <= most;
  if (mode == "bfly") j = lane ^ b, valid = j <= most;
  if (mode == "idx") j = least | (b & ~segment), valid = j <= most;
  return {valid ? j : lane, valid};
}

void shuffles(Cases& cases) {
  for (std::string mode : {"up", "down", "bfly", "idx"})
    for (int width : {32, 16, 8, 4, 2}) {
      int c = ((32 - width) << 8) | (mode == "up" ? 0 : 31);
      std::string opcode = "shfl.sync." + mode + ".b32", name = opcode + " in segments of " + std::to_string(width);
      std::string operands = ", %a, %b, " + std::to_string(c) + ", -1;";
      cases.push_back(make(name, opcode + " %o" + operands, Domain::kInt32, {Domain::kInt32, Domain::kShift},
                           [=](const Inputs* lanes, Results results) {
                             for (int i = 0; i < 32; ++i)
                               results[i] = lanes[source_lane(mode, i, int(lanes[i][1] & 31), c).first][0];
                           }));
      Case p = make(name + ", the predicate", opcode + " %r2|%q" + operands, Domain::kInt32,
                    {Domain::kInt32, Domain::kShift}, [=](const Inputs* lanes, Results results) {
                      for (int i = 0; i < 32; ++i) results[i] = source_lane(mode, i, int(lanes[i][1] & 31), c).second;
                    });
      p.predicate = true;
      cases.push_back(p);
    }
  // A lane that takes no part gives what nobody can rely on.
  for (const Part& part : kParts)
    cases.push_back(make(std::string("shfl.sync.idx.b32, ") + part.name,
                         guarded(part, "shfl.sync.idx.b32 %o, %a, %b, 31, " + std::to_string(part.mask) + ";", false),
                         Domain::kInt32, {Domain::kInt32, Domain::kShift}, [=](const Inputs* lanes, Results results) {
                           for (int i = 0; i < 32; ++i) {
                             int from = int(lanes[i][1] & 31);
                             results[i] = !in(part, i)     ? std::optional<uint64_t>(0)
                                          : in(part, from) ? std::optional<uint64_t>(lanes[from][0])
                                                           : std::nullopt;
                           }
                         }));
}

void matches(Cases& cases) {
  for (const Part& part : kParts)
    for (int bits : {32, 64}) {
      Integer t{bits, false};
      std::string mask = std::to_string(part.mask), b = ".b" + std::to_string(bits);
      auto few = [t](Inputs& x) { x[0] = x[0] % 7 ? t.mask() ^ (x[0] % 3) : x[0]; };
      Case any = make("match.any.sync" + b + ", " + part.name,
                      guarded(part, "match.any.sync" + b + " %o, %a, " + mask + ";", false), Domain::kInt32,
                      {t.domain()}, [=](const Inputs* lanes, Results results) {
                        for (int i = 0; i < 32; ++i) {
                          uint64_t same = 0;
                          for (int j = 0; j < 32; ++j) same |= uint64_t(in(part, j) && lanes[i][0] == lanes[j][0]) << j;
                          results[i] = in(part, i) ? same : 0;
                        }
                      });
      any.adjust = few;
      cases.push_back(any);
      WarpReference all = [=](const Inputs* lanes, Results results) {
        int first = 0;
        while (!in(part, first)) ++first;
        bool same = true;
        for (int i = 0; i < 32; ++i) same &= !in(part, i) || lanes[i][0] == lanes[first][0];
        for (int i = 0; i < 32; ++i) results[i] = in(part, i) && same ? part.mask : 0;
      };
      Case c =
          make("match.all.sync" + b + ", " + part.name,
               guarded(part, "match.all.sync" + b + " %r2|%p0, %a, " + mask + "; selp.b32 %o, %r2, 0, %p0;", false),
               Domain::kInt32, {t.domain()}, all);
      // Whole warps that agree are common: the value is drawn from two, by one bit in many.
      c.adjust = [](Inputs& x) { x[0] = x[0] % 97 ? 5 : 6; };
      cases.push_back(c);
    }
}

void reductions(Cases& cases) {
  struct Row {
    std::string suffix;
    std::function<uint64_t(uint64_t, uint64_t)> combine;
  };
  auto low = [](uint64_t x) { return x & 0xffffffffu; };
  const Row rows[] = {{"add.u32", [low](uint64_t a, uint64_t b) { return low(a + b); }},
                      {"add.s32", [low](uint64_t a, uint64_t b) { return low(a + b); }},
                      {"min.u32", [](uint64_t a, uint64_t b) { return std::min(a, b); }},
                      {"max.u32", [](uint64_t a, uint64_t b) { return std::max(a, b); }},
                      {"min.s32", [](uint64_t a, uint64_t b) { return int32_t(a) < int32_t(b) ? a : b; }},
                      {"max.s32", [](uint64_t a, uint64_t b) { return int32_t(a) > int32_t(b) ? a : b; }},
                      {"and.b32", [](uint64_t a, uint64_t b) { return a & b; }},
                      {"or.b32", [](uint64_t a, uint64_t b) { return a | b; }},
                      {"xor.b32", [](uint64_t a, uint64_t b) { return a ^ b; }}};
  for (const Part& part : kParts)
    for (const Row& row : rows)
      cases.push_back(
          make("redux.sync." + row.suffix + ", " + part.name,
               guarded(part, "redux.sync." + row.suffix + " %o, %a, " + std::to_string(part.mask) + ";", false),
               Domain::kInt32, {Domain::kInt32}, [=](const Inputs* lanes, Results results) {
                 std::optional<uint64_t> value;
                 for (int i = 0; i < 32; ++i)
                   if (in(part, i)) value = value ? row.combine(*value, lanes[i][0]) : lanes[i][0];
                 for (int i = 0; i < 32; ++i) results[i] = in(part, i) ? *value : 0;
               }));
}

// Halves of a warp go two ways and meet at instructions that name all lanes.
void meetings(Cases& cases) {
  std::string split = "and.b32 %r2, %tid1, 1; setp.eq.u32 %p0, %r2, 0; mov.u32 %r3, %a; ";
  cases.push_back(make("shfl.sync after a divergence",
                       split + "@%p0 bra even; add.u32 %r3, %r3, 1; bra both; even: add.u32 %r3, %r3, 2; both: "
                               "shfl.sync.bfly.b32 %o, %r3, 1, 31, -1;",
                       Domain::kInt32, {Domain::kInt32}, [](const Inputs* lanes, Results results) {
                         for (int i = 0; i < 32; ++i) results[i] = (lanes[i ^ 1][0] + (i & 1 ? 2 : 1)) & 0xffffffffu;
                       }));
  cases.push_back(make("shfl.sync at two places of one warp",
                       split + "@%p0 bra even; shfl.sync.idx.b32 %o, %r3, 1, 31, 0xaaaaaaaa; bra both; even: "
                               "shfl.sync.idx.b32 %o, %r3, 2, 31, 0x55555555; both: ",
                       Domain::kInt32, {Domain::kInt32}, [](const Inputs* lanes, Results results) {
                         for (int i = 0; i < 32; ++i) results[i] = lanes[i & 1 ? 1 : 2][0];
                       }));
  Case c = make("bar.warp.sync orders shared memory",
                "mov.u32 %r4, scratch; shl.b32 %r5, %tid1, 2; add.s32 %r4, %r4, %r5; st.shared.u32 [%r4], %a; "
                "bar.warp.sync -1; and.b32 %r6, %tid1, 96; mov.u32 %r7, 31; sub.u32 %r7, %r7, %laneid; or.b32 %r6, "
                "%r6, %r7; shl.b32 %r6, %r6, 2; "
                "mov.u32 %r4, scratch; add.s32 %r4, %r4, %r6; ld.shared.u32 %o, [%r4];",
                Domain::kInt32, {Domain::kInt32}, [](const Inputs* lanes, Results results) {
                  for (int i = 0; i < 32; ++i) results[i] = lanes[31 - i][0];
                });
  c.body.replace(c.body.find("sub.u32 %r7, %r7, %laneid"), 25, "mov.u32 %r8, %laneid; sub.u32 %r7, %r7, %r8");
  c.declarations = ".shared .align 4 .b8 scratch[512];\n";
  cases.push_back(c);
}

}  // namespace

void warp_cases(Cases& cases) {
  votes(cases);
  shuffles(cases);
  matches(cases);
  reductions(cases);
  meetings(cases);
}

}  // namespace kib::emulator::tests
