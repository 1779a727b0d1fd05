# SPDX-License-Identifier: MIT
"""Fixtures of the package tests: programs in the packages' own virtual environment.

$PACKAGES_VENV names it (tools/packages.sh makes one for each interpreter). What was
measured is written as a table into the build directory when the tests have ended.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from harness import BUILD, MEMALOTCTL, Ctl, Target  # noqa: E402

VENV = Path(os.environ.get("PACKAGES_VENV", "build/packages-venv/none")).resolve()


@pytest.fixture
def program(tmp_path):
    """Starts tests/packages/program.py with the names of packages, under memalot."""
    python = VENV / "bin" / "python"
    if not python.exists():
        pytest.fail(f"no virtual environment {VENV}: make packages makes it")
    home = Path(tempfile.mkdtemp(prefix="ml-", dir="/tmp"))
    ctl = Ctl(home)
    ctl.env["PYTHONHASHSEED"] = "1"
    started = []

    def start(*names):
        command = [str(MEMALOTCTL), "run", "--", str(python), "-u",
                   str(HERE / "program.py"), *names]
        started.append(Target(ctl, command, ctl.env, tmp_path))
        return started[-1]

    yield start
    for target in started:
        target.stop()
    shutil.rmtree(home, ignore_errors=True)


def pytest_terminal_summary(terminalreporter):
    """Write the table that docs/internals/packages.md shows."""
    reports = terminalreporter.stats.get("passed", [])
    rows = dict(pair for report in reports for pair in report.user_properties)
    if not rows:
        return
    lines = ["| package | version | objects | named | sweep |",
             "| --- | --- | ---: | ---: | ---: |"]
    for name, (version, objects, named, seconds) in sorted(rows.items()):
        lines.append(f"| {name} | {version} | {objects} | {named:.2f} % | "
                     f"{1000 * seconds:.0f} ms |")
    path = BUILD / f"packages-{VENV.name}.md"
    path.write_text("\n".join(lines) + "\n")
    terminalreporter.write_line(f"measured: {path}")
