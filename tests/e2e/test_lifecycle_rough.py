# SPDX-License-Identifier: MIT
"""What programs do to guests without knowing it: close their descriptors, delete their
files, take their signal, change directory and user. The agent makes good what it lost
and never touches what has become the program's."""

import os
import shutil
import signal
from pathlib import Path

import procfs
import pytest
from harness import wait_until
from lifecycle_support import LIBRARY, agent_thread, catches, connect, hang_up, status_of

pytestmark = pytest.mark.few_versions


NOBODY = 65534


def test_closed_descriptors_are_made_again(target, python):
    program = target("lifecycle.py")
    for _ in range(3):
        program.call("status")
        program.ask("closerange")
        hang_up(program)
        wait_until(lambda: answers(program), "the socket is served again")
        ended = status_of(program, program.pid)["last_sweep"]
        os.kill(program.pid, signal.SIGUSR2)
        wait_until(
            lambda: status_of(program, program.pid)["last_sweep"] != ended, "a sweep"
        )
    assert program.call("detach") == {"detached": True}
    wait_until(lambda: agent_thread(program.pid) is None, "the thread is gone")


def test_descriptors_closed_during_a_sweep_cost_that_sweep_at_most(target, python):
    program = target("lifecycle.py")
    program.ask("grow 200000")
    program.call("status")
    before = procfs.children(program.pid)
    program.rpc.send("types")
    wait_until(lambda: procfs.children(program.pid) - before, "the sweep's process")
    program.ask("closerange")
    hang_up(program)
    wait_until(lambda: answers(program), "the socket is served again")
    wait_until(lambda: procfs.children(program.pid) == before, "the sweep is gone")
    assert program.call("types")


def answers(program):
    """Tell whether the agent answers; a socket that nobody serves refuses."""
    rpc = connect(program.ctl.socket(program.pid))
    if rpc is None:
        return False
    try:
        return rpc.call("status")["state"] == "idle"
    except (OSError, ConnectionError):
        return False
    finally:
        rpc.close()


def test_numbers_that_became_the_programs_are_not_touched(target, python):
    program = target("lifecycle.py")
    program.call("status")
    numbers = program.ask("reuse_descriptors").strip("[]").replace(",", "")
    assert len(numbers.split()) >= 4
    hang_up(program)
    wait_until(lambda: answers(program), "the socket is served again")
    os.kill(program.pid, signal.SIGUSR2)
    wait_until(lambda: status_of(program, program.pid)["last_sweep"], "a sweep")
    assert program.ask(f"still_zero {numbers}") == "True"
    assert program.call("detach") == {"detached": True}
    wait_until(lambda: agent_thread(program.pid) is None, "the thread is gone")
    assert program.ask(f"still_zero {numbers}") == "True"


def test_a_deleted_socket_comes_back_with_the_next_signal(target, python):
    program = target("lifecycle.py")
    socket = program.ctl.socket(program.pid)
    wait_until(socket.exists, "the socket")
    shutil.rmtree(socket.parent)
    os.kill(program.pid, signal.SIGUSR2)
    assert status_of(program, program.pid)["pid"] == program.pid


def test_a_changed_directory_changes_nothing(target, python, tmp_path):
    program = target("lifecycle.py")
    before = program.call("status")
    program.ask("chdir /")
    after = program.call("status")
    for key in ("socket", "report_directory", "config_file"):
        assert after[key] == before[key]
    socket = program.ctl.socket(program.pid)
    socket.unlink()
    os.kill(program.pid, signal.SIGUSR2)
    assert status_of(program, program.pid)["pid"] == program.pid
    report = wait_until(lambda: program.call("status")["last_report"], "a report")
    assert not (tmp_path / report).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop privileges")
