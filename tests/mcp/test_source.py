# SPDX-License-Identifier: MIT
"""Where in the source to look: programs in packages, started with -m, gone by now."""

import os
import sys

import pytest
from harness import MEMALOTCTL, Target

FILES = {
    "app/__init__.py": "",
    "app/__main__.py": "from app.work import main\nmain()\n",
    "app/store.py": (
        "import weakref\n"
        "\n"
        "class Base:\n"
        "    kept: list\n"
        "\n"
        "class Store(Base):\n"
        "    class Entry:\n"
        "        __slots__ = ('value',)\n"
        "        def __init__(self, value):\n"
        "            self.value = value\n"
        "    def __init__(self):\n"
        "        self.kept = []\n"
        "\n"
        "STORE: Store = Store()\n"
    ),
    "app/work.py": (
        "import app.store as store\n"
        "def keep(number):\n"
        "    store.STORE.kept.append(store.Store.Entry(number))\n"
        "def main():\n"
        "    for number in range(400):\n"
        "        keep(number)\n"
        "    print('ready', flush=True)\n"
        "    input()\n"
    ),
    "bin/serve": "#!/usr/bin/env python3\n",
    "tests/broken.py": "kept.append(\n",
    "tests/odd.py": "kept = '\\d'\n",
    ".venv/lib/other.py": "kept.append(1)\n",
    "node_modules/other.py": "kept.append(1)\n",
}
ENTRY = "app.store.Store.Entry"


@pytest.fixture
def project(tmp_path):
    """A project with a package that leaks."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    os.symlink("nowhere", tmp_path / "gone.py")
    return tmp_path


@pytest.fixture
def started(ctl, project):
    """That package, run by -m."""
    command = [str(MEMALOTCTL), "run", "--", sys.executable, "-u", "-m", "app"]
    target = Target(ctl, command, ctl.env, project)
    target.expect("ready")
    yield target
    target.stop()


def places(talk, project, report_id, **more):
    answer = talk.tool("where_in_source", report_id=report_id, **more)
    short = [(os.path.relpath(p["file"], project), p["line"]) for p in answer["places"]]
    return short, answer


def test_modules_are_found_where_the_process_finds_them(talk, project, started):
    found = talk.tool("what_is_leaking", target=str(started.pid), types=[ENTRY])
    assert found["findings"][0]["path"] == "app.store.STORE.kept[*]"
    short, answer = places(talk, project, found["report_id"])
    assert short[0] == ("app/work.py", 3)  # adds to kept
    assert ("app/store.py", 14) in short  # the variable
    assert ("app/store.py", 12) in short  # the attribute
    assert ("app/store.py", 7) in short and ("app/store.py", 6) in short  # classes
    assert {file for file, _ in short} == {"app/work.py", "app/store.py"}
    assert answer["not_found"] == []
    assert talk.stderr() == ""


def test_of_a_process_that_has_ended_the_directory_can_be_named(talk, project, started):
    target = str(started.pid)
    report_id = talk.tool("what_is_leaking", target=target, types=[ENTRY])["report_id"]
    started.stop()
    short, answer = places(talk, project, report_id)
    assert "app.store" in answer["not_found"] and short == []
    short, answer = places(talk, project, report_id, directories=[str(project)])
    assert short[0] == ("app/work.py", 3) and ("app/store.py", 14) in short
    assert answer["searched"] == [os.path.realpath(project)] and not answer["not_found"]


@pytest.mark.parametrize(("path", "name"), [
    ("app.store.STORE.kept", "kept"),
    ("__main__.SESSIONS", "SESSIONS"),
    ("app.bus.handlers['price.changed']", "handlers"),
    ("app.pool[0].waiting[*]", "waiting"),
    ("serve() pending", "pending"),
    ('thread "worker-3": handle() request.callbacks', "callbacks"),
    ("", ""),
    ("<native>", ""),
])
def test_the_name_of_a_container_is_the_last_in_its_path(path, name):
    from memalot.mcp._source import _last_name

    assert _last_name(path) == name


@pytest.mark.parametrize(("arguments", "file"), [
    (["-m", "app", "-v"], "app/__main__.py"),
    (["-u", "-X", "dev", "-m", "app.work"], "app/work.py"),
    (["app"], "app/__main__.py"),
    (["-B", "app/work.py", "-m", "x"], "app/work.py"),
    (["bin/serve", "--port", "1"], "bin/serve"),
    (["-c", "import app"], None),
    (["-m"], None),
    ([], None),
    (["missing.py"], None),
])
def test_the_main_module_is_known_by_the_command_line(project, arguments, file):
    from memalot.mcp._places import main_module

    summary = {"arguments": arguments, "entrypoint": "/usr/bin/python3"}
    found = main_module(summary, [str(project)])
    assert found == (file and os.path.realpath(project / file))
