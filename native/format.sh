#!/bin/sh
# format.sh check|apply: whether all C++ and CUDA code has the format of .clang-format, or gives it that. Releases of
# clang-format differ in what they make of a file: only the one below is asked; where it is not, checking says so and
# lets pass.
set -eu
release=14
cd "$(dirname "$0")/.."
case ${1-} in
check) action="--dry-run --Werror" ;;
apply) action=-i ;;
*)
  echo "usage: $0 check|apply" >&2
  exit 2
  ;;
esac

for name in "clang-format-$release" clang-format; do
  if "$name" --version 2>/dev/null | grep -q "version $release\."; then
    # shellcheck disable=SC2086
    find native java docs -name target -prune -o -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' \) -print0 |
      xargs -0 "$name" $action && exit
    [ "$1" = apply ] || echo "kib4j: C++ code is not in its format; native/format.sh apply gives it that" >&2
    exit 1
  fi
done
echo "kib4j: clang-format $release is not installed, so that the format of C++ code is not looked at; on Debian or Ubuntu: apt-get install clang-format-$release" >&2
[ "$1" = check ]
