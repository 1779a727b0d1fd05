# SPDX-License-Identifier: MIT
"""Every way in, into every kind of program, on every version: one table.

    {run, attach, import, environment} x {single, threads, fork, ..., celery} x versions

In each cell a program of tests/e2e/ways/ leaks a known list. Every process of it that
should have an agent has one, a snapshot of a process that leaked names the list, and the
program says and returns on SIGTERM what it does without memalot.

`make ways` fills the whole table; other runs take a thin diagonal of it, each pair of
way and program on one version, and only what needs nothing from PyPI.
"""

import itertools
import os
from dataclasses import dataclass

import pytest

from conftest import INTERPRETERS, few
from families import CELERY, WAYS, under_run
from harness import BUILD, wait_until

WHOLE = bool(os.environ.get("MEMALOT_WAYS"))
UV = BUILD / "ways-venv" / "uv" / "bin" / "uv"


@dataclass(frozen=True)
class Program:
    """One column of the table."""

    name: str
    leakers: int  # processes that leak
    command: tuple[str, ...] = ()  # in the environment's bin/; (): ways/plain.py NAME
    web: bool = False  # leaks when it is asked
    everywhere: bool = True  # the module that leaks is imported by every Python of it

    def line(self, site):
        """Return its command line."""
        words = self.command or ("python", str(WAYS / "plain.py"), self.name)
        return [str(site.bin / words[0]), *words[1:]]


PROGRAMS = [
    Program("single", 1),
    Program("reexec", 1),
    Program("threads", 1),
    Program("asyncio", 1),
    Program("fork", 2),
    Program("spawn", 2, everywhere=False),
    Program("forkserver", 2, everywhere=False),
    Program("tree", 2),
    Program("gunicorn", 2, ("gunicorn", "-w", "2", "-b", "unix:app.sock", "web:wsgi"),
            web=True, everywhere=False),
    Program("uvicorn", 2, ("uvicorn", "--workers", "2", "--uds", "app.sock", "web:asgi"),
            web=True, everywhere=False),
    Program("celery", 1, CELERY),
]
WAYS_IN = ["run", "attach", "import", "environment"]


def cells():
    """Return the cells of the table that this run fills."""
    if WHOLE:
        return list(itertools.product(INTERPRETERS, WAYS_IN, PROGRAMS))
    pythons = few(INTERPRETERS)
    pairs = itertools.product(WAYS_IN, [p for p in PROGRAMS if not p.command])
    return [(pythons[n % len(pythons)], *pair) for n, pair in enumerate(pairs)]


def name_of(cell):
    """Return `3.11.7-run-single`."""
    python, way, program = cell
    return f"{python.name}-{way}-{program.name}"


def begin(family, site, program, way):
    """Start the program so and wait until it has leaked."""
    line = program.line(site)
    env = {"import": {"WAYS_IMPORT": "1"}, "environment": {"MEMALOT": "1"}}.get(way, {})
    one = family(site, under_run(line) if way == "run" else line, env)
    one.await_leakers(program.leakers, program.web)
    return one


PLAIN = {}  # (python, program) -> what it says and returns without memalot


def plainly(family, site, program):
    """Return what it says and returns without memalot; skip what does not run at all."""
    key = site.python.name, program.name
    if key not in PLAIN:
        try:
            one = begin(family, site, program, "none")
            PLAIN[key] = one.end(), one.said()
        except AssertionError as problem:
            PLAIN[key] = str(problem).split("\n", 1)[0]
    if isinstance(PLAIN[key], str):
        pytest.skip(f"{program.name} does not run here without memalot: {PLAIN[key]}")
    return PLAIN[key]


def attach_all(ctl, one):
    """Attach to each process of it; skip where the system forbids that to everybody."""
    for pid in sorted(one.pids()):
        done = ctl.run("attach", pid, code=None)
        if done.returncode == 4:
            pytest.skip(done.stderr.strip())
        assert done.returncode == 0, done.stderr


def check_agents(one, program, way):
    """Every process that should have an agent has one."""
    def all_there():
        one.check_alive()
        if way == "import" and not program.everywhere:
            wanted = one.leakers()
        else:
            wanted = one.pids()
        return not wanted - one.agents()

    wait_until(all_there, f"all of {one.pids()} have agents")


def check_finding(ctl, pid):
    """A snapshot of the process names the list."""
    iteration = ctl.json("snapshot", pid, "--no-save")["iteration"]
    paths = [finding["path"] for finding in iteration["findings"]]
    assert any(path.startswith("leaky.SESSIONS[") for path in paths), paths


@pytest.mark.parametrize("cell", cells(), ids=name_of)
def test_way_in(cell, ctl, family, site):
    python, way, program = cell
    reason = python.unusable()
    if not reason and program.command:
        reason = site(python).lacks(program.command[0])
    if reason:
        pytest.skip(reason)
    expected = plainly(family, site(python), program)
    one = begin(family, site(python), program, way)
    if way == "attach":
        attach_all(ctl, one)
    check_agents(one, program, way)
    check_finding(ctl, max(one.leakers()))
    assert (one.end(), one.said()) == expected
    assert one.agents() == set() and one.sockets() == set()  # ps clears away the killed


@pytest.mark.few_versions
@pytest.mark.parametrize("form", ["module", "script", "shell"])
def test_other_ways_to_start_a_python(python, form, family, site, tmp_path):
    interpreter = site(python).bin / "python"
    script = tmp_path / "program"
    script.write_text(f"#!{interpreter}\nimport runpy\n"
                      "runpy.run_module('plain', run_name='__main__')\n")
    script.chmod(0o755)
    line = {"module": [str(interpreter), "-m", "plain", "single"],
            "script": [str(script), "single"],
            "shell": ["sh", "-c", f"exec {script} single"]}[form]
    one = family(site(python), under_run(line))
    one.await_leakers(1)
    wait_until(lambda: one.pid in one.agents(), "it has an agent")
    assert one.end() == 3 and one.said() == ["ended well"]


@pytest.mark.few_versions
def test_uv_run(python, ctl, family, site):
    """uv starts the Python as its child and passes signals on."""
    if not UV.exists():
        pytest.skip("uv is not installed (make ways installs it)")
    line = [str(UV), "run", "--no-project", "--offline", "--quiet", "--python", python.path,
            str(WAYS / "plain.py"), "single"]
    plain = family(site(python), line)
    plain.await_leakers(1)
    one = family(site(python), under_run(line))
    leaker = max(one.await_leakers(1))
    assert leaker != one.pid
    wait_until(lambda: leaker in one.agents(), "it has an agent")
    check_finding(ctl, leaker)
    assert (one.end(), one.said()) == (plain.end(), plain.said())
    assert one.process.returncode == 3
