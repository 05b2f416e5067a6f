#!/bin/bash
# kib_emulate.sh BUILD: the command compiles and runs programs, tells what it finds, and refuses in clear sentences.
set -u
here=$(cd "$(dirname "$0")" && pwd)
command=$here/../../kib-emulate
export KIB_EMULATOR_BUILD=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
checks=0 failed=0

# says STATUS 'PATTERN' ARGUMENTS...: the command ends with the status and says a line that the pattern matches.
says() {
  local status=$1 pattern=$2 got
  shift 2
  checks=$((checks + 1))
  PATH=${path:-$PATH} "$command" "$@" >"$folder/output" 2>&1
  got=$?
  if [ $got != "$status" ] || ! grep -qE -e "$pattern" "$folder/output"; then
    failed=$((failed + 1))
    echo "FAILED kib-emulate $*: status $got (wanted $status), no line like '$pattern':"
    head -n 8 "$folder/output"
  fi
}

cat >"$folder/sum.cu" <<'CUDA'
#include <cstdio>
#include <cstdlib>
__global__ void sum(const float* x, float* y, int n) {
  float s = 0;
  for (int i = 0; i < n; ++i) s += x[i];
  *y = s;
}
int main(int count, char** arguments) {
  int n = std::atoi(arguments[1]);
  float host[8] = {1, 2, 3, 4, 5, 6, 7, SIZE}, *x, *y, s = 0;
  cudaMalloc(&x, sizeof host);
  cudaMalloc(&y, sizeof s);
  cudaMemcpy(x, host, sizeof host, cudaMemcpyHostToDevice);
  sum<<<1, 1>>>(x, y, n);
  cudaMemcpy(&s, y, sizeof s, cudaMemcpyDeviceToHost);
  cudaFree(x);
  cudaFree(y);
  std::printf("sum %g of %d arguments\n", s, count - 1);
  return count > 2 ? std::atoi(arguments[2]) : 0;
}
CUDA
echo 'int main() { return wrong; }' >"$folder/wrong.cu"

says 0 '^usage: kib-emulate' --help
says 2 'unknown option --sed;' --sed 3 "$folder/sum.cu"
says 2 '--seed needs a value' --seed
says 2 'no .cu file'
says 1 'no file .*absent.cu' "$folder/absent.cu"
says 1 'not built in .*nowhere: build it by .mvn' --build "$folder/nowhere" "$folder/sum.cu"
says 1 'nvcc could not compile .*wrong.cu' "$folder/wrong.cu"
says 2 'the capability is 7.5; give --capability 8.0, 8.6, 8.9, 9.0, 10.0 or 12.0' --capability 7.5 "$folder/sum.cu" -DSIZE=8 -- 8
says 0 '^sum 36 of 1 arguments' --counters "$folder/sum.cu" -DSIZE=8 -- 8
grep -q '|.*sum' "$folder/output" || { failed=$((failed + 1)) && echo "FAILED: no table of counters"; }
cat >"$folder/far.cu" <<'CUDA'
__device__ float half_of(float x) {
  return x / 2;
}
__global__ void never(float* y) {
  *y = 1;
}
__global__ void choose(float* y, int n) {
  if (n > 9) {
    for (int i = 0; i < n; ++i) {
      y[i] = half_of(static_cast<float>(i));
    }
  }
  if (n < 9) {
    __syncthreads();
  }
}
int main() {
  float* y;
  cudaMalloc(&y, 4);
  choose<<<1, 1>>>(y, 7);
  cudaDeviceSynchronize();
  cudaFree(y);
}
CUDA
says 0 '^5 of 11 lines of kernels ran, 45.5 %$' --lines "$folder/far.cu"
printf 'far.cu:%s did not run\n' 2 4 5 6 9 10 >"$folder/wanted"
grep 'did not run' "$folder/output" | diff "$folder/wanted" - || { failed=$((failed + 1)) && echo "FAILED: other lines"; }
says 3 'out of bounds in kernel .*sum.* at [^ ]*sum\.cu:5, block \(0,0,0\) thread \(0,0,0\)' --seed 7 --capability 8.0 -O0 "$folder/sum.cu" -DSIZE=8 -- 9
says 5 'sum 37 of 2 arguments' --check none --memory 64M "$folder/sum.cu" -DSIZE=9 -- 8 5

# What ptxas says goes to the device, and no further.
cat >"$folder/device.cu" <<'CUDA'
#include <cstdio>
__global__ void scale(float* x) { x[threadIdx.x] *= 2; }
int main() {
  cudaDeviceProp p;
  cudaFuncAttributes a;
  cudaGetDeviceProperties(&p, 0);
  cudaFuncGetAttributes(&a, scale);
  std::printf("%d.%d with %d multiprocessors, code of %d, %d registers\n", p.major, p.minor, p.multiProcessorCount,
              a.binaryVersion, a.numRegs);
}
CUDA
export KIB_EMULATOR_PTXAS=none
for row in 8.6:82:86 9.0:132:90 12.0:170:120; do
  IFS=: read -r capability multiprocessors code <<<"$row"
  says 0 "^$capability with $multiprocessors multiprocessors, code of $code, ([5-9]|1[0-9]) registers" --capability $capability "$folder/device.cu"
  ! grep -E 'ptxas|estimate' "$folder/output" || { failed=$((failed + 1)) && echo "FAILED: the output tells of ptxas"; }
done
says 0 '^9.0 with 7 multiprocessors' --multiprocessors 7 "$folder/device.cu"
says 2 "KIB_EMULATOR_MULTIPROCESSORS is 'many'; set it to a number" --multiprocessors many "$folder/device.cu"
unset KIB_EMULATOR_PTXAS
sed 's/x\[threadIdx.x\]/asm volatile("griddepcontrol.wait;"); &/' "$folder/device.cu" >"$folder/newer.cu"
says 0 '^9.0 with 132' "$folder/newer.cu"
says 1 "ptxas .*griddepcontrol.* requires .target sm_90 or higher" --capability 8.0 "$folder/newer.cu"

# Without nvcc: a PATH that has all else that the command needs.
mkdir "$folder/bin"
for tool in bash dirname readlink env; do ln -s "$(command -v $tool)" "$folder/bin/$tool"; done
path=$folder/bin says 1 'nvcc is not on the PATH: install' "$folder/sum.cu"
echo "$checks checks, $failed failed"
[ $failed = 0 ]
