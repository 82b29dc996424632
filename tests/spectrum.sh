#!/bin/sh
# tests/spectrum.sh - builds examples/spectrum.c with nothing but a C compiler and checks what it promises: powers that are known or computed
# another way, exact round trips, maps with north up, the same bytes from every compiler and machine, and every kind of bad input.
# CC chooses the compiler. One line per check, the last line is "N passed, M failed".
. "$(dirname "$0")/check.sh"

# ---- build: two at a time -------------------------------------------------------------------------------------------------
cd "$root" || exit 1
spectrum=$work/spectrum land=$root/examples/data/land.npy
source=examples/spectrum.c
{ $CC -O2 -pthread -o "$spectrum" $source >"$work/build" 2>&1
  clang -O1 -DEX_NO_THREADS -o "$work/clang" $source >"$work/build.clang" 2>&1
  aarch64-linux-gnu-gcc -static -O1 -DEX_NO_THREADS -o "$work/aarch64" $source >"$work/build.aarch64" 2>&1; } &
{ gcc -O0 -fsanitize=address,undefined -fno-sanitize-recover=all -pthread -o "$work/careful" $source >"$work/build.careful" 2>&1
  gcc -std=c99 -O1 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror -fsyntax-only $source >"$work/build.strict" 2>&1; }
wait
check "cc -O2 -pthread -o spectrum examples/spectrum.c" test -x "$spectrum"
check "without a word from the compiler" empty "$work/build"
[ -x "$spectrum" ] || { cat "$work/build"; finish; }
check "it asks for no function of libm" sh -c "! nm -u '$spectrum' | grep -Ew '(sqrt|sin|cos|tan|atan2?|acos|asin|floor|fabs|fma|pow|exp|log|log10)f?'"
for build in careful clang aarch64; do check "builds: $build" test -x "$work/$build"; cat "$work/build.$build"; done
check "strict, -std=c99" empty "$work/build.strict"
head -n 5 "$work/build.strict"
cd "$work" || exit 1

# ---- tables of known fields, and the slowest runs, which go on beside the others ----------------------------------------------
cat >tables.py <<'END'
# Lines on standard input, FILE ROWS COLUMNS POLES TYPE FORMULA, make .npy files of formulas in t (colatitude), p (azimuth), i, j
import random, struct, sys
from math import *
for line in sys.stdin:
    name, rows, columns, poles, kind, formula = line.split(None, 5)
    rows, columns, poles, formula = int(rows), int(columns), int(poles), compile(formula, 'formula', 'eval')
    random.seed(1)
    text = ("{'descr': '<%s', 'fortran_order': False, 'shape': (%d, %d), }" % (kind, rows, columns)).ljust(117) + '\n'
    with open(name, 'wb') as f:
        f.write(b'\x93NUMPY\1\0\x76\0' + text.encode())
        for i in range(rows):
            t = pi * i / max(rows - 1, 1) if poles else pi * (i + .5) / rows
            for j in range(columns):
                p = 2 * pi * (j + .5) / columns
                f.write(struct.pack({'f4': '<f', 'f8': '<d'}[kind], eval(formula)))
