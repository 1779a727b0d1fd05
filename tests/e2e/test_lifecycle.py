# SPDX-License-Identifier: MIT
"""The agent comes, stays and goes without the program noticing: loading, idling, the
signal, shutdown, and taking itself back. Forks are in test_lifecycle_forks.py, what a
program may do to its guest in test_lifecycle_rough.py."""

import json
import os
import shutil
import signal

import procfs
import pytest
from harness import BUILD, RpcError, wait_until
from lifecycle_support import LIBRARY, agent_thread, catches, hang_up, traces

pytestmark = pytest.mark.few_versions

# -- coming ---------------------------------------------------------------------------


def test_status_says_who_we_are(target, python):
    program = target("lifecycle.py")
    status = program.call("status")
    assert status["pid"] == program.pid
    assert status["name"] == "lifecycle.py"
    assert status["python_version"] == ".".join(map(str, python.version))
    assert status["state"] == "idle"
    assert status["signal"] == {"name": "SIGUSR2", "state": "installed"}
    assert status["socket"] == str(program.ctl.socket(program.pid))
    assert status["report_directory"] == str(program.ctl.reports)
    assert status["command"][-1].endswith("lifecycle.py")
    assert status["last_sweep"] is None
    assert status["messages"] == []
    assert 0 < status["own_memory"] < 1024 * 1024
    assert status["clients"] == 1


def test_python_sees_neither_thread_nor_frame_nor_handler(target, python):
    seen = traces(target("lifecycle.py"))
    plain = traces(target("lifecycle.py", agent=False))
    assert seen["threads"] == plain["threads"]
    assert seen["frames"] == plain["frames"]
    assert seen["signal"] == plain["signal"]


def test_a_program_finds_python_as_it_would_be_without_us(target, python):
    def all_of(program):
        return [program.line() for _ in range(6)]

    plain = target("what_is_loaded.py", agent=False, ready=False)
    guest = target("what_is_loaded.py", ready=False)
    assert all_of(guest) == all_of(plain)
    assert guest.finish() == plain.finish() == 0
    assert guest.stderr() == plain.stderr() == ""


def test_the_idle_agent_sleeps_without_an_alarm_clock_and_takes_no_signal(target, python):
    program = target("lifecycle.py")
    tid = wait_until(lambda: agent_thread(program.pid), "the agent's thread")
    task = f"/proc/{program.pid}/task/{tid}"

    def sleeping():
        with open(f"{task}/syscall", encoding="utf-8") as call:
            words = call.read().split()
        return len(words) > 3 and int(words[3], 16) & 0xFFFFFFFF == 0xFFFFFFFF

    wait_until(sleeping, "poll() with the timeout -1")
    with open(f"{task}/status", encoding="utf-8") as status:
        blocked = next(line for line in status if line.startswith("SigBlk"))
    # All but the two that cannot be blocked and the two that glibc keeps for itself.
    assert int(blocked.split()[1], 16) | 0x1_8004_0100 == 0xFFFF_FFFF_FFFF_FFFF


def test_the_programs_own_sitecustomize_runs(target, python, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys; print('mine', __name__, __file__, 'sitecustomize' in sys.modules)\n"
    )
    env = {"PYTHONPATH": str(tmp_path)}
    plain = target("lifecycle.py", agent=False, env=env, ready=False).expect("mine")
    program = target("lifecycle.py", env=env, ready=False)
    assert program.expect("mine") == plain
    program.pid = int(program.expect("ready"))
    assert program.call("status")["state"] == "idle"


