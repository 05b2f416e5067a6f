#!/bin/bash
# clean.sh PROGRAM: every program passes and no instrument finds anything, for three seeds of the order, on devices of
# three sizes. With SEEDS='4 5 6' clean.sh PROGRAM...: all of the programs for those seeds.
set -u
report=$(mktemp)
trap 'rm -f "$report"' EXIT

clean() { # PROGRAM SEED [MULTIPROCESSORS]
  KIB_EMULATOR_REPORT=$report KIB_EMULATOR_SEED=$2 ${3:+env KIB_EMULATOR_MULTIPROCESSORS=$3} "$1" all || exit 1
  [ -s "$report" ] || return 0
  echo "a false alarm:"
  cat "$report"
  exit 1
}

if [ -z "${SEEDS:-}" ]; then
  clean "$1" 1
  clean "$1" 2 132
  clean "$1" 3 8
else
  for program; do
    for seed in $SEEDS; do clean "$program" "$seed"; done
  done
  echo "$# families of programs, seeds $SEEDS"
fi
