#!/bin/sh
# tests/atlas.sh - builds examples/atlas.c with nothing but a C compiler and checks what it promises: the quality of the map of
# the shipped words, the same bytes for every number of threads, every kind of bad input, safe writing. CC chooses the compiler.
# One line per check, the last line is "N passed, M failed".
. "$(dirname "$0")/check.sh"

# ---- build ---------------------------------------------------------------------------------------------------------------
atlas=$work/atlas
cd "$root" || exit 1
$CC -O2 -o "$atlas" examples/atlas.c 2>"$work/build"
check "cc -O2 -o atlas examples/atlas.c" test -x "$atlas"
check "without a word from the compiler" empty "$work/build"
[ -x "$atlas" ] || { cat "$work/build"; finish; }
for std in c99 c11 gnu11; do
    $CC -std=$std -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Werror -fsyntax-only examples/atlas.c 2>"$work/build"
    check "strict, -std=$std" test $? -eq 0
done
$CC -O1 -DEX_NO_THREADS -o "$work/single" examples/atlas.c 2>"$work/build"
check "builds without threads" test -x "$work/single"
gcc -O0 -g -fsanitize=address,undefined -fno-sanitize-recover=all -pthread -o "$work/careful" examples/atlas.c 2>"$work/build"
check "builds with sanitizers" test -x "$work/careful"

# A writer and a reader of .npy, independent of the program's own.
cat >"$work/npy.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* npy make FILE TYPE N DIM [ROW VALUE]: rows of small numbers; one row may hold a special value.   npy look FILE N RMIN RMAX */
static unsigned state = 1;
static double next(void) { state = state * 1664525u + 1013904223u; return (state >> 8) / 16777216.0 - 0.5; }
static void put(FILE *f, const void *p, size_t n) { size_t i; for (i = 0; i < n; i++) fputc(((const unsigned char *)p)[i], f); }
int main(int argc, char **argv)
{
    if (argc > 5 && !strcmp(argv[1], "make")) {
        char text[200];
        const char *type = argv[3];
        long n = atol(argv[4]), dim = atol(argv[5]), i, j, special = argc > 7 ? atol(argv[6]) : -1;
        int used = sprintf(text, "{'descr': '%s%s', 'fortran_order': False, 'shape': (%ld, %ld), }", type[1] == '1' ? "|" : "<", type, n, dim);
        FILE *f = fopen(argv[2], "wb");
        fwrite("\x93NUMPY\1\0\166\0", 1, 10, f);
        fprintf(f, "%-117.*s\n", used, text);
        for (i = 0; i < n; i++) for (j = 0; j < dim; j++) {
            double d = next();
            float s;
            if (i == special && j == 0) d = strtod(argv[7], NULL);
            s = (float)d;
            if (!strcmp(type, "f8")) put(f, &d, 8);
            else if (!strcmp(type, "f4")) put(f, &s, 4);
            else if (!strcmp(type, "u1")) fputc((int)(256 * (d + 0.5)), f);
            else put(f, i == special && j == 0 ? "\0\x7c" : d < 0 ? "\0\xb8" : j & i & 1 ? "\0\x3c" : "\0\x34", 2);
        }
        return fclose(f) != 0;
    }
    if (argc > 5 && !strcmp(argv[1], "look")) {
        char head[129], want[80];
        float row[3];
        long n = atol(argv[3]), i, bad = 0;
        double low = atof(argv[4]), high = atof(argv[5]), least = 1e30, most = 0, middle = 0;
        FILE *f = fopen(argv[2], "rb");
        if (!f || fread(head, 1, 128, f) != 128) return 1;
        head[128] = 0;
        sprintf(want, "'shape': (%ld, 3)", n);
        if (memcmp(head, "\x93NUMPY\1\0\166\0", 10) || !strstr(head + 10, want) || !strstr(head + 10, "'descr': '<f4'") ||
            !strstr(head + 10, "'fortran_order': False") || head[127] != '\n') return 1;
        for (i = 0; i < n; i++) {
            if (fread(row, 4, 3, f) != 3) return 1;
            if (!(row[0] >= low && row[0] <= high && row[1] >= 0 && row[1] <= 3.1415927f && row[2] >= 0 && row[2] <= 6.2831855f)) bad++;
            if (row[0] < least) least = row[0];
            if (row[0] > most) most = row[0];
            middle += row[1] > 1.0471976f && row[1] < 2.0943951f;        /* half of the area of the sphere */
        }
        if (fgetc(f) != EOF) return 1;
        return bad || (n > 999 && (least > low + .15 * (high - low) || most < high * .99 || middle < .47 * n || middle > .53 * n));
    }
    return 1;
}
END
$CC -O1 -o "$work/npy" "$work/npy.c" || exit 1
npy=$work/npy

