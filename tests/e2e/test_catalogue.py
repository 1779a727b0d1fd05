# SPDX-License-Identifier: MIT
"""Every way of holding an object in the catalogue, and the path memalotctl shows."""

import fnmatch
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CATALOGUE = Path(__file__).resolve().parent / "catalogue"
sys.path.insert(0, str(CATALOGUE))

from harness import BUILD, ROOT, build_extension  # noqa: E402
from holders import REGISTRY  # noqa: E402
import table  # noqa: E402

FAMILIES = [name for name, _ in table.families()]


def site_of(python):
    """Return the environment with the packages that `make matrix` has put aside."""
    minor = f"python3.{python.version[1]}"
    site = BUILD / "sites" / minor / "lib" / minor / "site-packages"
    return {"PYTHONPATH": str(site)} if site.is_dir() else {}


@pytest.fixture(scope="session")
def extensions(tmp_path_factory):
    """Return a function that builds opaque.c for an interpreter, once, and says where."""
    folders = {}

    def build(python):
        if python.suffix not in folders:
            folders[python.suffix] = build_extension(
                python, "opaque", tmp_path_factory.mktemp("opaque"))
        return folders[python.suffix]

    return build


@pytest.fixture
def paths(python, extensions):
    """Return the environment with our extension and the packages put aside."""
    found = site_of(python).get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(extensions(python)), found]))}


def lacking(python, ways, paths):
    """Return the modules that this interpreter does not have."""
    wanted = sorted({module for way in ways for module in way.needs})
    probe = "import importlib.util as u, sys\n" \
            "print(*[m for m in sys.argv[1:] if not u.find_spec(m)])"
    done = subprocess.run([python.path, "-c", probe, *wanted], capture_output=True,
                          text=True, check=True, env={**os.environ, **paths})
    return set(done.stdout.split())


def matches(path, pattern):
    """Compare literally but for `*`, which stands for anything; `[*]` is itself."""
    literal = pattern.replace("[*]", "\0").replace("{*}", "\1")
    literal = literal.replace("[", "[[]").replace("\0", "[[]?]").replace("\1", "{?}")
    return fnmatch.fnmatchcase(path, literal)


def judge(ctl, pid, way, expected):
    """Say what is wrong with what memalotctl shows for one way; "" when it is right."""
    type_name = f"held.Held_{way.name.replace('.', '_')}_object"
    done = ctl.run("paths", pid, "--type", type_name, "--json", code=None)
    if way.gone:
        return "" if "no live object" in done.stderr else f"still there: {done.stdout}"
    if done.returncode != 0:
        return f"  {done.stderr}"
    answer = json.loads(done.stdout)
    if answer["matched"] != 1:
        return f"{answer['matched']} objects"
    target = answer["targets"][0]
    shown = [path["expression"] for path in target["paths"]]
    right = len(shown) == len(expected) and all(map(matches, shown, expected))
    if not right:
        return "\n".join(["  shown     " + path for path in shown]
                         + ["  expected  " + path for path in expected])
    root = target["paths"][0]["root"]["kind"]
    return "" if root in way.root.split(" or ") else f"  starts at a {root}, not a {way.root}"


def check(target, ctl, python, ways, paths):
    """Run ways in one process and collect what is wrong."""
    program = target(["-X", "faulthandler", str(CATALOGUE / "run.py"),
                      *(way.name for way in ways)], env=paths)
    wrong = []
    for way in ways:
        problem = judge(ctl, program.pid, way, way.expected(python.version))
        if problem:
            wrong.append(f"{way.name} ({way.title}):\n{problem}")
    assert not wrong, f"{len(wrong)} of {len(ways)} wrong\n" + "\n".join(wrong)


def chosen(python, ways, paths, record_property):
    """Leave out what this interpreter cannot do, and say so."""
    missing = lacking(python, ways, paths)
    able = []
    for way in ways:
        expected = way.expected(python.version)
        absent = missing & set(way.needs)
        if absent:
            record_property("cannot", f"{way.name}: {', '.join(sorted(absent))} missing")
        elif isinstance(expected, str):
            record_property("cannot", f"{way.name}: {expected.removeprefix('no: ')}")
        else:
            able.append(way)
    return able


@pytest.mark.parametrize("family", FAMILIES)
def test_family(target, python, ctl, family, paths, record_property):
    ways = [way for way in REGISTRY.values()
            if way.make.__module__ == family and not way.alone]
    check(target, ctl, python, chosen(python, ways, paths, record_property), paths)


@pytest.mark.parametrize(
    "name", sorted(name for name, way in REGISTRY.items() if way.alone) or [None]
)
def test_alone(target, python, ctl, name, paths, record_property):
    ways = chosen(python, [REGISTRY[name]], paths, record_property) if name else []
    if not ways:
        pytest.skip("nothing to run here")
    check(target, ctl, python, ways, paths)


def test_the_page_for_users_is_the_catalogue():
    page = (ROOT / "docs" / "holders.md").read_text()
    assert page == table.page(), "make golden writes docs/holders.md anew"
