#!/bin/sh
# tests/geomag.sh - builds examples/geomag.c with nothing but a C compiler and checks what it promises: the official values of the
# World Magnetic Model, the same bytes from every compiler and machine, the same bits and less than 8 KB of memory on a Cortex-M4F,
# and every kind of bad input. CC chooses the compiler. One line per check, the last line is "N passed, M failed".
#   sh tests/geomag.sh [--quick]     --quick leaves out the Cortex-M4F, whose compiler and emulator are large
. "$(dirname "$0")/check.sh"
quick=${1:-}

# ---- build ---------------------------------------------------------------------------------------------------------------
cd "$root" || exit 1
strict='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror'
geomag=$work/geomag golden=$root/tests/golden/wmm2025.csv
# other NAME COMPILER...: the same program in another way; two processors, so two at a time
other() {
    name=$1; shift
    "$@" -o "$work/$name" examples/geomag.c 2>"$work/$name.log"
}
(other careful gcc -O0 -g -fsanitize=address,undefined -fno-sanitize-recover=all; other clang clang -O1 -std=c99 $strict; other aarch64 aarch64-linux-gnu-gcc -O1 -std=c99 -static $strict) &
others=$!
$CC -O2 -o "$geomag" examples/geomag.c 2>"$work/build"
check "cc -O2 -o geomag examples/geomag.c" test -x "$geomag"
check "without a word from the compiler" empty "$work/build"
[ -x "$geomag" ] || { wait $others; cat "$work/build"; finish; }
check "it asks for no function of libm" sh -c "! nm -u '$geomag' | grep -Ew '(sqrt|sin|cos|tan|atan2?|acos|asin|floor|fabs|fma|pow|exp|log)f?'"
other native gcc -O1 -march=native -std=gnu11 $strict
wait $others
for build in native clang aarch64; do check "strict, $build" empty "$work/$build.log"; cat "$work/$build.log"; done
check "builds with sanitizers" test -x "$work/careful"
ln -s "$root/examples" "$work/examples"
cd "$work" || exit 1

# ---- the official values -------------------------------------------------------------------------------------------------
# worst FILE: largest differences of field, inclination, declination from the official points; the latter two are given to .01 degree
worst() {
    paste -d , "$golden" "$1" | awk -F , 'NR > 1 {
        n++
        for (k = 5; k <= 9; k++) { d = $k - $(k + 12); if (d < 0) d = -d; if (d > field) field = d }
        d = $10 - $22; if (d < 0) d = -d; if (d > inclination) inclination = d
        d = $11 - $23; if (d < 0) d = -d; if (d > 180) d = 360 - d; if (d > declination) declination = d
    } END { print n, field, inclination, declination }'
}
"$geomag" --csv "$golden" >float.csv 2>err
check "the official points can be read" test $? -eq 0 -a ! -s err
"$geomag" --double --csv "$golden" >double.csv 2>err
check "and in double" test $? -eq 0 -a ! -s err
check "titles and the input's own columns" test "$(sed -n '1p;2s/,-255.*//p' float.csv | tr '\n' ' ')" = \
    "year,alt_km,lat,lon,x,y,z,h,f,inclination,declination 2025.000000,28,89,-121 "
