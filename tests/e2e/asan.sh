#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tests/e2e/asan.sh BUILD VENV [pytest arguments]: the end-to-end tests with the agent and
# memalotctl of BUILD, which was set up with -Db_sanitize=address,undefined.
#
# The interpreter is not built for sanitizers, so their libraries are loaded first. The
# sweep process has closed standard error by the time it could complain: what it and the
# others say goes to files, printed here at the end. Exit 1 if there are any.
set -uo pipefail
build=$1 venv=$2
shift 2
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
status=0
env MEMALOT_BUILD="$(realpath "$build")" MEMALOT_PATIENCE="${MEMALOT_PATIENCE:-60}" \
    LD_PRELOAD="$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libubsan.so)" \
    ASAN_OPTIONS="detect_leaks=0:log_path=$logs/asan" \
    UBSAN_OPTIONS="print_stacktrace=1:log_path=$logs/ubsan" \
    "$venv/bin/python" -m pytest -m 'not slow' "$@" || status=1
for log in "$logs"/*; do
    [ -f "$log" ] && status=1 && cat "$log"
done
exit $status