END
python3 tables.py <<'END'
known1.npy      20 40   0 f8 3 + 2 * cos(t)
known2.npy      21 40   1 f8 sin(t)**2 * cos(2 * p)
known5.npy      33 34   0 f8 sin(t)**5 * sin(5 * p)
known16.npy     33 34   0 f8 sin(t)**16 * cos(16 * p)
random0.npy     14 24   0 f4 random.random()
random1.npy     15 24   1 f4 random.random()
wide.npy        14 24   0 f8 struct.unpack('<f', struct.pack('<f', random.random()))[0]
odd.npy         61 122  0 f4 random.random() + cos(3 * t)
zero.npy        20 40   0 f4 0
one.npy         20 40   0 f4 1
faint.npy       20 40   0 f4 -7.5e-20
huge.npy        20 40   0 f4 1e25
tiny.npy        20 40   0 f4 1e-30 * random.random()
warm.npy        20 40   0 f4 288 + 1e-4 * cos(t)
shape1.npy      3 4     0 f4 random.random()
shape2.npy      4 4     0 f4 random.random()
shape3.npy      3 100   0 f4 random.random()
shape4.npy      100 4   0 f4 random.random()
shape5.npy      9 122   0 f4 random.random()
polar.npy       21 40   1 f4 cos(t)
<&"x".npy       20 40   0 f4 cos(t)
row1.npy        1 40    0 f4 t
row2.npy        2 40    0 f4 t
columns41.npy   20 41   0 f4 t
columns1.npy    20 1    0 f4 t
columns2.npy    20 2    0 f4 t
nan.npy         20 40   0 f4 nan if i == 7 else 1
infinite.npy    20 40   0 f8 inf if i == 3 else 1
e300.npy        20 40   0 f8 1e300
e38.npy         20 40   0 f4 3e38
forty.npy       20 40   0 f4 -40
narrow.npy      41 10   0 f4 1
END
# draw COMMAND...: the shipped map in there, an odd table in double in two
draw() {
    rm -rf there two; mkdir there two
    "$@" --file "$land" --scale 0.0039215686274509803 --out there >there.txt 2>&1
    "$@" odd.npy --double --window lanczos --out two >two.txt 2>&1
}
mkdir emulated && (cp odd.npy emulated && cd emulated && draw qemu-aarch64-static "$work/aarch64") &

# ---- land and sea --------------------------------------------------------------------------------------------------------
mkdir world other
(cd world && "$spectrum" --file "$land" --scale 0.0039215686274509803 >../named.txt 2>../err && mv spectrum.csv ../named.csv)
check "a named table" test $? -eq 0 -a ! -s err
(cd "$root" && "$spectrum" --out "$work/world" >"$work/world.txt" 2>"$work/err")
check "runs without an argument" test $? -eq 0 -a ! -s err
echo "# $(tail -n 1 world.txt)"
check "the last line has its form" sh -c "tail -n 1 world.txt | grep -Eq '^spectrum: land\.npy, degree 179, float, mean 0\.2[0-9]{5}, variance 0\.[0-9]{6}, slope -1\.[0-9]{3}, sum [0-9a-f]{8}\$'"
check "the shipped table is the named one" cmp -s named.csv world/spectrum.csv
check "three files and nothing else" test "$(ls -A world | tr '\n' ' ')" = "spectrum.csv spectrum.png spectrum.svg "
check "pictures below 200 KB" holds "$(wc -c <world/spectrum.png) < 200000 && $(wc -c <world/spectrum.svg) < 200000"
for picture in svg png; do check "examples/spectrum.$picture is what it draws" cmp -s "world/spectrum.$picture" "$root/examples/spectrum.$picture"; done
check "the graph is well-formed XML" python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' world/spectrum.svg
check "and needs nothing from outside" sh -c '! grep -Eq "href=|@import|url\(" world/spectrum.svg'
check "it says the round trip and Parseval" test "$(grep -c 'Round trip\|Parseval' world/spectrum.svg)" -ge 1
# value LINE COLUMN FILE: a number of the report
value() { sed -n "s/^  $1 *//p" "$3" | tr -d ',' | tr -s ' ' '\n' | grep -E '^[0-9.]' | sed -n "$2p"; }
trip=$(value 'round trip' 1 world.txt) wide_trip=$(value 'round trip' 2 world.txt)
check "round trip in float $trip (2e-6), in double $wide_trip (2e-14)" holds "$trip > 0 && $trip < 2e-6 && $wide_trip > 0 && $wide_trip < 2e-14"
sum=$(value Parseval 1 world.txt) wide_sum=$(value Parseval 2 world.txt)
check "Parseval in float $sum (1e-6), in double $wide_sum (1e-14)" holds "$sum < 1e-6 && $wide_sum < 1e-14"
check "the variance of the band is below that of the table, by less than 3 %" \
    sh -c "sed -n 's/.*, variance \([0-9.]*\) to this degree, \([0-9.]*\) in the table.*/\1 \2/p' world.txt | awk '{ exit !(\$1 < \$2 && \$1 > .97 * \$2) }'"
