# SPDX-License-Identifier: MIT
"""memalotctl monitor against a real agent: begun, told of, ended."""

from harness import wait_until


def test_a_monitor_is_started_told_of_and_stopped(target, python, ctl):
    program = target("lifecycle.py")
    started = ctl.json("monitor", "start", program.pid, "--max-object-lifetime", "200ms")
    assert started["kind"] == "time" and started["state"] == "warm-up"
    assert started["lifetime_s"] == started["warmup_s"] == 0.2
    assert "monitoring" in ctl.run("ps").stdout
    again = ctl.run("monitor", "start", program.pid, "--warmup=1m", code=1)
    assert "runs already" in again.stderr and again.stdout == ""

    def watching():
        status = program.call("status")
        return status["monitoring"]["iteration"] >= 2 and status

    status = wait_until(watching, "two iterations")
    assert status["monitoring"]["state"] == "watching"
    assert "objects that live longer than 200 ms" in ctl.run("status", program.pid).stdout
    stopped = ctl.json("monitor", "stop", program.pid)
    assert stopped["stopped"] and stopped["iterations"] >= 2
    assert ctl.run("print", stopped["report_id"]).stdout
    assert program.call("status")["monitoring"] is False
    assert "runs" in ctl.run("monitor", "stop", program.pid, code=1).stderr


def test_a_monitor_without_words_is_as_configured(target, python, ctl):
    config = "monitor: {max_object_lifetime: 7m, warmup: 3m}\n"
    program = target("lifecycle.py", config=config)
    started = ctl.json("monitor", "start")
    assert (started["lifetime_s"], started["warmup_s"]) == (420, 180)
    ctl.run("monitor", "stop")
    started = ctl.json("monitor", "start", program.pid, "--max-object-lifetime=5")
    assert (started["lifetime_s"], started["warmup_s"]) == (5, 5)


def test_a_monitor_that_does_not_save_leaves_no_report(target, python, ctl):
    program = target("lifecycle.py")
    ctl.run("monitor", "start", program.pid, "--max-object-lifetime=0.2", "--no-save")
    wait_until(lambda: program.call("status")["monitoring"]["iteration"] >= 2, "iterations")
    text = ctl.run("monitor", "stop", program.pid).stdout
    assert text.startswith("stopped after ") and "no report was saved" in text
    assert ctl.saved() == []
