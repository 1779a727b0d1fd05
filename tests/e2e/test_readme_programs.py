# SPDX-License-Identifier: MIT
"""The programs that the README of memalot shows give what it says they give."""

import re
import shlex
import subprocess

import pytest
from harness import ROOT
from monitored import play

pytestmark = pytest.mark.few_versions


def test_a_string_appended_every_half_second_is_named(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        from time import sleep
        import memalot

        memalot.start_leak_monitoring(max_object_lifetime=1.0)

        def my_function():
            my_list = []
            for i in range(12):
                my_list.append(f"Object {i}")
                sleep(0.5)

        my_function()
    """)
    assert played.err == ""
    assert len(played.iterations) >= 3
    assert played.findings(0) == []
    first = played.findings(1)
    assert [f["type"] for f in first] == ["builtins.str"]
    assert first[0]["path"] == "my_function() my_list[*]"
    assert 1 <= first[0]["count"] <= 3
    later = played.findings(2)[0]
    assert later["fingerprint"] == first[0]["fingerprint"]
    assert later["count_before"] == first[0]["count"] < later["count"]
    assert "builtins.str" in played.out
    assert "my_function.my_list (local)" in played.out
    assert re.search(r"Object \d+", played.out)




def test_a_decorated_function_is_reported_when_it_exits(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        from memalot import leak_monitor

        class Leaked:
            pass

        KEPT = []

        @leak_monitor
        def function_that_leaks_memory():
            for _ in range(3):
                KEPT.append(Leaked())

        for call in range(3):
            function_that_leaks_memory()
            print("call", call, "has returned")
    """)
    assert played.err == ""
    order = [line for line in played.out.splitlines()
             if "has returned" in line or "Report (iteration" in line and "End" not in line]
    assert ["Report" in line for line in order] == [True, False] * 3
    assert [len(played.findings(n)) for n in range(3)] == [0, 1, 1]
    finding = played.findings()[0]
    assert finding["type"] == "__main__.Leaked"
    assert finding["path"] == "__main__.KEPT[*]"
    assert (finding["count"], finding["count_before"]) == (6, 3)
    assert played.iterations[2]["monitor"]["subject"].endswith("function_that_leaks_memory")


def test_only_what_survived_two_calls_is_reported(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        from memalot import leak_monitor

        class Leaked:
            pass

        KEPT = []

        @leak_monitor(max_object_age_calls=2)
        def function_that_leaks_memory():
            KEPT.append(Leaked())

        for call in range(4):
            function_that_leaks_memory()
    """)
    assert [played.types(n).get("__main__.Leaked", 0) for n in range(4)] == [0, 0, 1, 2]


def test_a_block_is_monitored_by_a_context_manager(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        from memalot import create_leak_monitor

        KEPT = []
        monitor = create_leak_monitor()

        for i in range(3):
            with monitor:
                KEPT.append({"block": i})
        with monitor():
            pass
    """)
    assert [played.types(n).get("builtins.dict", 0) for n in range(4)] == [0, 1, 2, 2]
    assert played.findings()[0]["path"] == "__main__.KEPT[*]"
    assert (played.findings()[0]["count"], played.findings()[0]["count_before"]) == (2, 2)


def test_filters_choose_the_types(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import memalot, time

        class MyObject: pass
        class MyObjectSubclass: pass
        class OtherObject: pass
        class Unwanted: pass

        memalot.start_leak_monitoring(
            max_object_lifetime=0.5, warmup_time=0.1,
            included_type_names={"__main__.MyObject", "OtherObject"},
            excluded_type_names={"Subclass"})
        time.sleep(0.3)
        kept = [MyObject(), MyObjectSubclass(), OtherObject(), Unwanted(), {}, []]
        time.sleep(2)
    """)
    assert set(played.types()) == {"__main__.MyObject", "__main__.OtherObject"}


def test_reports_go_to_a_logger(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import logging, time
        import memalot

        logging.basicConfig(filename="log.txt", level=logging.INFO)
        LOG = logging.getLogger(__name__)
        memalot.start_leak_monitoring(max_object_lifetime=0.4, output_func=LOG.info)
        time.sleep(0.6)
        kept = ["a string that stays %d" % i for i in range(5)]
        time.sleep(2)
    """)
    log = (tmp_path / "log.txt").read_text()
    assert played.out == "" and played.err == ""
    assert "builtins.str" in log
    assert "\x1b[" not in log
    assert "kept" in log


def commands_of(heading):
    """The memalotctl lines of the first block below a heading of README.md."""
    text = (ROOT / "README.md").read_text().split(f"\n## {heading}\n")[1]
    block = re.search(r"\n\n((?:    .*\n)+)", text).group(1)
    return [shlex.split(line, comments=True)[1:] for line in block.splitlines()]


GROWS = """
import time

class Session:
    def __init__(self, number):
        self.number = number

SESSIONS = {number: Session(number) for number in range(5000)}
print("ready", flush=True)
while True:
    SESSIONS[len(SESSIONS)] = Session(len(SESSIONS))
    time.sleep(0.0005)
"""


def test_a_process_that_grows_is_found_out_by_the_readmes_commands(python, ctl, tmp_path):
    script = tmp_path / "app.py"
    script.write_text(GROWS)
    commands = commands_of("A process that grows")
    assert [words[0] for words in commands] == ["attach", "snapshot", "growth", "detach"]
    with subprocess.Popen([python.path, script], env=ctl.env,
                          stdout=subprocess.PIPE) as program:
        try:
            program.stdout.readline()
            said = {}
            for words in commands:
                words = [str(program.pid) if word == "4711" else word for word in words]
                done = ctl.run(*words)
                assert done.returncode == 0, done.stderr
                said[words[0]] = done.stdout
            assert program.poll() is None
        finally:
            program.kill()
    assert re.search(r"\d Session objects held by __main__\.SESSIONS", said["snapshot"])
    assert re.search(r"Session +\+?[\d ]+", said["growth"])
