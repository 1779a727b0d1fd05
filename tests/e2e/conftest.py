# SPDX-License-Identifier: MIT
"""Fixtures of the end-to-end tests; the classes behind them are in harness.py.

A test that takes `python` runs once for every interpreter an agent is built for; the
others are skipped with the reason. `ctl` is memalotctl with a home of its own, `target`
starts a program under it and waits for its `ready` line.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

import matrix
from families import Family, Site
from harness import BUILD, MEMALOTCTL, TARGETS, Ctl, Target, find_interpreters

SLOW = bool(os.environ.get("MEMALOT_SLOW"))
MATRIX = bool(os.environ.get("MEMALOT_MATRIX"))
WAYS = bool(os.environ.get("MEMALOT_WAYS"))
INTERPRETERS = find_interpreters()


def pytest_configure(config):
    for marker in (
        "slow: takes minutes; only with MEMALOT_SLOW=1",
        "versions(oldest, newest): of CPython, inclusive",
        "few_versions: on two or three, the oldest and the newest too, but for make matrix",
        "one_version: on the newest alone, but for make matrix",
    ):
        config.addinivalue_line("markers", marker)


    if not INTERPRETERS:
        pytest.exit("no CPython from 3.10 on was found (PYTHONS=?)", returncode=4)


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("slow") and not SLOW:
            item.add_marker(pytest.mark.skip(reason="slow: MEMALOT_SLOW=1 runs it"))


def few(interpreters):
    """Return the oldest, the newest and, but for CI, which has little time, one between."""
    usable = [python for python in interpreters if not python.unusable()] or interpreters
    between = [] if os.environ.get("CI") else [usable[len(usable) // 2]]
    return sorted({usable[0], *between, usable[-1]}, key=lambda python: python.version)


def chosen(definition):
    """Return the interpreters that a test is to run on: all, few, or one."""
    if definition.get_closest_marker("one_version") and not MATRIX:
        return few(INTERPRETERS)[-1:]
    if definition.get_closest_marker("few_versions") and not MATRIX:
        return few(INTERPRETERS)
    return INTERPRETERS


def pytest_generate_tests(metafunc):
    if "python" in metafunc.fixturenames:
        pythons = chosen(metafunc.definition)
        metafunc.parametrize(
            "python", pythons, ids=[python.name for python in pythons], indirect=True
        )


def pytest_report_header():
    lines = [f"memalotctl: {MEMALOTCTL}"]
    for python in INTERPRETERS:
        lines.append(f"python {python.name}: {python.unusable() or python.path}")
    return lines


def pytest_terminal_summary(terminalreporter):
    """Keep the counts for the closing lines of `make test`."""
    stats = terminalreporter.stats
    counts = {
        word: len(stats.get(word, []))
        for word in ("passed", "failed", "error", "skipped", "xfailed", "rerun")
    }
    text = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    try:
        (BUILD / "pytest-counts").write_text((text or "no tests ran") + "\n")
        for wanted, name, draw in ((MATRIX, "matrix", matrix.table),
                                   (WAYS, "ways", matrix.ways)):
            if wanted:
                text = "\n".join(draw(stats)) + "\n"
                (BUILD / f"{name}.txt").write_text(text)
                terminalreporter.section(name)
                terminalreporter.write(text)
    except OSError:
        pass


@pytest.fixture
def python(request):
    """An interpreter with an agent."""
    python = request.param
    reason = python.unusable()
    if reason:
        pytest.skip(reason)
    marker = request.node.get_closest_marker("versions")
    if marker and not marker.args[0] <= python.version[:2] <= marker.args[1]:
        pytest.skip(f"for CPython {marker.args[0]} to {marker.args[1]}")
    return python


@pytest.fixture
def ctl():
    """memalotctl with HOME and XDG_RUNTIME_DIR in a short directory of its own."""
    if not MEMALOTCTL.exists():
        pytest.fail(f"{MEMALOTCTL} is not built: run make first")
    home = Path(tempfile.mkdtemp(prefix="ml-", dir="/tmp"))
    yield Ctl(home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def target(request, ctl, tmp_path):
    """Starts programs: `target("idle.py", python=..., config=..., wrap=[...])`.

    `program` is a file of tests/e2e/targets or a list of arguments for the
    interpreter. `agent=False` runs it without memalot, `ready=False` does not wait.
    """
    started = []
    default = request.getfixturevalue("python") if "python" in request.fixturenames \
        else next((p for p in INTERPRETERS if not p.unusable()), None)

    def start(program, *args, python=None, config=None, env=None, agent=True,
              ready=True, wrap=()):
        python = python or default
        if python is None:
            pytest.fail("no agent is built for any interpreter found")
        script = [str(TARGETS / program)] if isinstance(program, str) else list(program)
        command = [python.path, "-u", *script, *map(str, args)]
        if agent:
            options = []
            if config is not None:
                path = ctl.home / "memalot.yaml"
                path.write_text(config)
                options = ["-c", str(path)]
            command = [str(MEMALOTCTL), "run", *options, "--", *command]
        process = Target(ctl, [*wrap, *command], {**ctl.env, **(env or {})}, tmp_path)
        started.append(process)
        if ready:
            words = process.expect("ready").split()
            process.pid = int(words[0]) if words else process.pid
        return process

    yield start
    for process in started:
        process.stop()


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Returns the Site of an interpreter."""
    made = {}

    def of(python):
        if python not in made:
            made[python] = Site(python, tmp_path_factory.mktemp("site") / "venv")
        return made[python]

    return of


@pytest.fixture
def family(ctl):
    """Starts families: `family(site, command, env)`."""
    started = []

    def start(site, command, env=None):
        started.append(Family(ctl, site, command, env or {}))
        return started[-1]

    yield start
    for one in started:
        one.kill()
