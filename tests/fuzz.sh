#!/bin/sh
# Fuzz the file readers of examples/common.h and geomag.c: tests/fuzz.c under libFuzzer with the address and undefined sanitizers, from the
# seeds in tests/fuzz/<reader>. A seed named bad_* must be refused and every other accepted, or the seeds have lost their meaning.
#   sh tests/fuzz.sh [READER...]        30 seconds for each reader; FUZZ_SECONDS=600 makes it ten minutes
# What is found grows in build/fuzz/corpus and is used again; a file that breaks a reader is left in build/fuzz.
# Ends with "N passed, M failed".
set -u
cd "$(dirname "$0")/.." || exit 1
LC_ALL=C
export LC_ALL
seconds=${FUZZ_SECONDS:-30}
clang=${CLANG:-clang}
# A reader is a #ifdef FUZZ_<NAME> of tests/fuzz.c.
readers=${*:-$(sed -nE 's/^#ifdef FUZZ_([A-Z0-9]+)$/\1/p' tests/fuzz.c | tr A-Z a-z)}
dir=build/fuzz
mkdir -p $dir || exit 1
passed=0
failed=0
verdict() {
  if [ "$1" -eq 0 ]; then passed=$((passed + 1)); echo "ok - $2"
  else failed=$((failed + 1)); echo "not ok - $2"; fi
}

for reader in $readers; do
  mkdir -p "$dir/corpus/$reader"
  name=$(printf %s "$reader" | tr a-z A-Z)
  rm -f "$dir/$reader" "$dir/$reader".*
  $clang -std=c99 -g -O1 -Wall -Wextra -DFUZZ_"$name" -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -o "$dir/$reader" tests/fuzz.c > "$dir/$reader.log" 2>&1
  code=$?
  verdict $code "$reader: builds"
  [ $code -eq 0 ] || { head -n 10 "$dir/$reader.log"; continue; }
  for seed in tests/fuzz/"$reader"/*; do
    FUZZ_SAY=1 "./$dir/$reader" "$seed" > "$dir/$reader.log" 2>&1
    code=$?
    case ${seed##*/} in bad_*) want=refused ;; *) want=accepted ;; esac
    [ $code -eq 0 ] && grep -qx "fuzz: $want" "$dir/$reader.log"
    verdict $? "$reader: $seed is $want"
  done
  # stderr would get the sentence of every refusal, thousands a second: closed. libFuzzer and the sanitizers keep their own.
  "./$dir/$reader" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 -close_fd_mask=2 -print_final_stats=1 \
    -artifact_prefix="$dir/$reader." "$dir/corpus/$reader" "tests/fuzz/$reader" > "$dir/$reader.log" 2>&1
  code=$?
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$dir/$reader.log")
  # A run without enough inputs would have tested nothing.
  [ $code -eq 0 ] && [ "${runs:-0}" -gt $((seconds * 20)) ]
  code=$?
  verdict $code "$reader: ${runs:-no} inputs in $seconds s"
  [ $code -eq 0 ] || { grep -aE 'ERROR|SUMMARY|Test unit written' "$dir/$reader.log" || tail -n 5 "$dir/$reader.log"; }
  # Once more with stderr, which has the reason.
  for broken in "$dir/$reader".crash-* "$dir/$reader".leak-* "$dir/$reader".timeout-*; do
    [ ! -f "$broken" ] || { echo "    $broken:"; "./$dir/$reader" "$broken" 2>&1 | grep -aE '^fuzz:|runtime error|ERROR|^    #[0-5] ' | head -n 8 | sed 's/^/    /'; }
  done
done
printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
