#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/fuzz.sh BUILD: runs each tests/fuzz/fuzz_<what>.c for $FUZZ_SECONDS with address
# and undefined-behaviour checks, beginning with what lies in tests/fuzz/corpus_<what>/.
# An input that breaks something is left in BUILD/found/ and belongs, made small, into
# the corpus, which every `make test` replays.
#
# With clang the search is libFuzzer's; without it, the standalone driver's mutations,
# a new seed each round, which know nothing of coverage.
set -euo pipefail
build=$1
seconds=${FUZZ_SECONDS:-60}
cd "$(dirname "$0")/.."
status=0

by_mutation() {  # program, corpus, what
    local end=$((SECONDS + seconds)) seed
    while [ "$SECONDS" -lt "$end" ]; do
        seed=$RANDOM$RANDOM
        if ! "$1" -runs=20000 -seed="$seed" -artifact="$build/found/$3" "$2" \
                >"$build/found/$3.log" 2>&1; then
            tail -n 30 "$build/found/$3.log"
            echo "fuzz: $3 fails with -seed=$seed, input in $build/found/$3"
            return 1
        fi
    done
}

by_libfuzzer() {  # source, corpus, what
    local libraries
    mapfile -t libraries < <(find "$build" -name 'libml_*.a')
    mkdir -p "$build/corpus/$3"
    # shellcheck disable=SC2046  # lists of words on purpose
    clang -g -O1 -std=gnu11 -fsanitize=fuzzer,address,undefined -Ibase -Igraph \
        -Iconfig -Icontrol -Ireport -Itests/support "$1" \
        $(pkg-config --cflags jansson yaml-0.1) \
        -Wl,--start-group "${libraries[@]}" -Wl,--end-group \
        $(pkg-config --libs jansson yaml-0.1 libcgraph libgvc smartcols) -lm \
        -o "$build/fuzz_$3"
    "$build/fuzz_$3" -max_total_time="$seconds" -verbosity=0 -print_final_stats=1 \
        -artifact_prefix="$build/found/$3-" "$build/corpus/$3" "$2"
}

compiler=cc instrument=()
if command -v clang >/dev/null 2>&1; then
    compiler=clang instrument=(-Dc_args=-fsanitize=fuzzer-no-link)
else
    echo "fuzz: no clang here (apt-get install clang): mutations without coverage"
fi
CC=$compiler tools/configure.sh "$build" "${PYTHON:-python3}" "${instrument[@]}" \
    -Db_sanitize=address,undefined -Db_lundef=false
ninja -C "$build" -j "${JOBS:-2}" --quiet
mkdir -p "$build/found"
for source in tests/fuzz/fuzz_*.c; do
    what=$(basename "$source" .c)
    what=${what#fuzz_}
    echo "fuzz: $what for $seconds s"
    if [ "$compiler" = clang ]; then
        by_libfuzzer "$source" "tests/fuzz/corpus_$what" "$what" || status=1
    else
        program=$(find "$build" -name "fuzz_$what" -type f -perm -u+x | head -n 1)
        by_mutation "$program" "tests/fuzz/corpus_$what" "$what" || status=1
    fi
done
[ "$status" -eq 0 ] && echo "fuzz: nothing found"
exit "$status"
