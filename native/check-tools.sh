#!/bin/sh
# The build needs a C++ compiler and cmake: one sentence where one is missing.
for tool in g++ cmake make; do
  if ! command -v "$tool" >/dev/null 2>&1; then
    echo "kib4j: $tool is missing; on Debian or Ubuntu install it with: apt-get install g++ cmake make" >&2
    exit 1
  fi
done
