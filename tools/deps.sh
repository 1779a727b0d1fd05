#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/deps.sh build|test|fetch|debian: sees to it that everything needed to build (or
# also to test, to fetch interpreters, to make and try a Debian package) is there. Looks
# first and is silent when nothing is missing; otherwise installs just that by apt-get,
# through sudo when not root. Where there is no apt-get it lists what is missing and ends
# with 1.
#
# What it asks for is a capability (a command, a library known to pkg-config), not a
# package, so that a meson from pip or a library built by hand counts.
set -euo pipefail
stage=${1:-build}
python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")" && pwd)
missing=()

need_command() {  # command, Debian package
    command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}

need_library() {  # pkg-config name, Debian package
    pkg-config --exists "$1" 2>/dev/null || missing+=("$2")
}

# A C compiler without libc's headers is what `apt-get install gcc` alone can leave.
need_compiler() {
    command -v cc >/dev/null 2>&1 || missing+=(gcc)
    echo '#include <stdio.h>' | cc -E -x c - >/dev/null 2>&1 || missing+=(libc6-dev)
}

# Headers and venv of the interpreter: only the distribution's own can be helped by
# apt-get; for the others tools/pythons.sh says what is wrong.
need_python() {
    local runs facts executable version headers venv
    if ! runs=$("$here/pythons.sh" real "$python" 2>/dev/null); then
        [ "$python" = python3 ] && missing+=(python3 python3-dev python3-venv)
        return 0
    fi
    facts=$("$runs" - <<'END'
import os, sys, sysconfig
base = getattr(sys, "_base_executable", None) or sys.executable
header = os.path.join(sysconfig.get_path("include"), "Python.h")
try:
    import ensurepip, venv
    venv = "yes"
except ImportError:
    venv = "no"
print(os.path.realpath(base), "%d.%d" % sys.version_info[:2],
      "yes" if os.path.exists(header) else "no", venv)
END
)
    read -r executable version headers venv <<<"$facts"
    case "$executable" in
    /usr/bin/*)
        local debian="python$version"
        [ "$(readlink -f /usr/bin/python3)" = "$executable" ] && debian=python3
        [ "$headers" = yes ] || missing+=("$debian-dev")
        [ "$venv" = yes ] || missing+=("$debian-venv")
        ;;
    esac
}

need_command meson meson
need_command ninja ninja-build
need_command pkg-config pkg-config
need_compiler
need_library yaml-0.1 libyaml-dev
need_library libelf libelf-dev
[ "$(uname -m)" != x86_64 ] || need_library libdw libdw-dev
need_library jansson libjansson-dev
need_library smartcols libsmartcols-dev
need_library libgvc libgraphviz-dev
if [ "$stage" = test ]; then
    need_library criterion libcriterion-dev
    need_command zsh zsh
    need_command fish fish
fi
if [ "$stage" = fetch ]; then
    need_command patchelf patchelf
    need_command dpkg-deb dpkg
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
fi
if [ "$stage" = debian ]; then
    need_command dh debhelper
    need_command dh_python3 dh-python
    need_command dpkg-buildpackage dpkg-dev
    need_command debootstrap debootstrap
    [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
    compgen -G "/usr/include/python3.*/Python.h" >/dev/null || missing+=(python3-dev)
fi
need_python

[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "deps: missing here (Debian's names): ${missing[*]}" >&2
    echo "deps: there is no apt-get; please install them and run make again" >&2
    exit 1
fi
sudo=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "deps: missing: ${missing[*]}; run as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    sudo=(sudo)
fi
echo "deps: installing ${missing[*]}"
install() {
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${missing[@]}" 2>&1
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! install >"$log"; then
    # The usual reason on a fresh machine: the package lists were never fetched.
    "${sudo[@]}" apt-get update -q >"$log" 2>&1 || true
    if ! install >>"$log"; then
        tail -n 15 "$log" >&2
        echo "deps: apt-get could not install ${missing[*]} (its last lines above)" >&2
        exit 1
    fi
fi
