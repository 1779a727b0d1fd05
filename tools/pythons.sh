#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Which interpreters there are and which of them an agent can be built for.
#
#   tools/pythons.sh resolve NAME     absolute path and agent suffix of one interpreter,
#                                     or one line on stderr that says why it cannot be
#   tools/pythons.sh real NAME        a command that runs it (a pyenv shim of a version
#                                     that is installed but not active does not)
#   tools/pythons.sh found            every usable one, one a line: on PATH, under pyenv,
#                                     fetched by tools/get-pythons.sh
#   tools/pythons.sh built BUILD      one line on what stands in BUILD
#
# A shim, a venv and a link all lead to the interpreter behind them: that one has the
# headers, and it is still there when the venv is gone.
set -euo pipefail
oldest=10 newest=15
fetched=${MEMALOT_PYTHONS:-${XDG_CACHE_HOME:-$HOME/.cache}/memalot/pythons}/usr/bin

real() {
    local candidate
    for candidate in "$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/"${1##*/}"; do
        if "$candidate" -I -c '' >/dev/null 2>&1; then
            echo "$candidate"
            return 0
        fi
    done
    echo "pythons: $1: not there or does not run" >&2
    return 1
}

resolve() {
    local python facts path minor header suffix free
    python=$(real "$1") || return 1
    if ! facts=$("$python" -I - <<'END' 2>/dev/null
import os, sys, sysconfig
path = getattr(sys, "_base_executable", None) or sys.executable
header = os.path.join(sysconfig.get_path("include"), "Python.h")
known = sys.version_info[0] == 3 and sys.implementation.name == "cpython"
print("\t".join([path, str(sys.version_info[1]) if known else "-1",
                 header if os.path.exists(header) else "none",
                 sysconfig.get_config_var("EXT_SUFFIX") or "none",
                 str(sysconfig.get_config_var("Py_GIL_DISABLED") or 0)]))
END
); then
        echo "pythons: $1: does not say what it is" >&2
        return 1
    fi
    IFS=$'\t' read -r path minor header suffix free <<<"$facts"
    if [ "$minor" -lt "$oldest" ] || [ "$minor" -gt "$newest" ]; then
        echo "pythons: $1: memalot knows CPython 3.$oldest to 3.$newest" >&2
        return 1
    fi
    if [ "$free" = 1 ]; then
        echo "pythons: $1: a free-threaded build; memalot needs one with a GIL," \
             "CPython 3.$oldest to 3.$newest" >&2
        return 1
    fi
    if [ "$header" = none ]; then
        echo "pythons: $path has no headers (Python.h); Debian: apt-get install" \
             "python3.$minor-dev, elsewhere a build of Python with them" >&2
        return 1
    fi
    printf '%s\t%s\n' "$path" "$suffix"
}

found() {
    local seen=" " name path suffix
    local names=(python3)
    for minor in $(seq "$oldest" "$newest"); do
        names+=("python3.$minor" "/usr/bin/python3.$minor")
    done
    names+=("${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3 "$fetched"/python3.*)
    for name in "${names[@]}"; do
        IFS=$'\t' read -r path suffix < <(resolve "$name" 2>/dev/null) || continue
        case "$seen" in *" $suffix "*) continue ;; esac
        seen+="$suffix "
        echo "$path"
    done
}

built() {
    local agents=("$1"/lib/memalot/_agent*.so)
    [ -e "${agents[0]}" ] || agents=()
    echo "built: $1/bin/memalotctl and ${#agents[@]} agent(s)" \
         "$(printf '%s\n' "${agents[@]##*/_agent}" | cut -d. -f2 | tr '\n' ' ')"
}

case "${1:-}" in
resolve) resolve "$2" ;;
real) real "$2" ;;
found) found ;;
built) built "$2" ;;
*) echo "usage: tools/pythons.sh resolve NAME | real NAME | found | built BUILD" >&2; exit 2 ;;
esac