check "180 degrees in the table for others, shares that rise to 1" awk -F , \
    'NR == 1 { next } { bad += $1 != NR - 2 || $2 <= 0 || $3 < last; last = $3 } END { exit bad || NR != 181 || last != 1 }' world/spectrum.csv
"$spectrum" --file "$land" --double --scale 0.0039215686274509803 --out other >double.txt
check "float and double agree" sh -c "paste -d , world/spectrum.csv other/spectrum.csv | awk -F , 'NR > 1 { d = \$2 / \$5 - 1; if (d < 0) d = -d; if (d > 2e-4) bad++ } END { exit bad || NR != 181 }'"
check "and are not the same" sh -c '! cmp -s world/spectrum.csv other/spectrum.csv && tail -n 1 double.txt | grep -q ", double, "'
"$spectrum" --file "$land" --degree 60 --scale 0.0039215686274509803 --out other >sixty.txt
check "to degree 60: the same powers, as far as they go" sh -c "test \$(wc -l <other/spectrum.csv) -eq 62 &&
    paste -d , other/spectrum.csv world/spectrum.csv | awk -F , 'NR > 1 && NR < 63 { d = \$2 / \$5 - 1; if (d > 1e-4 || d < -1e-4) bad++ } END { exit bad > 0 }'"
# edges FILE: lowest and highest value of the finest map
edges() { sed -n '/map of degree/,/files/p' "$1" | awk 'NF == 5 && $1 + 0 { lowest = $3; highest = $4 } END { print lowest, highest }'; }
set -- $(edges world.txt)
check "coasts ring: $1 to $2" holds "$1 < -.2 && $2 > 1.2"
for window in hann lanczos; do
    "$spectrum" --file "$land" --window $window --scale 0.0039215686274509803 --out other >out
    set -- $(edges out)
    check "with --window $window they do not: $1 to $2" holds "$1 > -.05 && $2 < 1.05"
    check "the spectrum is that of the table all the same" cmp -s world/spectrum.csv other/spectrum.csv
done
cat >picture.py <<'END'
import struct, sys, zlib
data, at, packed = open(sys.argv[1], 'rb').read(), 8, b''
assert data[:8] == b'\x89PNG\r\n\x1a\n'
while at < len(data):
    length, = struct.unpack('>I', data[at:at + 4])
    kind, body = data[at + 4:at + 8], data[at + 8:at + 8 + length]
    assert zlib.crc32(kind + body) == struct.unpack('>I', data[at + 8 + length:at + 12 + length])[0]
    if kind == b'IHDR': width, height, depth, colour = struct.unpack('>IIBB', body[:10])
    if kind == b'IDAT': packed += body
    at += 12 + length
assert kind == b'IEND' and (depth, colour) == (8, 2)
lines, row, picture = zlib.decompress(packed), 3 * width, []
assert len(lines) == height * (row + 1)
above = bytes(row)
for y in range(height):
    how, line = lines[y * (row + 1)], bytearray(lines[y * (row + 1) + 1:(y + 1) * (row + 1)])
    if how == 2:
        line = bytearray((a + b) & 255 for a, b in zip(line, above))
    elif how:
        for i in range(row):
            left, up, corner = line[i - 3] if i > 2 else 0, above[i], above[i - 3] if i > 2 else 0
            p = left + up - corner
            guess = left if how == 1 else (left + up) // 2 if how == 3 else min((abs(p - left), 0, left), (abs(p - up), 1, up), (abs(p - corner), 2, corner))[2]
            line[i] = line[i] + guess & 255
    picture.append(bytes(line))
    above = line
