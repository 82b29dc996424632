#!/bin/sh
# Build tests/levels.c and tests/levels_*.c with every compiler, optimisation and target at hand, run each, and compare the digests of
# their portable results: one set of bits for all. Programs and logs are left in build/levels.
#   sh tests/levels.sh [--quick]      --quick: gcc, and clang that may fuse
# Ends with "N passed, M failed".
set -u
cd "$(dirname "$0")/.." || exit 1
dir=build/levels
mkdir -p $dir || exit 1
strict='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wstrict-prototypes -Werror'

programs=$(ls tests/levels*.c | sed 's,tests/\(.*\)\.c,\1,')

# name | run with | compiler and flags. The slow ones first, so that they share the time of the others.
# A static binary is what an emulator can run without the target's libraries. Nehalem has no AVX: the portable code is the best.
cat > $dir/variants <<TEXT
aarch64-gcc|qemu-aarch64-static|aarch64-linux-gnu-gcc -static -std=c99 -O2
aarch64-clang|qemu-aarch64-static|clang --target=aarch64-linux-gnu -static -std=c99 -O2
nehalem|qemu-x86_64-static -cpu Nehalem|gcc -static -std=c99 -O2
gcc-sanitized||gcc -std=c99 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
gcc-O0||gcc -std=c99 -O0
gcc-O2||gcc -std=c99 -O2
gcc-O3-native||gcc -std=gnu11 -O3 -march=native
gcc-contract||gcc -std=gnu11 -O2 -march=native -ffp-contract=fast
clang-O2||clang -std=c99 -O2
clang-O3-native||clang -std=gnu11 -O3 -march=native
TEXT
[ "${1:-}" != --quick ] || { grep -E '^(gcc-O2|clang-O3-native)\|' $dir/variants > $dir/some; mv $dir/some $dir/variants; }
# program@name of the variant | the rest
for program in $programs; do sed "s/^/$program@/" $dir/variants; done > $dir/jobs

cat > $dir/one.sh <<'TEXT'
name=${1%%|*}
program=${name%%@*}
rest=${1#*|}
runner=${rest%%|*}
compiler=${rest#*|}
cd build/levels || exit 1
rm -f "$name" "$name.log"
start=$(date +%s)
if ! $compiler $STRICT ../../tests/$program.c -o "$name" > "$name.log" 2>&1; then
  echo "0 passed, 1 failed" >> "$name.log"
  exit 0
fi
$runner "./$name" >> "$name.log" 2>&1
code=$?
# A run that dies has no last line of its own.
tail -n 1 "$name.log" | grep -qE '^[0-9]+ passed, [0-9]+ failed$' || echo "0 passed, 1 failed" >> "$name.log"
[ $code -eq 0 ] || tail -n 1 "$name.log" | grep -qv ', 0 failed$' || echo "0 passed, 1 failed" >> "$name.log"
echo "$(($(date +%s) - start))" > "$name.seconds"
TEXT
tr '\n' '\0' < $dir/jobs | STRICT=$strict xargs -0 -P "$(getconf _NPROCESSORS_ONLN)" -n 1 sh $dir/one.sh

passed=0
failed=0
first=
while IFS='|' read -r name runner compiler; do
  log=$dir/$name.log
  p=$(tail -n 1 "$log" | sed -nE 's/^([0-9]+) passed, [0-9]+ failed$/\1/p')
  f=$(tail -n 1 "$log" | sed -nE 's/^[0-9]+ passed, ([0-9]+) failed$/\1/p')
  passed=$((passed + ${p:-0}))
  failed=$((failed + ${f:-1}))
  best=$(sed -n 's/^best level: //p' "$log")
  [ "${name%%@*}" = "${first%%@*}" ] || first=
  # Which level each machine must have had: an emulator that hides the vector unit would make the test empty.
  case ${name#*@} in aarch64*) want=neon ;; nehalem) want=portable ;; *) if grep -qw avx512vbmi /proc/cpuinfo; then want=avx512; elif grep -qw avx2 /proc/cpuinfo; then want=avx2; else want=portable; fi ;; esac
  echo "$name: $compiler: ${best:-did not run}, ${p:-0} passed, ${f:-1} failed, $(cat "$dir/$name.seconds" 2>/dev/null) s"
  [ "${f:-1}" = 0 ] || { echo "not ok - $name:"; grep -E '^not ok|error|warning|ERROR|signal' "$log" | head -n 5; }
  if [ "$best" = $want ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "not ok - $name: the best level is ${best:-unknown}, not $want"; fi
  grep '^digest' "$log" > "$dir/$name.digests"
  [ -n "$first" ] || first=$name
  if [ -s "$dir/$first.digests" ] && cmp -s "$dir/$first.digests" "$dir/$name.digests"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "not ok - the digests of $name differ from those of $first:"
    diff "$dir/$first.digests" "$dir/$name.digests" | grep '^>' | head -n 5
  fi
done < $dir/jobs
printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
