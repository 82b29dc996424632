#!/bin/sh
# Run every test, from a fresh clone on a bare Debian 12 (x86-64): what is missing is installed first.
#   sh tests/run.sh            about ten minutes on two cores
#   sh tests/run.sh --all      the slow parts too, as .ci/run does: every language standard, other processors by emulation, fuzzing; well
#                              below an hour
#   sh tests/run.sh --words    all that, and the atlas of 50,000 words, an npm download of 118 MB
# The last line is "N passed, M failed", over all parts; the exit code is 1 when anything failed. A part that cannot run counts
# as a failure. Logs are left in build/log.
set -u
cd "$(dirname "$0")/.." || exit 1
LC_ALL=C
export LC_ALL
all=0
words=0
one=
for argument; do
  case $argument in
    --one) one=1; break ;;
    --all) all=1 ;;
    --words) all=1; words=1 ;;
    *) echo "usage: sh tests/run.sh [--all | --words]" >&2; exit 2 ;;
  esac
done

# "what must be there:package that brings it"; a / in front means a file, a name a command.
needs='meson:meson ninja:ninja-build cmake:cmake make:make pkg-config:pkg-config python3:python3 gcc:gcc g++:g++ clang:clang clang++:clang cc:gcc c++:g++ nm:binutils diff:diffutils
  xargs:findutils awk:mawk aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu qemu-aarch64-static:qemu-user-static qemu-x86_64-static:qemu-user-static objdump:binutils
  /usr/include/criterion/criterion.h:libcriterion-dev /usr/include/stdio.h:libc6-dev /usr/aarch64-linux-gnu/include/stdio.h:libc6-dev-arm64-cross
  /usr/lib/llvm-14/lib/clang/14.0.6/lib/linux/libclang_rt.asan-x86_64.a:libclang-rt-14-dev'
[ $words = 0 ] || needs="$needs npm:npm"
[ $all = 0 ] || needs="$needs arm-none-eabi-gcc:gcc-arm-none-eabi qemu-system-arm:qemu-system-arm
  /usr/lib/picolibc/arm-none-eabi/include/stdio.h:picolibc-arm-none-eabi"
