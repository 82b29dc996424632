#!/bin/sh
# tests/sludge.sh - builds examples/sludge.c with nothing but a C compiler and checks what it promises: pictures with contrast near to right
# ones where regression gives grey, the same bytes everywhere, every kind of bad option; and the PNG writer of the examples on pictures of
# all sizes and kinds. CC chooses the compiler. One line per check, the last line is "N passed, M failed".
. "$(dirname "$0")/check.sh"

# ---- build ---------------------------------------------------------------------------------------------------------------
sludge=$work/sludge
cd "$root" || exit 1
$CC -O2 -o "$sludge" examples/sludge.c 2>"$work/build"
check "cc -O2 -o sludge examples/sludge.c" test -x "$sludge"
check "without a word from the compiler" empty "$work/build"
[ -x "$sludge" ] || { cat "$work/build"; finish; }
for std in c99 c11 gnu11; do
    $CC -std=$std -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror -fsyntax-only examples/sludge.c 2>"$work/build"
    check "strict, -std=$std" test $? -eq 0
done
$CC -O1 -DEX_NO_THREADS -DSPHERE_NO_SIMD -o "$work/plain" examples/sludge.c 2>"$work/build"
check "builds without threads and vectors" test -x "$work/plain"
gcc -O0 -g -fsanitize=address,undefined -fno-sanitize-recover=all -pthread -o "$work/careful" examples/sludge.c 2>"$work/build"
check "builds with sanitizers" test -x "$work/careful"

