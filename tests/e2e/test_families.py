# SPDX-License-Identifier: MIT
"""Families: `ps` draws them, --tree and --all ask all of them at once, and what they
answer is put together.

What memalotctl does by itself is tested with one interpreter, the rest with `python`.
"""

import json
import os
import signal
import socket
import subprocess
import threading

import procfs
import pytest
from harness import MEMALOTCTL, wait_until

pytestmark = pytest.mark.few_versions

AMOUNT = 1000


def pids_of(ctl):
    """Return the pids of all that have an agent."""
    return {row["pid"] for row in ctl.json("ps")["agents"] if "error" not in row}


@pytest.fixture
def family(ctl, target):
    """Starts a server with so many workers and waits for all agents: (server, pids)."""

    def start(count, kind="Session", **more):
        server = target("prefork.py", count, AMOUNT, kind, **more)
        workers = [int(pid) for pid in server.ask("workers").split()]
        everybody = {server.pid, *workers}
        wait_until(lambda: everybody <= pids_of(ctl), "an agent in each of them")
        return server, workers

    return start


def finding_of(document, kind):
    """Return the only finding of that type."""
    found = [f for f in document["findings"] if f["type"] == f"__main__.{kind}"]
    assert len(found) == 1, [f["title"] for f in document["findings"]]
    return found[0]


def counts(finding):
    """Return how many objects of it each process has, by pid."""
    return {row["pid"]: row["count"] for row in finding["processes"]}


def test_eight_workers_with_one_leak_are_one_finding_with_eight_counts(
        python, ctl, family, tmp_path):
    server, workers = family(8)
    pictures = tmp_path / "pictures"
    document = ctl.json("snapshot", "--tree", server.pid, "--svg", pictures)
    finding = finding_of(document, "Session")
    expected = {pid: AMOUNT * (i + 1) for i, pid in enumerate(workers)}
    assert counts(finding) == expected
    assert finding["count"] == sum(expected.values()) == 36_000
    assert finding["path"] == "__main__.HELD[*]"
    most = workers[-1]
    assert finding["title"].startswith(
        "36 000 Session objects in 8 processes held by __main__.HELD retain ")
    assert f": 8 000 in {most}, " in finding["title"]
    assert finding["title"].endswith(" and 15 000 in 5 others")

    rows = {row["pid"]: row for row in document["processes"]}
    assert set(rows) == {server.pid, *workers}
    assert {row["parent"] for pid, row in rows.items() if pid != server.pid} == {server.pid}
    assert len({row["report_id"] for row in rows.values()}) == 9 == len(ctl.saved())
    part = next(row for row in finding["processes"] if row["pid"] == most)
    assert part["report_id"] == rows[most]["report_id"]
    saved = ctl.json("print", part["report_id"])["iterations"][0]["findings"]
    assert saved[part["finding"] - 1]["fingerprint"] == finding["fingerprint"]
    assert (pictures / f"finding_{finding['id']}.svg").exists()

    memory = document["memory"]
    assert memory["rss"] == sum(row["rss"] for row in rows.values())
    assert memory["pss"] < memory["rss"], "they share what was there before the fork"


def test_what_workers_have_by_fork_is_not_their_leak(python, ctl, family):
    server, workers = family(3)
    document = ctl.json("snapshot", "--tree", server.pid, "--no-save")
    table = next(f for f in document["findings"] if f["path"] == "__main__.TABLE[*]")
    inherited = {row["pid"]: row["inherited"] for row in table["processes"]}
    assert inherited == {server.pid: False, **dict.fromkeys(workers, True)}
    assert table["title"].endswith(
        f" in {server.pid}, from which 3 others have them by fork")
    leak = finding_of(document, "Session")
    assert not any(row["inherited"] for row in leak["processes"])


def test_a_family_is_one_report_for_a_person_and_a_tree_in_ps(ctl, family):
    server, workers = family(2)
    text = ctl.run("snapshot", "--tree", server.pid).stdout
    assert text.startswith("3 processes: RSS ")
    assert f"{workers[1]}: 2 000, " in text and f"{workers[0]}: 1 000, " in text
    assert f"piles up in  __main__.HELD  builtins.list, 2 000 entries in {workers[1]}" in text
    for line in (line for line in text.splitlines() if "prefork.py" in line):
        assert len(line) <= 120
    env = {**ctl.env, "LC_ALL": "C.UTF-8"}
    tree = subprocess.run([str(MEMALOTCTL), "ps"], env=env, capture_output=True, text=True,
                          timeout=60, check=True).stdout
    assert f"{server.pid}  prefork.py" in tree
    assert f"{workers[0]}  ├─prefork.py" in tree and f"{workers[1]}  └─prefork.py" in tree
    plain = subprocess.run([str(MEMALOTCTL), "ps"], env={**ctl.env, "LC_ALL": "C"},
                           capture_output=True, text=True, timeout=60, check=True).stdout
    assert f"{workers[0]}  |-prefork.py" in plain and f"{workers[1]}  `-prefork.py" in plain


