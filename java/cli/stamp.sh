#!/bin/sh
# What the `kib` script runs, and whether it is built from the sources as they are now. Maven calls `begin` as it starts (native),
# `open` before it packs the command line and `end` when all is packed, so that every full build leaves what kib then uses.
#   stamp.sh begin RUN      remembers what the sources are; RUN tells one Maven run from another
#   stamp.sh open           from here to `end` what kib uses is being changed
#   stamp.sh end RUN JAR    the jar in java/cli/target and those beside it are built from what `begin` of the same run saw
#   stamp.sh jar            prints the jar's path; fails if there is none that is up to date
set -eu
cd "$(dirname "$0")/../.."
begun=native/target/kib.begun
stamp=java/cli/target/kib.stamp

sources() { # one sum of all that a run is built from: no tests, documents, benchmarks, emulator, nor what editors leave
  find pom.xml cmake native datasets java \
    \( -name target -o -path '*/src/test' -o -path java/testkit -o -path java/examples -o -path native/tests -o -path native/emulator \) \
    -prune \
    -o -type f ! -name '.*' ! -name '*~' ! -name '#*' ! -name '*.md' -print0 2>/dev/null |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
}

line() { # line N of a file
  sed -n "${1}p" "$2"
}

case ${1-} in
begin)
  mkdir -p native/target
  { echo "$2"; sources; } >"$begun"
  ;;
open) rm -f "$stamp" ;;
end)
  kernels=without
  [ -z "$(command -v nvcc)" ] || kernels=with
  # A run that did not begin with the natives took other modules from elsewhere: of that nothing is known.
  if [ -f "$begun" ] && [ "$(line 1 "$begun")" = "$2" ]; then
    { line 2 "$begun"; echo "java/cli/target/$3"; echo "$kernels nvcc"; } >"$stamp"
  fi
  ;;
jar)
  [ -f "$stamp" ] || exit 1
  jar=$(line 2 "$stamp")
  [ -f "$jar" ] && [ "$(line 1 "$stamp")" = "$(sources)" ] || exit 1
  # Kernels for GPUs are made once there is a compiler for them, and kept when it is not on the path.
  [ "$(line 3 "$stamp")" = "with nvcc" ] || [ -z "$(command -v nvcc)" ] || exit 1
  echo "$PWD/$jar"
  ;;
*)
  echo "usage: $0 begin RUN | open | end RUN JAR | jar" >&2
  exit 2
  ;;
esac
