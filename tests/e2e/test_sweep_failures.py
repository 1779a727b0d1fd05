# SPDX-License-Identifier: MIT
"""What goes wrong in a sweep costs one report (and says so), never the program."""

import json
import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

import procfs
from harness import TARGETS, Rpc, RpcError, build_extension, wait_until

pytestmark = pytest.mark.few_versions


def begin(program, before, method):
    """Ask for a sweep; return the request's number and the sweep process."""
    wait_until(lambda: procfs.children(program.pid) == before, "the last one gone")
    number = program.rpc.send(method)
    return number, child_of(program, before)


def child_of(program, before):
    """Return the sweep process as soon as there is one."""
    def new():
        return procfs.children(program.pid) - before

    return wait_until(new, "a sweep process", every=0.001).pop()


def test_killing_the_sweep_process_costs_one_report(target, ctl):
    program = target("heap.py", 300_000)
    program.call("status")
    before = procfs.children(program.pid)
    took = program.call("types")["sweep"]["duration_s"]
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)

    failures = []
    for _ in range(20):
        number, child = begin(program, before, "types")
        time.sleep(dice.uniform(0, took))  # any moment of the sweep is meant
        try:
            os.kill(child, signal.SIGKILL)
            program.rpc.receive(number)
        except ProcessLookupError:
            program.rpc.receive(number)  # it had just finished
        except RpcError as error:
            failures.append(error.message)
        assert program.ask("ping") == "pong"

    assert len(failures) >= 5, "hardly any sweep was hit"
    assert all("kill" in message.lower() for message in failures), failures
    assert program.call("types")["types"]
    wait_until(lambda: procfs.children(program.pid) == before, "no process is left")
    assert ctl.saved() == []


def test_killing_the_sweep_of_a_signal_is_in_the_status(target, ctl):
    program = target("heap.py", 1_000_000)
    program.call("status")
    before = procfs.children(program.pid)

    os.kill(program.pid, signal.SIGUSR2)
    os.kill(child_of(program, before), signal.SIGKILL)

    last = wait_until(lambda: program.call("status")["last_sweep"], "its end")
    assert not last["ok"]
    assert "kill" in last["message"].lower()
    assert ctl.saved() == []
    assert program.ask("ping") == "pong"


@pytest.fixture
def badtraverse(python, tmp_path):
    """The folder with the extension, built for this interpreter."""
    folder = tmp_path / "ext"
    folder.mkdir()
    return build_extension(python, "badtraverse", folder)


@pytest.mark.parametrize("how", [
    "crash", "abort", "overflow", "endless", "show_wild", "show_unaligned", "show_stale",
    "sleep",
])
def test_a_crashing_traverse_costs_one_type(target, badtraverse, how):
    program = target("wild.py", badtraverse, how)
    answer = program.call("types", limit=100_000)

    assert any("badtraverse.Wild" in text for text in answer["sweep"]["warnings"])
    counts = {row["type"]: row["count"] for row in answer["types"]}
    assert counts["__main__.Neighbour"] == 5
    assert program.ask("ping") == "pong"


def test_a_traverse_that_never_returns_costs_one_report(target, badtraverse):
    program = target(
        "wild.py", badtraverse, "hang", config="sweep:\n  timeout: 2s\n"
    )
    try:
        warnings = program.call("types")["sweep"]["warnings"]
        assert any("badtraverse.Wild" in text for text in warnings)
    except RpcError as error:
        assert "2" in error.message and "sweep.timeout" in error.message

    assert program.ask("ping") == "pong"
    program.ask("arm fine")
    answer = program.call("types", limit=100_000)
    counts = {row["type"]: row["count"] for row in answer["types"]}
    assert counts["badtraverse.Wild"] == 10


@pytest.mark.parametrize("how", ["size_crash", "size_nonsense"])
def test_a_bad_sizeof_costs_nothing(target, badtraverse, how):
    program = target("wild.py", badtraverse, how)
    rows = program.call("types", limit=100_000)["types"]
    wild = next(row for row in rows if row["type"] == "badtraverse.Wild")
    assert wild["count"] == 10
    assert 10 * 16 <= wild["shallow_size"] <= 10 * 64
    assert sum(row["shallow_size"] for row in rows) < 1 << 30


