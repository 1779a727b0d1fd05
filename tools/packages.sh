#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/packages.sh VENVS PACKAGE...: a virtual environment VENVS/3.N for $PYTHON with
# every one of the packages that has a wheel for it; prints its path. What has none is
# named on stderr and left out: compiling it would take longer than all tests. Does
# nothing when it is there already.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venvs=$1
shift
python=$("$here/pythons.sh" real "${PYTHON:-python3}")
venv=$venvs/$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
pip=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all:)

if [ "$(cat "$venv/.packages" 2>/dev/null)" != "$*" ]; then
    "$here/venv.sh" "$venv" pip >&2
    echo "packages: installing $# packages into $venv" >&2
    if ! "${pip[@]}" "$@" 2>/dev/null; then
        for package in "$@"; do
            "${pip[@]}" "$package" >/dev/null 2>&1 || echo "packages: no wheel of $package" >&2
        done
    fi
    echo "$*" >"$venv/.packages"
fi
echo "$venv"
