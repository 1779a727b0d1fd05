#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/deb.sh DIST WORK: the Debian package of what git has at HEAD, in DIST; built in
# WORK, so that nothing is left among the sources.
set -euo pipefail
dist=$1 work=$2
for tool in dpkg-buildpackage dh; do
    command -v $tool >/dev/null || {
        echo "deb: $tool is missing; Debian: apt-get install dpkg-dev debhelper" >&2
        exit 1
    }
done
mkdir -p "$dist"
rm -rf "$work"
mkdir -p "$work/memalot"
git archive HEAD | tar -C "$work/memalot" -x
# The system's own Python and Meson, whatever comes first on PATH otherwise.
if ! (cd "$work/memalot" && PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        DEB_BUILD_OPTIONS="parallel=${JOBS:-1} noautodbgsym ${DEB_BUILD_OPTIONS:-}" \
        dpkg-buildpackage -us -uc -b) >"$work/log" 2>&1; then
    tail -n 20 "$work/log" >&2
    echo "deb: dpkg-buildpackage failed (all of it in $work/log)" >&2
    exit 1
fi
mv "$work"/*.deb "$dist"
echo "deb: $(ls -t "$dist"/memalot_*.deb | head -n 1)"
