# What the tests of the examples have in common; each sources it first: the compiler, a directory that goes away, and how to check.
CC=${CC:-cc}
root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
passed=0 failed=0
LC_ALL=C; export LC_ALL
# The programs end early by exit; what they still hold then is no leak.
ASAN_OPTIONS=detect_leaks=0; export ASAN_OPTIONS

# check NAME COMMAND...: one line, by the exit code of the command
check() {
    name=$1; shift
    if "$@"; then passed=$((passed + 1)); echo "ok - $name"
    else failed=$((failed + 1)); echo "not ok - $name"; fi
}
# holds EXPRESSION: a comparison of numbers, by awk; a missing number is false
holds() { awk "BEGIN { exit !($1) }" 2>/dev/null; }
empty() { ! [ -s "$1" ]; }
finish() { echo "$passed passed, $failed failed"; [ "$failed" -eq 0 ]; exit; }
