#!/bin/sh
# check-tools.sh SOURCE BUILD: what a build needs before CMake is asked to build the folder SOURCE in BUILD.
# A C++ compiler and cmake: one sentence where one is missing.
set -eu
for tool in g++ cmake make; do
  if ! command -v "$tool" >/dev/null 2>&1; then
    echo "kib4j: $tool is missing; on Debian or Ubuntu install it with: apt-get install g++ cmake make" >&2
    exit 1
  fi
done

# CMake refuses a build folder of a checkout that has moved: there it begins anew.
cache=$2/CMakeCache.txt
[ -f "$cache" ] || exit 0
was=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$cache")
[ "$(cd "$was" 2>/dev/null && pwd -P)" = "$(cd "$1" && pwd -P)" ] || rm -rf "$2"
