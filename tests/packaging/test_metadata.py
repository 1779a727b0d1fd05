# SPDX-License-Identifier: MIT
"""What an index would be given: metadata, and a source distribution that builds."""

import os
import subprocess
import sys
import tarfile
import zipfile

import pytest

from conftest import DIST, ROOT

ADDED_LATER = ("memalotctl.libs/", "/sboms/", "memalot/bin/lib/")  # by tools/wheel.sh


def test_metadata_is_accepted_by_an_index():
    files = [str(path) for path in DIST.glob("memalotctl-*")]
    assert files, "dist/ is empty: make wheels"
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *files], check=True)


def test_the_source_distribution_builds_the_same_wheel(tmp_path):
    """From its files alone, without the repository."""
    (source,) = DIST.glob("memalotctl-*.tar.gz")
    tools = sorted((ROOT / os.environ.get("BUILD", "build")).glob("wheels/3.*/bin/python"))
    if not tools:
        pytest.skip("no virtual environment with build tools: make wheels makes it")
    with tarfile.open(source) as tar:
        tar.extractall(tmp_path)
    (unpacked,) = tmp_path.iterdir()
    python, version = tools[0], tools[0].parts[-3].replace(".", "")
    subprocess.run(
        [str(python), "-m", "build", "--wheel", "--no-isolation", "-o", str(tmp_path / "out"),
         str(unpacked)],
        check=True, timeout=600, capture_output=True,
        env={**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}"},
    )
    (built,) = (tmp_path / "out").glob("*.whl")
    (repaired,) = DIST.glob(f"memalotctl-*-cp{version}-*.whl")
    assert names(built) == names(repaired)


def test_every_python_file_is_in_the_wheels():
    sources = ROOT / "python"
    kept = [*sources.rglob("*.py"), *sources.rglob("*.pyi"), *sources.rglob("*.pth"),
            *sources.rglob("py.typed")]
    wanted = {str(path.relative_to(sources)) for path in kept}
    wheels = list(DIST.glob("memalotctl-*.whl"))
    assert wheels and all(wanted <= names(wheel) for wheel in wheels)


def names(wheel):
    with zipfile.ZipFile(wheel) as file:
        return {name for name in file.namelist() if not name.endswith("/")
                and not any(mark in name for mark in ADDED_LATER)}