set -- $(worst float.csv)
check "float: $1 points, field within $2 nT (.5), inclination $3, declination $4 degrees (.01)" holds "$1 == 50 && $2 < .5 && $3 < .01 && $4 < .01"
set -- $(worst double.csv)
check "double: $1 points, field within $2 nT (.01), inclination $3, declination $4 degrees (.01)" holds "$1 == 50 && $2 < .01 && $3 < .01 && $4 < .01"
check "float and double are not the same" sh -c '! cmp -s float.csv double.csv'
"$work/careful" --csv "$golden" >careful.csv 2>err
check "the sanitizers have nothing to say" test $? -eq 0 -a ! -s err
check "and the build with them prints the same" cmp -s careful.csv float.csv
sed 's/$/\r/; s/,/ ,\t/g' "$golden" | "$geomag" --csv /dev/stdin | tr -d ' \t' >piped.csv
check "from a pipe, with blanks and line ends of another system" cmp -s piped.csv float.csv
{ printf '\n\n'; sed 1d "$golden" | cut -d , -f 1-4; } >bare.csv
"$geomag" --csv bare.csv >out
check "no titles, four columns, empty lines" cmp -s out float.csv
: >nothing.csv
check "an empty file is a table without lines" test "$("$geomag" --csv nothing.csv | wc -l)" -eq 1
"$geomag" --at -66 -5 --alt 37 --year 2027 >out
check "one place by options" sh -c 'grep -q "^  north  *16390\.8 nT" out && grep -q "^  declination  *-17\.22 " out'
"$geomag" --at -66 355 --alt 37 --year 2027 | sed 1d >out2
check "a longitude from 180 to 360" sh -c 'sed 1d out | cut -c 1-26 >a; cut -c 1-26 out2 >b; cmp -s a b'
check "a place where no compass works is named" sh -c '"$1" --at 86 139 | grep -q "below 2000 nT: a compass cannot be used"' sh "$geomag"
for at in '90 0' '-90 0' '90 -180' '0 180' '0 0'; do
    check "--at $at is a number in all lines" sh -c '"$1" --at $2 | sed 1d | grep -c "[0-9]\.[0-9]" >n && ! "$1" --at $2 | grep -qi nan && test $(cat n) -ge 7' sh "$geomag" "$at"
done

# ---- the world -----------------------------------------------------------------------------------------------------------
mkdir world && (cd world && "$geomag" >../world.txt 2>../err)
check "runs without an argument" test $? -eq 0 -a ! -s err
last=$(tail -n 1 world.txt)
echo "# $last"
check "the last line has its form" sh -c "tail -n 1 world.txt | grep -Eq '^geomag: WMM-2025 2025\.0, dip poles [0-9.]+ [0-9.]+ and -[0-9.]+ [0-9.]+, sum [0-9a-f]{8}\$'"
pole() { sed -n "s/^  $1 *\([-0-9.]*\) *\([-0-9.]*\) .*/\1 \2/p" world.txt; }
set -- $(pole 'north dip pole') $(pole 'south dip pole')
check "dip poles $*: 85.76 139.30, -63.85 135.08 as published" holds \
    "$1 > 85.75 && $1 < 85.77 && $2 > 139.25 && $2 < 139.35 && $3 > -63.86 && $3 < -63.84 && $4 > 135.07 && $4 < 135.09"
"$geomag" --double --at "$1" "$2" >out
check "the field there is vertical" holds "$(sed -n 's/^  horizontal *\([0-9.]*\) nT/\1/p' out) < .05"
set -- $(pole 'north geomagnetic')
check "geomagnetic pole $*: 80.85 -72.76 as published" holds "$1 > 80.84 && $1 < 80.86 && $2 > -72.77 && $2 < -72.75"
check "float is within .5 nT of double everywhere" holds "$(sed -n 's/.*differ by at most \([0-9.]*\) nT/\1/p' world.txt) < .5"
check "one file, geomag.svg, below 400 KB" holds "$(wc -c <world/geomag.svg) < 400000 && $(wc -c <world/geomag.svg) > 100000 && $(ls -A world | wc -l) == 1"
check "it is well-formed XML" python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' world/geomag.svg
check "and needs nothing from outside" sh -c '! grep -Eq "href=\"[^#]|@import|url\(" world/geomag.svg'
check "the poles and the lines of no declination are on it" \
    test "$(grep -c 'dip pole\|geomagnetic pole' world/geomag.svg)" -ge 4 -a "$(grep -c '<path class="a" d=' world/geomag.svg)" -ge 2
mkdir later && "$geomag" --year 2029.5 --out later >later.txt
check "another date: other poles, another picture" sh -c "! cmp -s later/geomag.svg world/geomag.svg && tail -n 1 later.txt | grep -q '^geomag: WMM-2025 2029.5, '"

