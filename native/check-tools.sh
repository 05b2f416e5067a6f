#!/bin/sh
# The build needs a C++ compiler and cmake: one sentence where one is missing.
for tool in g++ cmake make; do
  if ! command -v "$tool" >/dev/null 2>&1; then
    echo "kib4j: $tool is missing; on Debian or Ubuntu install it with: apt-get install g++ cmake make" >&2
    exit 1
  fi
done

# CMake refuses a build folder of a checkout that has moved: there it begins anew.
source=$(cd "$(dirname "$0")" && pwd)
for folder in cmake emulator; do
  cache=$source/target/$folder/CMakeCache.txt
  [ -f "$cache" ] || continue
  was=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$cache")
  case $folder in cmake) is=$source ;; *) is=$source/emulator ;; esac
  [ "$(cd "$was" 2>/dev/null && pwd -P)" = "$(cd "$is" && pwd -P)" ] || rm -rf "$source/target/$folder"
done
