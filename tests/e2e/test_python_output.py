# SPDX-License-Identifier: MIT
"""Where reports of the Python functions go, what may go wrong on the way, and how
monitoring ends: stopped, at the interpreter's exit, in a forked child."""

import os
import pty
import subprocess
import time

import pytest
from harness import PATIENCE
from monitored import environment, play

pytestmark = pytest.mark.few_versions


BLOCKS = """
import memalot
monitor = memalot.create_leak_monitor(save_reports=False, **OPTIONS)
kept = []
for _ in range(2):
    with monitor:
        kept.append(object())
print("the end")
"""


def on_a_terminal(python, ctl, options, **env):
    """Return what a program writes to a terminal of its own."""
    master, slave = pty.openpty()
    program = subprocess.Popen(
        [python.path, "-c", BLOCKS.replace("**OPTIONS", options)], stdout=slave,
        env=environment(ctl, **{"TERM": "xterm", "NO_COLOR": "", **env}),
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )
    os.close(slave)
    seen = b""
    try:
        while piece := os.read(master, 65536):
            seen += piece
    except OSError:
        pass  # the other side is closed: its end
    finally:
        os.close(master)
    assert program.wait(PATIENCE) == 0
    assert program.communicate()[1] == b""
    return seen.decode().replace("\r\n", "\n")


def test_colours_are_for_terminals(python, ctl, tmp_path):
    assert "\x1b[" in on_a_terminal(python, ctl, "")
    for options, env in (
        ("color=False", {}), ("force_terminal=False", {}), ("", {"NO_COLOR": "1"}),
        ("", {"TERM": "dumb"}),
    ):
        text = on_a_terminal(python, ctl, options, **env)
        assert "\x1b[" not in text, (options, env)
        assert "the end" in text
    piped = play(python, ctl, tmp_path, BLOCKS.replace("**OPTIONS", ""), NO_COLOR="")
    assert "\x1b[" not in piped.out
    forced = BLOCKS.replace("**OPTIONS", "force_terminal=True")
    assert "\x1b[" in play(python, ctl, tmp_path, forced, NO_COLOR="").out
    assert "\x1b[" not in play(python, ctl, tmp_path, forced, NO_COLOR="1").out


def test_a_function_gets_plain_text_and_the_console_nothing(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        told = []
    """ + BLOCKS.replace("**OPTIONS", "output_func=told.append").replace("\n", "\n        ")
        + """
        assert len(told) == 3 and all("\\x1b" not in text for text in told), told
    """)
    assert (played.out, played.err) == ("the end\n", "")
    both = on_a_terminal(python, ctl, "tee_console=True, output_func="
                         "lambda text: print('GOT' + repr(text)[:30])")
    got = [line for line in both.splitlines() if line.startswith("GOT")]
    assert len(got) == 3 and not any("x1b" in line for line in got)
    assert "\x1b[" in both


def test_standard_output_is_the_one_of_the_moment(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import contextlib, io, sys
        import memalot
        monitor = memalot.create_leak_monitor(save_reports=False)
        with contextlib.redirect_stdout(io.StringIO()) as caught, monitor:
            pass
        with contextlib.redirect_stdout(None):
            with monitor:
                pass
        class Broken:
            def write(self, text): raise RuntimeError("no")
        with contextlib.redirect_stdout(Broken()):
            with monitor:
                pass
        sys.stdout.flush()
        assert caught.getvalue().strip()
        print("END")
        sys.stdout.close()
        with monitor:
            pass
    """, code=None)
    assert played.code == 0
    assert played.out.count("\n") == 2 and played.out.endswith("END\n")
    assert played.err == ""


