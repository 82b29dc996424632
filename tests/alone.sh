#!/bin/sh
# Each header as the only file of an EMPTY directory, so that an #include of a sibling cannot be found by luck:
# declarations only, implementation, static implementation x language standard x compiler, every warning an error.
#   sh tests/alone.sh [--quick] [HEADER...]      default: every sphere*.h; --quick: the oldest and the newest standard only
# Ends with "N passed, M failed".
set -u
cd "$(dirname "$0")/.." || exit 1
top=$(pwd)
c_standards='c99 c11 c17 c2x gnu11'
cpp_standards='c++11 c++14 c++17 c++20'
[ "${1:-}" = --quick ] && { c_standards='c99 c2x'; cpp_standards='c++11 c++20'; shift; }
headers=${*:-$(ls sphere*.h)}
strict='-O1 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror'
# A target without a C library: the compiler's own stdint.h and stddef.h, and the string.h that is written below.
bare='-fsyntax-only -ffreestanding -isystem ../include'

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
mkdir "$dir/include"
cat > "$dir/include/string.h" <<'TEXT'
#include <stddef.h>
#ifdef __cplusplus
extern "C" {
#endif
void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int   memcmp(const void *a, const void *b, size_t bytes);
#ifdef __cplusplus
}
#endif
TEXT

# one MODE HEADER COMPILER FLAGS...: compile in a directory of its own and print one line
cat > "$dir/one.sh" <<'TEXT'
mode=$1; header=$2; shift 2
name=${header%.h}
upper=$(printf %s "$name" | tr a-z A-Z)
work=$(mktemp -d "$0.XXXXXX") || exit 1
cp "$TOP/$header" "$work/"
{
  case $mode in
    declarations)   printf '#include "%s"\n' "$header" ;;
    implementation) printf '#include "%s"\n#define %s_IMPLEMENTATION\n#include "%s"\n' "$header" "$upper" "$header" ;;
    static)         printf '#define %s_STATIC\n#define %s_IMPLEMENTATION\n#include "%s"\n' "$upper" "$upper" "$header" ;;
    no_simd)        printf '#define SPHERE_NO_SIMD\n#define %s_IMPLEMENTATION\n#include "%s"\n' "$upper" "$header" ;;
  esac
  # A second time must change nothing. An empty unit would be an error of its own.
  printf '#include "%s"\nextern int sphere_alone_test;\n' "$header"
} > "$work/unit"
case "$*" in
  *++*) mv "$work/unit" "$work/unit.cpp"; unit=unit.cpp; extra= ;;
  *)    mv "$work/unit" "$work/unit.c"; unit=unit.c; extra=-Wstrict-prototypes ;;
esac
[ $mode = static ] && extra="$extra -Wno-unused-function"
# A bare target looks into ../include, which this directory must therefore have beside it.
if (cd "$work" && "$@" $STRICT $extra -c -o unit.o $unit) > "$work/log" 2>&1; then
  echo "ok - $header, $mode: $*"
else
  echo "not ok - $header, $mode: $*"
  grep -m 3 -E 'error|warning|not found' "$work/log" | cut -c 1-240
fi
TEXT

{
  for header in $headers; do
    for mode in declarations implementation static; do
      for std in $c_standards; do
        echo "$mode $header gcc -std=$std"
        echo "$mode $header clang -std=$std"
      done
      for std in $cpp_standards; do
        echo "$mode $header g++ -std=$std"
        echo "$mode $header clang++ -std=$std"
      done
      echo "$mode $header aarch64-linux-gnu-gcc -std=c99"
    done
    for flags in "gcc -std=c99" "g++ -std=c++11" "clang -std=c99" "aarch64-linux-gnu-gcc -std=c99"; do
      echo "no_simd $header $flags"
    done
    # Where no library is at hand only the front end runs: Windows (clang-cl's target), wasm, 32-bit Arm with and without an
    # FPU, big-endian, RISC-V.
    for target in x86_64-pc-windows-msvc wasm32 "wasm32 -msimd128" "thumbv7em-none-eabihf -mcpu=cortex-m4" thumbv6m-none-eabi \
                  "aarch64-none-elf" riscv64 s390x; do
      echo "implementation $header clang $bare -std=c99 --target=$target"
    done
    echo "implementation $header clang++ $bare -std=c++14 --target=x86_64-pc-windows-msvc"
  done
} > "$dir/jobs"
TOP=$top STRICT=$strict xargs -P "$(getconf _NPROCESSORS_ONLN)" -L 1 sh "$dir/one.sh" < "$dir/jobs" > "$dir/results"

# What no header may contain, comments aside: the C library's headers and calls (sqrtf, too, would be a call).
calls='malloc|calloc|realloc|free|alloca|printf|fprintf|sprintf|snprintf|puts|putchar|abort|exit|assert|qsort'
calls="$calls|sqrtf?|cbrtf?|sinf?|cosf?|tanf?|asinf?|acosf?|atanf?|atan2f?|sinhf?|coshf?|tanhf?|expf?|exp2f?|expm1f?|logf?|log2f?|log10f?|log1pf?"
calls="$calls|powf?|fmaf?|hypotf?|fabsf?|floorf?|ceilf?|roundf?|rintf?|truncf?|fmodf?|ldexpf?|frexpf?|erff?|lgammaf?"
for header in $headers; do
  gcc -fpreprocessed -dD -E -P "$header" > "$dir/bare" 2> /dev/null
  # The spaces stand for word boundaries, so that sphere_exp_( and x.exp do not count.
  found=$(grep -nE "(^|[^A-Za-z0-9_])($calls)[[:space:]]*\(" "$dir/bare" | head -n 5)
  found="$found$(grep -E '^[[:space:]]*#[[:space:]]*include' "$dir/bare" | sed 's/[[:space:]]//g' | sort -u |
    grep -vxE '#include<(stddef|stdint|string|emmintrin|immintrin|smmintrin|avxintrin|avx2intrin|arm_neon|intrin)\.h>')"
  if [ -s "$dir/bare" ] && [ -z "$found" ]; then
    echo "ok - $header, nothing from the C library but memcpy and its kin"
  else
    printf 'not ok - %s, what the invariants forbid (comments stripped):\n%s\n' "$header" "$found"
  fi
done >> "$dir/results"

sort "$dir/results" | grep -E '^ok'
grep -vE '^ok' "$dir/results"
passed=$(grep -c '^ok' "$dir/results")
failed=$(grep -c '^not ok' "$dir/results")
# Every job must have answered.
wanted=$(($(wc -l < "$dir/jobs") + $(printf '%s\n' $headers | wc -l)))
[ $((passed + failed)) -eq $wanted ] || { echo "not ok - $wanted checks were started, $((passed + failed)) answered"; failed=$((failed + 1)); }
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
