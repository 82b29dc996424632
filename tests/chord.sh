#!/bin/sh
# tests/chord.sh - builds examples/chord.c with nothing but a C compiler and checks what it promises: balance in every seed, a sound that
# is the chord and nothing else once it has locked, the same bytes everywhere, every kind of bad option. CC chooses the compiler.
# One line per check, the last line is "N passed, M failed".
. "$(dirname "$0")/check.sh"

# ---- build ---------------------------------------------------------------------------------------------------------------
chord=$work/chord
cd "$root" || exit 1
$CC -O2 -o "$chord" examples/chord.c 2>"$work/build"
check "cc -O2 -o chord examples/chord.c" test -x "$chord"
check "without a word from the compiler" empty "$work/build"
[ -x "$chord" ] || { cat "$work/build"; finish; }
for std in c99 c11 gnu11; do
    $CC -std=$std -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror -fsyntax-only examples/chord.c 2>"$work/build"
    check "strict, -std=$std" test $? -eq 0
done
$CC -O0 -DEX_NO_THREADS -DSPHERE_NO_SIMD -o "$work/plain" examples/chord.c 2>"$work/build"
check "builds without threads, vectors and optimisation" test -x "$work/plain"
gcc -O0 -g -fsanitize=address,undefined -fno-sanitize-recover=all -pthread -o "$work/careful" examples/chord.c 2>"$work/build"
check "builds with sanitizers" test -x "$work/careful"

# A reader of .wav files that knows nothing of the program. Energy by direct Fourier sums under a Hann window, in steps of a quarter Hz.
#   wav FILE SECONDS FROM FOR LEAST MOST NOTE...: the header; then of the FOR seconds after FROM: the share of the energy within 1 Hz of the
#   notes lies between LEAST and MOST, and where LEAST is above a half, every note has a fiftieth of the energy and nothing jumps.
cat >"$work/wav.c" <<'END'
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static unsigned char head[44];
static unsigned long word(int at, int bytes) { unsigned long w = 0; while (bytes--) w = w << 8 | head[at + bytes]; return w; }
#define WRONG(text) do { printf("# %s\n", text); return 1; } while (0)
int main(int argc, char **argv)
{
    FILE *f = argc > 7 ? fopen(argv[1], "rb") : NULL;
    long frames, i, from, count, peak = 0, c;
    int note, bin;
    short *s;
    double highest = 0, all = 0, near = 0, jump = 0, loud = 0;
    if (!f || fread(head, 1, 44, f) != 44) WRONG("no header");
    frames = lround(atof(argv[2]) * 44100);
    if (memcmp(head, "RIFF", 4) || memcmp(head + 8, "WAVEfmt ", 8) || memcmp(head + 36, "data", 4)) WRONG("not a WAV file");
    if (word(16, 4) != 16 || word(20, 2) != 1 || word(22, 2) != 2 || word(24, 4) != 44100 || word(28, 4) != 4 * 44100 || word(32, 2) != 4 || word(34, 2) != 16)
        WRONG("not 16 bits, stereo, 44100 Hz");
    if (word(40, 4) != 4ul * (unsigned long)frames || word(4, 4) != word(40, 4) + 36) WRONG("another length in the header");
    s = malloc(4 * (size_t)frames + 4);
    for (i = 0; i < 2 * frames; i++) {
        int low = fgetc(f), high = fgetc(f);
        if (high == EOF) WRONG("too short");
        s[i] = (short)(high << 8 | low);
        if (abs(s[i]) > peak) peak = abs(s[i]);
    }
    if (fgetc(f) != EOF) WRONG("too long");
    if (peak > 32000 || peak < 26000) WRONG("the peak is not just below full scale");
    if (abs(s[0]) > 8 || abs(s[1]) > 8 || abs(s[2 * frames - 1]) > 8 || abs(s[2 * frames - 2]) > 8) WRONG("begins or ends with a click");
    from = lround(atof(argv[3]) * 44100);
    count = lround(atof(argv[4]) * 44100);
    for (c = 0; c < 2; c++) for (i = 0; i < count; i++) {
        double w = .5 - .5 * cos(6.283185307179586 * i / count), x = w * s[2 * (from + i) + c];
        all += x * x;
        if (abs(s[2 * (from + i) + c]) > loud) loud = abs(s[2 * (from + i) + c]);
        if (i && abs(s[2 * (from + i) + c] - s[2 * (from + i) - 2 + c]) > jump) jump = abs(s[2 * (from + i) + c] - s[2 * (from + i) - 2 + c]);
    }
    for (note = 7; note < argc; note++) {
        double own = 0, hz = atof(argv[note]);
        if (hz > highest) highest = hz;
        for (c = 0; c < 2; c++) for (bin = -2; bin <= 2; bin++) {        /* with a window of 2 s the bins are half a Hz apart */
            double k = floor(hz * count / 44100 + .5) + bin, re = 0, im = 0;
            for (i = 0; i < count; i++) {
                double w = .5 - .5 * cos(6.283185307179586 * i / count), x = w * s[2 * (from + i) + c], at = 6.283185307179586 * fmod(k * i, count) / count;
                re += x * cos(at);
                im += x * sin(at);
            }
            own += 2 * (re * re + im * im) / count;
        }
        near += own;
        if (atof(argv[5]) > .5 && own < .02 * all) WRONG("a note is missing");
    }
    printf("# %.4f of the energy within 1 Hz of the notes, largest step %.4f of the loudest\n", near / all, jump / loud);
    if (atof(argv[5]) > .5 && jump > 1.05 * 6.2832 * highest / 44100 * loud + 2) WRONG("a click");
    return !(near / all >= atof(argv[5]) && near / all <= atof(argv[6]));
}
END
$CC -O2 -o "$work/wav" "$work/wav.c" -lm || exit 1
wav=$work/wav