def test_an_encoding_that_lacks_letters_costs_letters_only(python, ctl, tmp_path):
    program = """
        import memalot
        class Größe: pass
        kept = []

        @memalot.leak_monitor(save_reports=False, force_terminal=%s)
        def größer():
            kept.append(Größe())

        größer()
        größer()
    """
    for force in ("True", "None"):
        played = play(python, ctl, tmp_path, program % force, PYTHONIOENCODING="ascii")
        assert played.err == "" and played.out.isascii()
        assert "the function gr??er" in played.out
        assert r"__main__.Gr\xf6\xdfe" in played.out
        played = play(python, ctl, tmp_path, program % force, PYTHONIOENCODING="utf-8",
                      PYTHONUTF8="1")
        assert "the function größer" in played.out
        assert "__main__.Größe" in played.out and "╭" in played.out


def test_what_an_output_function_raises_is_told_once(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import memalot
        calls = []
        def output(text):
            calls.append(text)
            raise ValueError("two\\nlines")

        @memalot.leak_monitor(save_reports=False, output_func=output)
        def func(): return 5

        assert [func() for _ in range(3)] == [5, 5, 5]
        assert len(calls) == 4
    """)
    assert played.err == ""
    assert played.out == "memalot: output_func raised ValueError: two lines (said once)\n"


def test_an_output_function_may_call_what_is_monitored(python, ctl, tmp_path):
    play(python, ctl, tmp_path, """
        import memalot
        told = []
        def output(text):
            told.append(text)
            func()

        @memalot.leak_monitor(save_reports=False, output_func=output)
        def func(): return 5

        assert func() == 5 and len(told) == 2
        assert func() == 5 and len(told) == 3
    """)


def test_calls_to_warm_up(python, ctl, tmp_path):
    program = """
        import memalot
        KEPT = []
        class Leaked: pass

        @memalot.leak_monitor(warmup_calls=%d, output_func=lambda text: None)
        def func():
            KEPT.append(Leaked())

        for _ in range(4):
            func()
    """

    def leaked(warmups):
        home = ctl.reports
        played = play(python, ctl, tmp_path, program % warmups)
        counts = [played.types(n).get("__main__.Leaked", 0)
                  for n in range(len(played.iterations))]
        for report in ctl.saved():
            ctl.run("rm", report.name.removeprefix("memalot_report_"))
        assert not list(home.glob("memalot_report_*"))
        return counts

    assert leaked(1) == [0, 1, 2, 3]
    assert leaked(3) == [0, 1]
    assert leaked(0) == [0, 1, 2, 3, 4]


# -- the end ----------------------------------------------------------------------------


def test_monitoring_by_time_ends_when_it_is_stopped(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import threading
        import memalot
        first, told = threading.Event(), []
        def output(text):
            told.append(text)
            if len(told) == 2:
                monitoring.stop()
                monitoring.join()   # of itself: does not wait
                first.set()

        def names(): return [thread.name for thread in threading.enumerate()]

        monitoring = memalot.start_leak_monitoring(0.05, 0, output_func=output,
                                                   save_reports=False)
        assert "0.05 seconds" in told[0] and len(told) == 1
        assert first.wait(60)
        monitoring.join(60)
        assert "memalot" not in names()
        assert len(told) == 2
        monitoring.stop()
        monitoring.join()
        assert memalot.running()

        other = memalot.start_leak_monitoring(60, save_reports=False, output_func=print)
        (thread,) = [t for t in threading.enumerate() if t.name == "memalot"]
        assert thread.daemon
        other.join(0.01)
        assert thread.is_alive()
        assert memalot.stop()   # the agent takes its monitors with it
        other.join(60)
        assert not thread.is_alive()
        other.stop()
    """)
    assert played.err == ""


def test_a_program_ends_quietly_and_soon(python, ctl, tmp_path):
    program = """
        import sys, time
        import memalot
        monitoring = memalot.start_leak_monitoring(%s, save_reports=False)
        kept = [object() for _ in range(10)]
        time.sleep(%s)
        sys.exit(%d)
    """
    for lifetime, wait, code in ((0.06, 0.3, 3), (0.06, 0.33, 0), (3600, 0, 4)):
        begun = time.monotonic()
        played = play(python, ctl, tmp_path, program % (lifetime, wait, code), code=code)
        assert played.err == ""
        assert time.monotonic() - begun < PATIENCE


