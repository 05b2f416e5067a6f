#!/bin/sh
# Builds the emulated CUDA device, or runs its tests: build.sh build FOLDER [CMAKE OPTIONS], build.sh test FOLDER. Quiet when all
# is well.
set -eu
[ $# -ge 2 ] || set -- help .
action=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
shift 2
source=$(cd "$(dirname "$0")" && pwd)

quietly() { # shows a command's output only when it fails
  if ! "$@" >"$folder/last.log" 2>&1; then
    tail -n 60 "$folder/last.log" >&2
    return 1
  fi
}

case $action in
build)
  command -v nvcc >/dev/null 2>&1 ||
    echo "kib4j: nvcc is not on the PATH; tests that need kernels compiled by it are skipped (install CUDA 13)"
  quietly cmake -S "$source" -B "$folder" -DCMAKE_BUILD_TYPE=Release "$@" || { rm -f "$folder/CMakeCache.txt"; exit 1; }
  quietly cmake --build "$folder" --parallel "$(nproc)"
  ;;
test)
  reports=$(dirname "$folder")/surefire-reports
  mkdir -p "$reports"
  rm -f "$folder/tests.xml"
  status=0
  quietly ctest --test-dir "$folder" --output-on-failure --parallel "$(nproc)" --timeout 120 --output-junit "$folder/tests.xml" || status=$?
  # One line, as .ci/run reads it.
  tr -s '\n\t' ' ' <"$folder/tests.xml" | sed 's/name="(empty)"/name="emulator"/' >"$reports/TEST-emulator.xml"
  tests() { sed -n "s/.*<testsuite [^>]*$1=\"\([0-9]*\)\".*/\1/p" "$reports/TEST-emulator.xml"; }
  echo "Emulated CUDA device: $(tests tests) tests, $(tests failures) failed, $(tests skipped) skipped"
  exit "$status"
  ;;
*)
  echo "usage: $0 build FOLDER [CMAKE OPTIONS] | test FOLDER" >&2
  exit 2
  ;;
esac
