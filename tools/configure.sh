#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/configure.sh BUILD [PYTHON ...] [-Doption=value ...]: sets up BUILD, or adds the
# interpreters named to those it already builds the agent for.
#
# BUILD/pythons keeps the list, one path a line: an interpreter once named is never
# lost, except that one with the same agent suffix takes the place of the older (two
# 3.11s would write the same file) and one that has gone from the disk is dropped.
# Does nothing, quickly, when nothing changes.
set -euo pipefail
build=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
options=() names=()
for arg in "$@"; do
    case "$arg" in -*) options+=("$arg") ;; *) names+=("$arg") ;; esac
done

declare -A by_suffix=()
order=()
remember() {  # path, suffix
    [ -n "${by_suffix[$2]:-}" ] || order+=("$2")
    by_suffix[$2]=$1
}

if [ -f "$build/pythons" ]; then
    while IFS=$'\t' read -r path suffix; do
        if [ -x "$path" ]; then
            remember "$path" "$suffix"
        else
            echo "configure: $path has gone, its agent is no longer built"
        fi
    done <"$build/pythons"
fi
for name in "${names[@]}"; do
    line=$("$here/pythons.sh" resolve "$name")
    IFS=$'\t' read -r path suffix <<<"$line"
    remember "$path" "$suffix"
done

list=$(for suffix in "${order[@]}"; do
    printf '%s\t%s\n' "${by_suffix[$suffix]}" "$suffix"
done)
tests=false
pkg-config --exists criterion 2>/dev/null && tests=true
wanted=$(printf '%s\n' "$list" "tests $tests" "${options[@]}")
if [ -f "$build/build.ninja" ] && [ "$(cat "$build/configured" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

mkdir -p "$build"
pythons=$(printf '%s\n' "$list" | cut -f1 | paste -sd, -)
if [ -f "$build/build.ninja" ]; then
    command=(meson configure "$build")
else
    command=(meson setup "$build")
fi
if ! "${command[@]}" "-Dpythons=$pythons" "-Dtests=$tests" "${options[@]}" \
        >"$build/configure.log" 2>&1 ||
        ! ninja -C "$build" build.ninja >>"$build/configure.log" 2>&1; then
    tail -n 20 "$build/configure.log" >&2
    echo "configure: meson failed (all of it in $build/configure.log)" >&2
    exit 1
fi
printf '%s\n' "$list" >"$build/pythons"
printf '%s\n' "$wanted" >"$build/configured"
