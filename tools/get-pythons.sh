#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/get-pythons.sh [MINOR ...]: fetches interpreters that this machine lacks, headers
# included, out of Debian's unstable suite into a folder of their own; nothing is
# installed, nothing needs root, `rm -r` undoes it. Without arguments: 14 15. A MINOR
# with a t (14t) is the free-threaded build of it, which Debian does not package: it is
# compiled from the source package, some minutes, into free-threaded/ in that folder.
#
#   folder: $MEMALOT_PYTHONS, else ~/.cache/memalot/pythons
#
# The packages are unpacked together with the C library they were built for. patchelf
# points each interpreter at that library, so it starts like any other program, and its
# own prefix is found by CPython beside it. tools/pythons.sh looks into the folder.
set -euo pipefail
root=${MEMALOT_PYTHONS:-${XDG_CACHE_HOME:-$HOME/.cache}/memalot/pythons}
here=$(cd "$(dirname "$0")" && pwd)
minors=("$@")
[ $# -gt 0 ] || minors=(14 15)

free=$root/free-threaded/bin
missing=() sources=()
for minor in "${minors[@]}"; do
    if [ "${minor%t}" != "$minor" ]; then
        "$free/python3.$minor" -c '' 2>/dev/null || sources+=("$minor")
        continue
    fi
    "$here/pythons.sh" found | grep -q "python3\.$minor\$" && continue
    "$root/usr/bin/python3.$minor" -c '' 2>/dev/null || missing+=("$minor")
done
if [ ${#missing[@]} -eq 0 ] && [ ${#sources[@]} -eq 0 ]; then
    echo "get-pythons: nothing is missing"
    exit 0
fi
for tool in apt-get dpkg-deb gcc patchelf; do
    if ! command -v "$tool" >/dev/null; then
        echo "get-pythons: $tool is missing; Debian: apt-get install ${tool/dpkg-deb/dpkg}" >&2
        exit 1
    fi
done

apt=$root/apt
mkdir -p "$apt/etc/apt.conf.d" "$apt/etc/preferences.d" "$apt/lists/partial" \
         "$apt/cache/archives/partial"
: >"$apt/status"
# The machine's own mirror, with another suite.
mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} || true; } \
    2>/dev/null | sed -n 's/^URIs: *\(http[^ ]*\/debian\)\/* *$/\1/p; s/^deb .*\(http[^ ]*\/debian\)\/* .*/\1/p' |
    head -n 1)
keys=/usr/share/keyrings/debian-archive-keyring.gpg
if [ -z "$mirror" ] || [ ! -e "$keys" ]; then
    echo "get-pythons: no Debian mirror in /etc/apt, or no $keys" >&2
    exit 1
fi
echo "deb [signed-by=$keys] $mirror unstable main" >"$apt/etc/sources.list"
suites=(unstable testing stable)  # a mirror need not have the sources of all it lists
for suite in "${suites[@]}"; do
    [ ${#sources[@]} -eq 0 ] ||
        echo "deb-src [signed-by=$keys] $mirror $suite main" >>"$apt/etc/sources.list"
done
run=(apt-get -qq -o Dir::Etc="$apt/etc" -o Dir::State="$apt" -o Dir::State::lists="$apt/lists"
     -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" -o Debug::NoLocking=1
     -o APT::Architecture="$(dpkg --print-architecture)" -o Acquire::Languages=none
     -o APT::Sandbox::User=root)

fetch() {
    local packages=() package minor libraries loader python
    for minor in "${missing[@]}"; do
        packages+=("python3.$minor" "python3.$minor-dev" "libpython3.$minor-testsuite")
    done
    echo "get-pythons: fetching ${packages[*]}"
    "${run[@]}" install --yes --no-install-recommends --download-only "${packages[@]}" >/dev/null
    for package in "$apt"/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$root"
    done

    # Of the headers, CPython's alone: the C library's would shadow the compiler's own.
    for minor in "${missing[@]}"; do
        cp "$root"/usr/include/"$(gcc -dumpmachine)"/python3."$minor"/pyconfig.h \
           "$root/usr/include/python3.$minor/pyconfig.h"
    done
    find "$root/usr/include" -mindepth 1 -maxdepth 1 ! -name 'python3*' -exec rm -r {} +

    # usr-merged: the loader stands in usr/lib64 or usr/lib/TRIPLET, by package version.
    libraries=$(dirname "$(find "$root/usr/lib" -name libc.so.6 | head -n 1)")
    loader=$(find "$libraries" "$root/usr/lib64" -name 'ld-linux*.so*' 2>/dev/null | head -n 1)
    for minor in "${missing[@]}"; do
        python=$root/usr/bin/python3.$minor
        patchelf --set-interpreter "$loader" --force-rpath --set-rpath "$libraries" "$python"
        # Debian keeps ensurepip's wheels elsewhere and marks the installation as its own.
        rm -f "$root/usr/lib/python3.$minor/EXTERNALLY-MANAGED"
        "$python" -c 'import sys; print("get-pythons:", sys.version.split()[0], sys.executable)'
    done
}

# The newest source there is, into the folder at hand.
fetch_source() {
    local suite
    for suite in "${suites[@]}"; do
        "${run[@]}" source --download-only --tar-only "$1/$suite" >/dev/null 2>&1 || continue
        tar -xf ./*.orig.tar.xz --strip-components=1
        return
    done
    echo "get-pythons: $mirror has no source of $1" >&2
    return 1
}

# As distributions build it, but for the tests and the profile. Its own source alone:
# Debian's patches are about where things are installed.
compile() {
    local minor=$1 work=$apt/source
    rm -rf "$work" && mkdir -p "$work"
    (cd "$work" && fetch_source "python3.${minor%t}")
    echo "get-pythons: compiling python3.$minor (some minutes)"
    if ! (cd "$work" && ./configure --quiet --disable-gil --disable-test-modules \
            --without-ensurepip --prefix="$root/free-threaded" &&
            nice -n 19 make --silent -j "$(nproc)" &&
            make --silent altinstall) >"$apt/compile.log" 2>&1; then
        tail -n 20 "$apt/compile.log" >&2
        echo "get-pythons: python3.$minor does not compile (all of it in $apt/compile.log)" >&2
        return 1
    fi
    "$free/python3.$minor" -c 'import sys; print("get-pythons:", sys.version.split()[0] + "t", sys.executable)'
}

"${run[@]}" update
[ ${#missing[@]} -eq 0 ] || fetch
for minor in "${sources[@]}"; do
    compile "$minor"
done
rm -rf "$apt"
