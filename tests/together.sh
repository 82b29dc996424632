#!/bin/sh
# The headers beside each other: every include order, all implementations in one file or one each, C and C++ mixed, static
# twice, linked without -lm, and the symbols that the objects define and need.
#   sh tests/together.sh [--quick]     --quick: fewer compilers and levels of optimisation
# Ends with "N passed, M failed".
set -u
cd "$(dirname "$0")/.." || exit 1
top=$(pwd)
quick=${1:-}
headers=$(ls sphere*.h)
strict='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror'
passed=0
failed=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
cp $headers "$dir/"
cd "$dir" || exit 1

ok() { printf 'ok - %s\n' "$1"; passed=$((passed + 1)); }
bad() { printf 'not ok - %s\n' "$1"; [ -s log ] && grep -m 4 -E 'error|warning|undefined|multiple' log | cut -c 1-240; failed=$((failed + 1)); }
# try WHAT COMMAND...: one check, the command's own success
try() { what=$1; shift; if "$@" > log 2>&1; then ok "$what"; else bad "$what"; fi; }
upper() { printf %s "${1%.h}" | tr a-z A-Z; }
# permutations WORDS: every order, one a line
permutations() {
  if [ $# -le 1 ]; then echo "$*"; return; fi
  for first; do
    rest=
    for other; do [ "$other" = "$first" ] || rest="$rest $other"; done
    permutations $rest | sed "s/^/$first /"
  done
}
# A function's variables are the caller's too: these have names of their own.
includes() { for included; do printf '#include "%s"\n' "$included"; done; }
defines() { suffix=$1; shift; for defined; do printf '#define %s_%s\n' "$(upper "$defined")" "$suffix"; done; }

# Every function that a header declares, by the preprocessor; the table that main links against is made of them.
for h in $headers; do
  gcc -std=c99 -E -P "$h" | tr '\n' ' ' | tr ';{}' '\n\n\n' | sed -nE 's/^.*extern[^(]*[ *](sphere_[a-z0-9_]+)\(.*$/\1/p'
done | sort > declared
{
  includes $headers
  echo 'typedef void (*any)(void);'
  echo 'extern any const table[];'
  echo 'any const table[] = {'
  sed 's/.*/    (any)&,/' declared
  echo '    (any)0 };'
  echo 'int main(void)'
  echo '{'
  echo '    unsigned i = 0;'
  echo '    while (table[i]) i++;'
  echo "    return i == $(wc -l < declared)u && sphere_status_text(SPHERE_OK) ? 0 : 1;"
  echo '}'
} > main.c
cp main.c main.cpp
if [ -s declared ]; then ok "$(wc -l < declared) declared functions"; else bad 'no declared function was found'; fi

# 1. All implementations in one file, in every order; the declarations came before in the opposite order. Every order goes through the
# front end of gcc; each compiler builds and links the first order and the last, which is the first one backwards.
permutations $headers > orders
units() {
  backwards=
  for h in $order; do backwards="$h $backwards"; done
  { defines IMPLEMENTATION $order; includes $order; } > $1.c
  { includes $backwards; defines IMPLEMENTATION $headers; includes $order; includes $backwards; } > $2.c
}
n=0
while read -r order; do
  n=$((n + 1))
  units order$n.1 order$n.2
done < orders
printf 'if gcc -std=c99 -fsyntax-only %s $1 > $1.log 2>&1; then echo ok; else echo "not ok - $(sed -n 2,9p $1 | tr -d \\n) $(grep -m 1 error $1.log)"; fi\n' "$strict" > syntax.sh
ls order*.c | xargs -P "$(getconf _NPROCESSORS_ONLN)" -n 1 sh syntax.sh > syntax
if [ "$(grep -c '^ok$' syntax)" = $((2 * n)) ]; then ok "$n orders, declared before or not: gcc"; else bad "orders of inclusion: $(grep -m 3 -v '^ok$' syntax)"; fi
[ "$quick" = --quick ] || head -n 1 orders > some
tail -n 1 orders >> some
while read -r order; do
  units one two
  cp one.c one.cpp
  cp two.c two.cpp
  for unit in one two; do
    case $unit in one) how='declared by their implementations' ;; two) how='declared before, in the opposite order' ;; esac
    try "$order: $how: gcc" gcc -std=c99 -O0 $strict $unit.c main.c -o all
    try "$order: $how: clang" clang -std=c99 -O0 $strict $unit.c main.c -o all
    try "$order: $how: g++" g++ -std=c++11 -O0 $strict $unit.cpp main.cpp -o all
    try "$order: $how: clang++" clang++ -std=c++11 -O0 $strict $unit.cpp main.cpp -o all
  done
done < some

# 2. One implementation per object, linked by each compiler into one program that runs; then C objects into a C++ program.
for compiler in gcc clang g++ clang++; do
  case $compiler in *++) std=c++11 end=cpp ;; *) std=c99 end=c ;; esac
  objects=
  sound=1
  for h in $headers; do
    name=${h%.h}
    # The other headers' declarations come along, as in a user's file.
    { includes $headers; defines IMPLEMENTATION "$h"; includes "$h"; } > "$name.$end"
    $compiler -std=$std -O0 $strict -c "$name.$end" -o "$name.$compiler.o" > log 2>&1 || sound=0
    objects="$objects $name.$compiler.o"
  done
  if [ $sound = 1 ] && $compiler -std=$std -O0 $strict main.$end $objects -o many > log 2>&1 && ./many; then
    ok "one object each: $compiler"
  else
    bad "one object each: $compiler"
  fi
  nm -g --defined-only $objects | awk 'NF == 3 { print $3 }' | sort > defined
  if diff declared defined > log; then ok "declared is defined, and nothing else: $compiler"; else bad "declared is not what is defined: $compiler"; head -n 5 log; fi
