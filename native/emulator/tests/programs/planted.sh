#!/bin/bash
# planted.sh PROGRAM THEME.cuh: each planted bug of the theme is reported as the theme's file says, and nothing else is;
# its repaired twin is right, and clean. The file's comments say what is awaited:
#   // EXPECT name: finding | kernel | block and thread | options     regular expressions; those at the end may be absent
#   // BUG name      on the lines of which a report must name one; without a kernel no line is looked for
# Options: seeds=20 (reported by one of that many seeds, and the twin clean for all; else by seed 1), VARIABLE=value of
# the environment. Several EXPECTs of a bug: every report is like one of them, and each has a report. A bug whose run
# finds its result wrong (correct() of planted.h) adds the report `wrong result`.
set -u
program=$1 source=$2
theme=$(basename "$source")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
report=$folder/report
failed=0 checked=0

fail() {
  echo "FAILED $*"
  failed=$((failed + 1))
}

# The lines that are marked as a bug's, as a regular expression: (9|12)
marked() { grep -nE "// .*BUG $1( |$)" "$source" | cut -d: -f1 | paste -sd'|' | sed 's/.*/(&)/'; }

run() { # NAME SEED VARIABLE=VALUE...: the reports are in $report
  local name=$1 seed=$2 status
  shift 2
  rm -f "$report"
  # Some end by a signal, of which the shell would tell.
  { env KIB_EMULATOR_SEED="$seed" KIB_EMULATOR_PATIENCE=1000000 KIB_EMULATOR_REPORT="$report" "$@" \
    timeout 60 "$program" "$name" >"$folder/output" 2>&1; } 2>/dev/null
  status=$?
  [ $status != 9 ] || echo 'wrong result' >>"$report"
  return $status
}

bug() { # NAME: what its EXPECTs say
  local name=$1 seeds=1 seed what kernel where options option pattern variables=()
  : >"$folder/patterns"
  # Fields end with a space and a bar; a bar inside an expression has no space before it.
  while IFS=$'\t' read -r what kernel where options; do
    pattern="($what)"
    [ "$kernel" = - ] || pattern="$pattern in kernel .*($kernel).* at [^ ]*$theme:$(marked "$name")(,|:)"
    [ "$where" = - ] || pattern="$pattern.*block ($where)"
    echo "$pattern" >>"$folder/patterns"
    for option in $options; do
      case $option in
      seeds=*) seeds=${option#seeds=} ;;
      *=*) variables+=("$option") ;;
      -) ;;
      *) fail "$name: unknown option $option" ;;
      esac
    done
  done < <(sed -nE "s/.*\/\/ EXPECT $name: *//p" "$source" |
    awk -F' [|]' -v OFS='\t' '{ for (i = 1; i <= 4; ++i) { gsub(/^ +| +$/, "", $i); if ($i == "") $i = "-" }; print }')
  if [ ! -s "$folder/patterns" ]; then
    fail "$name: $theme has no line // EXPECT $name:"
    return
  fi
  checked=$((checked + 1))
  for seed in $(seq "$seeds"); do
    run "$name" "$seed" "${variables[@]}"
    [ ! -s "$report" ] || break
  done
  if [ ! -s "$report" ]; then
    fail "$name: nothing was reported by $seeds seeds"
    tail -n 3 "$folder/output"
  elif grep -vE -f "$folder/patterns" "$report" >"$folder/others"; then
    fail "$name, seed $seed: a report is not '$(paste -sd'~' "$folder/patterns")':"
    head -n 3 "$folder/others"
  else
    while read -r pattern; do
      grep -qE -e "$pattern" "$report" || fail "$name, seed $seed: no report is '$pattern'"
    done <"$folder/patterns"
  fi
  for seed in $(seq "$seeds"); do
    if ! run "${name}_repaired" "$seed" "${variables[@]}" || [ -s "$report" ]; then
      fail "${name}_repaired, seed $seed: not clean"
      cat "$report" 2>/dev/null | head -n 3
      tail -n 3 "$folder/output"
      break
    fi
  done
}

for name in $("$program" --list); do bug "$name"; done
# A bug that only has an EXPECT would be looked for by nobody.
for name in $(sed -nE 's/.*\/\/ EXPECT ([a-z0-9_]+):.*/\1/p' "$source" | sort -u); do
  "$program" --list | grep -qx "$name" || fail "$name: PLANTED($name) is missing"
done
[ $checked -gt 0 ] || fail "no planted bugs"
echo "$checked planted bugs and their repaired twins, $failed failed"
[ $failed = 0 ]
