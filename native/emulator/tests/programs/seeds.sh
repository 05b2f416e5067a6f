#!/bin/bash
# seeds.sh PROGRAM: 100 seeds of the streams' order. The correct program is right for all of them; the one that lacks an
# event's wait is wrong for some, and right for some.
set -u
program=$1
for seed in $(seq 1 100); do echo "$seed"; done | xargs -P 2 -I{} sh -c '
  for kind in three_streams_repaired three_streams; do
    KIB_EMULATOR_SEED={} KIB_EMULATOR_CHECK=streams "$0" $kind >/dev/null 2>&1
    echo "$kind $?"
  done' "$program" | sort | uniq -c | awk '
  { print; count[$2 " " $3] = $1 }
  END { exit !(count["three_streams_repaired 0"] == 100 && count["three_streams 9"] > 0 && count["three_streams 0"] > 0 && count["three_streams 0"] + count["three_streams 9"] == 100) }'
