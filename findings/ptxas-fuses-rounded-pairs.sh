#!/usr/bin/env bash
# ptxas makes one multiply-add of a product and a sum of f32 pairs that both say how they round (mul.rn.f32x2, add.rn.f32x2), even when
# it is told not to (--fmad=false). Of single numbers it keeps the two roundings that the PTX asks for.
#
# ptxas of CUDA 13.0 (13.0.88), sm_100 and sm_120. PTX ISA 8.7, sections mul and add: "mul/add sequences with no rounding modifiers may be
# optimized to use fused-multiply-add instructions"; an explicit .rn stands for its own rounding.
# Expected: the machine code of mul.rn + add.rn differs from that of fma.rn, for single numbers and for pairs, whatever --fmad is.
# Real: (same: the two kernels' code is equal to the byte)
#   sm_100 f32                 differs
#   sm_100 f32 --fmad=false    differs
#   sm_100 f32x2               same
#   sm_100 f32x2 --fmad=false  same
#   sm_120 f32                 differs
#   sm_120 f32 --fmad=false    differs
#   sm_120 f32x2               same
#   sm_120 f32x2 --fmad=false  same
# So a result of pairs has other last bits than the same source on single numbers; there is no flag against it.
# Needs: bash, readelf of binutils, ptxas 13.0 on the PATH (Debian and Maven Central have none). Exits 0 where it is as above, 1 where it is not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

kernel() { # ARCHITECTURE TYPE REGISTER INSTRUCTIONS: y = x[0] * x[1] + x[2]
  cat <<PTX
.version 8.7
.target $1
.address_size 64
.visible .entry k(.param .u64 p)
{
  .reg .$3 %x<6>;
  .reg .b64 %p;
  ld.param.u64 %p, [p];
  ld.global.$3 %x1, [%p];
  ld.global.$3 %x2, [%p+8];
  ld.global.$3 %x3, [%p+16];
  $4
  st.global.$3 [%p], %x5;
  ret;
}
PTX
}

code() { # ARCHITECTURE OPTION: of the kernel on the standard input
  cat >"$work/k.ptx"
  ptxas -arch="$1" $2 -o "$work/k.cubin" "$work/k.ptx"
  readelf -x .text.k "$work/k.cubin" 2>/dev/null
}

ptxas --version | grep release
for architecture in sm_100 sm_120; do
  for type in f32 f32x2; do
    register=$([ $type = f32 ] && echo f32 || echo b64)
    for option in "" --fmad=false; do
      rounded=$(kernel $architecture $type $register "mul.rn.$type %x4, %x1, %x2; add.rn.$type %x5, %x4, %x3;" | code $architecture "$option")
      fused=$(kernel $architecture $type $register "fma.rn.$type %x5, %x1, %x2, %x3;" | code $architecture "$option")
      printf '%-26s %s\n' "$architecture $type $option" "$([ "$rounded" = "$fused" ] && echo same || echo differs)"
    done
  done
done | tee "$work/seen"
grep '^# *sm_1' "$0" | sed 's/^# *//' | diff -b - "$work/seen"
