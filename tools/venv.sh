#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/venv.sh DIR PACKAGE...: a virtual environment in DIR, made by $PYTHON, with the
# packages (by name, from wherever this machine's pip is set up to look). Nothing is
# ever installed into the interpreter itself, so a distribution that forbids that (PEP
# 668) is no obstacle. Does nothing when DIR already has them. An interpreter without
# ensurepip is helped by the pip of $PIP_OF (python3).
set -euo pipefail
dir=$1
shift
python=$("$(dirname "$0")/pythons.sh" real "${PYTHON:-python3}")
version=$("$python" -c 'import sys; print(sys.version)')
wanted="$* for $version"

without_pip() {
    "$python" -m venv --without-pip "$dir" &&
        "${PIP_OF:-python3}" -m pip install --quiet --disable-pip-version-check \
            --upgrade --target "$(echo "$dir"/lib/python3.*/site-packages)" pip
}

[ "$(cat "$dir/.wanted" 2>/dev/null)" = "$wanted" ] && exit 0
rm -rf "$dir"
mkdir -p "$(dirname "$dir")"
if ! message=$("$python" -m venv "$dir" 2>&1); then
    # Half a venv without pip is what Debian leaves when python3-venv is missing.
    rm -rf "$dir"
    if ! without_pip 2>/dev/null && ! "$python" -m virtualenv -q "$dir" 2>/dev/null; then
        printf '%s\n' "$message" >&2
        echo "venv: $python cannot make a virtual environment" \
             "(Debian: apt-get install python3-venv)" >&2
        exit 1
    fi
fi
echo "venv: installing $* into $dir"
if ! "$dir/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; then
    echo "venv: pip could not install $* (no network, no index?)" >&2
    exit 1
fi
echo "$wanted" >"$dir/.wanted"
