# SPDX-License-Identifier: MIT
"""Programs fork: by os.fork, multiprocessing, subprocess, from threads and from C. Each
time the parent keeps its agent, the child gets one of its own or none, and neither
Python nor the program notices."""

import json
import os
import signal

import procfs
import pytest
from harness import TARGETS, wait_until
from lifecycle_support import LIBRARY, agent_thread, catches, status_of, traces

pytestmark = pytest.mark.few_versions


def sockets(program):
    """Return the names of the socket files in the runtime directory."""
    return sorted(path.name for path in program.ctl.socket(0).parent.glob("*"))


def test_a_single_threaded_program_may_fork_without_a_warning(target, python):
    program = target(["-W", "error", str(TARGETS / "lifecycle.py")])
    wait_until(lambda: agent_thread(program.pid), "the agent's thread")
    for words in ("caught forks 20", "caught fork"):
        _, warned = json.loads(program.ask(words))
        assert warned == []
    assert program.stderr() == ""
    wait_until(lambda: agent_thread(program.pid), "the agent's thread again")


def test_multiprocessing_by_fork_warns_no_more_than_without_us(target, python):
    plain = json.loads(target("lifecycle.py", agent=False).ask("caught pool"))
    program = target("lifecycle.py")
    wait_until(lambda: agent_thread(program.pid), "the agent's thread")
    assert json.loads(program.ask("caught pool")) == plain
    assert program.call("status")["state"] == "idle"


def test_a_child_has_an_agent_of_its_own(target, python):
    program = target("lifecycle.py")
    program.call("status")
    child = int(program.ask("fork"))
    status = status_of(program, child)
    assert status["pid"] == child
    assert status["last_sweep"] is None
    assert program.call("status")["pid"] == program.pid  # the old connection

    os.kill(child, signal.SIGUSR2)
    wait_until(lambda: status_of(program, child)["last_report"], "the child's report")
    assert program.call("status")["last_sweep"] is None

    os.kill(program.pid, signal.SIGUSR2)
    wait_until(lambda: program.call("status")["last_report"], "the parent's report")


def test_a_child_forked_by_another_thread_has_one_too(target, python):
    program = target("lifecycle.py")
    child = int(program.ask("fork_from_thread"))
    assert status_of(program, child)["pid"] == child
    assert program.call("status")["state"] == "idle"


def test_without_follow_forks_a_child_has_nothing_of_us(target, python):
    program = target("lifecycle.py", config="control: {follow_forks: false}\n")
    wait_until(program.ctl.socket(program.pid).exists, "the socket")
    child = int(program.ask("fork"))
    wait_until(lambda: not catches(child, signal.SIGUSR2), "the default action is back")
    assert procfs.threads(child) == {child}
    assert sockets(program) == [f"{program.pid}.sock"]
    ours = set(procfs.fds(program.pid).values()) & set(procfs.fds(child).values())
    plain = target("lifecycle.py", agent=False)
    assert len(procfs.fds(child)) == len(procfs.fds(plain.pid)), ours
    assert program.call("status")["state"] == "idle"


def test_a_child_holds_none_of_the_parents_descriptors(target, python):
    program = target("lifecycle.py")
    program.call("status")
    mine = set(procfs.fds(program.pid).values())
    child = int(program.ask("fork"))
    status_of(program, child)
    shared = mine & set(procfs.fds(child).values())
    plain = target("lifecycle.py", agent=False)
    assert len(shared) == len(set(procfs.fds(plain.pid).values())), shared


def test_two_hundred_forks(target, python):
    program = target("lifecycle.py")
    before = procfs.look(program.pid)
    assert program.ask("forks 200") == "{0}"
    wait_until(lambda: agent_thread(program.pid), "the agent's thread again")
    assert program.call("status")["state"] == "idle"
    program.rpc.close()
    program._rpc = None
    wait_until(lambda: procfs.look(program.pid) == before, "nothing has piled up")
    assert program.stderr() == ""


