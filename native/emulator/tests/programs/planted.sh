#!/bin/bash
# planted.sh PROGRAM: each planted bug is reported, with its kernel, line, block and thread, and nothing else is; its
# repaired twin is clean. The lines are those that planted.cu marks.
set -u
program=$1
source=$(dirname "$0")/planted.cu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0 checked=0

fail() {
  echo "FAILED $*"
  failed=$((failed + 1))
}

# The lines that are marked as a bug's, as a regular expression: (9|12)
marked() { grep -nE "// .*BUG $1( |$)" "$source" | cut -d: -f1 | paste -sd'|' | sed 's/.*/(&)/'; }

run() { # NAME: runs a bug; the report is in $report
  report=$folder/report
  rm -f "$report"
  { KIB_EMULATOR_PATIENCE=1000000 KIB_EMULATOR_REPORT=$report timeout 60 "$program" "$1" >"$folder/output" 2>&1; } 2>/dev/null # some end by a signal
}

# bug NAME 'what' 'kernel' 'block and thread': patterns of the sentence; empty ones are not looked for.
bug() {
  local name=$1 what=$2 kernel=$3 where=$4 pattern
  checked=$((checked + 1))
  run "$name"
  pattern="$what"
  [ -z "$kernel" ] || pattern="$pattern in kernel .*$kernel.* at [^ ]*planted\.cu:$(marked "$name")(,|:)"
  [ -z "$where" ] || pattern="$pattern.*block $where"
  if [ ! -s "$folder/report" ]; then
    fail "$name: nothing was reported"
    tail -n 3 "$folder/output"
  elif grep -vE "$pattern" "$folder/report" >"$folder/others"; then
    fail "$name: a report is not '$pattern':"
    head -n 3 "$folder/others"
  fi
  if ! run "${name}_repaired" || [ -s "$folder/report" ]; then
    fail "${name}_repaired: not clean"
    tail -n 3 "$folder/output"
  fi
}

any='\([0-9]+,0,0\) thread \([0-9]+,0,0\)'
bug out_of_bounds 'out of bounds' out_of_bounds '\(1,0,0\) thread \(36,0,0\)'
bug use_after_free 'use after free' read_all "$any"
bug uninitialised 'uninitialised read' read_all '\(1,0,0\) thread \(35,0,0\)'
bug uninitialised_shared 'uninitialised read' uninitialised_shared '\(0,0,0\) thread \(5,0,0\)'
bug uninitialised_local 'uninitialised read' uninitialised_local '\(0,0,0\) thread \([0-9]+,0,0\)'
bug shared_bounds 'out of bounds' shared_bounds '\(0,0,0\) thread \(63,0,0\)'
bug shared_race 'race in shared memory' shared_race '\(0,0,0\) thread \([0-9]+,0,0\)'
bug global_race 'race in global memory' global_race '\(0,0,0\) thread \([0-9]+,0,0\)'
bug blocks_race 'race in global memory' blocks_race '\([0-7],0,0\) thread \(0,0,0\)'
bug misaligned 'misaligned access' misaligned '\(0,0,0\) thread \([0-9]+,0,0\)'
bug divergent_barrier 'divergent barrier' divergent_barrier '\(0,0,0\) thread \([0-9]+,0,0\)'
bug no_progress 'no progress' wait_for_flag '\([01],0,0\) thread \([0-9]+,0,0\): [0-9]+ warp instr.*running at'
bug leak 'leak' '' ''
bug host_access 'host access to device memory' '' ''
bug capture 'forbidden in capture' '' ''
bug wrong_handle 'bad handle' '' ''

listed=$("$program" --list | grep -vc late_stream)
[ "$checked" = "$listed" ] || fail "$checked bugs were checked, the program has $listed"
echo "$checked planted bugs and their repaired twins, $failed failed"
[ $failed = 0 ]
