#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/get-prometheus.sh: fetches prometheus and promtool out of this machine's own
# Debian suite into a folder of their own; no service is installed, nothing needs root,
# `rm -r` undoes it. Does nothing when both are on PATH or there already.
#
#   folder: $MEMALOT_PROMETHEUS, else ~/.cache/memalot/prometheus
set -euo pipefail
root=${MEMALOT_PROMETHEUS:-${XDG_CACHE_HOME:-$HOME/.cache}/memalot/prometheus}
export PATH=$root/usr/bin:$PATH
if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
    exit 0
fi
for tool in apt-get dpkg-deb; do
    if ! command -v "$tool" >/dev/null; then
        echo "get-prometheus: $tool is missing; put prometheus and promtool on PATH" >&2
        exit 1
    fi
done
mkdir -p "$root"
work=$(mktemp -d "$root/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
echo "get-prometheus: fetching prometheus"
if ! apt-get download -qq -o APT::Sandbox::User=root prometheus >log 2>&1; then
    tail -n 5 log >&2
    echo "get-prometheus: apt-get has no prometheus (apt-get update?)" >&2
    exit 1
fi
dpkg-deb -x prometheus_*.deb "$work/all"
mkdir -p "$root/usr/bin"
mv "$work"/all/usr/bin/prometheus "$work"/all/usr/bin/promtool "$root/usr/bin/"
promtool --version | head -n 1 | sed 's/^/get-prometheus: /'
