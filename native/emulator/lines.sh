#!/bin/sh
# lines.sh SHARE FOLDER FILE...: of the lines in the folder's sources that have code in a kernel, prints those that did not run,
# and the share of those that did; fails where it is below SHARE percent. The FILEs are what the emulated device wrote by
# KIB_EMULATOR_LINES; FOLDER is that of the sources as the compiler knew it, or the end of its path.
set -eu
if [ $# -lt 3 ]; then
  echo "usage: $0 SHARE FOLDER FILE..." >&2
  exit 2
fi
share=$1
folder=${2#/}
shift 2
cat "$@" | awk -v share="$share" -v folder="/${folder%/}/" '
  # A path without /./ and /NAME/../
  function plain(path) {
    gsub(/\/(\.\/)+/, "/", path)
    while (match(path, /\/[^\/]+\/\.\.\//)) path = substr(path, 1, RSTART) substr(path, RSTART + RLENGTH)
    return path
  }
  match($0, /:[0-9]+ [0-9]+$/) {
    file = substr($0, 1, RSTART - 1)
    split(substr($0, RSTART + 1), number, " ")
    if (!(file in at)) at[file] = plain(file)
    if (!(found = index(at[file], folder))) next
    warps[substr(at[file], found + length(folder)), number[1]] += number[2]
  }
  END {
    for (line in warps) {
      lines++
      if (warps[line] > 0) { ran++; continue }
      split(line, part, SUBSEP)
      printf "%s:%d did not run\n", part[1], part[2] | "sort -t: -k1,1 -k2,2n"
    }
    close("sort -t: -k1,1 -k2,2n")
    if (lines == 0) { print "no line of a source in " folder " has code in a kernel; compile with -lineinfo"; exit 1 }
    printf "%d of %d lines of kernels ran, %.1f %%\n", ran, lines, 100 * ran / lines
    exit 100 * ran < share * lines
  }'