def test_a_forked_child_goes_on_by_calls_but_not_by_time(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import os, time
        import memalot
        told = []

        @memalot.leak_monitor(save_reports=False, output_func=told.append)
        def func(): return 5

        def in_child(act):
            pid = os.fork()
            if pid == 0:
                try:
                    act()
                except BaseException as error:
                    print("child:", repr(error), flush=True)
                    os._exit(1)
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0

        def calls():
            told.clear()
            deadline = time.monotonic() + 60
            while not told and time.monotonic() < deadline:
                assert func() == 5   # the child's agent comes a moment later
            assert len(told) == 1

        func()
        in_child(calls)
        func()
        assert len(told) == 3
        monitoring = memalot.start_leak_monitoring(60, save_reports=False,
                                                   output_func=told.append)
        def no_clock():
            monitoring.stop()
            monitoring.join(60)
            assert func() == 5
        in_child(no_clock)
        try:
            func()
        except memalot.MonitoringError:
            pass
        else:
            raise AssertionError("the parent's has ended")
    """)
    assert "child:" not in played.out


# -- reports as Python sees them --------------------------------------------------------


def test_a_snapshot_is_handed_over(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import memalot
        report = memalot.snapshot(max_object_details=1)
        assert report.id and report.iteration == 1
        assert str(report) == report.text and "live Python objects" in report.text
        assert repr(report) == f"Report(id={report.id!r}, iteration=1)"
        assert report.load()["report_id"] == report.id
        assert report.directory.name == "memalot_report_" + report.id
        elsewhere = memalot.snapshot(report_directory="elsewhere")
        assert elsewhere.directory.parent.name == "elsewhere"
        unsaved = memalot.snapshot(save_reports=False)
        assert unsaved.id is None and unsaved.directory is None
        try:
            unsaved.load()
        except LookupError:
            print("no data")
    """)
    assert (played.out, played.err) == ("no data\n", "")


def test_an_object_of_a_report_is_found_while_it_lives(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import os, time
        import memalot
        class Leaked: pass
        LEAKED = [Leaked() for _ in range(100)]
        report = memalot.snapshot(included_type_names={"Leaked"})
        address = report.load()["object_details_list"][0]["object_id"]
        (leaked,) = [thing for thing in LEAKED if id(thing) == address]
        assert memalot.find(report.id, address) is leaked
        assert memalot.find(report.id, hex(address), report_directory=
                            str(report.directory.parent)) is leaked
        for wrong in ((report.id, 64), ("none-here", address), ("../etc", address)):
            try:
                memalot.find(*wrong)
            except LookupError as error:
                assert wrong[0] in str(error)
            else:
                raise AssertionError(wrong)
        pid = os.fork()
        if pid == 0:
            os._exit(memalot.find(report.id, address) is not None)
        assert os.waitpid(pid, 0)[1] == 0  # the report is another process's
        LEAKED.clear()
        del leaked
        assert memalot.find(report.id, address) is None
    """)
    assert played.err == ""


def test_an_object_born_later_at_the_same_address_is_another(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import memalot
        class Leaked: pass
        kept = []
        told = []
        monitor = memalot.create_leak_monitor(output_func=told.append,
                                              included_type_names={"Leaked"})
        for _ in range(2):
            with monitor:
                kept.append([Leaked() for _ in range(100)])
        (report,) = __import__("pathlib").Path.home().glob(".memalot/reports/*_report_*")
        report_id = report.name.removeprefix("memalot_report_")
        data = memalot.Report(report_id, 2, "").load()
        ids = {details["object_id"] for details in data["object_details_list"]}
        assert ids and ids <= set(map(id, kept[1]))
        assert all(memalot.find(report_id, number) in kept[1] for number in ids)
        kept.clear()
        with monitor:
            kept.append([Leaked() for _ in range(1000)])
        again = ids & set(map(id, kept[0]))
        assert again, "no address is used again"
        assert all(memalot.find(report_id, number) is None for number in again)
    """)
    assert played.err == ""
