# SPDX-License-Identifier: MIT
"""Monitors in rough company: finalizers, signal handlers, forks and threads that come at
the worst moment. The program never hangs and never fails because of us."""

from monitored import play

QUIET = """
    import os, signal, subprocess, sys, threading, time
    import memalot

    quiet = dict(output_func=lambda text: None, save_reports=False)

    def end_of(pid):  # its exit code; None: it hangs
        end = time.monotonic() + 30
        while time.monotonic() < end:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
"""


def test_a_finalizer_enters_a_monitor_while_another_window_begins(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, QUIET + """
    import gc

    @memalot.leak_monitor(**quiet)
    def work():
        pass

    @memalot.leak_monitor(**quiet)
    def tidy_up():
        pass

    class Cycle:
        def __init__(self):
            self.me = self
        def __del__(self):
            try:
                tidy_up()
            except memalot.MonitoringError:
                pass  # inside work()

    tidy_up()
    work()
    gc.disable()
    for _ in range(2):
        Cycle()
    gc.set_threshold(1, 1, 1)
    gc.enable()
    work()
    work()
    print("done")
    """)
    assert played.out == "done\n"
