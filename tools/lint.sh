#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# House rules that a program can check: who may include whom, where CPython's versions
# may be known, how long a file may get, what a file begins with. Each rule prints the
# places that break it.
set -uo pipefail
bad=0

report() {  # rule, text of the places (empty: fine)
    [ -z "$2" ] && return
    bad=1
    printf '%s\n%s\n\n' "$1" "$(printf '%s\n' "$2" | sed 's/^/  /')"
}

report "only agent/ includes Python.h" \
    "$(git grep -nE '#include *<Python\.h>' -- '*.c' '*.h' ':!agent/*' ':!tests/e2e/ext/*')"
report "only report/diagram.c includes Graphviz" \
    "$(git grep -nE '#include *<(graphviz/)?(cgraph|gvc)\.h>' -- '*.[ch]' ':!report/*')"
report "CPython's versions and inner headers are words for agent/compat/ alone" \
    "$(git grep -nE 'PY_VERSION_HEX|Py_GIL_DISABLED|Py_BUILD_CORE|pycore_' -- \
        '*.c' '*.h' ':!agent/compat/*')"
report "files of more than 500 lines" \
    "$(git ls-files -- '*.c' '*.h' '*.py' '*.sh' | xargs -r wc -l |
        awk '$2 != "total" && $1 > 500 {print $2": "$1" lines"}')"
report "files without an SPDX line at the head" \
    "$(git ls-files -- '*.c' '*.h' '*.py' '*.sh' | while read -r f; do
        [ ! -s "$f" ] || head -n 3 "$f" | grep -q SPDX || echo "$f"
    done)"
report "lines of more than 88 columns (with some grace)" \
    "$(git grep -nE '^.{97,}' -- '*.c' '*.h' '*.py' | cut -c 1-100)"
report "white space at the end of lines" \
    "$(git grep -nE '[[:blank:]]+$' -- '*.[ch]' '*.py' '*.sh' '*.md' '*.build' ':!tests/golden')"
report "nothing outside control/ctl and report prints or ends the process" \
    "$(git grep -nE '\b(printf|puts|abort|exit|_exit) *\(' -- 'base/*.c' 'graph/*.c' \
        'config/*.c' 'control/*.c' ':!control/ctl/*')"
if [ "$bad" -eq 0 ]; then
    echo "lint: nothing to say"
fi
exit "$bad"
