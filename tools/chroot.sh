#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/chroot.sh: sees to it that there is a tar file of a Debian 12 with nothing but
# Python and venv, and prints its path. It is made by debootstrap, as root, once, from
# the machine's own Debian mirror; `rm` undoes it.
#
#   tar file: $MEMALOT_CHROOT, else ~/.cache/memalot/debian-12-python.tar
set -euo pipefail
tar=${MEMALOT_CHROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/memalot/debian-12-python.tar}
keys=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
    echo "chroot: $*" >&2
    exit 1
}

[ -e "$tar" ] && { echo "$tar"; exit 0; }
[ "$(id -u)" -eq 0 ] || fail "only root can make one"
command -v debootstrap >/dev/null || fail "debootstrap is missing; Debian: apt-get install debootstrap"
[ -e "$keys" ] || fail "no $keys; Debian: apt-get install debian-archive-keyring"
mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} || true; } \
    2>/dev/null | sed -n 's/^URIs: *\(http[^ ]*\/debian\)\/* *$/\1/p; s/^deb .*\(http[^ ]*\/debian\)\/* .*/\1/p' |
    head -n 1)
[ -n "$mirror" ] || fail "no Debian mirror in /etc/apt"

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
if ! debootstrap --variant=minbase --include=python3,python3-venv --keyring="$keys" \
        bookworm "$work/root" "$mirror" >"$work/log" 2>&1; then
    tail -n 5 "$work/log" >&2
    fail "debootstrap failed (its last lines above)"
fi
rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/lib/apt/lists/*
mkdir -p "$(dirname "$tar")"
tar -C "$work/root" -cf "$tar.$$" .
mv "$tar.$$" "$tar"
echo "$tar"
