# SPDX-License-Identifier: MIT
"""Fixtures of the packaging tests: the wheels in dist/, installed in clean places.

tools/wheel.sh has made the wheels, tools/chroot.sh the Debian; `place` is one of them
after the other.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE)]

from place import make_chroot, make_venv  # noqa: E402

DIST = ROOT / "dist"
DEBIAN = "debian-12"  # its Python is 3.11


def find_interpreters() -> dict[str, str]:
    """Return those that make wheels builds for, by version; $PYTHONS restricts them."""
    wanted = os.environ.get("PYTHONS", "").split()
    found = subprocess.run([ROOT / "tools" / "pythons.sh", "found"], check=True,
                           capture_output=True, text=True).stdout.split()
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    versions = {subprocess.run([path, "-c", ask], check=True, capture_output=True,
                               text=True).stdout.strip(): path for path in found}
    return {version: versions[version] for version in sorted(versions)
            if not wanted or version in wanted}


INTERPRETERS = find_interpreters()


def wheel_for(version: str) -> Path:
    """Return the newest wheel for a Python version such as "3.11"."""
    tag = "cp" + version.replace(".", "")
    found = sorted(DIST.glob(f"memalotctl-*-{tag}-{tag}-manylinux*.whl"),
                   key=lambda path: path.stat().st_mtime)
    if not found:
        pytest.skip(f"no wheel for Python {version} in dist/: make wheels makes it")
    return found[-1]


def debian_tar() -> str:
    """Return the tar file of a Debian."""
    made = subprocess.run([str(ROOT / "tools" / "chroot.sh")], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(made.stderr.strip())
    if os.geteuid() != 0:
        pytest.skip("only root can use a chroot")
    return made.stdout.strip()


@pytest.fixture(scope="module", params=[*INTERPRETERS, DEBIAN])
def place(request):
    """A place with the wheel installed and nothing else; `clean` is what was there."""
    root = Path(tempfile.mkdtemp(prefix="mp-", dir="/tmp"))
    try:
        if request.param == DEBIAN:
            wheel = wheel_for("3.11")
            place = make_chroot(root, debian_tar())
        else:
            wheel = wheel_for(request.param)
            place = make_venv(root, INTERPRETERS[request.param])
        place.clean = place.files()
        shutil.copy(wheel, place.home)
        place.run("python", "-m", "pip", "install", "--quiet", f"./{wheel.name}")
        yield place
    finally:
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def leaky(place):
    """Starts leaky.py: `leaky("memalotctl", "run", "--", "python")`, returns its pid."""
    started = []

    def start(*words, **env):
        process = place.start(*words, "leaky.py", **env)
        started.append(process)
        line = process.stdout.readline().split()
        assert line[:1] == ["ready"], process.communicate()[1]
        return line[1]

    yield start
    for process in started:
        process.communicate()
        assert process.returncode == 0
