# SPDX-License-Identifier: MIT
"""memalotctl and agents: which one is meant, what is printed, what is refused.

The agents here are tests/support/fake_agent.c: the real server with canned answers.
"""

import json
import os
import pty
import signal
import socket
import subprocess

import pytest

from harness import BUILD, MEMALOTCTL
from test_ctl_reports import ITERATION

FAKE = BUILD / "tests/unit/control/fake-agent"
STATUS = {
    "version": "0.1.0", "name": "shop", "python_version": "3.11.7", "state": "idle",
    "uptime_s": 61, "rss": 123456789, "monitoring": False, "last_sweep": None,
    "signal": {"name": "SIGUSR2", "state": "installed"}, "last_report": None,
    "command": ["python", "app.py\x1b[31m"], "messages": [],
}


@pytest.fixture
def agents(ctl, tmp_path):
    """Starts fake agents: `agents("shop", types={...})` returns the process."""
    if not FAKE.exists():
        pytest.skip(f"{FAKE} is not built")
    started = []

    def start(name, path=None, **answers):
        directory = tmp_path / f"agent{len(started)}"
        directory.mkdir()
        answers.setdefault("status", {**STATUS, "name": name})
        for method, answer in answers.items():
            (directory / f"{method.replace('_', '.')}.json").write_text(json.dumps(answer))
        path = path or ctl.runtime / "memalot" / f"{len(started) + 1}.sock"
        agent = subprocess.Popen(
            [str(FAKE), str(path), str(directory)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )
        started.append(agent)
        assert agent.stdout.readline() == "ready\n"
        return agent

    yield start
    for agent in started:
        agent.kill()
        agent.communicate()


def test_the_only_agent_needs_no_name(ctl, agents):
    agent = agents("shop")
    assert ctl.json("status")["name"] == "shop"
    assert "shop" in ctl.run("status").stdout
    assert ctl.json("status", agent.pid)["name"] == "shop"


def test_several_are_listed_and_exit_3(ctl, agents):
    first, second = agents("shop"), agents("mail")
    done = ctl.run("status", code=3)
    assert str(first.pid) in done.stderr and "mail" in done.stderr
    assert done.stdout == ""
    assert ctl.json("status", "mail")["name"] == "mail"
    assert ctl.json("status", second.pid)["name"] == "mail"
    assert ctl.json("status", ctl.runtime / "memalot/1.sock")["name"] == "shop"
    assert "no agent has that name" in ctl.run("status", "nobody", code=3).stderr


def test_one_name_twice_is_ambiguous(ctl, agents):
    first, second = agents("shop"), agents("shop")
    done = ctl.run("status", "shop", code=3)
    assert str(first.pid) in done.stderr and str(second.pid) in done.stderr


def test_ps_shows_everybody(ctl, agents):
    first, second = agents("shop"), agents("mail")
    text = ctl.run("ps").stdout
    assert str(first.pid) in text and "mail" in text and "\x1b" not in text
    rows = ctl.json("ps")["agents"]
    assert {row["name"] for row in rows} == {"shop", "mail"}


def test_ps_without_agents_is_no_failure(ctl):
    if os.geteuid() != 0:  # root sees the agents of others too
        assert ctl.json("ps") == {"agents": []}


def test_a_stopped_process_does_not_hold_ps_up(ctl, agents):
    agents("shop")
    stopped = agents("mail")
    os.kill(stopped.pid, signal.SIGSTOP)
    try:
        text = ctl.run("ps").stdout
    finally:
        os.kill(stopped.pid, signal.SIGCONT)
    assert "not answering" in text and "shop" in text


def test_a_socket_left_behind_is_passed_over(ctl, agents):
    agents("shop")
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(ctl.runtime / "memalot/77.sock"))
    left.close()
    assert ctl.json("status")["name"] == "shop"
    assert "no agent listens" in ctl.run(
        "status", ctl.runtime / "memalot/77.sock", code=3).stderr


def test_ps_removes_what_killed_processes_left(ctl, agents):
    agents("shop")
    directory = ctl.runtime / "memalot"
    for name in ("77.sock", ".78.sock", "gunicorn.sock"):
        left = socket.socket(socket.AF_UNIX)
        left.bind(str(directory / name))
        left.close()
    (directory / "79.sock").write_text("no socket")
    assert len(ctl.json("ps")["agents"]) >= 1
    assert {path.name for path in directory.iterdir()} == {
        "1.sock", "79.sock", "gunicorn.sock"}