# ---- as it comes ---------------------------------------------------------------------------------------------------------
mkdir "$work/run"
cd "$work/run" || exit 1
"$chord" >"$work/out" 2>"$work/err"
check "runs without an argument" test $? -eq 0
check "no progress where stderr is not a terminal" empty "$work/err"
last=$(tail -n 1 "$work/out")
echo "# $last"
grep '^seconds' "$work/out" | sed 's/^/# /'
number='[0-9]*[.][0-9]*'
form="^chord: 50 oscillators, 3 notes, 1000 seeds, imbalance $number to $number, lock $number Hz, travel $number, published imbalance $number, peak $number\$"
check "the last line has its form" sh -c "tail -n 1 '$work/out' | grep -q '$form'"
field() { echo "$last" | sed -n "s/.*[ ,]$1 \([0-9.]*\).*/\1/p"; }
check "imbalance 1.0625 in all 1000 seeds" sh -c "echo '$last' | grep -q ' imbalance 1.0625 to 1.0625,'"
check "which the table says of both starts" test "$(grep -c '^.\{10\} balanced  *1.0625  *1.0625  *1000  *0 ' "$work/out")" -eq 2
check "lock $(field lock) Hz < .0002" holds "$(field lock) < .0002"
check "travel $(field travel) of the optimum, 1..1.5" holds "$(field travel) >= 1 && $(field travel) < 1.5"
check "the published step leaves imbalance $(field 'published imbalance') > 10" holds "$(field 'published imbalance') > 10"
check "three notes: shares and counts are the same" test "$(awk '/^(C4|E4|G4) / && $3 == $4 { sum += $3; n++ } END { print n, sum }' "$work/out")" = "3 50"
check "two files, nothing else" test "$(ls -A chord-out | tr '\n' ' ')" = "chord.svg chord.wav "
check "chord.wav: 9 s, and locked it is the chord, above 99.9 %" "$wav" chord-out/chord.wav 9 5.5 2 .999 1.0001 261.63 329.63 392
check "at the beginning it is noise" "$wav" chord-out/chord.wav 9 0 2 0 .3 261.63 329.63 392
check "the picture is well-formed" python3 -c "import xml.dom.minidom; xml.dom.minidom.parse('chord-out/chord.svg')"
check "and below 150 KB" holds "$(wc -c <chord-out/chord.svg) < 150000 && $(wc -c <chord-out/chord.svg) > 10000"
check "it is the one in examples/" cmp -s chord-out/chord.svg "$root/examples/chord.svg"