def stop(pid):
    """Stop a process and wait until all of its threads are."""
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: procfs.status(pid)["State"].startswith("T"), f"{pid} is stopped")


def test_one_that_is_stopped_is_named_and_the_others_answer(ctl, family):
    server, workers = family(3)
    stop(workers[1])
    try:
        done = ctl.run("snapshot", "--tree", server.pid, "--json", code=1)
        listed = {row["pid"]: row for row in ctl.json("ps")["agents"]}
    finally:
        os.kill(workers[1], signal.SIGCONT)
    assert done.stderr == (f"memalotctl: {workers[1]}: the agent does not answer: "
                           "the process is stopped\n")
    document = json.loads(done.stdout)
    assert counts(finding_of(document, "Session")) == {
        workers[0]: AMOUNT, workers[2]: 3 * AMOUNT}
    failed = [row for row in document["processes"] if "error" in row]
    assert [row["pid"] for row in failed] == [workers[1]]
    assert listed[workers[1]]["parent"] == server.pid, "the kernel still knows that"


def sockets_open(pid):
    """Return how many sockets a process has open."""
    try:
        entries = os.listdir(f"/proc/{pid}/fd")
        links = [os.readlink(f"/proc/{pid}/fd/{entry}") for entry in entries]
    except OSError:
        return 0
    return sum(link.startswith("socket:") for link in links)


def test_one_that_ends_meanwhile_is_named_and_the_others_answer(ctl, family):
    server, workers = family(3)
    stop(workers[0])  # so that memalotctl waits for it
    asking = subprocess.Popen(
        [str(MEMALOTCTL), "snapshot", "--tree", str(server.pid), "--json", "--no-save"],
        env=ctl.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: sockets_open(asking.pid) >= 4 or asking.poll() is not None,
               "it has found all four")
    os.kill(workers[0], signal.SIGKILL)
    out, err = asking.communicate(timeout=60)
    assert asking.returncode == 1
    assert err.startswith(f"memalotctl: {workers[0]}: the agent ")
    assert err.count("\n") == 1
    assert set(counts(finding_of(json.loads(out), "Session"))) == set(workers[1:])