# same NAME RUNNER: the program built so prints and draws the same
same() {
    rm -rf there; mkdir there
    (cd there && $2 ../$1 >../there.txt 2>&1)
    check "$1: the same text" cmp -s there.txt world.txt
    check "$1: the same picture" cmp -s there/geomag.svg world/geomag.svg
    $2 ./$1 --double --csv "$golden" >there.csv 2>&1
    check "$1: the same in double" cmp -s there.csv double.csv
}
same careful
same native
same clang
same aarch64 qemu-aarch64-static

# ---- a microcontroller ---------------------------------------------------------------------------------------------------
# The same source with -DGEOMAG_FIRMWARE, the model as a table, the official points compiled in. The linker gives it 8 KB of RAM, of which it
# may use all: it does not link or dies when that is too little. It paints its stack and prints data and stack in bytes.
mkdir firmware
"$geomag" --table >firmware/geomag_table.h
check "the table of the firmware" test $? -eq 0
awk -F , 'NR > 1 { printf "%s { %.9gf, %.9gf, %.9gf, %.9gf }", (NR > 2 ? "," : "#define GEOMAG_PLACES"), $1 - 2025, $2, $3, $4 }
          END { printf "\n" }' "$golden" | sed 's/\([{ ]-\{0,1\}[0-9]\{1,\}\)f/\1.0f/g' >>firmware/geomag_table.h
$CC -O1 -std=c99 $strict -DGEOMAG_FIRMWARE -Ifirmware -o bits "$root/examples/geomag.c" 2>build
check "the firmware builds here" test -x bits
[ -s build ] && cat build
./bits >native.txt
check "and prints 50 lines of bits" test "$(grep -Ec '^([0-9a-f]{8} ){6}[0-9a-f]{8}$' native.txt)" -eq 50
# from bits to decimal numbers, in a language that has no bits
awk 'function number(h,  i, v, sign, e) {
         for (i = 1; i <= 8; i++) v = v * 16 + index("0123456789abcdef", substr(h, i, 1)) - 1
         sign = v >= 2147483648 ? -1 : 1; if (sign < 0) v -= 2147483648
         e = int(v / 8388608); v -= e * 8388608
         return sign * (e ? (v + 8388608) * 2 ^ (e - 150) : v * 2 ^ -149) }
     { for (k = 1; k <= 7; k++) printf "%.4f%s", number($k), k < 7 ? "," : "\n" }' native.txt >decoded.csv
sed 1d float.csv | cut -d , -f 5- >wanted.csv
check "they are the numbers that --csv prints" cmp -s decoded.csv wanted.csv
if [ "$quick" != --quick ]; then
arm='-Wl,--defsym=__flash=0 -Wl,--defsym=__flash_size=0x80000 -Wl,--defsym=__ram=0x20000000 -Wl,--defsym=__ram_size=0x2000 -Wl,--defsym=__stack_size=0x400'
arm-none-eabi-gcc -std=gnu11 -O2 -ffunction-sections -fdata-sections -DGEOMAG_FIRMWARE -DGEOMAG_BARE -Ifirmware -mthumb -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 \
    -mfloat-abi=hard --specs=picolibc.specs --oslib=semihost --crt0=hosted $arm -Wl,--gc-sections -o bare "$root/examples/geomag.c" 2>build
check "it links for a Cortex-M4F with 8 KB of RAM" test -x bare
[ -s build ] && cat build
timeout 60 qemu-system-arm -M mps2-an386 -display none -serial none -monitor none -semihosting-config enable=on,target=native -kernel bare >bare.txt 2>&1
check "it runs there" test $? -eq 0
grep -v '^#' bare.txt >bits.txt
check "with the same bits" cmp -s bits.txt native.txt
set -- $(sed -n 's/^#//p' bare.txt)
data=$((0x${1:-7fff})) stack=$((0x${2:-7fff}))
check "in $((data + stack)) bytes of RAM: $data of data, $stack of stack (8192)" test $((data + stack)) -lt 8192
echo "# flash: $(arm-none-eabi-size bare 2>/dev/null | awk 'NR == 2 { print $1 + $2 }') bytes"
fi

