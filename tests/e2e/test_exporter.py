# SPDX-License-Identifier: MIT
"""`memalotctl exporter`: what is served is OpenMetrics, true, and costs no sweep."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import venv

import pytest

import exporter
import prometheus

RULES = re.compile(r"memalot_[a-z][a-z_]*[a-z]")


@pytest.fixture
def serve(ctl):
    """Starts exporters: `serve("--findings", 1)`."""
    exporter.require()
    started = []

    def start(*options):
        started.append(exporter.Exporter(ctl.env, *options))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def silent(ctl):
    """Makes sockets that let in and never answer: `silent("77.sock")`."""
    made = []
    directory = ctl.runtime / "memalot"

    def make(name, backlog=16):
        directory.mkdir(mode=0o700, exist_ok=True)
        one = socket.socket(socket.AF_UNIX)
        one.bind(str(directory / name))
        one.listen(backlog)
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


def labels_of(program):
    return {"pid": str(program.pid)}


def test_a_leak_is_told_as_it_is_in_the_report(ctl, serve, target):
    shop = target("leaking.py", config="name: shop\n")
    shop.ask("leak 5000")
    iteration = ctl.json("snapshot", shop.pid)["iteration"]
    finding = iteration["findings"][0]
    told = serve()
    values = told.once("memalot_sweeps_total", 1, **labels_of(shop))
    one = told.families()["memalot_finding_retained_bytes"].samples[0]
    status = ctl.json("status", shop.pid)
    assert one.labels == {
        "pid": str(shop.pid), "name": "shop", "python": status["python_version"],
        "fingerprint": finding["fingerprint"], "type": finding["type"],
        "held_by": "python", "path": finding["path"],
    }
    assert one.value == finding["retained_size"]
    assert values["memalot_agent_up"] == 1
    assert values["memalot_finding_objects"] == 5000
    assert values["memalot_live_objects"] == iteration["totals"]["live_objects"]
    assert values["memalot_references"] == iteration["sweep"]["references"]
    parts = {key[1]: value for key, value in values.items()
             if key[0] == "memalot_memory_bytes"}
    assert parts == {part["key"]: part["size"] for part in iteration["memory"]["parts"]
                     if part["size"] is not None}
    assert values["memalot_malloc_bytes", "used"] == iteration["memory"]["malloc"]["used"]
    assert values["memalot_last_sweep_pause_seconds"] == status["last_sweep"]["pause_s"]
    assert values["memalot_report_readable"] == 1


def test_names_help_types_and_units_are_prometheus_own(ctl, serve, target):
    shop = target("leaking.py")
    shop.ask("leak 2000")
    ctl.run("snapshot", shop.pid)
    shop.ask("leak 2000")
    ctl.run("snapshot", shop.pid)
    told = serve()
    told.once("memalot_finding_growth_objects", 2000)
    families = told.families()
    assert len(families) > 30
    for family in families.values():
        assert RULES.fullmatch(family.name), family.name
        assert family.documentation and family.type in ("gauge", "counter", "info")
        assert not family.name.endswith("_total")
        for unit in ("bytes", "seconds"):
            assert (unit in family.name) == (family.unit == unit), family.name


def test_a_scrape_causes_no_sweep(ctl, serve, target):
    shop = target("leaking.py")
    told = serve()
    for _ in range(3):
        values = told.samples(**labels_of(shop))
    assert values["memalot_sweeps_total"] == 0
    assert "memalot_live_objects" not in values
    assert ctl.json("status", shop.pid)["sweeps"]["ended"] == 0
    assert ctl.json("list")["reports"] == []


def test_a_new_report_is_told_and_growth_with_it(ctl, serve, target):
    shop = target("leaking.py")
    shop.ask("leak 3000")
    ctl.run("snapshot", shop.pid)
    told = serve()
    told.once("memalot_finding_objects", 3000, **labels_of(shop))
    shop.ask("leak 1500")
    ctl.run("snapshot", shop.pid)
    values = told.once("memalot_finding_objects", 4500, **labels_of(shop))
    assert values["memalot_finding_growth_objects"] == 1500
    assert values["memalot_finding_retained_growth_bytes"] > 1500 * 1000
    assert values["memalot_sweeps_total"] == 2


def test_sweep_every_makes_snapshots_and_saves_none(ctl, serve, target):
    shop, other = target("leaking.py"), target("leaking.py")
    shop.ask("leak 3000")
    other.ask("leak 2000")
    told = serve("--sweep-every", "200ms")
    told.once("memalot_finding_objects", 3000, **labels_of(shop))
    told.once("memalot_finding_objects", 2000, **labels_of(other))
    shop.ask("leak 1000")
    told.once("memalot_finding_objects", 4000, **labels_of(shop))
    assert ctl.json("list")["reports"] == []


def test_findings_are_limited_but_counted(ctl, serve, target):
    shop = target("leaking.py")
    shop.ask("leak 5000")
    shop.ask("keep 5000")
    findings = ctl.json("snapshot", shop.pid)["iteration"]["findings"]
    assert len(findings) == 2
    told = serve("--findings", 1)
    told.once("memalot_findings", 2, **labels_of(shop))
    assert len(told.families()["memalot_finding_objects"].samples) == 1


def test_a_report_that_cannot_be_read_is_said_to_be(ctl, serve, target, tmp_path):
    shop = target("leaking.py")
    shop.ask("leak 2000")
    ctl.run("snapshot", shop.pid)
    values = serve("--report-directory", tmp_path).once(
        "memalot_report_readable", 0, **labels_of(shop))
    assert values["memalot_agent_up"] == 1
    assert "memalot_finding_objects" not in values


def test_a_stopped_program_is_down_under_the_name_it_had(ctl, serve, target):
    shop = target("leaking.py", config="name: shop\n")
    other = target("leaking.py", config="name: mail\n")
    told = serve()
    assert told.samples(name="shop")["memalot_agent_up"] == 1
    os.kill(shop.pid, signal.SIGSTOP)
    try:
        values = told.samples(name="shop")
        assert values == {"memalot_agent_up": 0}
        assert told.samples(name="mail")["memalot_agent_up"] == 1
    finally:
        os.kill(shop.pid, signal.SIGCONT)
    assert told.samples(name="shop")["memalot_agent_up"] == 1
    assert other.ask("ping") == "pong"


def test_many_that_never_answer_are_waited_for_together(serve, silent, target):
    shop = target("leaking.py")
    for number in range(12):  # one after the other they would take longer than a scrape
        silent(f"{900000 + number}.sock")
    told = serve()
    families = told.families()
    assert families["memalot_exporter_ok"].samples[0].value == 1
    assert families["memalot_agents"].samples[0].value == 13
    up = {sample.labels["pid"]: sample.value
          for sample in families["memalot_agent_up"].samples}
    assert up.pop(str(shop.pid)) == 1
    assert len(up) == 12 and set(up.values()) == {0}


def test_one_whose_backlog_is_full_stays_in_the_list(ctl, silent):
    path = silent("900001.sock", backlog=0).getsockname()
    waiting = []
    while True:
        one = socket.socket(socket.AF_UNIX)
        one.setblocking(False)
        waiting.append(one)
        try:
            one.connect(path)
        except BlockingIOError:
            break
    row, = ctl.json("ps")["agents"]
    assert "does not answer" in row["error"]
    assert "does not answer" in ctl.run("status", "900001", code=1).stderr
    assert "does not answer" in ctl.run("snapshot", "--all", code=1).stderr
    for one in waiting:
        one.close()


def test_labels_are_escaped(ctl, serve, target):
    target("leaking.py", config='name: "a\\"b\\\\c"\n')
    name = ctl.json("ps")["agents"][0]["name"]
    assert '"' in name
    assert serve().samples(name=name)["memalot_agent_up"] == 1


def test_two_scrapes_at_once_get_the_same(serve, target):
    shop = target("leaking.py")
    told = serve()
    got = []
    threads = [threading.Thread(target=lambda: got.append(told.samples(**labels_of(shop))))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [values["memalot_agent_up"] for values in got] == [1] * 4


def test_sigterm_ends_it_well(serve):
    assert serve().stop() == 0


@pytest.mark.parametrize(("options", "code", "said"), [
    (["--listen", "nowhere"], 2, "--listen needs HOST:PORT, not 'nowhere'"),
    (["--every", "soon"], 2, "--every needs a time such as 60, 500ms or 5m, not 'soon'"),
    (["--findings", "101"], 2, "--findings needs a whole number from 0 to 100"),
    (["--sweep-evry", "1m"], 2, "did you mean --sweep-every?"),
    (["--listen", "192.0.2.1:9464"], 1, "cannot listen on 192.0.2.1:9464: "),
])
def test_wrong_words_get_one_line(ctl, options, code, said):
    exporter.require()
    ctl.env["MEMALOT_PYTHON"] = sys.executable
    done = ctl.run("exporter", *options, code=code)
    assert said in done.stderr and done.stderr.count("\n") == 1


def test_without_prometheus_client_it_says_what_to_install(ctl, tmp_path):
    exporter.require()
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    ctl.env["MEMALOT_PYTHON"] = str(tmp_path / "bare/bin/python")
    done = ctl.run("exporter", code=1)
    assert "pip install 'memalotctl[exporter]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_promtool_finds_nothing_to_complain_of(ctl, serve, target):
    promtool = prometheus.require("promtool")
    shop = target("leaking.py")
    shop.ask("leak 2000")
    ctl.run("snapshot", shop.pid)
    done = subprocess.run([promtool, "check", "metrics"], text=True, timeout=60,
                          input=serve().text("text/plain"), capture_output=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
