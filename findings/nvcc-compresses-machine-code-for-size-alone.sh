#!/usr/bin/env bash
# Of nvcc's compression modes only `size` compresses machine code: `speed`, `balance` and `default` leave it as large as `none` does,
# and compress the PTX beside it. With -lineinfo machine code is twice as large, since the text of its PTX is in it
# (.nv_debug_ptx_txt), and compresses eight times.
#
# nvcc and fatbinary of CUDA 13.0 (13.0.88). nvcc's help: "--compress-mode [default,size,speed,balance,none]  Specify compression mode
# for fatbinary.", of all that a fat binary holds.
# Expected: machine code (code=sm_90) shrinks by every mode but none, as PTX (code=compute_90) does.
# Real, of the section .nv_fatbin beside that with none; each first without -lineinfo, then with it:
#   speed    PTX smaller  smaller  machine code same     same
#   balance  PTX smaller  smaller  machine code same     same
#   default  PTX smaller  smaller  machine code same     same
#   size     PTX smaller  smaller  machine code smaller  smaller
#   -lineinfo, none: machine code at least twice as large; size: at most a fifth of it
# So a library that ships machine code for several cards is several times as large as it has to be unless it says `size` (or
# -Xfatbin -compress-all).
# Needs: bash, objcopy of binutils, nvcc 13.0 on the PATH (Debian and Maven Central have none). Exits 0 where it is as above, else 1.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/k.cu" <<'CUDA'
template <int N>
__global__ void sums(float* y, const float* x, int n) {
  float s[N] = {};
  for (int i = threadIdx.x; i < n; i += blockDim.x)
#pragma unroll
    for (int j = 0; j < N; j++) s[j] += x[i * N + j] * (j + 1);
#pragma unroll
  for (int j = 0; j < N; j++) y[threadIdx.x * N + j] = s[j];
}
#define INSTANCE(n) template __global__ void sums<n>(float*, const float*, int);
INSTANCE(4) INSTANCE(8) INSTANCE(12) INSTANCE(16) INSTANCE(20) INSTANCE(24) INSTANCE(28) INSTANCE(32)
CUDA

bytes() { # CODE MODE OPTION: of what nvcc embeds
  nvcc -c -gencode "arch=compute_90,code=$1" --compress-mode "$2" $3 -o "$work/k.o" "$work/k.cu"
  objcopy -O binary -j .nv_fatbin "$work/k.o" "$work/k.fatbin"
  stat -c %s "$work/k.fatbin"
}

compared() { # CODE MODE OPTION
  [ "$(bytes "$1" "$2" "$3")" -lt "$(bytes "$1" none "$3")" ] && echo smaller || echo same
}

nvcc --version | grep release
for mode in speed balance default size; do
  printf '%-8s PTX %-8s %-8s machine code %-8s %s\n' "$mode" "$(compared compute_90 $mode "")" "$(compared compute_90 $mode -lineinfo)" \
    "$(compared sm_90 $mode "")" "$(compared sm_90 $mode -lineinfo)"
done | tee "$work/seen"
grep '^#   [sbd].*PTX' "$0" | sed 's/^# *//' | diff -b - "$work/seen"
plain=$(bytes sm_90 none "") lines=$(bytes sm_90 none -lineinfo) small=$(bytes sm_90 size -lineinfo)
echo "machine code: $plain bytes, with -lineinfo $lines, of size $small"
((lines >= 2 * plain && 5 * small <= lines))
