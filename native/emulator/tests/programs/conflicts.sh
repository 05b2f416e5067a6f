#!/bin/bash
# conflicts.sh PROGRAM: the counters tell the transpose whose tile has rows of 32 words from that with rows of 33.
set -u
counters=$(mktemp)
trap 'rm -f "$counters"' EXIT
KIB_EMULATOR_COUNTERS=$counters "$1" transposes || exit 1
cat "$counters"
# The table's columns by their names.
awk -F'|' '
  NR == 1 { for (i = 1; i <= NF; ++i) if ($i ~ /conflicts/) column = i }
  /transpose_with_conflicts/ { with = $column + 0; found++ }
  /transpose_without_conflicts/ { without = $column + 0; found++ }
  END {
    if (!column || found != 2) { print "FAILED: the table lacks a column or a kernel"; exit 1 }
    # 12 blocks of 8 warps read 4 columns each: at the edges some lanes are missing.
    printf "bank conflicts: %d with rows of 32, %d with rows of 33\n", with, without
    exit !(with > 5000 && without == 0)
  }' "$counters"
