#!/bin/sh
# programs.sh PROGRAM: every program passes and no instrument finds anything.
set -u
report=$(mktemp)
trap 'rm -f "$report"' EXIT
KIB_EMULATOR_REPORT=$report "$1" all "${2:-}" || exit 1
if [ -s "$report" ]; then
  echo "a false alarm:"
  cat "$report"
  exit 1
fi
