# SPDX-License-Identifier: MIT
"""`growth`: what there is more of than at the last `growth` or `snapshot`, by type and by
the place that holds it."""

import json

import pytest

pytestmark = pytest.mark.few_versions


PROGRAM = r"""
import sys

class Session:
    def __init__(self):
        self.items = [object(), object()]

class Blob:
    def __init__(self):
        self.data = bytearray(10)

SESSIONS = {}
BLOB = Blob()
STEADY = [Session() for _ in range(500)]
PLUGINS = [[] for _ in range(5)]

def sessions(n):
    for _ in range(int(n)):
        SESSIONS[f"session-{len(SESSIONS)}"] = Session()

def blob(n):
    BLOB.data.extend(bytes(int(n)))

def results(n):
    PLUGINS[2].extend(Session() for _ in range(int(n)))

def drop(n):
    for _ in range(int(n)):
        SESSIONS.popitem()

sessions(1000)
print("ready", flush=True)
for line in sys.stdin:
    name, number = line.split()
    globals()[name](number)
    print(name, "done", flush=True)
"""


def start(target, python):
    return target(["-c", PROGRAM], python)


def grow(program, line):
    assert program.ask(line).endswith("done")


def place(answer, path):
    found = [row for row in answer["places"] if row["path"] == path]
    assert len(found) == 1, (path, [row["path"] for row in answer["places"]])
    return found[0]


def kind(answer, name):
    return next(row for row in answer["types"] if row["type"] == name)


def test_the_first_one_takes_the_baseline(target, python):
    program = start(target, python)
    answer = program.call("growth")
    assert answer["since_s"] is None
    assert answer["types"] == [] and answer["places"] == []
    assert answer["totals"]["live_objects"] > 1000 and answer["sweep"]["objects"] > 1000


def test_types_and_places_that_grew_are_told(target, python):
    program = start(target, python)
    program.call("growth")
    grow(program, "sessions 2000")
    answer = program.call("growth")
    assert 0 < answer["since_s"] < 60
    sessions = kind(answer, "__main__.Session")
    assert (sessions["count"], sessions["count_before"]) == (3500, 1500)
    assert sessions["size"] > sessions["size_before"] > 0
    row = place(answer, "__main__.SESSIONS[*]")
    assert row["type"] == "__main__.Session" and row["held_by"] == "python"
    assert (row["count"], row["count_before"]) == (3000, 1000)
    assert row["retained_size"] > 2.5 * row["retained_before"] > 0
    assert row["companions"] == 2000, "the keys"
    paths = [row["path"] for row in answer["places"]]
    assert answer["places"][0] == row
    assert not [path for path in paths if "STEADY" in path or ".items" in path], paths


def test_nothing_grew_when_nothing_happened(target, python):
    program = start(target, python)
    program.call("growth")
    program.call("growth")
    answer = program.call("growth")
    own = [row for row in answer["places"] if row["path"].startswith("__main__")]
    assert own == []
    assert not [row for row in answer["types"] if row["type"].startswith("__main__")]


def test_an_object_that_became_heavier_is_told(target, python):
    program = start(target, python)
    program.call("growth")
    grow(program, "blob 1000000")
    answer = program.call("growth")
    row = place(answer, "__main__.BLOB.data")
    assert row["type"] == "builtins.bytearray"
    assert (row["count"], row["count_before"]) == (1, 1)
    assert row["retained_size"] - row["retained_before"] >= 1000000
    assert answer["places"][0] == row
    assert kind(answer, "builtins.bytearray")["size"] >= 1000000


def test_what_shrank_is_not_told_and_counts_from_there(target, python):
    program = start(target, python)
    program.call("growth")
    grow(program, "drop 500")
    answer = program.call("growth")
    assert not [row for row in answer["places"] if "SESSIONS" in row["path"]]
    grow(program, "sessions 100")
    row = place(program.call("growth"), "__main__.SESSIONS[*]")
    assert (row["count"], row["count_before"]) == (600, 500)


def test_a_snapshot_leaves_a_baseline_and_uses_it(target, python):
    program = start(target, python)
    first = program.call("snapshot", save=False)["iteration"]["findings"]
    assert all(f["count_before"] is None for f in first)
    grow(program, "results 3000")
    answer = program.call("growth")
    row = place(answer, "__main__.PLUGINS[*][*]")
    assert (row["count"], row["count_before"]) == (3000, 0)
    grow(program, "results 1000")
    found = program.call("snapshot", save=False)["iteration"]["findings"]
    worst = next(f for f in found if f["path"] == "__main__.PLUGINS[*][*]")
    assert (worst["count"], worst["count_before"]) == (4000, 3000)
    assert worst["title"].startswith("4 000 Session objects (+1 000) held by ")


def test_other_questions_leave_the_baseline_alone(target, python):
    program = start(target, python)
    program.call("growth")
    grow(program, "sessions 10")
    program.call("types")
    program.call("retained")
    row = place(program.call("growth"), "__main__.SESSIONS[*]")
    assert (row["count"], row["count_before"]) == (1010, 1000)


def test_limit_is_of_rows(target, python):
    program = start(target, python)
    program.call("growth")
    grow(program, "sessions 1000")
    grow(program, "blob 100000")
    answer = program.call("growth", limit=1)
    assert len(answer["types"]) == 1 and len(answer["places"]) == 1
    assert answer["places"][0]["path"] == "__main__.SESSIONS[*]"


def test_memalotctl_prints_it(target, python, ctl):
    program = start(target, python)
    assert "baseline" in ctl.run("growth", str(program.pid)).stdout
    grow(program, "sessions 2000")
    answer = json.loads(ctl.run("growth", str(program.pid), "--json").stdout)
    assert place(answer, "__main__.SESSIONS[*]")["count"] == 3000
    grow(program, "sessions 2000")
    text = ctl.run("growth", str(program.pid)).stdout
    assert "__main__.SESSIONS[*]" in text and "__main__.Session" in text