# ---- the shipped words ---------------------------------------------------------------------------------------------------
mkdir "$work/run"
ln -s "$root/examples" "$work/run/examples"
cd "$work/run" || exit 1
"$atlas" >"$work/out" 2>"$work/err"
check "runs on the shipped words without an argument" test $? -eq 0
check "no progress where stderr is not a terminal" empty "$work/err"
last=$(tail -n 1 "$work/out")
echo "# $last"
grep '^seconds' "$work/out" | sed 's/^/# /'
number='[0-9]*[.][0-9]*'
form="^atlas: 10000 points, 512 shells, deviation $number, recall10 $number, cone5 $number, cellcv $number\$"
check "the last line has its form" sh -c "tail -n 1 '$work/out' | grep -q '$form'"
field() { echo "$last" | sed -n "s/.*$1 \([0-9.]*\).*/\1/p"; }
table() { sed -n "s/^  $1  *\([0-9.]*\).*/\1/p" "$work/out"; }
check "deviation $(field deviation) < 1" holds "$(field deviation) < 1"
check "recall10 $(field recall10) >= .17" holds "$(field recall10) >= .17"
check "cone5 $(field cone5) >= .77" holds "$(field cone5) >= .77"
check "cone10 $(table cone10) >= .83" holds "$(table cone10) >= .83"
check "cell variation $(field cellcv) <= .08" holds "$(field cellcv) <= .08"
check "cap discrepancy $(table 'cap discrepancy') <= .006" holds "$(table 'cap discrepancy') <= .006"
check "the start's cone5 is reported" holds "$(sed -n 's/^  cone5  *[0-9.]*  *\([0-9.]*\)$/\1/p' "$work/out") > .3"
check "three queries are answered" test "$(grep -c '^query' "$work/out")" -eq 3
check "atlas.npy has its shape, ranges and spread" "$npy" look atlas-out/atlas.npy 10000 16 1024
check "three files, nothing else" test "$(ls -A atlas-out | tr '\n' ' ')" = "atlas.html atlas.npy atlas.svg "
check "the page asks for nothing from outside" sh -c '! grep -Eq "https?://|src=|@import" atlas-out/atlas.html'
check "the picture is below 300 KB" holds "$(wc -c <atlas-out/atlas.svg) < 300000 && $(wc -c <atlas-out/atlas.svg) > 1000"
( ulimit -v 409600; "$atlas" --threads 1 --epochs 1 --out "$work/small" >/dev/null 2>"$work/err" )
check "400 MB of address space are enough" test $? -eq 0

"$atlas" --holdout 500 --out "$work/held" >"$work/out" 2>"$work/err"
held=$(sed -n 's/^held out.*cone5 \([0-9.]*\)$/\1/p' "$work/out")
check "held-out rows: cone5 $held >= .70" holds "$held >= .70"

# ---- the same bytes ------------------------------------------------------------------------------------------------------
quick="--epochs 12 --query king --query water --seed 7 --holdout 100"
for t in 1 2 3 8; do
    "$atlas" $quick --threads $t --out out$t >"$work/out$t" 2>&1
    grep -v '^seconds' "$work/out$t" | sed "s/out$t/out/" >"$work/text$t"
done
for t in 2 3 8; do
    check "$t threads write the files of one" sh -c "for f in npy html svg; do cmp -s out1/atlas.\$f out$t/atlas.\$f || exit 1; done"
    check "$t threads print the text of one" cmp -s "$work/text1" "$work/text$t"
done
"$work/single" $quick --out out0 >/dev/null 2>&1
check "the program without threads writes them too" sh -c 'for f in npy html svg; do cmp -s out0/atlas.$f out1/atlas.$f || exit 1; done'
"$atlas" --epochs 12 --seed 8 --holdout 100 --out out9 >/dev/null 2>&1
check "another seed gives another map" sh -c '! cmp -s out1/atlas.npy out9/atlas.npy'

