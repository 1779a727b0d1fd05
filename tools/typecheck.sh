#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/typecheck.sh VENV: what type checkers think of python/memalot and of the programs
# in tests/typing. mypy and pyright are those in VENV.
set -euo pipefail
mypy=$(realpath "$1")/bin/mypy
cd "$(dirname "$0")/.."
status=0
check() {
    MYPYPATH=python "$mypy" --python-version 3.10 --cache-dir "$1/../mypy" "${@:2}" ||
        status=1
}
venv=$(dirname "$(dirname "$mypy")")
check "$venv" --strict python/memalot tests/typing/decorated.py
# The programs as they stand in the documentation: their own functions have no types.
check "$venv" --strict --allow-untyped-defs --allow-untyped-calls \
    tests/typing/readme_programs.py
# pyright fetches what it runs on the first time; without a network it is left out.
pyright=$(dirname "$mypy")/pyright
if timeout 90 "$pyright" --version >/dev/null 2>&1; then
    "$pyright" --project tests/typing --pythonpath "$venv/bin/python" || status=1
else
    echo "typecheck: pyright cannot run here; left out"
fi
exit "$status"
