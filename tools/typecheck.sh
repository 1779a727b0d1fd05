#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/typecheck.sh VENV: what type checkers think of python/memalot and of the programs
# in tests/typing. mypy is the one in VENV; pyright is asked where it is installed.
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
check "$venv" tests/typing/readme_programs.py
if command -v pyright >/dev/null 2>&1; then
    pyright --project tests/typing || status=1
fi
exit "$status"