def test_a_broken_sitecustomize_is_told_as_python_tells_it(target, python, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("raise ValueError('mine is broken')\n")
    env = {"PYTHONPATH": str(tmp_path)}
    plain = target("lifecycle.py", agent=False, env=env)
    program = target("lifecycle.py", env=env)
    assert "mine is broken" in plain.stderr()
    assert program.stderr() == plain.stderr()


def test_pythons_that_the_program_starts_have_an_agent(target, python):
    program = target("lifecycle.py")
    child = int(program.ask("python_child"))
    wait_until(program.ctl.socket(child).exists, "the child's socket")


def test_the_environment_is_put_back_as_it_was_when_nobody_is_followed(target, python):
    env = {"PYTHONPATH": "/somewhere:/else"}
    program = target("lifecycle.py", env=env, config="control: {follow_execs: false}\n")
    plain = target("lifecycle.py", env=env, agent=False)
    assert json.loads(program.ask("environ")) == json.loads(plain.ask("environ"))


def test_without_the_variable_nothing_is_loaded(target, python):
    env = {"PYTHONPATH": str(BUILD / "lib" / "memalot" / "boot")}
    program = target("lifecycle.py", agent=False, env=env)
    assert traces(program)["hooks"] == []
    assert agent_thread(program.pid) is None
    assert program.stderr() == ""


def test_a_refused_configuration_costs_one_line_and_no_program(target, python, tmp_path):
    config = tmp_path / "bad.yaml"
    config.write_text("report:\n  kep: 3\n")
    program = target("lifecycle.py", env={"MEMALOT_CONFIG": str(config), "MEMALOT": "1",
                     "PYTHONPATH": str(BUILD / "lib" / "memalot" / "boot")}, agent=False)
    assert program.ask("ping") == "pong"
    lines = program.stderr().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("memalot: not started: ")
    assert f"{config}:2:" in lines[0]
    assert traces(program)["hooks"] == []


def test_a_missing_agent_costs_one_line_that_says_how_to_build_it(target, python, tmp_path):
    package = tmp_path / "memalot" / "boot"
    package.mkdir(parents=True)
    for name in ("_boot.py", "boot/sitecustomize.py"):
        shutil.copy(BUILD / "lib" / "memalot" / name, package.parent / name)
    program = target("lifecycle.py", agent=False,
                     env={"MEMALOT": "1", "PYTHONPATH": str(package)})
    assert program.ask("ping") == "pong"
    assert len(program.stderr().splitlines()) == 1
    assert "make PYTHON=" in program.stderr()


# -- from Python ----------------------------------------------------------------------


def test_start_and_stop_from_python(target, python):
    program = target("lifecycle.py", agent=False, env=LIBRARY)
    assert program.ask("start") == "True"
    assert program.ask("start") == "False"
    assert program.call("status")["state"] == "idle"
    assert program.ask("stop") == "True"
    assert program.ask("stop") == "False"
    assert not program.ctl.socket(program.pid).exists()


def test_start_says_what_is_wrong_with_a_file(target, python, tmp_path):
    config = tmp_path / "bad.yaml"
    config.write_text("name: x\nsweep:\n  timeout: soon\n")
    program = target("lifecycle.py", agent=False, env=LIBRARY)
    answer = program.ask(f"start {config}")
    assert answer.startswith("ValueError(") and f"{config}:3:" in answer
    answer = program.ask(f"start {tmp_path}/none.yaml")
    assert answer.startswith("OSError(") and "none.yaml" in answer
    assert traces(program)["hooks"] == []
    assert agent_thread(program.pid) is None
    assert program.ask("start") == "True"


def test_a_relative_file_is_found_after_the_program_has_moved(target, python, tmp_path):
    (tmp_path / "mine.yaml").write_text("name: before\n")
    program = target("lifecycle.py", agent=False, env=LIBRARY)
    assert program.ask("start mine.yaml") == "True"
    program.ask("chdir /")
    (tmp_path / "mine.yaml").write_text("name: after\n")
    assert program.call("config.reload")["changed"] == ["name"]
    assert program.call("status")["name"] == "after"


# -- asking ---------------------------------------------------------------------------


def test_the_signal_makes_one_saved_snapshot(target, python):
    program = target("lifecycle.py")
    assert program.call("status")["last_report"] is None
    os.kill(program.pid, signal.SIGUSR2)
    status = wait_until(
        lambda: (s := program.call("status"))["last_report"] and s, "a saved report"
    )
    assert status["last_sweep"]["kind"] == "snapshot"
    assert status["last_sweep"]["ok"] is True
    assert program.ask("ping") == "pong"


def test_questions_that_come_during_a_sweep_share_the_next(target, python):
    program = target("lifecycle.py")
    program.ask("grow 200000")
    program.call("status")
    before = procfs.children(program.pid)
    first = program.rpc.send("types")
    wait_until(lambda: procfs.children(program.pid) - before, "the sweep's process")
    rest = [program.rpc.send("types", limit=n) for n in range(1, 6)]
    pause = program.rpc.receive(first)["sweep"]["pause_s"]
    answers = [program.rpc.receive(number) for number in rest]
    assert [len(answer["types"]) for answer in answers] == [1, 2, 3, 4, 5]
    assert len({answer["sweep"]["pause_s"] for answer in answers}) == 1
    assert answers[0]["sweep"]["pause_s"] != pause


def test_the_schedule_makes_snapshots(target, python):
    program = target("lifecycle.py", config="sweep: {every: 0.3s}\n")
    assert 0 <= program.call("status")["next_sweep_in_s"] <= 0.3
    wait_until(lambda: program.call("status")["last_report"], "a saved report")


def test_a_configuration_that_is_refused_leaves_the_old_in_force(target, python, ctl):
    program = target("lifecycle.py", config="report: {keep: 7}\n")
    (ctl.home / "memalot.yaml").write_text("report: {keep: -3}\n")
    with pytest.raises(RpcError) as refused:
        program.call("config.reload")
    assert "memalot.yaml:1:" in refused.value.message
    assert program.call("config.get")["values"]["report"]["keep"] == 7

    (ctl.home / "memalot.yaml").write_text(
        "report: {keep: 8}\nsweep: {every: 1h}\ncontrol: {signal: SIGUSR1}\n"
    )
    answer = program.call("config.reload")
    assert sorted(answer["changed"]) == ["report.keep", "sweep.every"]
    assert answer["restart_needed"] == ["control.signal"]
    values = program.call("config.get")["values"]
    assert values["report"]["keep"] == 8
    assert values["control"]["signal"] == "SIGUSR2"
    assert program.call("status")["next_sweep_in_s"] > 3000


# -- going ----------------------------------------------------------------------------


def test_detach_leaves_the_process_as_it_was(target, python):
    program = target("lifecycle.py", agent=False, env=LIBRARY)
    program.ask("import memalot")  # the library itself cannot be unloaded
    program.ask("hostile")
    program.ask("thread")  # with the first of all threads glibc takes a signal
    wait_until(lambda: procfs.threads(program.pid) == {program.pid}, "it has ended")
    before, seen_before = procfs.look(program.pid), traces(program)
    for end in ("detach", "stop", "detach"):
        assert program.ask("start") == "True"
        assert catches(program.pid, signal.SIGUSR2)
        assert len(traces(program)["hooks"]) >= 3
        program.ask("hostile")
        if end == "stop":
            assert program.ask("stop") == "True"
        else:
            assert program.call("detach") == {"detached": True}
            hang_up(program)
        wait_until(lambda: agent_thread(program.pid) is None, "the thread is gone")
        seen = traces(program)
        assert seen["hooks"] == []
        assert seen["threads"] == seen_before["threads"]
        assert procfs.look(program.pid) == before
        assert not program.ctl.socket(program.pid).parent.exists()
    assert program.ask("hostile_asked") == "0"
    assert program.ask("forks 3") == "{0}"
    assert program.finish() == 0
    assert program.stderr() == ""


def test_detach_answers_first_and_gives_up_a_running_sweep(target, python):
    program = target("lifecycle.py")
    program.ask("grow 200000")
    program.call("status")
    before = procfs.children(program.pid)
    number = program.rpc.send("types")
    wait_until(lambda: procfs.children(program.pid) - before, "the sweep's process")
    assert program.call("detach") == {"detached": True}
    wait_until(lambda: procfs.children(program.pid) == before, "it is gone")
    wait_until(lambda: agent_thread(program.pid) is None, "the thread is gone")
    assert number and program.ask("ping") == "pong"
    assert not program.ctl.socket(program.pid).exists()


def test_a_program_that_ends_while_it_is_swept_ends_well(target, python):
    program = target("lifecycle.py")
    program.ask("grow 200000")
    program.call("status")
    before = procfs.children(program.pid)
    program.rpc.send("types")
    child = wait_until(lambda: procfs.children(program.pid) - before, "a sweep").pop()
    assert program.finish() == 0
    assert program.stderr() == ""
    assert not procfs.alive(child)
    assert not program.ctl.socket(program.pid).exists()


def test_a_program_that_ends_in_a_storm_of_signals_ends_well(target, python):
    for _ in range(5):
        program = target("lifecycle.py")
        for _ in range(20):
            os.kill(program.pid, signal.SIGUSR2)
        program.process.stdin.close()
        while program.process.poll() is None:
            os.kill(program.pid, signal.SIGUSR2)
        assert program.process.returncode == 0
        assert program.stderr() == ""


def test_a_program_that_never_shuts_down_properly_is_no_worse(target, python):
    program = target("lifecycle.py")
    program.call("status")
    os.kill(program.pid, signal.SIGTERM)
    assert program.process.wait(20) == -signal.SIGTERM