# ---- small inputs, with sanitizers, and so are the bad ones ------------------------------------------------------------------
fast=$atlas
atlas=$work/careful
for n in 1 2 3 10 11 40; do
    "$npy" make small.npy f4 $n 5
    "$atlas" small.npy --out small >"$work/out" 2>"$work/err"
    check "$n rows without words" test $? -eq 0 -a -s small/atlas.html
    check "$n rows: table and last line" sh -c "'$npy' look small/atlas.npy $n 0 2000 && tail -n 1 '$work/out' | grep -q '^atlas: $n points, $n shells, '"
done
"$npy" make wide.npy f8 30 1;  "$atlas" wide.npy --shells 4 --spacing golden --exponent 0 --out small >/dev/null 2>"$work/err"
check "one column, float64" test $? -eq 0
"$npy" make half.npy f2 30 7;  "$atlas" half.npy --holdout 29 --out small >/dev/null 2>"$work/err"
check "half precision, all but one row held out" test $? -eq 0
"$npy" make bytes.npy u1 30 7; "$atlas" bytes.npy --out small >"$work/out" 2>"$work/err"
check "bytes" test $? -eq 0 -a "$(wc -c <bytes.npy)" -eq 338
"$atlas" /dev/stdin --out small >/dev/null 2>"$work/err" <half.npy
check "from standard input" test $? -eq 0
cat half.npy | "$atlas" /dev/stdin --out small >/dev/null 2>"$work/err"
check "from a pipe" test $? -eq 0
"$npy" make six.npy f4 6 5
printf '</script><script>alert(1)\n"quoted" \047 \\ \001\033[31m\n\377\300\200\355\240\200\n\n<b>&amp;\r\n\342\200\250\342\202\254' >hostile.txt
"$atlas" six.npy --words hostile.txt --out hostile >"$work/out" 2>"$work/err"
check "hostile words are accepted" test $? -eq 0
check "and end no script" sh -c '! grep -q "</script><script>alert" hostile/atlas.html && test "$(grep -c "</script>" hostile/atlas.html)" -eq 2'
check "and begin no element in the picture" sh -c '! grep -Eq "<script|<b>" hostile/atlas.svg'
check "and send no escape sequence to the terminal" sh -c "! grep -q '$(printf '\033')' '$work/out' hostile/atlas.html hostile/atlas.svg"
"$atlas" six.npy --query 3 --query=0 --out=small >"$work/out" 2>"$work/err"
check "--name=value, and row numbers as queries" test $? -eq 0 -a "$(grep -c '^query' "$work/out")" -eq 2

