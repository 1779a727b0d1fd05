# SPDX-License-Identifier: MIT
"""Reference counts are accounted for: ordinary programs hold nothing in secret.

An object whose count is higher than what was seen is held by native code, so says a
finding; that is worth something only if healthy objects never look like it.
"""

import os
import subprocess
from pathlib import Path

import pytest
from test_native import nativeleak  # noqa: F401  a fixture

from harness import BUILD

ENOUGH = 0.999
PACKAGES = Path(os.environ.get("MEMALOT_PACKAGES", BUILD / "packages-venv"))


def check(answer):
    """The books balance, and what is explained is nearly everything."""
    kinds = ("exact", "named", "more", "fewer")
    assert sum(answer[kind] for kind in kinds) == answer["countable"]
    assert answer["countable"] + answer["not_countable"] == answer["objects"]
    assert sum(r["objects"] for r in answer["not_countable_by"]) == answer["not_countable"]
    told = [(t["type"], t["more"], t["fewer"], t["examples"]) for t in answer["types"]
            if t["more"] or t["fewer"]]
    assert answer["share"] >= ENOUGH, told
    assert answer["fewer"] == 0, [t for t in told if t[2]]


def native_findings(program):
    findings = program.call("snapshot", save=False)["iteration"]["findings"]
    return [f["title"] for f in findings if f["held_by"] == "native"]


def test_150_modules_are_explained(target, python):
    program = target("many_modules.py")
    assert int(program.seen[-1].split()[2]) >= 150
    answer = program.call("refcounts", limit=1000)
    check(answer)
    assert answer["countable"] > 100_000
    assert native_findings(program) == []


def test_few_objects_are_beyond_counting(target, python):
    answer = target("many_modules.py").call("refcounts")
    reasons = {r["reason"]: r["objects"] for r in answer["not_countable_by"]}
    assert set(reasons) <= {"immortal", "constant", "on a free list"}
    assert reasons.get("constant", 0) <= 5
    if python.version < (3, 11):
        assert "immortal" not in reasons


def test_a_busy_program_holds_nothing_in_secret(target, python):
    program = target("healthy.py")
    check(program.call("refcounts", limit=1000))
    assert native_findings(program) == []


def packages_of(python):
    """Return where Django and SQLAlchemy are for it; skips where they are not."""
    lib = PACKAGES / "{}.{}".format(*python.version) / "lib"
    for folder in lib.glob("python*/site-packages"):
        if (folder / "django").is_dir() and (folder / "sqlalchemy").is_dir():
            return folder
    pytest.skip(f"no Django and SQLAlchemy for {python.name}: make packages")
    return None


def test_frameworks_are_explained(target, python):
    program = target("frameworks.py", env={"PYTHONPATH": str(packages_of(python))})
    check(program.call("refcounts", limit=1000))
    assert native_findings(program) == []


def test_pytest_is_explained_from_within(ctl, python, tmp_path, target):
    folder = Path(pytest.__file__).resolve().parents[1]
    probe = subprocess.run(
        [python.path, "-c", "import pytest"], env={"PYTHONPATH": str(folder)},
        capture_output=True, check=False,
    )
    if probe.returncode != 0:
        pytest.skip(f"pytest's own installation does not fit {python.name}")
    (tmp_path / "test_waits.py").write_text(
        "import os, sys\n\n"
        "def test_waits():\n"
        "    print('\\nready', os.getpid(), flush=True)\n"
        "    assert sys.stdin.read() == ''\n"
    )
    program = target(["-m", "pytest", "-q", "-s", "-p", "no:cacheprovider",
                      str(tmp_path / "test_waits.py")], env={"PYTHONPATH": str(folder)})
    check(program.call("refcounts", limit=1000))
    assert native_findings(program) == []


def test_what_native_code_holds_stands_out(target, nativeleak):  # noqa: F811
    program = target("native.py", nativeleak, "global")
    answer = program.call("refcounts", limit=1000)
    told = [e for t in answer["types"] for e in t["examples"]
            if "nativeleak.so kept" in (e["cause"] or "")]
    assert len(told) == 1 and told[0]["excess"] == 1


def test_the_command_prints_a_table(target, ctl, python):
    program = target("many_modules.py")
    text = ctl.run("refcounts", program.pid).stdout
    assert text.startswith("Reference counts that the heap does not explain\n")
    assert "not countable" in text