# A reader of .png files that knows nothing of the program.
#   png.py same LIST                              every picture of the list is exactly the bytes of the .raw beside it
#   png.py rows PNG COLUMNS                       the picture is whole; prints the contrast of the five rows of pictures in it
cat >"$work/png.py" <<'END'
import struct, sys, zlib
def read(path):
    data = open(path, 'rb').read()
    assert data[:8] == b'\x89PNG\r\n\x1a\n', 'no PNG'
    at, kinds, packed = 8, [], b''
    while at < len(data):
        size, kind = struct.unpack('>I4s', data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        assert struct.unpack('>I', data[at + 8 + size:at + 12 + size])[0] == zlib.crc32(kind + body), 'wrong checksum'
        kinds.append(kind)
        if kind == b'IHDR':
            width, height, bits, colour, method, filters, interlace = struct.unpack('>IIBBBBB', body)
            assert (bits, method, filters, interlace) == (8, 0, 0, 0)
        if kind == b'IDAT': packed += body
        at += 12 + size
    assert kinds == [b'IHDR', b'IDAT', b'IEND'] and at == len(data), 'other chunks'
    channels = {0: 1, 4: 2, 2: 3, 6: 4}[colour]
    lines, row = zlib.decompress(packed), width * channels
    assert len(lines) == height * (row + 1), 'wrong length'
    above, out = bytearray(row), bytearray()
    for y in range(height):
        kind, line = lines[y * (row + 1)], bytearray(lines[y * (row + 1) + 1:(y + 1) * (row + 1)])
        for i in range(row):
            left, up, corner = (line[i - channels], above[i], above[i - channels]) if i >= channels else (0, above[i], 0)
            if kind == 0: break
            p = left + up - corner
            d = [abs(p - left), abs(p - up), abs(p - corner)]
            line[i] = line[i] + [0, left, up, (left + up) // 2, [left, up, corner][d.index(min(d))]][kind] & 255
        out += line
        above = line
    return width, height, channels, bytes(out)
if sys.argv[1] == 'same':
    for line in open(sys.argv[2]):
        name, *size = line.split()
        found = read(name + '.png')
        assert found[:3] == tuple(map(int, size)) and found[3] == open(name + '.raw', 'rb').read(), name
else:
    width, height, channels, pixels = read(sys.argv[2])
    columns = int(sys.argv[3])
    assert channels == 3 and width == 150 + columns * 136 - 8 + 22 and height == 22 + 60 + 5 * 136 - 8 + 22
    for line in range(5):
        total = 0
        for column in range(columns):
            for c in range(3):
                cell = [pixels[3 * ((82 + 136 * line + y) * width + 150 + 136 * column + x) + c] for y in range(0, 128, 4) for x in range(0, 128, 4)]
                mean = sum(cell) / len(cell)
                total += sum((v - mean) ** 2 for v in cell) / len(cell)
        print('%.2f' % ((total / 3 / columns) ** .5), end=' ')
    print()
END

# ---- the PNG writer ------------------------------------------------------------------------------------------------------
cat >"$work/writer.c" <<END
#define SPHERE_IMPLEMENTATION
#include "$root/examples/common.h"
int main(void)
{
    static unsigned char pixels[300 * 260 * 4];
    static const int sizes[7][2] = { { 1, 1 }, { 2, 1 }, { 1, 3 }, { 7, 5 }, { 133, 70 }, { 200, 150 }, { 300, 260 } };
    uint32_t state = 1;
    int size, channels, kind;
    ex_begin("writer");
    for (size = 0; size < 7; size++) for (channels = 1; channels <= 4; channels++) for (kind = 0; kind < 3; kind++) {
        char name[64];
        const size_t w = (size_t)sizes[size][0], h = (size_t)sizes[size][1], n = w * h * (size_t)channels;
        size_t i;
        FILE *f;
        if (size > 4 && kind != channels % 3) continue;
        for (i = 0; i < n; i++) {
            const size_t x = i / (size_t)channels % w, y = i / (size_t)channels / w;
            state = state * 1664525u + 1013904223u;
            /* noise, a smooth surface, a chequered board */
            pixels[i] = (unsigned char)(kind == 0 ? state >> 24 : kind == 1 ? ((x * x + 3 * y * y) / 512 + i % (size_t)channels * 40) & 255u : (x / 9 + y / 9) % 2 ? 250 : 20);
        }
        sprintf(name, "%d-%d-%d.png", size, channels, kind);
        ex_write_png(ex_create_file(".", name), pixels, w, h, channels);
        ex_commit_files();
        sprintf(name, "%d-%d-%d.raw", size, channels, kind);
        f = fopen(name, "wb");
        fwrite(pixels, 1, n, f);
        fclose(f);
        printf("%d-%d-%d %d %d %d\n", size, channels, kind, (int)w, (int)h, channels);
    }
    return 0;
}
END
mkdir "$work/png" "$work/run"
cd "$work/png" || exit 1
$CC -O0 -fsanitize=address,undefined -fno-sanitize-recover=all -o "$work/writer" "$work/writer.c" 2>"$work/build" || $CC -O0 -o "$work/writer" "$work/writer.c"
"$work/writer" >list
check "the PNG writer runs" test $? -eq 0 -a "$(wc -l <list)" -eq 68
python3 "$work/png.py" same list 2>wrong
check "and all its pictures are what they should be" test $? -eq 0 -a ! -s wrong
check "a smooth picture takes less than a quarter" holds "$(wc -c <5-1-1.png) < .25 * $(wc -c <5-1-1.raw)"
check "a chequered board less than a fiftieth" holds "$(wc -c <5-2-2.png) < .02 * $(wc -c <5-2-2.raw)"
check "noise no more than a hundredth above its size" holds "$(wc -c <6-3-0.png) < 1.01 * $(wc -c <6-3-0.raw)"

# ---- as it comes ---------------------------------------------------------------------------------------------------------
cd "$work/run" || exit 1
"$sludge" >"$work/out" 2>"$work/err"
check "runs without an argument" test $? -eq 0
check "no progress where stderr is not a terminal" empty "$work/err"
last=$(tail -n 1 "$work/out")
echo "# $last"
grep '^seconds' "$work/out" | sed 's/^/# /'
number='[0-9]*[.][0-9]*'
form="^sludge: 8 sounds, contrast $number, distance $number, diversity $number, $number from what was learnt\$"
check "the last line has its form" sh -c "tail -n 1 '$work/out' | grep -q '$form'"
field() { echo "$last" | sed -n "s/.* $1 \([0-9.]*\),.*/\1/p"; }
column() { sed -n "s/^$1  *//p" "$work/out" | awk "{ print \$$2 }"; }
check "contrast $(field contrast) of the regression's >= 3" holds "$(field contrast) >= 3"
check "distance $(field distance) of the regression's <= 1/3" holds "$(field distance) <= 1/3"
check "diversity $(field diversity) of the right pictures' >= .8" holds "$(field diversity) >= .8"
check "the last line is that of the table" holds "($(column diffusion 2) / $(column 'least squares' 2) - $(field contrast)) ^ 2 < .01"
check "the best regression is grey too" holds "$(column diffusion 2) >= 3 * $(column 'best of all regressions' 2)"
check "but nearer than least squares" holds "$(column 'best of all regressions' 1) < $(column 'least squares' 1)"
check "every kind of picture comes, a fifth of the time at least" holds "$(column diffusion 4) > 20 && $(column diffusion 5) > 20 && $(column diffusion 6) > 20"
check "dark ones and light ones" holds "$(column diffusion 7) > 25 && $(column diffusion 7) < 75"
check "pictures are new, by more than rounding" holds "$(echo "$last" | sed 's/.*, \([0-9.]*\) from what.*/\1/') > .002"
check "one file, nothing else" test "$(ls -A sludge-out)" = sludge.png
check "below 150 KB" holds "$(wc -c <sludge-out/sludge.png) < 150000"
check "it is the one in examples/" cmp -s sludge-out/sludge.png "$root/examples/sludge.png"
rows=$(python3 "$work/png.py" rows sludge-out/sludge.png 8)
echo "# contrast of the rows in the picture, of 255: $rows"
check "and shows it: regression, right, diffusion, right, diffusion" holds "$(echo $rows | awk '{ print ($2 > 3 * $1) * ($3 > 3 * $1) * ($4 > 3 * $1) * ($5 > 3 * $1) }') == 1"

# ---- the same bytes ------------------------------------------------------------------------------------------------------
quick="--sounds 5 --pictures 12 --components 33 --draws 4 --seed 3"
for t in 1 2 5; do
    "$sludge" $quick --threads $t --out out$t >"$work/out$t" 2>&1
    grep -v '^seconds' "$work/out$t" | sed "s/out$t/out/" >"$work/text$t"
done
"$work/plain" $quick --out out0 >"$work/out0" 2>&1
grep -v '^seconds' "$work/out0" | sed "s/out0/out/" >"$work/text0"
"$work/careful" $quick --threads 2 --out out3 >"$work/out3" 2>&1
grep -v '^seconds' "$work/out3" | sed "s/out3/out/" >"$work/text3"
for t in 0 2 3 5; do
    check "$t threads (0: the plain build, 3: with sanitizers) print the text of one" cmp -s "$work/text1" "$work/text$t"
    check "$t threads write the file of one" cmp -s out1/sludge.png out$t/sludge.png
done
check "five columns" sh -c "python3 '$work/png.py' rows out1/sludge.png 5 >/dev/null"
"$sludge" $quick --seed 4 --out out9 >/dev/null 2>&1
check "another seed draws other pictures" sh -c '! cmp -s out1/sludge.png out9/sludge.png'
"$sludge" $quick --novelty 0 --out small >"$work/out" 2>&1
check "without novelty the samples are what was learnt" holds "$(tail -n 1 "$work/out" | sed 's/.*, \([0-9.]*\) from what.*/\1/') < .0005"
"$work/careful" --sounds 3 --pictures 4 --draws 2 --out small >"$work/out" 2>"$work/err"
check "fewer pictures than the usual number of components" test $? -eq 0 -a "$(grep -c ' 11 components' "$work/out")" -eq 1
"$work/careful" --sounds 2 --pictures 2 --components 1 --draws 2 --out small >"$work/out" 2>"$work/err"
check "the smallest there is" test $? -eq 0

# ---- bad options: exit code 2, one sentence, nothing overwritten -----------------------------------------------------------
mkdir keep
cp out1/sludge.png keep/
cksum keep/* >"$work/before"
# bad NAME WORD ARGUMENT...: must fail with one sentence in which WORD occurs
bad() {
    name=$1 word=$2; shift 2
    "$work/careful" "$@" --out keep >"$work/out" 2>"$work/err"
    code=$?
    cksum keep/* | cmp -s - "$work/before"
    kept=$?
    check "$name" test $code -eq 2 -a $kept -eq 0 -a "$(wc -l <"$work/err")" -eq 1 -a ! -s "$work/out" -a \
        "$(grep -c -- "^sludge: .*$word.*\\.\$" "$work/err")" -eq 1 -a "$(ls -A keep | wc -l)" -eq 1
}
for option in sounds pictures components draws novelty seed threads; do
    bad "--$option 12x" "'12x'" --$option 12x
    bad "--$option -1" "'-1'" --$option -1
    bad "--$option, empty" "''" --$option ""
    bad "--$option 1e99" "'1e99'" --$option 1e99
    bad "--$option without a value" "needs a value" --$option
done
bad "--sounds 1" "'1'" --sounds 1
bad "--sounds 257" "'257'" --sounds 257
bad "--pictures 1" "'1'" --pictures 1
bad "--components 0" "'0'" --components 0
bad "as many components as pictures" "only 24 pictures" --sounds 4 --pictures 6 --components 24
bad "--draws 1" "'1'" --draws 1
bad "--novelty nan" "'nan'" --novelty nan
bad "unknown option" "no option" --sound 3
bad "a file" "no input file" sound.wav
"$sludge" --out "" >"$work/out" 2>"$work/err"
check "--out without a name" test $? -eq 2 -a "$(grep -c 'name of a directory' "$work/err")" -eq 1

# ---- faults of the machine: exit code 1, one sentence, no temporary files --------------------------------------------------
# fault NAME WORD DIRECTORY COMMAND: runs the command in a shell of its own
fault() {
    sh -c "$4" >"$work/out" 2>"$work/err"
    code=$?
    check "$1" test $code -eq 1 -a "$(grep -c -- "^sludge: .*$2" "$work/err")" -eq 1 -a "$(wc -l <"$work/err")" -eq 1 -a \
        "$(ls -A "$3" 2>/dev/null | grep -c tmp)" -eq 0
}
: >plain
fault "directory below a file" "cannot make" plain "'$sludge' $quick --out plain/out"
fault "directory that is a file" "not a directory" plain "'$sludge' $quick --out plain"
fault "disk full, by a limit on file size" "cannot write" keep "ulimit -f 8; '$sludge' $quick --out keep"
fault "disk full, new directory" "cannot write" fresh "ulimit -f 8; '$sludge' $quick --out fresh"
check "which is gone again" test ! -e fresh
fault "report cannot be written" "cannot write the report" small "'$sludge' $quick --out small >/dev/full"
fault "out of memory" "out of memory" keep "ulimit -v 60000; '$sludge' --threads 1 --out keep"
cksum keep/* | cmp -s - "$work/before"
check "after all this the old file is as it was" test $? -eq 0 -a "$(ls -A keep | wc -l)" -eq 1

# ---- help ----------------------------------------------------------------------------------------------------------------
"$sludge" --help >"$work/out" 2>"$work/err"
check "--help" test $? -eq 0 -a ! -s "$work/err"
for option in sounds pictures components draws novelty seed threads out help; do
    check "--help has --$option" grep -q -- "^  --$option " "$work/out"
done
finish