# ---- the same bytes ------------------------------------------------------------------------------------------------------
quick="--seeds 20 --seed 9 --chord 110,220.5,330,441 --oscillators 37"
for t in 1 2 5; do
    "$chord" $quick --threads $t --out out$t >"$work/out$t" 2>&1
    grep -v '^seconds' "$work/out$t" | sed "s/out$t/out/" >"$work/text$t"
done
"$work/plain" $quick --out out0 >"$work/out0" 2>&1
grep -v '^seconds' "$work/out0" | sed "s/out0/out/" >"$work/text0"
"$work/careful" $quick --threads 2 --out out3 >"$work/out3" 2>&1
grep -v '^seconds' "$work/out3" | sed "s/out3/out/" >"$work/text3"
for t in 0 2 3 5; do
    check "$t threads (0: the plain build, 3: with sanitizers) print the text of one" cmp -s "$work/text1" "$work/text$t"
    check "$t threads write the files of one" sh -c "cmp -s out1/chord.wav out$t/chord.wav && cmp -s out1/chord.svg out$t/chord.svg"
done
check "four notes, 10 + 9 + 9 + 9" sh -c "tail -n 1 '$work/out1' | grep -q ' imbalance 1.1111 to 1.1111,'"
check "its sound" "$wav" out1/chord.wav 9 5.5 2 .999 1.0001 110 220.5 330 441
"$chord" $quick --seed 10 --out out9 >/dev/null 2>&1
check "another seed sounds different" sh -c '! cmp -s out1/chord.wav out9/chord.wav'

# ---- other chords --------------------------------------------------------------------------------------------------------
"$chord" --chord 440 --oscillators 1 --seeds 0 --out small >"$work/out" 2>"$work/err"
check "one oscillator, one note, no table" test $? -eq 0 -a "$(grep -c '^seeds' "$work/out")" -eq 0
check "its sound" "$wav" small/chord.wav 9 5.5 2 .999 1.0001 440
"$chord" --oscillators 1000 --seeds 2 --out small >"$work/out" 2>"$work/err"
check "1000 oscillators" sh -c "tail -n 1 '$work/out' | grep -q ' imbalance 1.0030 to 1.0030,'"
check "no more than 60 lines a panel, below 150 KB" holds "$(wc -c <small/chord.svg) < 150000"
"$chord" --chord 400,402,404,3000 --seeds 0 --out small >"$work/out" 2>"$work/err"
# labels stand in two columns, each from the lowest note up
check "labels of close notes stand apart" sh -c "sed -n 's/.*<text class=\"n\" x=\"[0-9.]*\" y=\"\([0-9.]*\)\"><tspan.*/\1/p' small/chord.svg |
    awk 'NR > 1 && NR != 5 { if (before - \$1 < 18.5) bad = 1 } { before = \$1 } END { exit bad || NR != 8 }'"
for close in 440,441 100,100.1,100.2 400,401,402,403,404,405,406,407; do
    "$chord" --chord $close --seeds 20 --out small >"$work/out" 2>"$work/err"
    check "notes as close as $close lock, too" holds "$(tail -n 1 "$work/out" | sed -n 's/.* lock \([0-9.]*\) Hz.*/\1/p') < .0002"
done
ln -s "$root/examples" examples
"$work/careful" --words 'river storm bird smile war flower' --seeds 20 --out words >"$work/out" 2>"$work/err"
check "--words" test $? -eq 0
check "every word has its share, 50 in all" test "$(awk '$2 + 0 > 40 && NF == 7 && $3 == $4 { n++; sum += $3 } END { print n, sum }' "$work/out")" = "6 50"
check "the words point at others" grep -q '^  *their field points at [a-z]*, [a-z]*, ' "$work/out"
check "a storm is heavier than a smile" holds "$(awk '$1 == "storm" { print $2 }' "$work/out") < $(awk '$1 == "smile" { print $2 }' "$work/out")"
check "the sound of the words" "$wav" words/chord.wav 9 5.5 2 .99 1.0001 $(awk '$2 + 0 > 40 && NF == 7 { printf "%s ", $2 }' "$work/out")