missing() {
  for need in $needs; do
    what=${need%%:*}
    case $what in
      /*) [ -e "$what" ] || echo "${need#*:}" ;;
      *)  command -v "$what" > /dev/null 2>&1 || echo "${need#*:}" ;;
    esac
  done | sort -u
}
packages=
[ -n "$one" ] || packages=$(missing | tr '\n' ' ')
if [ -n "$packages" ]; then
  echo "installing: $packages"
  if [ "$(id -u)" = 0 ]; then root=; elif command -v sudo > /dev/null 2>&1; then root='sudo -n'; else root=none; fi
  if [ "$root" != none ] && command -v apt-get > /dev/null 2>&1; then
    # With an old or an empty list of packages the first try fails; then the list is fetched.
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages > /dev/null 2>&1 ||
      { $root apt-get update > /dev/null && $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages > /dev/null; }
  fi
  packages=$(missing | tr '\n' ' ')
  if [ -n "$packages" ]; then
    echo "These Debian packages are needed and could not be installed; run as root: apt-get install --no-install-recommends $packages"
    echo "0 passed, 1 failed"
    exit 1
  fi
fi

passed=0
failed=0
mkdir -p build/log || exit 1

# part NAME COMMAND...: run it, print its seconds and its last line, add that to the sum. Without a last line of the right form, or with an
# exit code that contradicts it, it has failed.
part() {
  run "$@"
  report "$1"
}
log_of() { echo "build/log/$(printf %s "$1" | tr ' ' '_')"; }
run() {
  log=$(log_of "$1")
  shift
  rm -f "$log.end"
  start=$(date +%s)
  "$@" > "$log" 2>&1
  echo "$? $(($(date +%s) - start))" > "$log.end"
}
report() {
  log=$(log_of "$1")
  code=1 seconds=0
  [ ! -e "$log.end" ] || read -r code seconds < "$log.end"
  p=$(tail -n 1 "$log" | sed -nE 's/^([0-9]+) passed, [0-9]+ failed$/\1/p')
  f=$(tail -n 1 "$log" | sed -nE 's/^[0-9]+ passed, ([0-9]+) failed$/\1/p')
  if [ -z "$p" ]; then p=0; f=1; elif [ "$code" -ne 0 ] && [ "$f" -eq 0 ]; then f=1; elif [ $((p + f)) -eq 0 ]; then f=1; fi
  printf '%-30s%4d s   %d passed, %d failed\n' "$1" "$seconds" "$p" "$f"
  passed=$((passed + p))
  failed=$((failed + f))
  [ "$f" -eq 0 ] || {
    { grep -aE -A 3 '^not ok|Assertion Failed|Unexpected signal|runtime error|ERROR:|error:|warning:' "$log" || tail -n 15 "$log"; } | head -n 40 | sed 's/^/    /'
    echo "    (all of it: $log)"
  }
}
# parts: NAME COMMAND... from each line of the input, as many at a time as there are cores; for those that use one core each. This script
# calls itself with --one for it. A blank at the end of a line would join it to the next.
parts() {
  cat > build/log/parts
  xargs -P "$(getconf _NPROCESSORS_ONLN)" -L 1 sh tests/run.sh --one < build/log/parts
  while read -r name rest; do report "$name"; done < build/log/parts
}
[ -z "$one" ] || { shift; run "$@"; exit 0; }

# criterion COMPILER DIRECTORY [MESON OPTIONS]: build and run the Criterion tests. `meson test` hides their closing lines; its log has
# them. A program that crashes before its closing line shows in the exit code alone.
criterion() {
  compiler=$1
  directory=build/$2
  shift 2
  rm -rf "$directory"
  CC=$compiler meson setup "$directory" "$@" || return 1
  # Only the test programs: the others are built where they are used.
  programs=$(ls tests/test_*.c | sed 's,tests/\(.*\)\.c,\1,')
  meson compile -C "$directory" $programs || return 1
  meson test -C "$directory" --no-rebuild --suite criterion --print-errorlogs
  code=$?
  grep -ah 'Synthesis: Tested:' "$directory/meson-logs/testlog.txt" | awk -v programs="$(printf '%s\n' $programs | wc -l)" '
    { lines++; for (i = 1; i <= NF; i++) { if ($i == "Passing:") p += $(i + 1); if ($i == "Failing:") f += $(i + 1) } }
    END { if (lines < programs) f += programs - lines; printf "%d passed, %d failed\n", p, f }'
  return $code
}

quick=--quick
[ $all = 0 ] || quick=
part 'core in sync' sh tests/core_sync.sh check
part 'levels from portable' python3 tests/straight.py check
part 'double from float' python3 tests/double.py check
part 'criterion, gcc' criterion gcc gcc
# clang's sanitizer of undefined behaviour sees more than gcc's, offsets from null pointers among it.
part 'criterion, clang, sanitizers' criterion clang sanitize -Doptimization=1 -Db_lundef=false -Db_sanitize=address,undefined -Dc_args=-fno-sanitize-recover=all
[ $all = 0 ] || part 'criterion, clang' criterion clang clang
part 'levels' sh tests/levels.sh $quick
part 'alone' sh tests/alone.sh $quick
parts <<TEXT
together sh tests/together.sh${quick:+ $quick}
spectrum sh tests/spectrum.sh
packaging sh tests/packaging.sh
geomag sh tests/geomag.sh${quick:+ $quick}
harmonics sh tests/harmonics.sh
sludge sh tests/sludge.sh
atlas sh tests/atlas.sh
chord sh tests/chord.sh
readme sh tests/readme.sh
TEXT
if [ $all = 1 ]; then
  part 'matrix' sh tests/matrix.sh
  part 'fuzz' sh tests/fuzz.sh
fi
[ $words = 0 ] || part 'words' sh tests/words.sh

printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
