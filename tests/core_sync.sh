#!/bin/sh
# Keep the shared core the same in every header.
#   sh tests/core_sync.sh check    fails when a copy differs from sphere.h, or when the core has grown above its limit
#   sh tests/core_sync.sh fix      copies the regions of sphere.h into the others (meson compile -C build sync-core)
# The core is what lies between the lines "sphere-core begin N" and "sphere-core end N", N = 1..3, marks included.
set -u
cd "$(dirname "$0")/.." || exit 1
limit=250
verb=${1:-check}
passed=0
failed=0
ok() { printf 'ok - %s\n' "$1"; passed=$((passed + 1)); }
bad() { printf 'not ok - %s\n' "$1"; failed=$((failed + 1)); }

# region FILE N: the lines of one region, marks included. The digit must be followed by something that is not a digit.
region() {
  awk -v n="$2" '$0 ~ "sphere-core begin " n "([^0-9]|$)" { on = 1 } on { print } $0 ~ "sphere-core end " n "([^0-9]|$)" { on = 0 }' "$1"
}
# marks FILE: how many begin and end lines stand in it, in order. A sound file has 1 2 3.
marks() {
  awk '/sphere-core (begin|end) [0-9]/ { sub(/.*sphere-core /, ""); split($0, part, " "); sub(/[^0-9].*/, "", part[2]); printf "%s%s ", part[1], part[2] }' "$1"
}
whole='begin1 end1 begin2 end2 begin3 end3 '

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM

if [ "$(marks sphere.h)" != "$whole" ]; then
  echo "sphere.h must have the three sphere-core regions in order; it has: $(marks sphere.h)" >&2
  echo "0 passed, 1 failed"
  exit 1
fi
for n in 1 2 3; do region sphere.h $n > "$dir/core$n"; done

case $verb in
fix)
  for header in sphere_*.h; do
    [ -f "$header" ] || continue
    if [ "$(marks "$header")" != "$whole" ]; then
      echo "$header: put in the begin and end marks of the regions 1 to 3 first; it has: $(marks "$header")" >&2
      exit 1
    fi
    awk -v dir="$dir" '
      /sphere-core begin [0-9]/ {
        n = $0; sub(/.*sphere-core begin /, "", n); sub(/[^0-9].*/, "", n)
        while ((getline line < (dir "/core" n)) > 0) print line
        skip = 1
      }
      !skip { print }
      /sphere-core end [0-9]/ { skip = 0 }' "$header" > "$dir/new" || exit 1
    if cmp -s "$dir/new" "$header"; then
      echo "$header: already the same"
    else
      cat "$dir/new" > "$header" || exit 1
      echo "$header: core copied from sphere.h"
    fi
  done
  exit 0 ;;
check)
  lines=$(cat "$dir/core1" "$dir/core2" "$dir/core3" | wc -l)
  if [ "$lines" -le $limit ]; then ok "the core has $lines lines, at most $limit"; else bad "the core has $lines lines, more than $limit"; fi
  for header in sphere_*.h; do
    [ -f "$header" ] || continue
    if [ "$(marks "$header")" != "$whole" ]; then bad "$header lacks a sphere-core mark"; continue; fi
    for n in 1 2 3; do
      region "$header" $n > "$dir/copy"
      if diff "$dir/core$n" "$dir/copy" > "$dir/diff"; then
        ok "core region $n of $header"
      else
        bad "core region $n of $header differs from sphere.h: meson compile -C build sync-core"
        head -n 6 "$dir/diff"
      fi
    done
  done ;;
*)
  echo "usage: sh tests/core_sync.sh check|fix" >&2
  exit 2 ;;
esac
printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
