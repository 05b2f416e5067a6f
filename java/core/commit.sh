#!/bin/sh
# Writes the commit that is being built into a file; "unknown" outside a repository, or without git.
set -eu
commit=$(git --no-optional-locks describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null) || commit=unknown
mkdir -p "$(dirname "$1")"
if [ "$(cat "$1" 2>/dev/null)" != "$commit" ]; then echo "$commit" >"$1"; fi
