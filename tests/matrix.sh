#!/bin/sh
# The same bits on many machines: build tests/hash.c for each row of the table below, run it (foreign processors by emulation) and
# compare every line with tests/golden/hashes.txt.
#   sh tests/matrix.sh                 all rows
#   sh tests/matrix.sh aarch64 m4      the rows whose names contain one of these words, without the other checks
#   sh tests/matrix.sh --update        write tests/golden/hashes.txt anew, from the portable code without optimisation; do this
#                                      only when results change on purpose, and say so in CHANGELOG.md
# Missing compilers and emulators are installed (Debian). Programs and logs are left in build/matrix.
# Ends with "N passed, M failed".
set -u
cd "$(dirname "$0")/.." || exit 1
LC_ALL=C
export LC_ALL
dir=build/matrix
golden=tests/golden/hashes.txt
mkdir -p $dir || exit 1
strict='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror'

if [ "${1:-}" = --update ]; then
  gcc -std=c99 -O0 -DSPHERE_NO_SIMD $strict tests/hash.c -o $dir/update || exit 1
  $dir/update > $dir/update.txt || exit 1
  mkdir -p tests/golden
  {
    echo '# What tests/hash.c prints, on every machine. Made by "sh tests/matrix.sh --update" from the portable code at -O0.'
    echo '# A line that changes means that results change: it needs a reason and a line in CHANGELOG.md.'
    grep -v '^#' $dir/update.txt
  } > $golden
  echo "$golden: $(grep -vc '^#' $golden) lines"
  exit 0
fi

# "what must be there:package that brings it"; a / in front means a file, a name a command.
needs='gcc:gcc g++:g++ clang:clang clang++:clang wasm-ld:lld node:nodejs xargs:findutils awk:mawk
  aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu /usr/aarch64-linux-gnu/include/stdio.h:libc6-dev-arm64-cross
  s390x-linux-gnu-gcc:gcc-s390x-linux-gnu /usr/s390x-linux-gnu/include/stdio.h:libc6-dev-s390x-cross
  riscv64-linux-gnu-gcc:gcc-riscv64-linux-gnu /usr/riscv64-linux-gnu/include/stdio.h:libc6-dev-riscv64-cross
  arm-linux-gnueabihf-gcc:gcc-arm-linux-gnueabihf /usr/arm-linux-gnueabihf/include/stdio.h:libc6-dev-armhf-cross
  qemu-aarch64-static:qemu-user-static arm-none-eabi-gcc:gcc-arm-none-eabi qemu-system-arm:qemu-system-arm
  /usr/lib/picolibc/arm-none-eabi/include/stdio.h:picolibc-arm-none-eabi
  /usr/include/wasm32-wasi/stdio.h:wasi-libc /usr/lib/llvm-14/lib/clang/14.0.6/lib/wasi/libclang_rt.builtins-wasm32.a:libclang-rt-14-dev-wasm32'
