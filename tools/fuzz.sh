#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/fuzz.sh BUILD: runs each tests/fuzz/fuzz_<what>.c for $FUZZ_SECONDS under
# libFuzzer with address and undefined-behaviour checks, beginning with what lies in
# tests/fuzz/corpus/<what>/. An input that breaks something is left in BUILD/found/<what>
# and belongs, made small, into the corpus, which every `make test` replays.
#
# libFuzzer comes with clang; without clang the corpus is replayed and that is said.
set -euo pipefail
build=$1
seconds=${FUZZ_SECONDS:-60}
flags=-fsanitize=address,undefined
cd "$(dirname "$0")/.."

if ! command -v clang >/dev/null 2>&1; then
    echo "fuzz: no clang here (apt-get install clang); only replaying the corpus"
    tools/configure.sh build-asan "${PYTHON:-python3}" \
        -Db_sanitize=address,undefined -Db_lundef=false
    ninja -C build-asan --quiet
    exec meson test -C build-asan --suite fuzz --print-errorlogs
fi

CC=clang tools/configure.sh "$build" "${PYTHON:-python3}" -Db_sanitize=address,undefined \
    -Db_lundef=false -Dc_args=-fsanitize=fuzzer-no-link
ninja -C "$build" --quiet
libraries=$(find "$build" -name 'libml_*.a')
status=0
for source in tests/fuzz/fuzz_*.c; do
    what=$(basename "$source" .c)
    what=${what#fuzz_}
    mkdir -p "$build/found/$what" "$build/corpus/$what"
    # shellcheck disable=SC2086  # lists of words on purpose
    clang -g -O1 -std=gnu11 $flags,fuzzer -Ibase -Igraph -Iconfig -Icontrol -Ireport \
        -Itests/support $(pkg-config --cflags jansson yaml-0.1) "$source" \
        -Wl,--start-group $libraries -Wl,--end-group \
        $(pkg-config --libs jansson yaml-0.1 libcgraph libgvc smartcols) \
        -o "$build/fuzz_$what"
    echo "fuzz: $what for $seconds s"
    "$build/fuzz_$what" -max_total_time="$seconds" -print_final_stats=1 -verbosity=0 \
        -artifact_prefix="$build/found/$what/" "$build/corpus/$what" \
        $([ -d "tests/fuzz/corpus/$what" ] && echo "tests/fuzz/corpus/$what") || status=1
done
exit "$status"