def test_dropped_privileges_move_the_socket_to_the_new_user(target, python):
    program = target("lifecycle.py")
    wait_until(program.ctl.socket(program.pid).exists, "the socket")
    directory = Path(f"/tmp/memalot-{NOBODY}")
    program.ask(f"setuid {NOBODY}")
    path = directory / f"{program.pid}.sock"
    rpc = wait_until(lambda: connect(path), "the new user's socket")
    assert path.stat().st_uid == NOBODY and path.stat().st_mode & 0o777 == 0o600
    assert rpc.call("status")["socket"] == str(path)
    assert rpc.call("detach") == {"detached": True}
    rpc.close()
    wait_until(lambda: not path.exists(), "the socket is gone")


def test_a_signal_that_the_program_takes_later_is_the_programs(target, python):
    program = target("lifecycle.py")
    assert program.call("status")["signal"]["state"] == "installed"
    program.ask("take_signal")
    assert program.call("status")["signal"]["state"] == "program's"
    os.kill(program.pid, signal.SIGUSR2)
    wait_until(lambda: program.ask("got_signals") == "1", "the program's handler")
    assert program.call("status")["last_sweep"] is None
    assert program.call("detach") == {"detached": True}
    wait_until(lambda: agent_thread(program.pid) is None, "the thread is gone")
    os.kill(program.pid, signal.SIGUSR2)
    wait_until(lambda: program.ask("got_signals") == "2", "still the program's handler")


def test_a_signal_that_the_program_has_is_never_taken(target, python):
    program = target("lifecycle.py", agent=False, env=LIBRARY)
    program.ask("take_signal")
    assert program.ask("start") == "True"
    assert program.call("status")["signal"]["state"] == "program's"
    os.kill(program.pid, signal.SIGUSR2)
    wait_until(lambda: program.ask("got_signals") == "1", "the program's handler")
    assert program.ask("stop") == "True"
    assert catches(program.pid, signal.SIGUSR2)


def test_an_ignored_signal_stays_ignored(target, python):
    wrap = ["sh", "-c", "trap '' USR2; exec \"$@\"", "sh"]
    program = target("lifecycle.py", wrap=wrap)
    assert program.call("status")["signal"]["state"] == "program's"
    assert not catches(program.pid, signal.SIGUSR2)


def test_another_signal_or_none_can_be_configured(target, python):
    program = target("lifecycle.py", config="control: {signal: SIGUSR1}\n")
    os.kill(program.pid, signal.SIGUSR1)
    wait_until(lambda: program.call("status")["last_report"], "a report")
    assert not catches(program.pid, signal.SIGUSR2)

    program = target("lifecycle.py", config="control: {signal: off}\n")
    assert program.call("status")["signal"]["state"] == "off"
    assert not catches(program.pid, signal.SIGUSR2)


def test_without_a_socket_the_signal_still_works(target, python):
    program = target("lifecycle.py", config="control: {socket: off}\n")
    wait_until(lambda: agent_thread(program.pid), "the agent's thread")
    assert not program.ctl.socket(program.pid).parent.exists()
    os.kill(program.pid, signal.SIGUSR2)
    wait_until(program.ctl.saved, "a report")


def test_a_program_without_standard_streams_does_not_get_ours(target, python, tmp_path):
    code = (
        "import os, time\n"
        "pid = os.getpid()\n"
        "low = [n for n in map(int, os.listdir('/proc/self/fd')) if n < 3]\n"
        f"open({str(tmp_path / 'answer')!r}, 'w').write(repr([\n"
        "    os.readlink(f'/proc/self/fd/{n}') for n in low\n"
        "    if os.path.exists(f'/proc/self/fd/{n}')]))\n"
    )
    wrap = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]
    program = target(["-c", code], wrap=wrap, ready=False)
    answer = tmp_path / "answer"
    wait_until(lambda: answer.exists() and answer.read_text().endswith("]"), "its answer")
    assert "pipe:" not in answer.read_text()


def test_what_the_agent_does_is_not_on_standard_error(target, python):
    program = target("lifecycle.py")
    program.ask("closerange")
    os.kill(program.pid, signal.SIGUSR2)
    wait_until(lambda: answers(program), "the socket is served again")
    assert program.finish() == 0
    assert program.stderr() == ""
    assert procfs.alive(program.pid) is False