# ---- bad input: one sentence, exit code 1 for data, 2 for the command line, nothing on stdout, no file ---------------------
mkdir here
# bad NAME CODE WORD ARGUMENT...
bad() {
    name=$1 want=$2 word=$3; shift 3
    (cd here && "$work/careful" "$@" >"$work/out" 2>"$work/err")
    code=$?
    check "$name" test $code -eq "$want" -a ! -s out -a "$(wc -l <err)" -eq 1 -a "$(grep -c -- "^geomag: .*$word.*\\.\$" err)" -eq 1 -a "$(ls -A here | wc -l)" -eq 0
    [ $code -eq "$want" ] || cat err
    rm -f here/*                                   # what one failure leaves is not the next one's
}
model=$root/examples/data/WMM2025.COF
cof() { bad "$1" 1 "$2" --cof ../x.cof; }
bad "missing model" 1 "cannot open" --cof none.cof
bad "missing points" 1 "cannot open" --csv none.csv
bad "a directory as model" 1 "is a directory" --cof .
bad "a directory as points" 1 "is a directory" --csv .
: >x.cof;                                                             cof "empty model" truncated
echo hello >x.cof;                                                    cof "no model" "is not a model"
cp "$work/world/geomag.svg" x.cof;                                    cof "a picture as model" "is not a model"
head -c 3000 /dev/zero >x.cof;                                        cof "zeros as model" "is not a model"
sed '$d' "$model" | sed '$d' >x.cof;                                  cof "model without its end" "truncated: no line of nines"
sed '80,90d' "$model" >x.cof;                                         cof "a gap in the middle" "where .* are due"
sed '89,91d' "$model" >x.cof;                                         cof "last degree incomplete" "truncated: degree 12"
sed '5{h;d};6G' "$model" >x.cof;                                      cof "two lines exchanged" "where 2 and 1 are due"
sed '7p' "$model" >x.cof;                                             cof "a line twice" "where 3 and 1 are due"
sed '3s/4545.4/nan/' "$model" >x.cof;                                 cof "a NaN" "'nan' is not a finite"
sed '3s/4545.4/-inf/' "$model" >x.cof;                                cof "an infinity" "'-inf' is not a finite"
sed '3s/4545.4/1e999/' "$model" >x.cof;                               cof "an overflow" "'1e999' is not a finite"
sed '3s/4545.4/0x1p3/' "$model" >x.cof;                               cof "a hexadecimal number" "is not a finite"
sed '3s/4545.4/4545.4e9/' "$model" >x.cof;                            cof "too large a coefficient" "is not a coefficient"
sed '3s/4545.4//' "$model" >x.cof;                                    cof "a number missing" "has 5 numbers"
sed '3s/$/ 1/' "$model" >x.cof;                                       cof "a number too many" "more than six"
sed '2s/0.0 /1.0 /' "$model" >x.cof;                                  cof "h of order 0" "order 0 multiplies nothing"
sed '91s/$/\n 13  0  1.0 0.0 0.0 0.0/' "$model" >x.cof;               cof "degree 13" "degree 13 is too large"
sed '3s/  1  1/  1 -1/' "$model" >x.cof;                              cof "a negative order" "order -1"
sed '3s/  1  1/1.5  1/' "$model" >x.cof;                              cof "half a degree" "degree 1.5"
sed '1s/2025.0/NaN/' "$model" >x.cof;                                 cof "no epoch" "first line must be"
sed '1s/WMM.*//' "$model" >x.cof;                                     cof "no name" "first line must be"
{ cat "$model"; echo "13 0 1 0 0 0"; } >x.cof;                        cof "text after the end" "after the line of nines"
cut=0
for length in 1 5 20 49 50 70 97 98 500 1000 2000 3000 4000 4300 4400 4455; do
    head -c $length "$model" >x.cof
    (cd here && "$work/careful" --cof ../x.cof >"$work/out" 2>"$work/err")
    [ $? -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] && [ ! -s out ] && cut=$((cut + 1))
done
check "cut after 16 different lengths" test $cut -eq 16
sed '1s/2025.0/2030.0/; 1s/WMM-2025/<b>\&"X"/' "$model" >x.cof
check "another model has other years, and any name is escaped" sh -c \
    '"$1" --cof x.cof --out later | tail -n 1 | grep -q "^geomag: <b>&\"X\" 2030.0, " && python3 -c "import xml.dom.minidom; xml.dom.minidom.parse(\"later/geomag.svg\")"' sh "$work/careful"
sed '2,4!d' "$model" | { sed 1q "$model"; sed '3,$d'; echo 9999; } >x.cof
check "a model of degree 1" sh -c '"$1" --cof x.cof --at 0 0 >/dev/null' sh "$work/careful"

csv() { printf "$3" >x.csv; bad "$1" 1 "$2" --csv ../x.csv; }
csv "three columns" "line 2 has 3 of the four columns" 'year,alt,lat,lon\n2025,0,10\n'
csv "one column" "line 1 has 1 of the four columns" '2025\n'
csv "titles twice" "line 2: the year 'year' is not" 'year,alt,lat,lon\nyear,alt,lat,lon\n'
csv "an empty field" "the height '' is not" '2025,,10,10\n'
csv "a word" "the latitude 'ten' is not" '2025,0,ten,10\n'
csv "a NaN" "the longitude 'nan' is not" '2025,0,10,nan\n'
csv "two numbers in a field" "the height '0 0' is not" '2025,0 0,10,10\n'
csv "semicolons" "line 1 has 1 of the four" '2025;0;10;10\n'
csv "a byte 0" "is not a decimal number" '2025,0,1\0000,10\n'
csv "a field of 100 digits" "is not a decimal number" "2025,0,$(printf %0100d 1),10\\n"
csv "latitude 90.1" "latitude 90.1 is not between" '2025,0,10,10\n2025,0,90.1,10\n'
csv "latitude -91" "latitude -91 is not between" '2025,0,-91,10\n'
csv "longitude 361" "longitude 361 is not between" '2025,0,1,361\n'
csv "longitude -181" "longitude -181 is not between" '2025,0,1,-181\n'
csv "below the ground" "height -1.5 km is outside" '2025,-1.5,1,1\n'
csv "in space" "height 851 km is outside" '2025,851,1,1\n'
csv "before the model" "line 3: the year 2024.99 is outside the years 2025 to 2030" '2025,0,1,1\n\n2024.99,0,1,1\n'
csv "after the model" "the year 2030.01 is outside the years 2025 to 2030" '2030.01,0,1,1\n'
printf '2025,0,10,10\n2025,0,95,10\n' >x.csv
bad "a bad line behind a good one: nothing is printed" 1 "line 2" --csv ../x.csv

bad "--year before the model" 1 "outside the years 2025 to 2030" --year 2019
bad "--at without a number" 2 "needs two numbers" --at 59
bad "--at 91" 2 "needs a number from -90 to 90" --at 91 0
bad "--at with a word" 2 "needs a number from -180 to 360" --at 9 east
bad "--at with NaN" 2 "needs a number" --at nan 0
bad "--at=" 2 "without '='" --at=1,2
bad "--alt too high" 2 "needs a number from -1 to 850" --at 0 0 --alt 900
bad "--alt alone" 2 "needs --at" --alt 5
bad "--csv and --at" 2 "exclude each other" --csv x --at 0 0
bad "--csv and --year" 2 "does not go with" --csv x --year 2026
bad "--csv without a name" 2 "needs a value" --csv
bad "an unknown option" 2 "no option" --colour red
bad "a plain argument" 2 "is not an option" places.csv
bad "a place to write that is not there" 1 "cannot write" --out none
"$geomag" --help >out 2>err
check "--help" sh -c 'test $? -eq 0 && grep -q "^  --csv FILE" out && ! [ -s err ]'
"$geomag" --at 0 0 >/dev/full 2>err
check "a full disk behind stdout" test $? -eq 1 -a "$(grep -c 'cannot write the report' err)" -eq 1
finish
