#!/bin/sh
# compile-kernels.sh REPORT NVCC OPTIONS...: compiles kernels; what ptxas says of them goes to the file REPORT. Fails where
# one spills registers to memory: it would be slow, and nobody would see it.
set -eu
report=$1
shift
"$@" 2>"$report" || {
  cat "$report" >&2
  rm -f "$report"
  exit 1
}
grep -Ev '^(ptxas info|    [0-9]+ bytes stack frame)' "$report" >&2 || true
spills=$(awk '/Compiling entry function/ { kernel = $6 " " $7 " " $8 }
  /spill stores/ && !/ 0 bytes spill stores, 0 bytes spill loads/ { print "  " kernel ": " $0 }' "$report")
if [ -n "$spills" ]; then
  echo "kib4j: kernels that spill registers (split them, or take fewer threads a block):" >&2
  echo "$spills" >&2
  rm -f "$report"
  exit 1
fi