missing() {
  for need in $needs; do
    what=${need%%:*}
    case $what in
      /*) [ -e "$what" ] || echo "${need#*:}" ;;
      *)  command -v "$what" > /dev/null 2>&1 || echo "${need#*:}" ;;
    esac
  done | sort -u
}
packages=$(missing | tr '\n' ' ')
if [ -n "$packages" ]; then
  echo "installing: $packages"
  if [ "$(id -u)" = 0 ]; then root=; elif command -v sudo > /dev/null 2>&1; then root='sudo -n'; else root=none; fi
  if [ "$root" != none ] && command -v apt-get > /dev/null 2>&1; then
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages > /dev/null 2>&1 ||
      { $root apt-get update > /dev/null && $root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages > /dev/null; }
  fi
  # What still lacks shows as the failure of its rows.
  packages=$(missing | tr '\n' ' ')
  [ -z "$packages" ] || echo "could not be installed: $packages"
fi

# name | best level there | runs: arguments of the program, several separated by commas | runner, @ is the program | compiler and flags
# gnu11 lets gcc fuse products and sums wherever the processor can: the guards of the headers must hold. On the small rows the
# program leaves out its large arrays. A static binary is what an emulator runs without the target's libraries.
also=
if grep -qw avx512vbmi /proc/cpuinfo; then x86=avx512 also=,avx2; elif grep -qw avx2 /proc/cpuinfo; then x86=avx2; else x86=portable; fi
arm='-Wl,--defsym=__flash=0 -Wl,--defsym=__flash_size=0x400000 -Wl,--defsym=__ram=0x20000000 -Wl,--defsym=__ram_size=0x400000'
# Addition of doubles that rounds rightly, in place of libgcc's: see the file.
wrap='../../tests/cortex_double.c -Wl,--wrap=__aeabi_dadd -Wl,--wrap=__aeabi_dsub'
semihosting='-display none -serial none -monitor none -semihosting-config enable=on,target=native'
cat > $dir/rows <<TEXT
cortex-m4f small gcc gnu11, cortex_double.c|portable|-|qemu-system-arm -M mps2-an386 $semihosting -kernel @|arm-none-eabi-gcc -std=gnu11 -O2 -DHASH_SMALL -mthumb -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard --specs=picolibc.specs --oslib=semihost --crt0=semihost $arm $wrap
cortex-m4f small gcc gnu11|portable|-|qemu-system-arm -M mps2-an386 $semihosting -kernel @|arm-none-eabi-gcc -std=gnu11 -O2 -DHASH_SMALL -mthumb -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard --specs=picolibc.specs --oslib=semihost --crt0=semihost $arm
cortex-m3 small gcc (no fpu), cortex_double.c|portable|-|qemu-system-arm -M mps2-an385 $semihosting -kernel @|arm-none-eabi-gcc -std=c99 -O2 -DHASH_SMALL -mthumb -mcpu=cortex-m3 --specs=picolibc.specs --oslib=semihost --crt0=semihost $arm $wrap
cortex-m3 small gcc (no fpu)|portable|-|qemu-system-arm -M mps2-an385 $semihosting -kernel @|arm-none-eabi-gcc -std=c99 -O2 -DHASH_SMALL -mthumb -mcpu=cortex-m3 --specs=picolibc.specs --oslib=semihost --crt0=semihost $arm
s390x gcc (big-endian)|portable|best|qemu-s390x-static @|s390x-linux-gnu-gcc -static -std=gnu11 -O2 -fexcess-precision=fast
aarch64 gcc -O2 gnu11|neon|best,portable|qemu-aarch64-static @|aarch64-linux-gnu-gcc -static -std=gnu11 -O2
aarch64 clang -O3|neon|best,portable|qemu-aarch64-static @|clang --target=aarch64-linux-gnu -static -std=c99 -O3
armv7 gcc gnu11|portable|best|qemu-arm-static @|arm-linux-gnueabihf-gcc -static -std=gnu11 -O2 -march=armv7-a -mfpu=neon-vfpv4
riscv64 gcc gnu11|portable|best|qemu-riscv64-static @|riscv64-linux-gnu-gcc -static -std=gnu11 -O2
wasm32 clang|portable|best|node --no-warnings wasi.mjs @|clang --target=wasm32-wasi -std=c99 -O2
wasm32 clang simd128|portable|best|node --no-warnings wasi.mjs @|clang --target=wasm32-wasi -std=c99 -O2 -msimd128
x86-64 thread sanitizer, 4 threads|$x86|best,portable|@|gcc -std=c99 -O1 -g -fsanitize=thread -DHASH_THREADS -pthread
x86-64 memory sanitizer|$x86|best,portable$also|@|clang -std=c99 -O1 -g -fsanitize=memory -fno-sanitize-recover=all
x86-64 gcc address and undefined sanitizer|$x86|best,portable$also|@|gcc -std=c99 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-sanitize=alignment
x86-64 gcc -O0|$x86|best,portable|@|gcc -std=c99 -O0
x86-64 gcc -O2|$x86|best,best 0,portable 255$also|@|gcc -std=c99 -O2
x86-64 gcc -O2 no simd|portable|best|@|gcc -std=c99 -O2 -DSPHERE_NO_SIMD
x86-64 gcc -O3|$x86|best,portable|@|gcc -std=c99 -O3
x86-64 gcc -O3 native gnu11|$x86|best,portable|@|gcc -std=gnu11 -O3 -march=native
x86-64 gcc -O3 native contract=fast|$x86|best,portable|@|gcc -std=c99 -O3 -march=native -ffp-contract=fast
x86-64 gcc Nehalem (no AVX)|portable|best|qemu-x86_64-static -cpu Nehalem @|gcc -static -std=c99 -O2
x86-64 clang -O0|$x86|best,portable|@|clang -std=c99 -O0
x86-64 clang -O2|$x86|best,portable|@|clang -std=c99 -O2
x86-64 clang -O3 no simd|portable|best|@|clang -std=gnu11 -O3 -DSPHERE_NO_SIMD
x86-64 clang -O3 native gnu11|$x86|best,portable$also|@|clang -std=gnu11 -O3 -march=native
x86-64 g++ -O2 c++17|$x86|best,portable|@|g++ -x c++ -std=c++17 -O2 -march=native
x86-64 clang++ -O2 c++17|$x86|best,portable|@|clang++ -x c++ -std=c++17 -O2 -march=native
TEXT
cat > $dir/wasi.mjs <<'TEXT'
import { WASI } from 'node:wasi';
import { readFileSync } from 'node:fs';
const [file, ...args] = process.argv.slice(2);
const wasi = new WASI({ version: 'preview1', args: [file, ...args], env: {}, returnOnExit: true });
const instance = await WebAssembly.instantiate(await WebAssembly.compile(readFileSync(file)), wasi.getImportObject());
process.exitCode = wasi.start(instance);
TEXT

only=$*
if [ -n "$only" ]; then
  for word in $only; do grep -F -- "$word" $dir/rows; done | sort -u > $dir/chosen
  mv $dir/chosen $dir/rows
  [ -s $dir/rows ] || { echo "no configuration has any of these words in its row: $only" >&2; exit 2; }
fi
grep -v '^#' $golden > $dir/golden
grep -v '\.large ' $dir/golden > $dir/golden.small
# libgcc 12 subtracts doubles wrongly in software on Cortex-M (tests/cortex_double.c says where). These functions work in double and meet
# such numbers in their last bits. With that file linked every line is compared; without it, and only then, these are left out.
libgcc='^(sphere_row_slerp|sphere_quaternion_between|sphere_shd_(gradients|gradients_angles|sum|sum_angles|values_angles)) '
grep -vE "$libgcc" $dir/golden.small > $dir/golden.cortex
export libgcc

# One row: build, run, compare; a verdict for each run.
cat > $dir/one.sh <<'TEXT'
row=$1
name=${row%%|*}; rest=${row#*|}
level=${rest%%|*}; rest=${rest#*|}
runs=${rest%%|*}; rest=${rest#*|}
runner=${rest%%|*}
compiler=${rest#*|}
file=$(printf %s "$name" | tr -c 'A-Za-z0-9_+\n' '_')
cd build/matrix || exit 1
rm -f "$file" "$file".*
golden=golden
case $name in *cortex_double.c) golden=golden.small ;; cortex*) golden=golden.cortex ;; *small*) golden=golden.small ;; esac
start=$(date +%s)
# Some options are the linker's: behind the source.
if ! $compiler $STRICT ../../tests/hash.c -o "$file" > "$file.log" 2>&1; then
  echo "not ok - $name: does not build: $(grep -m 1 -E 'error|warning|not found' "$file.log" | cut -c 1-200)" > "$file.verdict"
  printf '%s\n' "$runs" | tr ',' '\n' | sed 1d | while read -r run; do echo "not ok - $name, $run: does not build"; done >> "$file.verdict"
  exit 0
fi
printf '%s\n' "$runs" | tr ',' '\n' | while read -r run; do
  arguments=$run
  [ "$run" = - ] && arguments=
  case $run in portable*) want=portable ;; avx2) want=avx2 ;; *) want=$level ;; esac
  out="$file.$(printf %s "$run" | tr -c 'A-Za-z0-9_\n' '_').txt"
  # Firmware prints to the emulator's stderr; a sanitizer's report must count as a difference anyway.
  timeout 900 $(printf %s "$runner" | sed "s,@,./$file,") $arguments > "$out" 2>&1 < /dev/null
  code=$?
  had=$(sed -n 's/^# level //p' "$out")
  case $golden in golden.cortex) grep -v '^#' "$out" | grep -vE "$libgcc" > "$out.lines" ;; *) grep -v '^#' "$out" > "$out.lines" ;; esac
  what="$name, $run"
  [ "$run" = - ] && what=$name
  if [ $code -ne 0 ]; then verdict="not ok - $what: exit code $code: $(grep -m 1 -E 'broken|ERROR|WARNING|error|signal' "$out" | cut -c 1-160)"
  elif [ "$had" != "$want" ]; then verdict="not ok - $what: the level is ${had:-unknown}, not $want"
  elif ! cmp -s $golden "$out.lines"; then
    verdict="not ok - $what: $(diff $golden "$out.lines" | grep -c '^[<>]') lines differ: $(diff $golden "$out.lines" | sed -n 's/^[<>] \([^ ]*\) .*/\1/p' | sort -u | head -n 12 | tr '\n' ' ')"
  else verdict="ok - $what: $had, $(($(wc -l < "$out.lines"))) lines, $(($(date +%s) - start)) s"
  fi
  echo "$verdict"
done > "$file.verdict"
TEXT
export STRICT="$strict"
tr '\n' '\0' < $dir/rows | xargs -0 -P "$(getconf _NPROCESSORS_ONLN)" -n 1 sh $dir/one.sh

while IFS= read -r row; do
  cat "$dir/$(printf %s "${row%%|*}" | tr -c 'A-Za-z0-9_+\n' '_').verdict" 2> /dev/null || echo "not ok - ${row%%|*}: no answer"
done < $dir/rows > $dir/verdicts

if [ -z "$only" ]; then
  # Every public function has a line.
  sed -nE 's/^SPHERE(_[A-Z]+)?_API [a-z0-9_ ]*[ *](sphere_[a-z0-9_]+)\(.*/\2/p' sphere*.h | sort -u > $dir/declared
  cut -d ' ' -f 1 $dir/golden | sed 's/\.large$//' | sort -u > $dir/hashed
  lacking=$(comm -23 $dir/declared $dir/hashed | tr '\n' ' ')
  if [ -s $dir/declared ] && [ -z "$lacking" ]; then echo "ok - all $(($(wc -l < $dir/declared))) public functions have a line in $golden"
  else echo "not ok - public functions without a line in tests/hash*.inc and $golden: $lacking"; fi >> $dir/verdicts

  # The comparison must be able to fail. Without the guards against contraction, a compiler that fuses by default and a processor
  # that can must give other bits. AArch64 always can.
  rm -rf $dir/unguarded
  mkdir -p $dir/unguarded/tests
  for header in sphere*.h; do sed -E 's/^#pragma (STDC FP_CONTRACT OFF|GCC optimize.*)$//' $header > $dir/unguarded/$header; done
  cp tests/hash.c tests/hash*.inc $dir/unguarded/tests/
  if clang --target=aarch64-linux-gnu -static -std=c99 -O2 $dir/unguarded/tests/hash.c -o $dir/unguarded/hash > $dir/unguarded/log 2>&1 &&
    qemu-aarch64-static $dir/unguarded/hash portable 2> /dev/null | grep -v '^#' > $dir/unguarded/lines && [ -s $dir/unguarded/lines ]; then
    differ=$(diff $dir/golden $dir/unguarded/lines | grep -c '^>')
    if [ "$differ" -gt 0 ]; then echo "ok - aarch64 clang without the guards against contraction: $differ lines differ, as they must"
    else echo "not ok - aarch64 clang without the guards against contraction gives the same lines: the comparison sees nothing"; fi
  else
    echo "not ok - aarch64 clang without the guards against contraction: did not run"
  fi >> $dir/verdicts

  # And a single product and sum that is fused must show. The macro of the headers takes the number of a line from the environment and
  # fuses what stands there; every 16th is tried, one at a time. Not seen are those whose product is exact, or whose last bit
  # is lost in what follows.
  rm -rf $dir/fused
  mkdir -p $dir/fused/tests
  for header in sphere*.h; do
    sed 's/^#define SPHERE_MADD_(a, b, c) .*/#define SPHERE_MADD_(a, b, c) (fused_line == __LINE__ ? FUSED(a, b, c) : (a) * (b) + (c))/' $header > $dir/fused/$header
    # sphere.h's core serves all four: the copies in the others are not compiled
    awk -v header=$header '/sphere-core end 2/ { core = 1 } /SPHERE_MADD_\(/ && !/#define/ && (core || header == "sphere.h") { print NR, header }' $dir/fused/$header
  done | sort -n | awk '{ n[$1]++; line[NR] = $1 } END { for (i = 1; i <= NR; i++) if (n[line[i]] == 1) print line[i] }' | awk 'NR % 16 == 1' > $dir/fused/lines
  cp tests/hash.c tests/hash*.inc $dir/fused/tests/
  cat > $dir/fused/fused.h <<'TEXT'
#include <stdlib.h>
static int fused_line;
__attribute__((constructor)) static void read_line(void) { const char *text = getenv("FUSED_LINE"); if (text) fused_line = atoi(text); }
#define FUSED(a, b, c) _Generic((a) * (b), float: __builtin_fmaf, default: __builtin_fma)(a, b, c)
TEXT
  cat > $dir/fused/one.sh <<'TEXT'
FUSED_LINE=$1 build/matrix/fused/hash | grep -v '^#' | cmp -s build/matrix/golden - || echo "$1"
TEXT
  if gcc -std=gnu11 -O1 -DSPHERE_NO_SIMD -include $dir/fused/fused.h $dir/fused/tests/hash.c -o $dir/fused/hash -lm > $dir/fused/log 2>&1 && [ -z "$(sh $dir/fused/one.sh 0)" ]; then
    tried=$(($(wc -l < $dir/fused/lines)))
    seen=$(xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 1 sh $dir/fused/one.sh < $dir/fused/lines | wc -l)
    if [ "$tried" -ge 10 ] && [ $((seen * 2)) -gt "$tried" ]; then echo "ok - one product and sum fused: seen in $seen of $tried lines, each by itself"
    else echo "not ok - one product and sum fused: seen in only $seen of $tried lines"; fi
  else
    echo "not ok - one product and sum fused: does not build, or without any the lines are not those of $golden"
  fi >> $dir/verdicts

  # The addition that Cortex-M firmware is told to link, against this machine's own.
  if gcc -std=c99 -O2 $strict -DCORTEX_DOUBLE_TEST tests/cortex_double.c -o $dir/cortex_double > $dir/cortex_double.log 2>&1 && $dir/cortex_double >> $dir/cortex_double.log
  then echo "ok - cortex_double.c: $(sed -n 's/ pairs.*/ pairs as this machine adds and subtracts them/p' $dir/cortex_double.log)"
  else echo "not ok - cortex_double.c: $(grep -m 1 -E 'error|not ok' $dir/cortex_double.log)"; fi >> $dir/verdicts

  # clang-cl as far as a machine without Windows goes: objects for Windows from stand-in headers. Nothing is linked or run.
  mkdir -p $dir/windows
  for pair in 'string:void *memcpy(void *to, const void *from, size_t bytes); void *memmove(void *to, const void *from, size_t bytes); void *memset(void *to, int value, size_t bytes); int memcmp(const void *a, const void *b, size_t bytes);' \
              'stdlib:void *malloc(size_t bytes); void free(void *p);' 'malloc:void *_aligned_malloc(size_t bytes, size_t alignment); void _aligned_free(void *p);' \
              'setjmp:typedef int jmp_buf[64];'; do
    printf '#include <stddef.h>\n#ifdef __cplusplus\nextern "C" {\n#endif\n%s\n#ifdef __cplusplus\n}\n#endif\n' "${pair#*:}" > "$dir/windows/${pair%%:*}.h"
  done
  for header in sphere*.h; do
    printf '#define %s_IMPLEMENTATION\n#include "../../../%s"\n' "$(printf %s "${header%.h}" | tr a-z A-Z)" "$header"
  done > $dir/windows/unit.c
  cp $dir/windows/unit.c $dir/windows/unit.cpp
  resources=$(clang -print-resource-dir)/include
  for job in 'unit.c' 'unit.cpp' '-arch:AVX2 unit.c'; do
    if (cd $dir/windows && clang --driver-mode=cl --target=x86_64-pc-windows-msvc -c -X -W4 -WX -O2 -imsvc . -imsvc "$resources" -Founit.obj $job) > $dir/windows/log 2>&1; then
      echo "ok - clang-cl $job: compiles for Windows (stand-in headers, nothing is run)"
    else
      echo "not ok - clang-cl $job: does not compile for Windows: $(grep -m 1 -E 'error' $dir/windows/log | cut -c 1-160)"
    fi
  done >> $dir/verdicts
fi

cat $dir/verdicts
passed=$(grep -c '^ok' $dir/verdicts)
failed=$(grep -c '^not ok' $dir/verdicts)
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