class Mute(threading.Thread):
    """An agent that says its status and then nothing, as one does whose sweep hangs."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.start()

    def run(self):
        connection, _ = self.listener.accept()
        with connection, connection.makefile("rw", encoding="utf-8") as lines:
            request = json.loads(lines.readline())
            lines.write(json.dumps({"jsonrpc": "2.0", "id": request["id"],
                                    "result": {"name": "mute"}}) + "\n")
            lines.flush()
            lines.read()  # until memalotctl hangs up


def test_one_that_is_silent_is_given_up(ctl, family):
    server, workers = family(1)
    Mute(ctl.socket(1))
    done = ctl.run("snapshot", "--all", "--timeout", "5s", "--json", code=1)
    assert done.stderr == f"memalotctl: {os.getpid()}  mute: the agent does not answer\n"
    rows = {row["pid"]: row for row in json.loads(done.stdout)["processes"]}
    assert set(rows) == {server.pid, *workers, os.getpid()}
    assert rows[os.getpid()]["error"] == "the agent does not answer"


def test_a_tree_is_what_was_started_from_a_process(python, ctl, target):
    server = target("prefork.py", 1, AMOUNT, config="control: {follow_execs: true}\n")
    forked = int(server.ask("workers"))
    behind_a_shell = int(server.ask("shell"))
    spawned = int(server.ask("spawn"))
    family = {server.pid, forked, behind_a_shell, spawned}
    wait_until(lambda: family <= pids_of(ctl), "an agent in each of them")
    rows = {row["pid"]: row for row in ctl.json("ps")["agents"]}
    assert rows[forked]["ppid"] == rows[spawned]["ppid"] == server.pid
    assert rows[behind_a_shell]["ppid"] != server.pid, "the shell is between them"
    for pid in family - {server.pid}:
        assert rows[pid]["parent"] == server.pid
    document = ctl.json("snapshot", "--tree", server.pid, "--no-save")
    assert family <= {row["pid"] for row in document["processes"]}
    below = ctl.json("snapshot", "--tree", rows[behind_a_shell]["ppid"], "--no-save")
    assert [row["pid"] for row in below["processes"]] == [behind_a_shell]


def test_two_families_are_told_apart(ctl, family):
    first, its_workers = family(2)
    second, others = family(2, "Order")
    document = ctl.json("snapshot", "--all", "--no-save")
    assert set(counts(finding_of(document, "Session"))) == set(its_workers)
    assert set(counts(finding_of(document, "Order"))) == set(others)
    rows = {row["pid"]: row for row in document["processes"]}
    assert rows[first.pid]["parent"] is None and rows[second.pid]["parent"] is None
    alone = ctl.json("snapshot", "--tree", second.pid, "--no-save")
    assert {row["pid"] for row in alone["processes"]} == {second.pid, *others}
    each = ctl.run("snapshot", "--all", "--each", "--no-save").stdout
    heads = [line for line in each.splitlines() if line.startswith("== ")]
    assert heads == [f"== {pid}  prefork.py" for pid in rows]


def test_tables_of_a_family_are_added_up(python, ctl, family):
    server, workers = family(2)
    tree = ("--tree", server.pid)
    types = {row["type"]: row for row in ctl.json("types", *tree, "--limit", 500)["types"]}
    assert types["__main__.Session"]["count"] == 3 * AMOUNT
    assert types["__main__.Session"]["processes"] == 2
    assert types["builtins.dict"]["processes"] == 3
    held = {row["path"]: row for row in ctl.json("retained", *tree)["retainers"]}
    assert held["__main__.HELD"]["processes"] == 2
    memory = ctl.json("memory", *tree)["memory"]
    assert 0 < memory["python_live"] < memory["rss"]
    assert ctl.json("growth", *tree)["since_s"] is None
    for pid in workers:
        os.kill(pid, signal.SIGUSR1)

    def grown():
        """The signal's handler may come after the sweep; the baseline stays no longer."""
        rows = {row["type"]: row for row in ctl.json("types", *tree)["types"]}
        return rows["__main__.Session"]["count"] == 3 * AMOUNT * 11 // 10

    wait_until(grown, "both have grown")
    places = {row["path"]: row for row in ctl.json("growth", *tree)["places"]}
    place = places["__main__.HELD[*]"]
    assert place["count"] - place["count_before"] == 3 * AMOUNT // 10
    assert place["processes"] == 2
    assert "PROCESSES" in ctl.run("types", *tree).stdout


def test_a_family_is_monitored_and_detached_as_one(python, ctl, family):
    server, workers = family(2)
    tree = ("--tree", server.pid)
    everybody = {server.pid, *workers}
    started = ctl.json("monitor", "start", *tree, "--max-object-lifetime", "60", "--no-save")
    assert {row["pid"] for row in started["processes"]} == everybody
    assert {row["answer"]["kind"] for row in started["processes"]} == {"time"}
    assert all(row["monitoring"] for row in ctl.json("ps")["agents"])
    text = ctl.run("monitor", "stop", "--all").stdout
    assert text.count(": stopped after 0 iterations") == 3
    text = ctl.run("detach", *tree).stdout
    assert set(text.splitlines()) == {f"{pid}  prefork.py: detached" for pid in everybody}
    wait_until(lambda: not pids_of(ctl) & everybody, "the agents are gone")
    done = ctl.run("snapshot", *tree, code=3)
    assert f"no agent in process {server.pid} or below it" in done.stderr


@pytest.mark.parametrize("words, says", [
    (["snapshot", "--all", "--tree", "1"], "either --all or --tree PID"),
    (["snapshot", "--tree", "1", "shop"], "either a TARGET or --tree"),
    (["snapshot", "--tree", "shop"], "needs a whole number"),
    (["snapshot", "--each"], "--each goes with --all or --tree PID"),
    (["snapshot", "--all", "--timeout", "soon"], "needs a time"),
    (["config", "show", "--all"], "only config reload takes"),
])
def test_wrong_usage_is_said(ctl, words, says):
    assert says in ctl.run(*words, code=2).stderr
