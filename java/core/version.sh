#!/bin/sh
# version.sh DIR VERSION: writes DIR/version, and DIR/commit, the commit that is being built: "unknown" outside a repository, or
# without git. Files that would not change are left alone.
set -eu
commit=$(git --no-optional-locks describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null) || commit=unknown
mkdir -p "$1"
put() { if [ "$(cat "$1" 2>/dev/null)" != "$2" ]; then echo "$2" >"$1"; fi; }
put "$1/commit" "$commit"
put "$1/version" "$2"
