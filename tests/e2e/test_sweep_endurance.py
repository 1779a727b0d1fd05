# SPDX-License-Identifier: MIT
"""Many sweeps, and sweeps that fail, leave nothing behind in the program."""

import os
import signal
from pathlib import Path

import pytest

import procfs
from harness import TARGETS, RpcError, wait_until

pytestmark = pytest.mark.few_versions


def memory(pid):
    """Return the private memory of the program, in KiB; a constant under ASan, which
    keeps what is freed."""
    if "libasan" in os.environ.get("LD_PRELOAD", ""):
        return 0
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmData:")))


def descriptors(pid):
    """Return how many it has open once its last sweep has been reaped."""
    wait_until(lambda: not procfs.children(pid), "the end of the last sweep")
    return len(os.listdir(f"/proc/{pid}/fd"))


def without_clone(target, python, *arguments, **options):
    """Start a program whose sweeps have to run in place."""
    wrap = [python.path, str(TARGETS / "without_clone.py")]
    return target("heap.py", *arguments, wrap=wrap, **options)


def ask_all(program, *methods):
    """Ask everything once; return the messages of those that failed."""
    failed = []
    for method in methods:
        try:
            program.call(method)
        except RpcError as error:
            failed.append(error.message)
    return failed


def test_sweeps_in_place_give_all_memory_back(target, python):
    program = without_clone(target, python, 20_000)
    methods = ("types", "retained", "garbage")
    assert ask_all(program, *methods, *methods) == []
    before, files = memory(program.pid), descriptors(program.pid)
    for _ in range(17):
        assert ask_all(program, *methods) == []
    assert memory(program.pid) - before < 1024
    assert descriptors(program.pid) == files


@pytest.mark.parametrize("config", [
    "sweep:\n  timeout: 100ms\n", "sweep:\n  max_extra_memory: 1MiB\n",
])
def test_sweeps_in_place_that_fail_give_all_back(target, python, config):
    program = without_clone(target, python, 1_000_000, config=config)
    ask_all(program, "types", "types")
    before, files = memory(program.pid), descriptors(program.pid)
    for _ in range(10):
        assert len(ask_all(program, "types", "snapshot")) == 2
        assert program.ask("ping") == "pong"
    assert memory(program.pid) - before < 1024
    assert descriptors(program.pid) == files


def test_a_sweep_in_place_ends_at_its_time_limit(target, python):
    program = without_clone(target, python, 3_000_000,
                            config="sweep:\n  timeout: 200ms\n")
    failed = ask_all(program, "types")
    assert len(failed) == 1 and "sweep.timeout" in failed[0]
    last = program.call("status")["last_sweep"]
    assert last["duration_s"] < 2 and not last["ok"]


def hit(program):
    """Kill a sweep process if one can be caught."""
    wait_until(lambda: not procfs.children(program.pid), "the end of the last sweep")
    number = program.rpc.send("types")
    new = wait_until(lambda: procfs.children(program.pid), "a sweep", every=0.001)
    try:
        os.kill(new.pop(), signal.SIGKILL)
        program.rpc.receive(number)
    except (ProcessLookupError, RpcError):
        pass


@pytest.mark.one_version
@pytest.mark.parametrize("config, method", [
    ("sweep:\n  max_extra_memory: 1MiB\n", "types"),
    ("report:\n  directory: /proc/nowhere\n", "snapshot"),
    ("{}\n", "types"),
])
def test_hundreds_of_sweeps_leave_no_descriptor_and_no_memory(
        target, python, config, method):
    program = target("heap.py", 3000, config=config)
    ask_all(program, *[method] * 20)
    before, files = memory(program.pid), descriptors(program.pid)
    for _ in range(100):
        ask_all(program, method)
    assert memory(program.pid) - before < 1024
    assert descriptors(program.pid) == files


@pytest.mark.slow
def test_two_thousand_sweeps(target):
    program = target("heap.py", 3000)
    ask_all(program, *["types"] * 20)
    before, files = memory(program.pid), descriptors(program.pid)
    for i in range(2000):
        hit(program) if i % 10 == 0 else ask_all(program, "types")
    assert memory(program.pid) - before < 1024
    assert descriptors(program.pid) == files
