# SPDX-License-Identifier: MIT
"""The Debian package in a Debian: make deb has built it."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from conftest import DIST, debian_tar
from place import make_chroot


@pytest.fixture(scope="module")
def debian():
    """A Debian with the package and what apt-get brings with it."""
    packages = sorted(DIST.glob("memalot_*.deb"))
    if not packages:
        pytest.skip("no memalot_*.deb in dist/: make deb makes it")
    tar = debian_tar()
    root = Path(tempfile.mkdtemp(prefix="mp-", dir="/tmp"))
    try:
        place = make_chroot(root, tar)
        place.env["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
        place.env["DEBIAN_FRONTEND"] = "noninteractive"
        shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
        shutil.copy(packages[-1], place.home / "memalot.deb")
        try:
            place.run("apt-get", "update", "-qq")
        except AssertionError as problem:
            pytest.skip(f"apt-get has no network: {str(problem)[:200]}")
        place.run("apt-get", "install", "-qq", "--no-install-recommends",
                  "/place/home/memalot.deb")
        yield place
    finally:
        shutil.rmtree(root, ignore_errors=True)


@pytest.mark.parametrize("how", ["run", "environment"])
def test_a_leak_is_found_and_drawn(debian, how):
    start = ["memalotctl", "run", "--"] if how == "run" else []
    env = {"MEMALOT": "1"} if how == "environment" else {}
    process = debian.start(*start, "python3", "leaky.py", **env)
    try:
        pid = process.stdout.readline().split()[1]
        report = debian.json("snapshot", pid)["report_id"]
        for picture in ("x.svg", "x.png"):
            debian.run("memalotctl", "graph", report, "-o", picture)
            assert (debian.home / picture).stat().st_size > 2000
    finally:
        process.communicate()
    assert process.returncode == 0


def test_programs_import_it(debian):
    debian.run("python3", "-c", "import memalot; assert memalot.start(); memalot.snapshot()")


def test_it_is_taken_away_again(debian):  # the last: it ends the place
    listed = debian.run("dpkg", "-L", "memalot").stdout.splitlines()
    debian.run("apt-get", "purge", "-qq", "memalot")
    left = [path for path in listed if "memalot" in path
            and (debian.root.parent / path.lstrip("/")).exists()]
    assert left == []
    debian.run("python3", "-c", "pass", MEMALOT="1")
