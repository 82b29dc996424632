#!/bin/sh
# Both halves of the decision about virtual lanes: times on this machine (bench/lanes.c), and for AArch64 the instructions that a
# reduction executes, counted one by one by qemu. Needs gcc, gcc-aarch64-linux-gnu, libc6-dev-arm64-cross, qemu-user-static.
set -u
cd "$(dirname "$0")/.." || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
${CC:-cc} -O2 -o "$dir/lanes" bench/lanes.c && "$dir/lanes" | tee "$dir/avx2" || exit 1
aarch64-linux-gnu-gcc -O2 -static -o "$dir/lanes-aarch64" bench/lanes.c || exit 1

# count LANES ROWS KIND DIM: with one instruction a block, the log of the blocks inside the function is a log of instructions.
count() {
  symbol=$3
  [ "$symbol" = norm ] && symbol=square
  range=$(aarch64-linux-gnu-nm -S "$dir/lanes-aarch64" | awk -v name="${symbol}_$1_$2" '$4 == name { printf "0x%s+0x%s", $1, $2 }')
  qemu-aarch64-static -singlestep -d exec,nochain -dfilter "$range" -D "$dir/log" "$dir/lanes-aarch64" "$1" "$2" "$3" "$4" > /dev/null || exit 1
  grep -c '^Trace' "$dir/log"
}
echo
echo 'AArch64, instructions a row    8 lanes  16 lanes  32 lanes'
for kind in dot norm; do
  for rows in 1 4; do
    for dim in 3 100 768; do
      echo "$kind $dim $rows $(count 8 $rows $kind $dim) $(count 16 $rows $kind $dim) $(count 32 $rows $kind $dim)"
    done
  done
done | awk '
  { least = $4; for (i = 4; i <= 6; i++) if ($i < least) least = $i
    for (i = 4; i <= 6; i++) sum[i] += $i / least
    printf "%-5s dim %3d         %d row%s %9.1f %9.1f %9.1f\n", $1, $2, $3, ($3 > 1 ? "s" : " "), $4 / $3, $5 / $3, $6 / $3 }
  END {
    printf "mean of count / lowest count   %9.3f %9.3f %9.3f\n", sum[4] / NR, sum[5] / NR, sum[6] / NR
    best = 4; for (i = 5; i <= 6; i++) if (sum[i] < sum[best]) best = i
    printf "AArch64 decides for %d lanes\n", 2 ^ (best - 1) }' | tee "$dir/neon"
# The product of the two means: a lane count that is poor on either machine is not chosen.
awk 'BEGIN { for (i = 0; i < 3; i++) both[i] = 1 }
  /^mean/ { means++; for (i = 0; i < 3; i++) both[i] *= $(NF - 2 + i) }
  END {
    if (means != 2) exit 1
    best = 0; for (i = 1; i < 3; i++) if (both[i] < both[best]) best = i
    printf "\nboth: %.3f with 8, %.3f with 16, %.3f with 32 lanes\ndecision: %d lanes\n", both[0], both[1], both[2], 8 * 2 ^ best }' "$dir/avx2" "$dir/neon"
