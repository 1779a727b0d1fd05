# SPDX-License-Identifier: MIT
"""sweep.when: a process that takes a snapshot of itself because of its memory.

What counts as a reason is tested with a clock of its own in tests/unit/agent; here a
real process passes a real threshold.
"""

import pytest
from harness import wait_until
from lifecycle_support import agent_thread

pytestmark = pytest.mark.few_versions

MIB = 1024 * 1024
GROWER = """
import sys
print("ready", flush=True)
kept = []
for line in sys.stdin:
    kept.append(bytearray(int(line.split()[1]) << 20))
    for i in range(0, len(kept[-1]), 4096):
        kept[-1][i] = 1
    print("grow", flush=True)
"""


def config(**when):
    lines = "".join(f"    {key}: {value}\n" for key, value in when.items())
    return f"sweep:\n  when:\n{lines}"


def has_no_alarm_clock(pid):
    """Its agent sleeps in poll() with the timeout -1."""
    with open(f"/proc/{pid}/task/{agent_thread(pid)}/syscall", encoding="utf-8") as call:
        words = call.read().split()
    return len(words) > 3 and int(words[3], 16) & 0xFFFFFFFF == 0xFFFFFFFF


def test_memory_above_a_size_takes_one_snapshot_and_says_why(target, python):
    limit = 96
    program = target(["-c", GROWER], config=config(memory_above=f"{limit}MiB"))
    triggers = program.call("status")["triggers"]
    assert triggers["memory_above"] == "96MiB" and triggers["growth_above"] is None
    assert triggers["state"] == "watching" and triggers["fired"] == 0
    assert not has_no_alarm_clock(program.pid)
    program.ask(f"grow {limit}")
    wait_until(lambda: program.ctl.saved(), "the report of a process that grew")
    status = wait_until(
        lambda: (s := program.call("status"))["last_report"] and s, "it is over")
    triggers = status["triggers"]
    assert triggers["fired"] == 1 and triggers["state"] == "cooling down"
    assert 500 < triggers["quiet_for_s"] <= 600
    assert triggers["last_reason"].startswith("memory ")
    assert triggers["last_reason"].endswith("above sweep.when.memory_above (96MiB)")
    assert f"snapshot: {triggers['last_reason']}" in status["messages"]
    assert status["rss"] > limit * MIB


def test_a_share_is_of_the_limit_of_group_or_host(target, python):
    with open("/proc/meminfo", encoding="utf-8") as file:
        total = int(file.readline().split()[1]) * 1024
    if total > 64 << 30:
        pytest.skip("a hundredth of this machine's memory is too much for a test")
    program = target(["-c", GROWER], config=config(memory_above="1%"))
    program.ask(f"grow {total // 100 // MIB + 1}")
    wait_until(lambda: program.call("status")["last_report"], "the snapshot")
    reason = program.call("status")["triggers"]["last_reason"]
    assert " of " in reason and "sweep.when.memory_above (1%)" in reason


def test_triggers_come_and_go_with_the_configuration(target, python):
    program = target(["-c", GROWER], config=config(growth_above="1GiB/min"))
    assert program.call("status")["triggers"]["growth_above"] == "1GiB/min"
    (program.ctl.home / "memalot.yaml").write_text(config(growth_above="off"))
    assert program.call("config.reload")["changed"] == ["sweep.when.growth_above"]
    assert program.call("status")["triggers"] is False
    wait_until(lambda: has_no_alarm_clock(program.pid), "poll() with the timeout -1")
    (program.ctl.home / "memalot.yaml").write_text(config(memory_above="1MiB"))
    program.call("config.reload")
    wait_until(lambda: program.ctl.saved(), "a report: it is above at once")


@pytest.mark.slow
def test_growth_over_a_minute_takes_a_snapshot(target, python):
    program = target(["-c", GROWER], config=config(growth_above="20MiB/min"))

    def fired():
        program.ask("grow 1")
        return program.call("status")["triggers"]["fired"]

    wait_until(fired, "a snapshot of a process that grows", timeout=150, every=1.0)
    reason = program.call("status")["triggers"]["last_reason"]
    assert reason.startswith("memory grows by ") and "a minute, above" in reason
