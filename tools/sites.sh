#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/sites.sh BUILD PACKAGE...: for every interpreter that BUILD makes an agent for, a
# virtual environment BUILD/sites/python3.X with the packages. One for which a package
# does not exist goes without, and says so.
set -uo pipefail
build=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
export PIP_ONLY_BINARY=:all: PIP_OF=$build/venv/bin/python

while IFS=$'\t' read -r python _; do
    minor=python3.$("$python" -c 'import sys; print(sys.version_info[1])')
    PYTHON=$python "$here/venv.sh" "$build/sites/$minor" "$@" 2>/dev/null ||
        echo "sites: $minor goes without $*"
done <"$build/pythons"
exit 0