done
objects=
for h in $headers; do objects="$objects ${h%.h}.gcc.o"; done
try 'C objects in a C++ program' g++ -std=c++11 -O0 $strict main.cpp $objects -o mixed
try 'C objects of clang in a program of gcc' gcc -std=c99 -O0 $strict main.c $(printf '%s\n' $objects | sed 's/gcc/clang/') -o mixed

# 3. Static implementations in two files of one program, and beside the extern ones: no clash, nothing visible.
for compiler in gcc clang g++ clang++; do
  case $compiler in *++) std=c++11 end=cpp ;; *) std=c99 end=c ;; esac
  for n in 1 2; do
    { defines STATIC $headers; defines IMPLEMENTATION $headers; includes $headers
      echo "extern const char *user$n(void);"
      echo "const char *user$n(void) { return sphere_status_text(sphere_simd_best() ? SPHERE_OK : SPHERE_E_NULL); }"; } > static$n.$end
  done
  { echo 'extern const char *user1(void); extern const char *user2(void);'
    echo 'int main(void) { return user1() && user2() ? 0 : 1; }'; } > static.$end
  try "static twice: $compiler" $compiler -std=$std -O0 $strict -Wno-unused-function static.$end static1.$end static2.$end -o twice
  try "static twice beside extern: $compiler" $compiler -std=$std -O0 $strict -Wno-unused-function static.$end static1.$end static2.$end \
      $(for h in $headers; do echo "${h%.h}.$compiler.o"; done) -o twice
  rm -f static1.o
  $compiler -std=$std -O0 -c static1.$end -o static1.o > log 2>&1
  if [ -s static1.o ] && [ -z "$(nm -g --defined-only static1.o | awk 'NF == 3 && $3 !~ /user1/')" ]; then ok "static shows no symbol: $compiler"; else bad "static shows a symbol: $compiler"; fi
done

# 4. What an object defines and needs. -fno-pie keeps tables of pointers out of the writable sections, where nothing may be.
{ defines IMPLEMENTATION $headers; includes $headers; } > all.c
cp all.c all.cpp
symbols() {
  if [ "$quick" = --quick ]; then printf '%s\n' 'gcc -O2' 'clang -O0' 'g++ -O0' 'aarch64-linux-gnu-gcc -O0'
  else for c in gcc clang g++ clang++ aarch64-linux-gnu-gcc; do printf '%s\n' "$c -O0" "$c -O2"; done; fi
}
symbols > tries
while read -r try; do
  case $try in *++*) end=cpp ;; *) end=c ;; esac
  rm -f all.o
  $try -fno-pie -c all.$end -o all.o > log 2>&1
  case $try in aarch64*) nm=aarch64-linux-gnu-nm ;; *) nm=nm ;; esac
  leaked=$($nm -g --defined-only all.o | awk 'NF == 3 && $3 !~ /^sphere_/ { print $3 }')
  needed=$($nm -u all.o | awk '{ print $2 }' |
    grep -vxE 'memcpy|memmove|memset|memcmp|__cpu_model|__cpu_indicator_init|__cpu_features2|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail')
  state=$($nm all.o | awk '$2 ~ /^[BbDdCGgSs]$/ { print $3 }')
  : > log
  if [ -s all.o ] && [ -z "$leaked$needed$state" ]; then
    ok "symbols: $try"
  else
    bad "symbols: $try: defines [$leaked], needs [$needed], writable [$state]"
  fi
done < tries

# No compiler that may fuse a product and a sum does, on a processor that can; the compilers' own ways around their options included.
for try in 'gcc -std=gnu11 -O3 -mavx2 -mfma -ffp-contract=fast' 'clang -std=gnu11 -O3 -mavx2 -mfma' 'gcc -std=gnu11 -O2 -mavx2 -mfma' 'clang -std=c99 -O2 -ffp-contract=fast' 'g++ -std=c++17 -O3 -mavx2 -mfma'; do
  case $quick$try in --quick*-O2*|--quick*++*|--quickclang*) continue ;; esac
  case $try in *++*) end=cpp ;; *) end=c ;; esac
  rm -f fused.o
  $try -c all.$end -o fused.o > log 2>&1
  if [ -s fused.o ] && fused=$(objdump -d fused.o | grep -cE 'vfn?m(add|sub)'); [ "$fused" = 0 ]; then ok "nothing is fused: $try"; else bad "${fused:-no object:} fused instructions: $try"; fi
done

# The macros that windows.h and complex.h leave behind.
macros='-Dnear= -Dfar= -Dsmall=char -Dhyper=long -Dinterface=struct -Dmin(a,b)=(((a)<(b))?(a):(b)) -Dmax(a,b)=(((a)>(b))?(a):(b)) -DIN= -DOUT= -DCONST=const -DERROR=0 -DI=1i'
if gcc -std=c99 $macros -c all.c -o macros.o > log 2>&1; then ok 'the macros of windows.h and complex.h do no harm'; else bad 'a name is a macro of windows.h or complex.h'; fi

# 5. Headers of different versions refuse each other.
for h in $headers; do
  [ "$h" = sphere.h ] && continue
  mkdir -p old
  sed -E 's/(SPHERE_CORE_VERSION (!= )?)[0-9]+/\1999/' "$h" > "old/$h"
  if gcc -std=c99 -fsyntax-only -include sphere.h "old/$h" > log 2>&1; then
    bad "an older $h beside sphere.h must not compile"
  elif grep -q 'update every sphere' log; then
    ok "an older $h beside sphere.h says what to do"
  else
    bad "an older $h beside sphere.h gives another error"
  fi
done

cd "$top" || exit 1
printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
