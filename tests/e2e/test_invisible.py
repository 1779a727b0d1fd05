# SPDX-License-Identifier: MIT
"""A sweep is invisible to the program that is swept: no child, no signal, no hook, no
descriptor, no thread, no library more than before, and no connection held open."""

import json
import os
import signal
import socket

import procfs
from harness import PATIENCE, wait_until

SWEEPS = 1000 if os.environ.get("MEMALOT_SLOW") else 100


def assert_settles(pid, before):
    """The answer of a sweep comes a little before its process has been reaped."""
    try:
        wait_until(lambda: procfs.look(pid) == before, "as before", 10)
    except AssertionError:
        assert procfs.look(pid) == before  # says what differs


def test_many_sweeps_go_unnoticed(target):
    program = target("watchful.py")
    program.call("status")  # the connection itself belongs to the picture before
    before = procfs.look(program.pid)

    for _ in range(SWEEPS):
        assert program.call("types", limit=3)["types"]

    assert program.ask("seen") == program.ask("baseline")
    assert_settles(program.pid, before)


def test_the_watchful_program_does_notice_its_own_child_and_fork(target):
    """The counter-test: what was silent above speaks when there is something to see."""
    program = target("watchful.py")
    program.call("types")

    after_child = json.loads(program.ask("end"))
    assert after_child["waited"] == [after_child["own child"]]
    assert after_child["sigchld"] == 1
    assert after_child["python hooks"] == after_child["c hooks"] == 0

    after_fork = json.loads(program.ask("fork"))
    assert after_fork["python hooks"] == 2
    assert after_fork["c hooks"] == 2


def test_nothing_that_draws_or_parses_is_loaded_into_the_program(target, ctl):
    plain = target("heap.py", agent=False)
    program = target("heap.py")
    assert program.call("snapshot")["report_id"]

    more = procfs.mapped_files(program.pid) - procfs.mapped_files(plain.pid)
    names = sorted(os.path.basename(path).partition(".")[0] for path in more)
    assert set(names) <= {"_agent", "libyaml-0"}, sorted(more)


def stop_in_mid_sweep(program, pid_before):
    """Start a sweep and hold it at a moment when it has begun to work.

    The first progress message tells that the first acts of the sweep process are over.
    """
    for _ in range(20):
        wait_until(lambda: procfs.children(program.pid) == pid_before, "the last one gone")
        number = program.rpc.send("types", progress=True)
        child = wait_until(
            lambda: procfs.children(program.pid) - pid_before, "the sweep process"
        ).pop()
        line = json.loads(program.rpc.lines.readline())
        if line.get("method") != "progress":
            continue  # it was over before a word came
        try:
            os.kill(child, signal.SIGSTOP)
            wait_until(
                lambda: procfs.status(child)["State"].startswith("T"), "it stands", 5
            )
        except (ProcessLookupError, FileNotFoundError, AssertionError):
            program.rpc.receive(number)
            continue
        return number, child
    raise AssertionError("no sweep could be held in twenty attempts")


def test_a_connection_closed_during_a_sweep_is_closed_for_its_peer(target):
    program = target("heap.py", 1_000_000)
    with socket.create_server(("127.0.0.1", 0)) as server:
        program.say(f"connect {server.getsockname()[1]}")
        peer, _ = server.accept()
        program.expect("connect")
    peer.settimeout(PATIENCE)
    program.call("status")

    number, child = stop_in_mid_sweep(program, procfs.children(program.pid))
    try:
        program.ask("close")
        assert peer.recv(1) == b""  # would block for as long as the sweep stands
        assert procfs.alive(child)
    finally:
        os.kill(child, signal.SIGCONT)
    assert program.rpc.receive(number)["types"]
    peer.close()


def test_the_sweep_process_has_no_descriptor_of_the_program(target):
    program = target("heap.py", 1_000_000)
    with socket.create_server(("127.0.0.1", 0)) as server:
        program.ask(f"connect {server.getsockname()[1]}")
    program.call("status")

    number, child = stop_in_mid_sweep(program, procfs.children(program.pid))
    try:
        held = set(procfs.fds(child).values()) & set(procfs.fds(program.pid).values())
        assert not [name for name in held if name.startswith(("socket:", "/"))
                    and name != "/dev/null"]
    finally:
        os.kill(child, signal.SIGCONT)
    program.rpc.receive(number)


def test_the_program_answers_while_it_is_swept(target):
    program = target("heap.py", 1_000_000)
    program.call("status")

    number, child = stop_in_mid_sweep(program, procfs.children(program.pid))
    try:
        assert program.ask("ping") == "pong"
    finally:
        os.kill(child, signal.SIGCONT)
    assert program.rpc.receive(number)["types"]


def test_no_process_is_left_behind(target):
    program = target("heap.py")
    program.call("status")
    before = procfs.look(program.pid)
    assert program.call("snapshot")["report_id"]
    assert program.call("types")["types"]
    assert_settles(program.pid, before)
