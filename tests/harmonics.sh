#!/bin/sh
# tests/harmonics.sh - builds examples/harmonics.c with nothing but a C compiler and checks what it promises: the picture of the README, a table
# that agrees with what other programs publish, the same bytes everywhere, every kind of bad option. CC chooses the compiler.
# One line per check, the last line is "N passed, M failed".
. "$(dirname "$0")/check.sh"

cd "$root" || exit 1
harmonics=$work/harmonics
$CC -O2 -o "$harmonics" examples/harmonics.c 2>"$work/build"
check "cc -O2 -o harmonics examples/harmonics.c" test -x "$harmonics"
check "without a word from the compiler" empty "$work/build"
[ -x "$harmonics" ] || { cat "$work/build"; finish; }
check "it asks for no function of libm" sh -c "! nm -u '$harmonics' | grep -Ew '(sqrt|sin|cos|tan|atan2?|acos|asin|floor|fabs|fma|pow|exp|log)f?'"
gcc -O0 -g -fsanitize=address,undefined -fno-sanitize-recover=all -o "$work/careful" examples/harmonics.c 2>"$work/build"
check "builds with sanitizers" test -x "$work/careful"
clang -std=gnu11 -O1 -march=native -DSPHERE_NO_SIMD -DEX_NO_THREADS -o "$work/plain" examples/harmonics.c 2>"$work/build"
check "builds with clang, without threads and vectors" test -x "$work/plain"
gcc -std=c99 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror -fsyntax-only examples/harmonics.c 2>"$work/build"
check "strict, -std=c99" empty "$work/build"

cd "$work" || exit 1
"$harmonics" >out 2>err
check "runs without an argument" test $? -eq 0 -a ! -s err
echo "# $(tail -n 1 out)"
check "the last line has its form" sh -c "tail -n 1 out | grep -Eq '^harmonics: 16 harmonics in harmonics-out/harmonics\.svg, orthonormal within [0-9]\.[0-9]e-0[0-9]\$'"
check "orthonormal to rounding" holds "$(sed -n 's/.*orthonormal within //p' out) < 5e-7"
check "one file" test "$(ls -A harmonics-out)" = harmonics.svg
check "it is the picture of the README" cmp -s harmonics-out/harmonics.svg "$root/examples/harmonics.svg"
check "it is well-formed XML" python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' harmonics-out/harmonics.svg
# What others publish: DirectX negates all odd orders, Unity's polynomials are bare; g and h run g00, g10, g11, h11, g20, g21, h21, g22, h22;
# healpy has order after order (l = 0..3 of m = 0, then 1..3 of m = 1 ...), sines negated, and its sign once more for odd orders.
sed '1d;$d' out | tr -s ' ' >table
cat >want <<'END'
 0 0 0 +0 +0 +0 +re 0
 1 1 -1 -1 +1 +3 +im 4
 2 1 0 +2 +2 +1 +re 1
 3 1 1 -3 +3 +2 -re 4
 4 2 -2 +4 +4 +8 -im 7
 5 2 -1 -5 +5 +6 +im 5
 6 2 0 +6 +6 +4 +re 2
 7 2 1 -7 +7 +5 -re 5
 8 2 2 +8 +8 +7 +re 7
 9 3 -3 -9 - +15 +im 9
 10 3 -2 +10 - +13 -im 8
 11 3 -1 -11 - +11 +im 6
 12 3 0 +12 - +9 +re 3
 13 3 1 -13 - +10 -re 6
 14 3 2 +14 - +12 +re 8
 15 3 3 -15 - +14 -re 9
END
check "the table is the published one" cmp -s table want
for build in careful plain; do
    mkdir $build.there
    (cd $build.there && ../$build >out 2>&1)
    check "$build: the same text and picture" sh -c "cmp -s out $build.there/out && cmp -s harmonics-out/harmonics.svg $build.there/harmonics-out/harmonics.svg"
done
for degree in 0 1 6; do
    ./careful --degree $degree --turn -130 --tilt 40 --out deg$degree >out 2>err
    check "to degree $degree: $(((degree + 1) * (degree + 1))) harmonics" test $? -eq 0 -a ! -s err -a "$(grep -c '^ *[0-9]' out)" -eq $(((degree + 1) * (degree + 1)))
done

# bad NAME CODE WORD ARGUMENT...: one sentence on stderr, nothing on stdout, no file
mkdir here
bad() {
    name=$1 want=$2 word=$3; shift 3
    (cd here && ../careful "$@" >../out 2>../err)
    code=$?
    check "$name" test $code -eq "$want" -a ! -s out -a "$(wc -l <err)" -eq 1 -a "$(grep -c -- "^harmonics: .*$word.*\\.\$" err)" -eq 1 -a "$(ls -A here | wc -l)" -eq 0
    rm -rf here/*
}
bad "--degree 7" 2 "from 0 to 6, not '7'" --degree 7
bad "--degree -1" 2 "not '-1'" --degree -1
bad "--degree 2x" 2 "not '2x'" --degree 2x
bad "--degree without a number" 2 "needs a value" --degree
bad "--turn with a word" 2 "not 'east'" --turn east
bad "--turn 361" 2 "not '361'" --turn 361
bad "--tilt with NaN" 2 "not 'nan'" --tilt nan
bad "an unknown option" 2 "no option" --colour red
bad "a plain argument" 2 "" picture.svg
: >plain.txt
bad "a directory that is a file" 1 "plain.txt" --out ../plain.txt
"$harmonics" --help >out 2>err
check "--help" sh -c 'test $? -eq 0 && grep -q "^  --degree L" out && ! [ -s err ]'
finish
