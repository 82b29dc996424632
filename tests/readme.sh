#!/bin/sh
# Every ```c block of README.md is compiled on its own with the headers beside it, run, and must print the ```text block after it.
# Ends with "N passed, M failed".
set -u
cd "$(dirname "$0")/.." || exit 1
cc=${CC:-cc}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cp sphere*.h "$dir" || exit 1
awk -v dir="$dir" '
  /^```c$/    { n++; out = dir "/" n ".c"; next }
  /^```text$/ { out = dir "/" n ".want"; next }
  /^```/      { out = ""; next }
  out         { print > out }' README.md
passed=0
failed=0
for source in "$dir"/*.c; do
  name=$(basename "$source" .c)
  if $cc -std=c99 -O2 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -o "$dir/$name" "$source" && "$dir/$name" > "$dir/$name.got" && cmp "$dir/$name.got" "$dir/$name.want"
  then passed=$((passed + 1))
  else failed=$((failed + 1)); echo "not ok - program $name of README.md"; cat "$dir/$name.got" 2>/dev/null
  fi
done
[ $((passed + failed)) -gt 0 ] || failed=1
printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
