#!/bin/sh
# kernels.sh PROGRAM LIBRARIES: prints docs/cuda-kernels.md. PROGRAM is a kib_cuda_test that was built with the nvcc of the PATH,
# LIBRARIES the folder of the emulated device's libraries, which stand in for NVIDIA's and know what ptxas said of the kernels.
set -eu
if [ $# -ne 2 ]; then
  echo "usage: $0 PROGRAM LIBRARIES" >&2
  exit 2
fi
compiler=$(nvcc --version | sed -n 's/.* \(V[0-9.]*\)$/\1/p')
cat <<TEXT
# The CUDA kernels on a multiprocessor
What each kernel of \`native/src/cuda\` takes, and what part of a multiprocessor's threads runs at once: of the largest launch
that the timing program makes, at the layers of the paper's VGG where a family counts its bytes there, else at its small
shapes. Where two numbers of registers differ, so do the compilers of the cards; shared memory is that on 9.0 (a card with
less takes smaller tiles). None spills a register: the build fails on one.

\`native/tests/cuda/kernels.sh\` printed this page with nvcc $compiler; a build with the same compares. What a kernel reads and
writes stands in its file; \`kib_cuda_test --traffic\` compares it with what the emulated device counts, and fails above 1.10
times the contract's bytes, or where less than 90 % of the sectors' bytes are used.

| kernel | threads | shared bytes | registers: 8.0 | 9.0 | 10.0 | 12.0 | occupancy: 8.0 | 9.0 | 10.0 | 12.0 |
| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |
TEXT
for capability in 8.0 9.0 10.0 12.0; do
  KIB_EMULATOR_CAPABILITY=$capability LD_LIBRARY_PATH=$2 "$1" --launches | sed -n "s/^| \`/$capability| \`/p"
done | awk -F ' *[|] *' '
  { threads[$2] = threads[$2]; registers[$2, $1] = $4; occupancy[$2, $1] = $7 }
  $1 == "9.0" || threads[$2] == "" { threads[$2] = $3; shared[$2] = $5 }
  END {
    cards = split("8.0 9.0 10.0 12.0", card, " ")
    for (kernel in threads) {
      row = "| " kernel " | " threads[kernel] " | " shared[kernel]
      for (i = 1; i <= cards; i++) row = row " | " registers[kernel, card[i]]
      for (i = 1; i <= cards; i++) row = row " | " occupancy[kernel, card[i]]
      print row " |"
    }
  }' | LC_ALL=C sort
