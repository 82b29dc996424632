#!/bin/sh
# The ways to use the headers other than copying them: an installed sphere.pc, a Meson subproject, CMake's add_subdirectory and
# find_package. Each is tried from a scratch project that knows nothing else of this tree.
# Ends with "N passed, M failed".
set -u
cd "$(dirname "$0")/.." || exit 1
top=$(pwd)
cc=${CC:-cc}
cxx=${CXX:-c++}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
passed=0
failed=0
check() {
  what=$1
  shift
  if "$@" > "$dir/log" 2>&1; then passed=$((passed + 1)); echo "ok - $what"
  else failed=$((failed + 1)); echo "not ok - $what"; tail -n 12 "$dir/log" | sed 's/^/    /'; fi
}
run() { [ "$("$1")" = 'sphere: ok' ]; }
# The environment of the caller must neither help nor hinder.
unset PKG_CONFIG_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH CFLAGS CXXFLAGS DESTDIR CMAKE_PREFIX_PATH

# One program for all, C and C++; every header is in it, and a warning that must not become an error of the parent.
mkdir "$dir/program"
{
  for header in sphere*.h; do
    printf '#define %s_IMPLEMENTATION\n#include <%s>\n' "$(basename "$header" .h | tr a-z A-Z)" "$header"
  done
  cat <<'TEXT'
#include <stdio.h>
int main(void)
{
    int unused;
    printf("sphere: %s\n", sphere_status_text(SPHERE_OK));
    return 0;
}
TEXT
} > "$dir/program/main.c"
cp "$dir/program/main.c" "$dir/program/main.cpp"

# One version, in every place.
version=$(sed -nE "s/^  version: '([0-9.]+)',$/\1/p" meson.build)
for header in sphere*.h; do check "$header has the version of meson.build" grep -q "^/\* $header - v$version - " "$header"; done
check 'CHANGELOG.md knows the version' grep -qF "$version" CHANGELOG.md

# Meson, installed. Without tests no compiler is needed, and none may be looked for.
check 'meson setup without a compiler' env CC=false CXX=false meson setup "$dir/build" . --prefix="$dir/prefix" -Dtests=disabled
check 'meson install' meson install -C "$dir/build"
check 'meson install with DESTDIR' env DESTDIR="$dir/stage" meson install -C "$dir/build"
installed() {
  find "$1" -type f | sed "s,^$1/,," | sort > "$dir/have"
  { for header in sphere*.h; do echo "include/$header"; done; shift; printf '%s\n' "$@"; } | sort > "$dir/want"
  diff "$dir/want" "$dir/have"
}
check 'the headers and sphere.pc are installed, nothing else' installed "$dir/prefix" share/pkgconfig/sphere.pc
check 'the same under DESTDIR' installed "$dir/stage$dir/prefix" share/pkgconfig/sphere.pc
PKG_CONFIG_PATH=$dir/prefix/share/pkgconfig
export PKG_CONFIG_PATH
check 'pkg-config: the version' test "$(pkg-config --modversion sphere)" = "$version"
check 'pkg-config: one include directory' test "$(pkg-config --cflags sphere)" = "-I$dir/prefix/include "
check 'pkg-config: nothing to link' test -z "$(pkg-config --libs sphere | tr -d ' ')"
check 'pkg-config: a C program builds' sh -c "cd '$dir/program' && $cc -o ../pc main.c \$(pkg-config --cflags --libs sphere)"
check 'pkg-config: it runs' run "$dir/pc"
check 'pkg-config: a C++ program builds' sh -c "cd '$dir/program' && $cxx -o ../pcxx main.cpp \$(pkg-config --cflags --libs sphere)"
check 'pkg-config: it runs' run "$dir/pcxx"
unset PKG_CONFIG_PATH

# Meson, as a subproject of a C and of a C++ project. An installed sphere must not be found instead.
for language in c cpp; do
  parent=$dir/meson_$language
  mkdir -p "$parent/subprojects"
  ln -s "$top" "$parent/subprojects/sphere"
  cp "$dir/program/main.$language" "$parent/"
  cat > "$parent/meson.build" <<TEXT