land = lambda x, y: picture[y][3 * x] > 200
x, y = 984, 502                                    # the middle of the finest map, where Greenwich crosses the equator
wanted = ((43, 0, 1), (130, 0, 0), (-104, 0, 1), (-260, 0, 0), (230, 55, 1), (0, 152, 1), (0, -152, 0), (120, -100, 1))
# Congo, Indian Ocean, Brazil, Pacific, Australia, Antarctica, the Arctic sea, Siberia
sys.exit(any(land(x + dx, y + dy) != bool(w) for dx, dy, w in wanted) or not land(2, 2))
END
check "the maps: a good PNG, north up, east to the right" python3 picture.py world/spectrum.png

# ---- fields whose powers are known -----------------------------------------------------------------------------------------
cat >powers.py <<'END'
# powers.py FILE POLES DEGREE: the spectrum by plain sums: weights from the integrals of cos(k t), Legendre functions by their definition
import struct, sys
from math import *
data, poles, degree = open(sys.argv[1], 'rb').read(), int(sys.argv[2]), int(sys.argv[3])
rows, columns = eval(data[10:128].decode())['shape']
table = struct.unpack('<%df' % (rows * columns), data[128:])
n = rows - 1 if poles else rows
def legendre(l, m, x):                             # (1 - x^2)^(m/2) d^m/dx^m P_l, from the coefficients of P_l
    c = [0.0] * (l + 1)
    for k in range(l // 2 + 1): c[l - 2 * k] = (-1) ** k * factorial(2 * l - 2 * k) / (2 ** l * factorial(k) * factorial(l - k) * factorial(l - 2 * k))
    for _ in range(m): c = [k * c[k] for k in range(1, len(c))]
    return (1 - x * x) ** (m / 2) * sum(v * x ** k for k, v in enumerate(c))
power = [0.0] * (degree + 1)
weights, angles = [], []
for i in range(rows):
    t = pi * i / n if poles else pi * (i + .5) / n
    w = 0
    for k in range(0, n + (1 if poles else 0), 2):                     # the integral of cos(k t) sin t is 2/(1 - k^2) for even k
        w += cos(k * t) * 2 / (1 - k * k) * (.5 if k == 0 or (poles and k == n) else 1)
    weights.append(w * 2 / n * (.5 if poles and i in (0, n) else 1))
    angles.append(t)
for m in range(degree + 1):
    parts = []
    for i in range(rows):
        row = table[i * columns:(i + 1) * columns]
        parts.append((2 * pi / columns * sum(v * cos(2 * pi * j * m / columns) for j, v in enumerate(row)), 2 * pi / columns * sum(v * sin(2 * pi * j * m / columns) for j, v in enumerate(row))))
    for l in range(m, degree + 1):
        norm = sqrt((2 * l + 1) / (4 * pi) * factorial(l - m) / factorial(l + m) * (2 if m else 1))
        for part in (0, 1): power[l] += sum(w * p[part] * norm * legendre(l, m, cos(t)) for w, p, t in zip(weights, parts, angles)) ** 2 / (4 * pi)
for l in range(degree + 1): print('%d,%.9g' % (l, power[l]))
END
# close FILE: the powers of two tables, side by side, agree within 1e-6 of the largest
close() { awk -F , '{ d = $2 - $4; if (d < 0) d = -d; if ($2 > most) most = $2; if (d > worst) worst = d } END { exit !(NR > 2 && worst <= 1e-6 * most) }' "$1"; }
# known NAME FILE DEGREE POWER MEAN [--poles]: all power but that of degree 0 is in one degree
known() {
    for precision in '' --double; do
        "$spectrum" "$2" $6 $precision --out other >out 2>err
        check "$1 ${precision:-float}" awk -F , -v degree="$3" -v power="$4" -v mean="$5" 'NR > 1 {
            d = $2 - ($1 == 0 ? mean * mean : $1 == degree ? power : 0); if (d < 0) d = -d; if (d > 2e-6 * (power + mean * mean)) bad++ } END { exit bad || NR < 4 }' other/spectrum.csv
    done
}
known "3 + 2 cos t: 9 and 4/3" known1.npy 1 1.33333333 3
known "sin^2 t cos 2p, with poles: 4/15" known2.npy 2 .266666667 0 --poles
known "sin^5 t sin 5p: .184704" known5.npy 5 .184704185 0
known "sin^16 t cos 16p, as high as 34 columns go: .108264" known16.npy 16 .108263825 0
for poles in 0 1; do
    flag=; [ $poles = 0 ] || flag=--poles
    python3 powers.py random$poles.npy $poles $((6 + poles)) >wanted
    "$spectrum" --file random$poles.npy $flag --out other >out
    sed 1d other/spectrum.csv | cut -d , -f 1,2 | paste -d , - wanted >both
    check "random numbers${flag:+ with poles}: the sums written down plainly, $(wc -l <wanted) degrees" close both
