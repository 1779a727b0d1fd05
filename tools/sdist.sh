#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/sdist.sh DIST WORK: the source distribution of what git has at HEAD, in DIST,
# made with the build tools that tools/wheel.sh has put into WORK.
set -euo pipefail
dist=$1 work=$2
here=$(cd "$(dirname "$0")" && pwd)
venvs=("$work"/3.*/bin)
if ! PATH=$(cd "${venvs[0]}" && pwd):$PATH "${venvs[0]}/python" -m build --sdist \
        --no-isolation --outdir "$dist" "$here/.." >"$work/sdist.log" 2>&1; then
    tail -n 20 "$work/sdist.log" >&2
    echo "sdist: failed (all of it in $work/sdist.log)" >&2
    exit 1
fi
echo "sdist: $(ls -t "$dist"/*.tar.gz | head -n 1)"