project('parent', '$language', default_options: ['warning_level=3'])
executable('parent', 'main.$language', dependencies: dependency('sphere', version: '>=$version', fallback: 'sphere'), install: true)
TEXT
  check "meson subproject, $language: set up" meson setup "$parent/build" "$parent" --wrap-mode=forcefallback --prefix="$parent/prefix"
  check "meson subproject, $language: Criterion is not looked for" sh -c "! grep -i criterion '$parent/build/meson-logs/meson-log.txt'"
  check "meson subproject, $language: the parent gets no tests" test "$(meson introspect --tests "$parent/build")" = '[]'
  check "meson subproject, $language: builds, warnings are no errors" meson compile -C "$parent/build"
  check "meson subproject, $language: runs" run "$parent/build/parent"
  check "meson subproject, $language: only the parent is installed" sh -c \
    "meson install -C '$parent/build' && test \"\$(find '$parent/prefix' -type f)\" = '$parent/prefix/bin/parent'"
done

# CMake, as a subdirectory. The name of the directory is the parent's choice.
for language in c cpp; do
  parent=$dir/cmake_$language
  mkdir -p "$parent"
  cp "$dir/program/main.$language" "$parent/"
  if [ $language = c ]; then name=C; else name=CXX; fi
  cat > "$parent/CMakeLists.txt" <<TEXT
cmake_minimum_required(VERSION 3.14)
project(parent $name)
add_subdirectory($top third_party/sphere)
add_executable(parent main.$language)
target_link_libraries(parent PRIVATE sphere::sphere)
install(TARGETS parent DESTINATION bin)
TEXT
  check "cmake add_subdirectory, $language: set up without a warning" sh -c "cmake -S '$parent' -B '$parent/build' -DCMAKE_INSTALL_PREFIX='$parent/prefix' 2>&1 >/dev/null | awk '{ print } END { exit NR > 0 }'"
  check "cmake add_subdirectory, $language: builds" cmake --build "$parent/build"
  check "cmake add_subdirectory, $language: runs" run "$parent/build/parent"
  check "cmake add_subdirectory, $language: only the parent is installed" sh -c \
    "cmake --install '$parent/build' && test \"\$(find '$parent/prefix' -type f)\" = '$parent/prefix/bin/parent'"
done

# CMake, installed, without a compiler; then moved, since a package is unpacked where its user wants it.
check 'cmake, set up without a compiler' env CC=false CXX=false cmake -S . -B "$dir/cmake" -DCMAKE_INSTALL_PREFIX="$dir/first"
check 'cmake --install' cmake --install "$dir/cmake"
check 'the headers and the configuration are installed, nothing else' installed "$dir/first" share/cmake/sphere/sphereConfig.cmake share/cmake/sphere/sphereConfigVersion.cmake
mv "$dir/first" "$dir/moved"
# find VERSION NAME: a parent that asks for that version
find_project() {
  mkdir -p "$dir/$2"
  cp "$dir/program/main.c" "$dir/$2/"
  cat > "$dir/$2/CMakeLists.txt" <<TEXT
cmake_minimum_required(VERSION 3.14)
project(parent C)
find_package(sphere $1 REQUIRED CONFIG)
add_executable(parent main.c)
target_link_libraries(parent PRIVATE sphere::sphere)
TEXT
  cmake -S "$dir/$2" -B "$dir/$2/build" -DCMAKE_PREFIX_PATH="$dir/moved"
}
check 'cmake find_package' find_project "${version%.*}" find
check 'cmake find_package: builds' cmake --build "$dir/find/build"
check 'cmake find_package: runs' run "$dir/find/build/parent"
check 'cmake find_package: the headers come from where they are now' sh -c "! grep -rqF -e '$top' -e '$dir/first' '$dir/moved/share' && grep -rqF '$dir/moved/include' '$dir/find/build'"
later() { ! find_project "$1" "later"; }
check 'cmake find_package: a later version is not found' later "$((${version%%.*} + 1)).0"

printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ]