done
"$spectrum" random0.npy --out other >/dev/null && mv other/spectrum.csv random.csv
"$spectrum" wide.npy --out other >/dev/null
check "float64 with the same numbers: the same" cmp -s random.csv other/spectrum.csv
"$spectrum" --file /dev/stdin --out other <random0.npy >/dev/null
check "from standard input" cmp -s random.csv other/spectrum.csv
"$spectrum" random0.npy --scale -2 --out other >/dev/null
check "--scale -2: four times the powers" sh -c "paste -d , random.csv other/spectrum.csv | awk -F , 'NR > 1 { d = \$5 / \$2 - 4; if (d > 1e-5 || d < -1e-5) bad++ } END { exit bad > 0 }'"
for kind in zero one faint huge tiny warm; do
    "$work/careful" $kind.npy --out other >out 2>err
    check "a table of kind $kind" sh -c '! grep -Eqi "nan|inf" out && test "$(tail -n 1 out | grep -c "^spectrum: $1.npy, degree 9, float, ")" -eq 1 -a ! -s err && ! grep -qi nan other/spectrum.svg' sh $kind
done
for shape in 1 2 3 4 5; do for options in '' '--poles --double --window hann'; do
    "$work/careful" shape$shape.npy $options --out other >out 2>err
    check "$(head -n 1 out) $options" test $? -eq 0 -a ! -s err
done; done
check "rows that look like poles are pointed out" sh -c "'$spectrum' polar.npy --out other | grep -q '^note: .*--poles' && ! '$spectrum' polar.npy --poles --out other | grep -q '^note'"
"$spectrum" '<&"x".npy' --out other >/dev/null
check "a hostile file name" python3 -c 'import xml.dom.minidom; xml.dom.minidom.parse("other/spectrum.svg")'