# ---- bad input: exit code 2, one sentence, nothing overwritten ---------------------------------------------------------
mkdir keep
cp out1/atlas.* keep/
cksum keep/* >"$work/before"
# bad NAME WORD ARGUMENT...: must fail with one sentence in which WORD occurs
bad() {
    name=$1 word=$2; shift 2
    "$atlas" "$@" --out keep >"$work/out" 2>"$work/err"
    code=$?
    cksum keep/* | cmp -s - "$work/before"
    kept=$?
    check "$name" test $code -eq 2 -a $kept -eq 0 -a "$(wc -l <"$work/err")" -eq 1 -a ! -s "$work/out" -a \
        "$(grep -c -- "^atlas: .*$word.*\\.\$" "$work/err")" -eq 1 -a "$(ls -A keep | wc -l)" -eq 3
}
# header TEXT: a version 1 header around the text, on stdout
header() { printf '\223NUMPY\001\000\166\000%-117s\n' "$1"; }
d="'descr': '<f4', 'fortran_order': False"
data() { head -c "$1" /dev/zero; }
{ header "{$d, 'shape': (4, 3), }"; data 47; } >x.npy;                                  bad "truncated rows" truncated x.npy
{ header "{$d, 'shape': (4, 3), }"; data 49; } >x.npy;                                  bad "bytes after the last row" "after its last row" x.npy
printf '\223NUMPY\001\000\166\000{' >x.npy;                                             bad "header longer than the file" truncated x.npy
printf '\223NUMPY\001\000\166' >x.npy;                                                  bad "ends in the header's length" truncated x.npy
printf '\223NUMPY\002\000\377\377\377\377{' >x.npy;                                     bad "header of 4 GB" header x.npy
printf '\223NUMPX\001\000\166\000' >x.npy;                                              bad "wrong magic" magic x.npy
: >x.npy;                                                                               bad "empty file" magic x.npy
printf '\223NUMPY\004\000\166\000' >x.npy;                                              bad "version 4" version x.npy
{ header "{'descr': '>f4', 'fortran_order': False, 'shape': (4, 3), }"; data 48; } >x.npy; bad "big-endian" big-endian x.npy
{ header "{'descr': '<i4', 'fortran_order': False, 'shape': (4, 3), }"; data 48; } >x.npy; bad "integers" type x.npy
{ header "{'descr': '|i1', 'fortran_order': False, 'shape': (4, 3), }"; data 12; } >x.npy; bad "signed bytes" "type '|i1'" x.npy
{ header "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 3), }"; data 11; } >x.npy; bad "truncated bytes" truncated x.npy
{ header "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4, 3), }"; data 48; } >x.npy; bad "records" records x.npy
{ header "{'descr': '<f4', 'fortran_order': True, 'shape': (4, 3), }"; data 48; } >x.npy;  bad "Fortran order" Fortran x.npy
{ header "{$d, 'shape': (12,), }"; data 48; } >x.npy;                                   bad "one dimension" "1 dimension" x.npy
{ header "{$d, 'shape': (2, 2, 3), }"; data 48; } >x.npy;                               bad "three dimensions" "3 dimensions" x.npy
{ header "{$d, 'shape': (), }"; data 4; } >x.npy;                                       bad "no dimension" "0 dimensions" x.npy
{ header "{$d, 'shape': (0, 3), }"; } >x.npy;                                           bad "no rows" "no rows" x.npy
{ header "{$d, 'shape': (3, 0), }"; } >x.npy;                                           bad "no columns" "no columns" x.npy
{ header "{$d, 'shape': (4294967296, 4294967296), }"; data 48; } >x.npy;                bad "size that overflows" "too many" x.npy
{ header "{$d, 'shape': (99999999999999999999999, 3), }"; data 48; } >x.npy;            bad "dimension beyond 64 bits" "64 bits" x.npy
{ header "{$d, 'shape': (4000000000, 1000), }"; data 48; } >x.npy;                      bad "16 TB in a short file" truncated x.npy
{ header "{$d, 'shape': (-4, 3), }"; data 48; } >x.npy;                                 bad "negative dimension" shape x.npy
{ header "{$d, 'shape': (4 3), }"; data 48; } >x.npy;                                   bad "shape without comma" shape x.npy
{ header "{$d, 'shape': (12), }"; data 48; } >x.npy;                                    bad "shape that is no tuple" shape x.npy
{ header "{$d}"; data 48; } >x.npy;                                                     bad "missing key" missing x.npy
{ header "{$d, $d, 'shape': (4, 3), }"; data 48; } >x.npy;                              bad "key twice" twice x.npy
{ header "{$d, 'shape': (4, 3), 'colour': 1}"; data 48; } >x.npy;                       bad "unknown key" colour x.npy
{ header "{$d, 'shape': (4, 3), } x"; data 48; } >x.npy;                                bad "text after the dictionary" after x.npy
{ header "{$d, 'shape': (4, 3), "; data 48; } >x.npy;                                   bad "dictionary without end" malformed x.npy
{ header "no dictionary"; data 48; } >x.npy;                                            bad "no dictionary" malformed x.npy
{ header "  { 'shape' :(4L,3L,) ,${d}}"; data 48; } >x.npy
"$atlas" x.npy --out small >/dev/null 2>&1;  check "odd but legal header, rows of zeros" test $? -eq 0
{ printf '\223NUMPY\002\000\166\000\000\000%-117s\n' "{$d, 'shape': (4, 3), }"; data 48; } >x.npy
"$atlas" x.npy --out small >/dev/null 2>&1;  check "version 2" test $? -eq 0
{ printf '\223NUMPY\003\000\166\000\000\000%-117s\n' "{$d, 'shape': (4, 3), }"; data 48; } >x.npy
"$atlas" x.npy --out small >/dev/null 2>&1;  check "version 3" test $? -eq 0
"$npy" make x.npy f4 20 4 17 nan;   bad "NaN, and which row" "row 17 .*NaN" x.npy
"$npy" make x.npy f8 20 4 3 -inf;   bad "infinite" "row 3 .*infinite" x.npy
"$npy" make x.npy f2 20 4 5 inf;    bad "infinite half" "row 5 .*infinite" x.npy
"$npy" make x.npy f8 20 4 19 1e300; bad "float64 that overflows float" "row 19 .*fit in a float" x.npy
"$npy" make x.npy f4 20 4 2 3e38;   "$atlas" x.npy --out small >/dev/null 2>&1; check "the largest floats are legal" test $? -eq 0
# The other formats, made by printf: words of 4 bytes, a header with its length before it.
le4() { printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"; }
tensors() { le4 ${#1}; le4 0; printf %s "$1"; }
vecs() { for row in 1 2 3 4 5 6; do le4 3; printf "\\000\\000\\200\\077\\000\\000\\0${row}0\\100\\000\\000\\000\\000"; done; }
same() { cmp -s "$1/atlas.npy" "$2/atlas.npy"; }
vecs >x.fvecs
{ tensors '{"w":{"dtype":"F32","shape":[6,3],"data_offsets":[0,72]}}'; vecs | { for row in 1 2 3 4 5 6; do head -c 4 >/dev/null; head -c 12; done; }; } >x.safetensors
for row in 1 2 3 4 5 6; do le4 3; printf "\\001\\00$row\\000"; done >x.bvecs
for ending in fvecs bvecs safetensors; do
    "$atlas" x.$ending --out of-$ending >"$work/out" 2>"$work/err"
    check "reads .$ending" test $? -eq 0 -a -s of-$ending/atlas.npy
done
check "the same rows from .fvecs and .safetensors" same of-fvecs of-safetensors
{ tensors '{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"\u0077/\"2":{"shape":[4,2],"data_offsets":[8,24],"dtype":"BF16"},"h":{"dtype":"F16","shape":[4,2],"data_offsets":[24,40]},"__metadata__":{"format":"pt"}}'
  data 8; for row in 1 2 3 4; do printf "\\200\\077\\0${row}0\\100"; done; for row in 1 2 3 4; do printf "\\000\\074\\000\\10$row"; done; } >y.safetensors
"$atlas" y.safetensors --tensor 'w/"2' --out of-bf16 >"$work/out" 2>"$work/err"
check "reads a named BF16 tensor" test $? -eq 0 -a -s of-bf16/atlas.npy
"$atlas" y.safetensors --tensor h --out of-f16 >"$work/out" 2>"$work/err"
check "reads a named F16 tensor" test $? -eq 0 -a -s of-f16/atlas.npy
"$atlas" y.safetensors --out of-first >"$work/out" 2>"$work/err"
check "reads the first tensor of two dimensions" same of-first of-bf16
bad "--tensor for a .npy file" tensor half.npy --tensor w
bad "--tensor that is not there" "no tensor 'q'" y.safetensors --tensor q
bad "--tensor of one dimension" "1 dimension" y.safetensors --tensor a
: >z.fvecs;                                              bad ".fvecs: empty" empty z.fvecs
printf '\003\000' >z.fvecs;                              bad ".fvecs: two bytes" truncated z.fvecs
head -c 70 x.fvecs >z.fvecs;                             bad ".fvecs: last row cut" "left over" z.fvecs
{ cat x.fvecs; le4 3; } >z.fvecs;                        bad ".fvecs: a length without a row" "left over" z.fvecs
{ le4 0; data 12; } >z.fvecs;                            bad ".fvecs: rows of nothing" "has 0 numbers" z.fvecs
{ le4 -1; data 12; } >z.fvecs;                           bad ".fvecs: negative length" "has -1 numbers" z.fvecs
{ le4 1000000000; data 12; } >z.fvecs;                   bad ".fvecs: a row of 4 GB" "has 1000000000 numbers" z.fvecs
{ le4 3; data 12; le4 2; data 12; } >z.fvecs;            bad ".fvecs: rows of different length" "row 1 " z.fvecs
{ le4 1; data 4; le4 1; printf '\000\000\300\177'; } >z.fvecs; bad ".fvecs: NaN" "row 1 .*NaN" z.fvecs
{ le4 3; data 3; le4 2; data 3; } >z.bvecs;              bad ".bvecs: rows of different length" "row 1 " z.bvecs
head -c 20 x.bvecs >z.bvecs;                             bad ".bvecs: last row cut" "left over" z.bvecs
mkdir -p dir.fvecs dir.safetensors;                      bad ".fvecs: a directory" directory dir.fvecs
bad ".safetensors: a directory" directory dir.safetensors
bad ".safetensors: not there" "cannot open" nowhere.safetensors
w='"w":{"dtype":"F32","shape":[6,3],"data_offsets":[0,72]}'
: >z.safetensors;                                        bad ".safetensors: empty" truncated z.safetensors
{ le4 -1; le4 -1; } >z.safetensors;                      bad ".safetensors: header of 2^64 bytes" "claims a header" z.safetensors
{ le4 1000; le4 0; printf '{'; } >z.safetensors;         bad ".safetensors: header longer than the file" truncated z.safetensors
{ tensors "{$w}"; data 71; } >z.safetensors;             bad ".safetensors: data cut" "truncated or damaged" z.safetensors
{ tensors "[$w]"; data 72; } >z.safetensors;             bad ".safetensors: an array as header" brace z.safetensors
{ tensors "{$w"; data 72; } >z.safetensors;              bad ".safetensors: header without end" brace z.safetensors
{ tensors "{$w} x"; data 72; } >z.safetensors;           bad ".safetensors: text after the header" after z.safetensors
{ tensors "{$w,}"; data 72; } >z.safetensors;            bad ".safetensors: comma too many" "name of a tensor" z.safetensors
{ tensors "{$w,$w}"; data 72; } >z.safetensors;          bad ".safetensors: a tensor twice" twice z.safetensors
{ tensors '{}'; } >z.safetensors;                        bad ".safetensors: no tensors" "no tensor" z.safetensors
{ tensors '{"\q":{}}'; } >z.safetensors;                 bad ".safetensors: unknown escape" "name of a tensor" z.safetensors
{ tensors '{"\ud800":{}}'; } >z.safetensors;             bad ".safetensors: half a character" "name of a tensor" z.safetensors
{ tensors '{"\u0000":{}}'; } >z.safetensors;             bad ".safetensors: zero in a name" "name of a tensor" z.safetensors
{ tensors '{"__metadata__":{"a":1}}'; } >z.safetensors;  bad ".safetensors: metadata that is no text" __metadata__ z.safetensors
one() { { tensors "{\"w\":{$1}}"; data 72; } >z.safetensors; }
one '"dtype":"F32","shape":[6,3]';                                              bad ".safetensors: no offsets" lacks z.safetensors
one '"dtype":"F32","dtype":"F32","shape":[6,3],"data_offsets":[0,72]';          bad ".safetensors: a key twice" "key twice" z.safetensors
one '"dtype":"F32","shape":[6,3],"data_offsets":[0,72],"x":1';                  bad ".safetensors: unknown key" "does not have" z.safetensors
one '"dtype":"F32","shape":[6,3],"data_offsets":[0,72,72]';                     bad ".safetensors: three offsets" data_offsets z.safetensors
one '"dtype":"F32","shape":[6,3],"data_offsets":[72,0]';                        bad ".safetensors: offsets backwards" damaged z.safetensors
one '"dtype":"F32","shape":[6,3],"data_offsets":[0,68]';                        bad ".safetensors: offsets and shape differ" "shape needs 72" z.safetensors
one '"dtype":"F32","shape":[6,3],"data_offsets":[0,18446744073709551616]';      bad ".safetensors: offset beyond 64 bits" data_offsets z.safetensors
one '"dtype":"F32","shape":[4294967294,4294967296],"data_offsets":[0,72]';      bad ".safetensors: size that overflows" "too many" z.safetensors
one '"dtype":"F32","shape":[06,3],"data_offsets":[0,72]';                       bad ".safetensors: leading zero" shape z.safetensors
one '"dtype":"F32","shape":[-6,3],"data_offsets":[0,72]';                       bad ".safetensors: negative dimension" shape z.safetensors
one '"dtype":"F32","shape":[0,3],"data_offsets":[0,0]';                         bad ".safetensors: no rows" "no rows" z.safetensors
one '"dtype":"I8","shape":[24,3],"data_offsets":[0,72]';                        bad ".safetensors: integers" "type I8" z.safetensors
one '"dtype":"F32","shape":[18],"data_offsets":[0,72]';                         bad ".safetensors: one dimension" "two dimensions" z.safetensors
one '"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,18],"data_offsets":[0,72]'; bad ".safetensors: 17 dimensions" shape z.safetensors
{ tensors '{"w":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4]}}'; printf '\000\000\200\177'; } >z.safetensors; bad ".safetensors: infinite" "row 1 .*infinite" z.safetensors
bad "file that is not there" "cannot open" nowhere.npy
bad "directory as file" directory keep
bad "second file" second half.npy half.npy
bad "empty file name" empty ""
seq 29 >x.txt;                  bad "words: too few lines" "29 lines for 30 rows" half.npy --words x.txt
seq 31 >x.txt;                  bad "words: too many lines" "31 lines for 30 rows" half.npy --words x.txt
: >x.txt;                       bad "words: empty file" "0 lines" half.npy --words x.txt
bad "words: not there" "cannot open" half.npy --words nowhere.txt
bad "words: a directory" directory half.npy --words keep
for option in shells seed epochs holdout threads exponent min-radius max-radius; do
    bad "--$option 12x" "'12x'" half.npy --$option 12x
    bad "--$option nan" "'nan'" half.npy --$option nan
    bad "--$option, empty" "''" half.npy --$option ""
    bad "--$option -1" "'-1'" half.npy --$option -1
    bad "--$option 1e99" "'1e99'" half.npy --$option 1e99
    bad "--$option without a value" "needs a value" half.npy --$option
done
bad "--shells 0" "'0'" half.npy --shells 0
bad "--shells beyond its range" "'65537'" half.npy --shells 65537
bad "--seed beyond 64 bits" "18446744073709551616" half.npy --seed 18446744073709551616
bad "--threads 0" "'0'" half.npy --threads 0
bad "--exponent 0x1" "'0x1'" half.npy --exponent 0x1
bad "--holdout of all rows" "leaves none" half.npy --holdout 30
bad "--spacing of another name" "one of" half.npy --spacing square
bad "radii in the wrong order" "exceed" half.npy --min-radius 9 --max-radius 3
bad "smallest radius beyond the default largest" "exceed" half.npy --shells 4 --min-radius 9
bad "unknown option" "no option" half.npy --shell 3
bad "unknown short option" "no option" half.npy -x
bad "query that is not a word" "not one of the words" --query qqqqq
bad "query that is not a row" "not a row number" half.npy --query 30
bad "option as the value of an option" "needs a value" half.npy --words --seed 1
atlas=$fast

# ---- faults of the machine: exit code 1, one sentence, no temporary files -----------------------------------------------
# fault NAME WORD DIRECTORY COMMAND: runs the command in a shell of its own
fault() {
    sh -c "$4" >"$work/out" 2>"$work/err"
    code=$?
    check "$1" test $code -eq 1 -a "$(grep -c -- "^atlas: .*$2" "$work/err")" -eq 1 -a "$(wc -l <"$work/err")" -eq 1 -a \
        "$(ls -A "$3" 2>/dev/null | grep -c tmp)" -eq 0
}
: >plain
fault "directory below a file" "cannot make" plain "'$atlas' half.npy --out plain/out"
fault "directory that is a file" "not a directory" plain "'$atlas' half.npy --out plain"
fault "parent that is not there" "cannot make" nowhere "'$atlas' half.npy --out nowhere/out"
fault "disk full, by a limit on file size" "cannot write" keep "ulimit -f 8; '$atlas' half.npy --out keep"
fault "disk full, new directory" "cannot write" fresh "ulimit -f 8; '$atlas' half.npy --out fresh"
check "which is gone again" test ! -e fresh
fault "report cannot be written" "cannot write the report" small "'$atlas' half.npy --out small >/dev/full"
{ header "{$d, 'shape': (3000000, 100), }"; } >large.npy
dd if=/dev/zero of=large.npy bs=1 count=1 seek=1200000127 2>/dev/null
fault "out of memory" "out of memory" keep "ulimit -v 600000; '$atlas' large.npy --out keep"
rm -f large.npy
cksum keep/* | cmp -s - "$work/before"
check "after all this the old files are as they were" test $? -eq 0 -a "$(ls -A keep | wc -l)" -eq 3

# ---- help ----------------------------------------------------------------------------------------------------------------
"$atlas" --help >"$work/out" 2>"$work/err"
check "--help" test $? -eq 0 -a ! -s "$work/err"
for option in words shells spacing exponent min-radius max-radius seed epochs holdout threads out query help; do
    check "--help has --$option" grep -q -- "^  --$option " "$work/out"
done
finish