def test_a_sweep_goes_on_while_the_program_forks(target, python):
    program = target("lifecycle.py")
    program.ask("grow 200000")
    program.call("status")
    number = program.rpc.send("types")
    assert program.ask("forks 20") == "{0}"
    assert "types" in program.rpc.receive(number)
    assert program.stderr() == ""


def test_subprocesses_are_left_alone(target, python):
    program = target("lifecycle.py")
    wait_until(program.ctl.socket(program.pid).exists, "the socket")
    child = int(program.ask("preexec"))
    wait_until(lambda: procfs.name(child) == "sleep", "exec")
    assert procfs.threads(child) == {child}
    assert not program.ctl.socket(child).exists()
    assert not [name for name in procfs.fds(child).values() if "socket" in name]
    assert program.call("status")["state"] == "idle"


def test_a_fork_in_c_leaves_the_parents_agent_alone(target, python):
    program = target("lifecycle.py")
    program.call("status")
    child = int(program.ask("fork_in_c"))
    assert procfs.threads(child) == {child}
    os.kill(child, signal.SIGUSR2)
    assert program.call("status")["last_sweep"] is None
    assert procfs.alive(child)  # our handler is still there and has done nothing
    os.kill(child, signal.SIGKILL)
    assert program.ctl.socket(program.pid).exists()
    os.kill(program.pid, signal.SIGUSR2)
    wait_until(lambda: program.call("status")["last_report"], "the parent's report")


@pytest.mark.versions((3, 10), (3, 12))  # later ones insist on all the hooks
def test_a_fork_in_c_whose_child_calls_the_hooks_has_an_agent(target, python):
    program = target("lifecycle.py")
    program.call("status")
    child = int(program.ask("fork_in_c_with_hooks"))
    assert status_of(program, child)["pid"] == child
    assert program.call("status")["state"] == "idle"


def test_a_child_of_a_fork_in_c_can_fork_and_end_as_python_does(target, python):
    program = target("lifecycle.py")
    program.call("status")
    assert program.ask("fork_in_c_and_exit") == "0"
    assert program.ctl.socket(program.pid).exists()
    assert program.call("status")["state"] == "idle"
    assert program.stderr() == ""


def test_a_daemon_takes_its_agent_along(target, python):
    program = target("lifecycle.py")
    daemon = int(program.ask("daemonize"))
    try:
        assert status_of(program, daemon)["pid"] == daemon
        os.kill(daemon, signal.SIGUSR2)
        wait_until(lambda: status_of(program, daemon)["last_sweep"], "its sweep")
    finally:
        os.kill(daemon, signal.SIGKILL)


def test_stop_in_a_child_leaves_the_parents_hooks(target, python):
    program = target("lifecycle.py")
    child = int(program.ask("fork"))
    status_of(program, child)
    hooks = traces(program)["hooks"]
    os.kill(child, signal.SIGKILL)
    assert traces(program)["hooks"] == hooks
    assert program.call("detach") == {"detached": True}


def test_an_agent_that_is_stopped_in_the_middle_of_a_fork_can_come_back(target, python):
    program = target("lifecycle.py", agent=False, env=LIBRARY)
    assert program.ask("stop_between_the_hooks") == "{0}"
    assert program.ask("stop") == "False"
    assert program.ask("start") == "True"
    assert program.ask("forks 3") == "{0}"
    assert program.call("status")["state"] == "idle"


def test_starts_stops_forks_and_questions_all_at_once(target, python):
    program = target("lifecycle_storm.py", 60, agent=False, env=LIBRARY)
    assert json.loads(program.ask("storm")) == []
    assert program.call("status")["state"] == "idle"
    # A thread that was joined is in the kernel's list for some moments more.
    wait_until(lambda: procfs.threads(program.pid) ==
               {program.pid, agent_thread(program.pid)}, "one agent thread")
    assert program.finish() == 0