# ---- the same bytes -----------------------------------------------------------------------------------------------------
mkdir one && "$spectrum" odd.npy --double --window lanczos --out one >one.txt
# same NAME [COMMAND...]: what the command draws; with no command it is drawing already
same() {
    name=$1; shift
    if [ $# -gt 0 ]; then draw "$@"; else wait; rm -rf there two; mv emulated/* .; fi
    check "$name: the same last line" test "$(tail -n 1 there.txt)" = "$(tail -n 1 world.txt)"
    # the title of the shipped map is its own
    sed 's/Angular power spectrum</Power spectrum of land and sea</' there/spectrum.svg >there/x && mv there/x there/spectrum.svg
    for end in svg png csv; do check "$name: the same .$end" cmp -s there/spectrum.$end world/spectrum.$end; done
    check "$name: the same in double" sh -c 'cmp -s one/spectrum.png two/spectrum.png && cmp -s one/spectrum.svg two/spectrum.svg && cmp -s one/spectrum.csv two/spectrum.csv && test "$(tail -n 1 one.txt)" = "$(tail -n 1 two.txt)"'
}
same "1 thread" "$spectrum" --threads 1
same "3 threads" "$spectrum" --threads 3
same "with sanitizers" "$work/careful"
same clang "$work/clang"
same aarch64

# ---- bad input: one sentence, exit code 2, nothing on stdout, no file ------------------------------------------------------
mkdir here
# bad NAME WORD ARGUMENT...
bad() {
    name=$1 word=$2; shift 2
    (cd here && "$work/careful" "$@" >"$work/out" 2>"$work/err")
    code=$?
    check "$name" test $code -eq 2 -a ! -s out -a "$(wc -l <err)" -eq 1 -a "$(grep -c -- "^spectrum: .*$word.*\\.\$" err)" -eq 1 -a "$(ls -A here | wc -l)" -eq 0
    [ $code -eq 2 ] || cat err
    rm -rf here; mkdir here                       # so that a failure stays alone
}
bad "missing" "cannot open" none.npy
bad "a directory" "is a directory" .
: >x.npy;                                     bad "empty" "magic" ../x.npy
cp world/spectrum.png x.npy;                  bad "a picture" "magic" ../x.npy
head -c 1000 "$land" >x.npy;                  bad "truncated" "truncated" ../x.npy
bad "one row" "has 1 row;" ../row1.npy
bad "two rows" "has 2 rows;" ../row2.npy
bad "two rows, both poles" "has 2 rows;" ../row2.npy --poles
bad "an odd number of columns" "41 columns.*repeats the first" ../columns41.npy
bad "one column" "1 column;" ../columns1.npy
bad "two columns" "2 columns" ../columns2.npy
bad "NaN, and which row" "row 7 .*NaN" ../nan.npy
bad "infinite" "row 3 .*infinite" ../infinite.npy
bad "beyond float" "fit in a float" ../e300.npy
bad "too large" "1e30 is the limit" ../e38.npy
bad "too large by the scale" "1e30 is the limit" ../forty.npy --scale 1e29
bad "a degree above the rows" "determine degree 9 at most" ../forty.npy --degree 10
bad "a degree above the columns" "determine degree 4 at most" ../narrow.npy --degree 5
bad "a degree above the shipped table" "determine degree 179 at most" --file "$land" --degree 180
bad "degree 0" "--degree needs" --degree 0
bad "a degree that is no number" "--degree needs" --degree many
bad "an option that is not there" "no option" --width 7
bad "a value forgotten" "needs a value" --window
bad "a window that is not there" "--window must be" --window gauss
bad "a flag with a value" "have no value" --double=1
bad "--poles without a table" "needs --file" --poles
bad "two tables" "two input files" --file "$land" "$land"
bad "no name" "needs the name" --file ''
bad "no directory" "name of a directory" --out ''
bad "a slope over nothing" "no range" --file "$land" --fit-from 90 --fit-to 90
bad "a slope beyond the spectrum" "no range" --file "$land" --fit-to 200
bad "no threads" "--threads needs" --threads 0
"$spectrum" --file "$land" --out "$land" >out 2>err
check "--out is a file: code 1" test $? -eq 1 -a ! -s out -a "$(wc -l <err)" -eq 1
(cd here && ulimit -f 8 && "$spectrum" --file "$land" >"$work/out" 2>"$work/err")
check "a full disk: code 1, no file" test $? -eq 1 -a "$(ls -A here | wc -l)" -eq 0 -a "$(grep -c 'cannot write' err)" -eq 1
"$spectrum" --file one.npy --out other >/dev/full 2>err
check "a report that cannot be written: code 1" test $? -eq 1 -a "$(wc -l <err)" -eq 1
"$spectrum" --help >out 2>err
check "--help" sh -c 'test $1 -eq 0 -a ! -s err && test "$(grep -c "^  --" out)" -eq 11' sh $?
finish
