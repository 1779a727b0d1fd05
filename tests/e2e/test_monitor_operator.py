# SPDX-License-Identifier: MIT
"""Monitoring that an operator starts, and the program's own beside it."""

import json
import subprocess

import pytest
from harness import MEMALOTCTL
from monitored import play, read_iterations

pytestmark = pytest.mark.few_versions


CTL = """
    import os, subprocess, sys, time
    import memalot

    def ctl(*args):
        done = subprocess.run([os.environ["MEMALOT_CTL"], *args, str(os.getpid())],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    quiet = dict(output_func=lambda text: None)
    memalot.start()
"""


def test_monitored_calls_run_unwatched_while_an_operator_watches(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, CTL + """
    kept = []

    @memalot.leak_monitor(**quiet)
    def work():
        kept.append([])

    ctl("monitor", "start", "--max-object-lifetime", "30")
    work(); work(); work()
    assert '"by calls"' not in ctl("status", "--json")
    ctl("monitor", "stop")
    work(); work()
    print("done")
    """)
    assert played.out == "done\n"
    assert [len(i["findings"]) for i in played.iterations] == [0, 1]


def test_the_programs_own_monitoring_takes_the_operators_place(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, CTL + """
    ctl("monitor", "start", "--max-object-lifetime", "30")
    own = memalot.start_leak_monitoring(0.2, **quiet)
    print("0.2" in ctl("status", "--json"))
    ctl("monitor", "stop")
    own.join(20)
    print("ended")
    """)
    assert played.out.split() == ["True", "ended"]


def test_configuration_starts_it_in_the_program_and_in_its_children(
    python, ctl, tmp_path
):
    config = tmp_path / "memalot.yaml"
    config.write_text(
        "monitor: {enabled: true, max_object_lifetime: 300ms, warmup: 100ms}\n"
        "graph: {formats: []}\n"
    )
    play(python, ctl, tmp_path, """
    import os, time
    import memalot

    memalot.start()
    pid = os.fork()
    time.sleep(0.3)
    kept = ["parent" if pid else "child", [1], [2]]
    kept.append([kept[0] * 3])
    time.sleep(2)
    if pid:
        os.waitpid(pid, 0)
    """, options=["-W", "ignore"], MEMALOT_CONFIG=str(config))
    reports = [read_iterations(path) for path in ctl.saved()]
    assert len(reports) == 2
    for iterations in reports:
        assert len(iterations) >= 3
        assert any(f["path"].startswith("__main__.kept") for f in iterations[-1]["findings"])
    pids = {json.loads((path / "summary.json").read_text())["pid"] for path in ctl.saved()}
    assert len(pids) == 2


def test_a_report_on_the_programs_console(python, ctl, tmp_path):
    config = tmp_path / "memalot.yaml"
    config.write_text(
        "monitor: {enabled: true, max_object_lifetime: 300ms, warmup: 0s}\n"
        "report: {console: true}\n"
    )
    played = play(python, ctl, tmp_path, """
    import time
    import memalot

    memalot.start()
    time.sleep(0.2)
    kept = [[n] for n in range(20)]
    time.sleep(1.5)
    """, MEMALOT_CONFIG=str(config))
    assert played.out == ""
    assert "Report (iteration 2)" in played.err
    assert "__main__.kept[*]" in played.err


def test_the_command_line_says_what_is_wrong(ctl):
    done = subprocess.run(
        [MEMALOTCTL, "monitor", "start", "--max-object-lifetime", "soon"],
        env=ctl.env, capture_output=True, text=True,
    )
    assert done.returncode == 2
    assert "soon" in done.stderr and done.stderr.count("\n") <= 2
