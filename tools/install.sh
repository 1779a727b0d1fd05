#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/install.sh install|uninstall BUILD PREFIX [DESTDIR]: puts what BUILD has under
# DESTDIR/PREFIX, or takes it away again. Builds nothing, so that `sudo make install`
# leaves no file of root's among the user's.
#
#   bin/memalotctl bin/memalot  lib/memalot/ with every agent  share/ man, completion
set -euo pipefail
action=$1 build=$2 prefix=$3
root=${4:-}$3
case "$prefix" in
/*) ;;
*) echo "install: PREFIX must begin with /, not $prefix" >&2; exit 2 ;;
esac
if [ ! -x "$build/bin/memalotctl" ]; then
    echo "install: nothing is built in $build: run make first" >&2
    exit 1
fi

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
meson install -C "$build" --no-rebuild --quiet --strip --destdir "$stage" >/dev/null
from=$stage$(meson introspect --buildoptions "$build" | python3 -c '
import json, sys
print(next(one["value"] for one in json.load(sys.stdin) if one["name"] == "prefix"))')

case "$action" in
install)
    mkdir -p "$root"
    cp -a --no-preserve=ownership "$from/." "$root/"
    echo "install: $root/bin/memalotctl with the agents of $build"
    ;;
uninstall)
    (cd "$from" && find . ! -type d) | while read -r file; do
        rm -f "$root/$file"
    done
    rm -rf "$root/lib/memalot"
    (cd "$from" && find . -mindepth 2 -depth -type d) | while read -r directory; do
        rmdir "$root/$directory" 2>/dev/null || true
    done
    echo "uninstall: nothing of memalot is left in $root"
    ;;
*)
    echo "usage: tools/install.sh install|uninstall BUILD PREFIX [DESTDIR]" >&2
    exit 2
    ;;
esac