def test_where_clone_is_refused_the_sweep_runs_in_place_and_says_so(target, python):
    wrap = [python.path, str(TARGETS / "without_clone.py")]
    program = target("heap.py", wrap=wrap)
    answer = program.call("types", limit=100_000)

    assert answer["sweep"]["mode"] == "in place"
    counts = {row["type"]: row["count"] for row in answer["types"]}
    assert counts["__main__.Item"] == 2000
    assert program.ask("ping") == "pong"


def test_a_snapshot_in_place_that_cannot_be_stored_is_answered(target, python):
    wrap = [python.path, str(TARGETS / "without_clone.py")]  # no writer either
    answer = target("heap.py", wrap=wrap).call("snapshot")
    assert answer["report_id"] is None
    assert "writer" in answer["store_error"]
    assert answer["iteration"]["sweep"]["mode"] == "in place"


def test_in_the_ordinary_case_the_sweep_runs_in_a_clone(target):
    assert target("heap.py").call("types")["sweep"]["mode"] == "clone"


def complaint(report: Path) -> str:
    """Say what is missing or broken in a report that can be seen, "" when whole."""
    if (report / "version").read_text().strip() != "1":
        return "version"
    json.loads((report / "summary.json").read_text())
    iteration = json.loads((report / "iteration_report_1.json").read_text())
    for finding in iteration["findings"]:
        for name in finding["diagram"].values():
            if name and not (report / name).read_text().rstrip().endswith((">", "}")):
                return name
    return ""


def test_a_reader_never_sees_half_a_report(target, ctl):
    program = target("heap.py", 30_000)
    program.call("status")
    done = threading.Event()
    problems, read = [], set()

    def look():
        while not done.is_set() or len(read) < len(ctl.saved()):
            for report in ctl.saved():
                if report in read:
                    continue
                read.add(report)
                try:
                    problem = complaint(report)
                except (OSError, ValueError, KeyError) as error:
                    problem = repr(error)
                if problem:
                    problems.append(f"{report.name}: {problem}")

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for _ in range(10):
            assert program.call("snapshot")["report_id"]
    finally:
        done.set()
        reader.join()
    assert len(read) == 10
    assert problems == []


def test_a_sweep_that_is_killed_while_it_writes_leaves_no_half_report(target, ctl):
    """Also the writer is killed here: whatever stands in the sweep's process tree."""
    program = target("heap.py", 30_000)
    program.call("status")
    before = procfs.children(program.pid)
    took = program.call("snapshot")["iteration"]["sweep"]["duration_s"]
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)

    for _ in range(15):
        number, child = begin(program, before, "snapshot")
        time.sleep(dice.uniform(0, took))
        for pid in [*procfs.children(child), child]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            program.rpc.receive(number)
        except RpcError:
            pass

    assert program.ask("ping") == "pong"
    assert [complaint(report) for report in ctl.saved()] == [""] * len(ctl.saved())
    assert program.call("snapshot")["report_id"]


def test_a_client_that_hangs_up_does_not_end_the_sweep_for_others(target, ctl):
    program = target("heap.py", 100_000)
    program.call("status")
    hasty = Rpc(ctl.socket(program.pid))
    hasty.send("types")
    hasty.close()
    assert program.call("types")["types"]


def test_a_report_that_cannot_be_stored_is_still_printed(target, ctl):
    program = target("heap.py", 20_000, config="report:\n  directory: /dev/null/x\n")
    done = ctl.run("snapshot", program.pid, code=1)
    assert "live Python objects" in done.stdout and "sweep took" in done.stdout
    assert "not saved: " in done.stderr and "/dev/null" in done.stderr
    assert "report.directory" in done.stderr and done.stderr.count("\n") == 1
    assert ctl.run("snapshot", program.pid, "--no-save").stderr == ""
    assert program.ask("ping") == "pong"