def sleeps(process):
    """It waits for its next try: it has had its first."""
    while process.poll() is None:
        with open(f"/proc/{process.pid}/wchan") as wchan:
            if "nanosleep" in wchan.read():
                return True
    return False


def test_an_agent_that_is_just_starting_is_waited_for(ctl, agents):
    if not sleeps(subprocess.Popen(["sleep", "0.3"])):
        pytest.skip("this kernel does not say where a process waits")
    path = ctl.runtime / "memalot/1.sock"
    path.parent.mkdir()
    for target in (path, "shop"):
        command = [str(MEMALOTCTL), "status", str(target)]
        for _ in range(20):  # the 300 ms may be over before a busy machine has started it
            asking = subprocess.Popen(
                command, env=ctl.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            assert sleeps(asking), "refused at the first try"
            agent = agents("shop", path=path)
            said = asking.communicate(timeout=60)
            agent.kill()
            agent.wait()
            path.unlink()
            if asking.returncode == 0:
                break
        assert asking.returncode == 0, said


def test_tables_come_as_text_or_as_one_document(ctl, agents):
    types = {"types": [{"type": "shop.Session", "count": 3, "shallow_size": 144,
                        "retained_size": 2000}], "totals": {}, "sweep": {}}
    agents("shop", types=types)
    assert "shop.Session" in ctl.run("types").stdout
    assert ctl.json("types", "--limit", 5) == types


def test_an_error_of_the_agent_is_one_line(ctl, agents):
    agents("shop")
    done = ctl.run("retained", code=1)
    assert done.stderr == "memalotctl: the fake has no answer to retained\n"


def test_config_show_and_reload(ctl, agents):
    agents("shop", config_get={
        "file": "/etc/shop.yaml", "values": {"report": {"keep": 3, "console": False}},
        "defaults": {"report": {"keep": 100, "console": False}}},
        config_reload={"changed": ["report.keep"], "restart_needed": ["control.socket"]})
    text = ctl.run("config", "show").stdout
    assert "report:\n  keep: 3  # default: 100\n  console: false\n" in text
    text = ctl.run("config", "reload").stdout
    assert "report.keep" in text and "next start: control.socket" in text
    assert ctl.json("config", "show", "shop")["file"] == "/etc/shop.yaml"


def test_snapshot_prints_the_report_where_it_is_and_its_pictures(ctl, agents, tmp_path):
    answer = {"report_id": "ab12-cd34", "directory": "/r/memalot_report_ab12-cd34",
              "svg": ["/r/memalot_report_ab12-cd34/iteration_1_finding_1.svg"],
              "iteration": {**ITERATION, "process": {"pid": 7}}}
    agent = agents("shop", snapshot=answer)
    text = ctl.run("snapshot").stdout
    assert "shop.SESSIONS[*]" in text
    assert text.index("shop.SESSIONS") < text.index("ab12-cd34") < text.index(".svg")
    assert ctl.json("snapshot", "--no-save", "--type", "Session") == answer
    text = ctl.run("snapshot", "--svg", tmp_path / "pictures").stdout
    drawn = tmp_path / f"pictures/{agent.pid}_finding_1.svg"
    assert str(drawn) in text and "<svg" in drawn.read_text()


def many_findings(count):
    one = ITERATION["findings"][0]
    return {**ITERATION, "process": {"pid": 7}, "findings": [
        {**one, "id": i + 1, "title": f"leak number {i + 1}.", "fingerprint": f"{i:016x}"}
        for i in range(count)]}


def test_snapshot_prints_so_many_findings_and_their_pictures(ctl, agents):
    svg = [f"/r/iteration_1_finding_{i}.svg" for i in (1, 2, 10, 11, 17)]
    answer = {"report_id": "ab12-cd34", "directory": "/r", "svg": svg,
              "iteration": many_findings(17)}
    agents("shop", snapshot=answer)
    text = ctl.run("snapshot").stdout
    assert "number 10." in text and "number 11." not in text
    assert "and 7 smaller findings: memalotctl print ab12-cd34 --limit 0 shows all" in text
    assert [path in text for path in svg] == [True, True, True, False, False]
    assert f"\n 10  {svg[2]}\n" in text, "each with its finding's number"
    text = ctl.run("snapshot", "--limit", 1).stdout
    assert "number 2." not in text and "and 16 smaller findings" in text
    assert svg[0] in text and svg[1] not in text
    text = ctl.run("snapshot", "--limit", 0).stdout
    assert "number 17." in text and "smaller" not in text and svg[4] in text
    assert ctl.json("snapshot", "--limit", 1) == answer, "the document stays whole"


def test_a_report_that_was_not_saved_is_printed_all_the_same(ctl, agents):
    answer = {"report_id": None, "store_error": "the disk is full",
              "iteration": many_findings(12)}
    agents("shop", snapshot=answer)
    for options in ([], ["--all"], ["--all", "--each"]):
        done = ctl.run("snapshot", *options, code=1)
        assert "number 1." in done.stdout and ": --limit 0 shows all" in done.stdout
        assert "not saved: the disk is full" in done.stderr
        assert "report.directory" in done.stderr and done.stderr.count("\n") == 1
    done = ctl.run("snapshot", "--json", code=1)
    assert json.loads(done.stdout) == answer and "not saved" in done.stderr


def test_snapshot_of_all_goes_on_after_a_failure(ctl, agents):
    answer = {"report_id": None, "iteration": ITERATION}
    agents("shop")  # has no answer
    agents("mail", snapshot=answer)
    done = ctl.run("snapshot", "--all", "--each", "--json", code=1)
    assert json.loads(done.stdout) == [answer]
    assert "no answer to snapshot" in done.stderr
    done = ctl.run("snapshot", "--all", "--json", code=1)
    both = {row["name"]: row for row in json.loads(done.stdout)["processes"]}
    assert both["mail"]["findings"] == 1 and "error" not in both["mail"]
    assert both["shop"]["error"] == "the fake has no answer to snapshot"
    assert done.stderr.count("\n") == 1


def test_paths_in_every_format(ctl, agents, tmp_path):
    answer = {"targets": [], "matched": 0, "sweep": {},
              "graph": ITERATION["findings"][0]["graph"]}
    agents("shop", paths=answer)
    assert ctl.json("paths", "--type", "Session") == answer
    assert json.loads(
        ctl.run("paths", "--address", "0x1000", "--format", "json").stdout) == answer
    assert "digraph" in ctl.run("paths", "--type", "S", "--format", "dot").stdout
    picture = tmp_path / "p.svg"
    assert ctl.run("paths", "--type", "S", "-o", picture).stdout == ""
    assert "<svg" in picture.read_text()
    assert ctl.run("paths", "--type", "S").returncode == 0
    assert "address" in ctl.run("paths", "--address", "xyz", code=2).stderr


MONITORING = {
    "kind": "time", "subject": "", "lifetime_s": 60, "warmup_s": 60, "since_s": 0.01,
    "state": "warm-up", "iteration": 0, "next_iteration_in_s": 120, "report_id": None,
    "suspects": 0,
}


def test_monitor_start_says_when_there_can_be_findings_and_how_to_see_them(ctl, agents):
    agents("shop", monitor_start=MONITORING)
    text = ctl.run("monitor", "start", "shop", "--max-object-lifetime", "60").stdout
    assert text.startswith("monitoring: objects that live longer than 1 min 0 s; ")
    assert "first findings can come in 3 min 0 s, then every 1 min 0 s." in text
    for command in ("status shop", "list", "print ID", "monitor stop shop"):
        assert f"memalotctl {command} " in text
    assert ctl.json("monitor", "start", "--warmup=5m", "--type", "a") == MONITORING
    assert "list" not in ctl.run("monitor", "start", "--no-save").stdout


def test_monitor_stop_says_where_the_report_is(ctl, agents):
    answer = {"stopped": True, "iterations": 1, "report_id": "ab12-cd34"}
    agents("shop", monitor_stop=answer)
    assert ctl.run("monitor", "stop").stdout == (
        "stopped after 1 iteration: memalotctl print ab12-cd34 shows what was found\n")
    assert ctl.json("monitor", "stop", "shop") == answer
    agents("mail", monitor_stop={"stopped": True, "iterations": 7, "report_id": None})
    assert ctl.run("monitor", "stop", "mail").stdout == (
        "stopped after 7 iterations; no report was saved\n")


@pytest.mark.parametrize("words, says", [
    (["strat"], "did you mean 'start'?"),
    ([], "monitor needs start"),
    (["start", "--max-object-lifetime", "soon"], "needs a time such as 60, 500ms or 5m"),
    (["start", "--max-object-lifetime", "0"], "1ms to 365 days"),
    (["start", "a", "b"], "unexpected 'b'"),
    (["stop", "--warmup", "5"], "monitor stop takes a TARGET"),
])
def test_monitor_refuses_what_it_does_not_know(ctl, agents, words, says):
    agents("shop", monitor_start=MONITORING)
    done = ctl.run("monitor", *words, code=2)
    assert says in done.stderr and done.stdout == ""


def test_status_and_ps_tell_what_is_watched(ctl, agents):
    watching = {**MONITORING, "state": "watching", "since_s": 200, "iteration": 3,
                "next_iteration_in_s": 12, "suspects": 48211, "report_id": "ab12-cd34"}
    agents("shop", status={**STATUS, "monitoring": watching, "hooks": ["one hook"]})
    text = ctl.run("status").stdout
    assert "objects that live longer than 1 min 0 s" in text
    assert ("watching for 3 min 20 s, 3 iterations, the next in 12.0 s, "
            "48 211 suspects") in text
    assert "its report     ab12-cd34" in text and "hook           one hook" in text
    assert "monitoring" in ctl.run("ps").stdout
    assert "triggers" not in text
    triggers = {"memory_above": "80%", "growth_above": "50MiB/min", "fired": 1,
                "state": "cooling down", "quiet_for_s": 312, "growth_per_min": 0,
                "last_reason": "memory 3.3 GiB of 4.0 GiB"}
    agents("rest", status={**STATUS, "name": "rest", "triggers": triggers})
    text = ctl.run("status", "rest").stdout
    assert "memory above 80%, growth above 50MiB/min; quiet for 5 min 12 s\n" in text
    assert "last trigger   memory 3.3 GiB of 4.0 GiB\n" in text
    calls = {"kind": "calls", "subject": "function f\x1b[31m", "calls": 3}
    agents("mail", status={**STATUS, "name": "mail", "monitoring": calls})
    text = ctl.run("status", "mail").stdout
    assert "objects that survive 3 calls" in text and "\x1b" not in text


def test_memory_is_a_table_that_begins_with_the_verdict(ctl, agents):
    answer = {"memory": {"verdict": "RSS 9 MiB: all is well", "rss": 9 << 20, "parts": [
        {"key": "python_live", "size": 4 << 20}, {"key": "native", "size": None}]},
        "totals": {}, "sweep": {}}
    agents("shop", memory=answer)
    text = ctl.run("memory").stdout
    assert text.startswith("RSS 9 MiB: all is well\n")
    assert "Python objects, alive" in text and "44.4 %" in text and "unknown" in text
    assert ctl.json("memory", "shop") == answer


def test_detach_ends_the_agent_and_its_socket(ctl, agents):
    agent = agents("shop")
    assert ctl.run("detach", agent.pid).stdout == "detached\n"
    agent.wait(30)
    assert not (ctl.runtime / "memalot/1.sock").exists()


def test_progress_stays_off_what_is_no_terminal(ctl, agents):
    agents("shop", types={"types": [], "totals": {}, "sweep": {}})
    assert ctl.run("types").stderr == ""


def test_colours_only_on_a_terminal(ctl, agents):
    answer = {"report_id": None, "iteration": ITERATION}
    agents("shop", snapshot=answer)
    env = {key: value for key, value in ctl.env.items() if key != "NO_COLOR"}
    for extra, colours in (({}, True), ({"NO_COLOR": "1"}, False)):
        ours, theirs = pty.openpty()
        subprocess.run([str(MEMALOTCTL), "snapshot"], stdout=theirs, stderr=theirs,
                       env={**env, **extra, "TERM": "xterm"}, timeout=60)
        os.close(theirs)
        text = b""
        try:
            while piece := os.read(ours, 65536):
                text += piece
        except OSError:  # EIO: the other side is closed
            pass
        os.close(ours)
        assert b"shop.SESSIONS" in text
        assert (b"\x1b[" in text) == colours


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_users_agent_is_refused_with_exit_4(ctl, agents):
    agents("shop", path=ctl.home / "a/x.sock")
    for path, mode in ((ctl.home, 0o755), (ctl.home / "a", 0o755),
                       (ctl.home / "a/x.sock", 0o600)):
        path.chmod(mode)
    done = subprocess.run(
        [str(MEMALOTCTL), "status", str(ctl.home / "a/x.sock")], env=ctl.env, text=True,
        capture_output=True, user=65534,
    )
    assert done.returncode == 4, done.stderr