# ---- bad options: exit code 2, one sentence, nothing overwritten -----------------------------------------------------------
mkdir keep
cp out1/chord.* keep/
cksum keep/* >"$work/before"
# bad NAME WORD ARGUMENT...: must fail with one sentence in which WORD occurs
bad() {
    name=$1 word=$2; shift 2
    "$work/careful" --seeds 1 "$@" --out keep >"$work/out" 2>"$work/err"
    code=$?
    cksum keep/* | cmp -s - "$work/before"
    kept=$?
    check "$name" test $code -eq 2 -a $kept -eq 0 -a "$(wc -l <"$work/err")" -eq 1 -a ! -s "$work/out" -a \
        "$(grep -c -- "^chord: .*$word.*\\.\$" "$work/err")" -eq 1 -a "$(ls -A keep | wc -l)" -eq 2
}
bad "chord: empty" "frequencies" --chord ""
bad "chord: a comma too many" "frequencies" --chord 100,
bad "chord: two commas" "frequencies" --chord 100,,200
bad "chord: no number" "'C4'" --chord 100,C4
bad "chord: a number with an end" "'1e3'" --chord 1e3
bad "chord: two points" "'1.2.3'" --chord 1.2.3
bad "chord: hexadecimal" "'0x80'" --chord 0x80
bad "chord: too low" "'19.9'" --chord 19.9,100
bad "chord: too high" "'8000.1'" --chord 8000.1
bad "chord: a note twice" "twice" --chord 100,200,100
bad "chord: 17 notes" "16 notes" --chord 101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117
bad "chord: a number of 40 digits" "'1000000000000000000000000000000000000000'" --chord 1000000000000000000000000000000000000000
bad "fewer oscillators than notes" "2 oscillators cannot hold 3 notes" --oscillators 2
bad "words: empty" "needs words" --words ""
bad "words: blanks" "needs words" --words "  "
bad "words: one that is not known" "'qqqqq' is not one of" --words "river qqqqq"
bad "words: twice" "twice" --words "river bird river"
bad "words: 17 of them" "16 words" --words "and an the of to in for on that by with from at as it is was"
bad "words and chord" "only one of them" --words river --chord 100
for option in seed seeds oscillators threads; do
    bad "--$option 12x" "'12x'" --$option 12x
    bad "--$option -1" "'-1'" --$option -1
    bad "--$option, empty" "''" --$option ""
    bad "--$option without a value" "needs a value" --$option
done
bad "--oscillators 0" "'0'" --oscillators 0
bad "--oscillators 1001" "'1001'" --oscillators 1001
bad "the largest seed, and another after it" "largest seed" --seed 18446744073709551615
bad "unknown option" "no option" --seedz 3
bad "a file" "no input file" notes.txt
"$chord" --out "" >"$work/out" 2>"$work/err"
check "--out without a name" test $? -eq 2 -a "$(grep -c 'name of a directory' "$work/err")" -eq 1

# ---- faults of the machine: exit code 1, one sentence, no temporary files --------------------------------------------------
# fault NAME WORD DIRECTORY COMMAND: runs the command in a shell of its own
fault() {
    sh -c "$4" >"$work/out" 2>"$work/err"
    code=$?
    check "$1" test $code -eq 1 -a "$(grep -c -- "^chord: .*$2" "$work/err")" -eq 1 -a "$(wc -l <"$work/err")" -eq 1 -a \
        "$(ls -A "$3" 2>/dev/null | grep -c tmp)" -eq 0
}
: >plain
fault "directory below a file" "cannot make" plain "'$chord' --seeds 0 --out plain/out"
fault "directory that is a file" "not a directory" plain "'$chord' --seeds 0 --out plain"
fault "disk full, by a limit on file size" "cannot write" keep "ulimit -f 8; '$chord' --seeds 0 --out keep"
fault "disk full, new directory" "cannot write" fresh "ulimit -f 8; '$chord' --seeds 0 --out fresh"
check "which is gone again" test ! -e fresh
fault "report cannot be written" "cannot write the report" small "'$chord' --seeds 0 --out small >/dev/full"
cksum keep/* | cmp -s - "$work/before"
check "after all this the old files are as they were" test $? -eq 0 -a "$(ls -A keep | wc -l)" -eq 2

# ---- help ----------------------------------------------------------------------------------------------------------------
"$chord" --help >"$work/out" 2>"$work/err"
check "--help" test $? -eq 0 -a ! -s "$work/err"
for option in chord words oscillators seed seeds threads out help; do
    check "--help has --$option" grep -q -- "^  --$option " "$work/out"
done
finish
