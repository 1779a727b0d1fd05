# SPDX-License-Identifier: MIT
"""Monitors in rough company: finalizers, signal handlers, forks and threads that come at
the worst moment. The program never hangs and never fails because of us."""

import pytest

from monitored import play

pytestmark = pytest.mark.few_versions

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


@pytest.mark.one_version
def test_every_thread_gets_out_of_a_window_that_many_share(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, QUIET + """
    reports = []
    monitor = memalot.create_leak_monitor(output_func=reports.append, save_reports=False)

    def work():
        while len(reports) < 60:
            with monitor:
                pass

    threads = [threading.Thread(target=work, daemon=True) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    print(sum(thread.is_alive() for thread in threads))
    """)
    assert played.out == "0\n"


def test_an_agent_that_comes_and_goes_leaves_nobody_waiting(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, QUIET + """
    monitors = [memalot.create_leak_monitor(**quiet) for _ in range(2)]
    over = False

    def work(monitor):
        while not over:
            try:
                with monitor:
                    pass
            except memalot.MonitoringError:
                pass  # the agent has gone between two of our own steps

    threads = [threading.Thread(target=work, args=(monitors[i % 2],), daemon=True)
               for i in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(80):
        memalot.start()
        time.sleep(0.01 * (turn % 4))
        memalot.stop()
    over = True
    for thread in threads:
        thread.join(30)
    print(sum(thread.is_alive() for thread in threads))
    """)
    assert played.out == "0\n"


def test_a_child_forked_past_python_leaves_its_window(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, QUIET + """
    import ctypes
    libc = ctypes.PyDLL(None)

    @memalot.leak_monitor(**quiet)
    def work(fork=False):
        return libc.fork() if fork else 0

    work(); work()
    child = work(fork=True)
    if child == 0:
        work(); work()
        os._exit(7)
    print(end_of(child))
    """)
    assert played.out == "7\n"


def test_a_signal_handler_forks_while_a_report_is_awaited(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, QUIET + """
    big = [[i] for i in range(1000000)]
    monitor = memalot.create_leak_monitor(**quiet)
    me, children = os.getpid(), []

    def fork(*_):
        pid = os.fork()
        if pid:
            children.append(pid)

    signal.signal(signal.SIGUSR1, fork)
    with monitor:
        pass
    def send():  # when the window is closed, so that its thread waits
        while not ready:
            time.sleep(0.001)
        time.sleep(0.1)
        os.kill(me, signal.SIGUSR1)
    ready = False
    sender = threading.Thread(target=send)
    sender.start()
    with monitor:
        ready = True
    while os.getpid() == me and not children:
        time.sleep(0.01)
    if os.getpid() != me:
        with monitor:
            pass
        os._exit(7)
    print(end_of(children[0]))
    """, options=["-W", "ignore"])
    assert played.out == "7\n"


def test_births_go_with_the_operators_monitoring(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, QUIET + """
    import gc

    def ctl(*args):
        subprocess.run([os.environ["MEMALOT_CTL"], *args, str(os.getpid())], check=True,
                       stdout=subprocess.DEVNULL)

    def wait_for(count):
        end = time.monotonic() + 30
        while len(gc.callbacks) != count and time.monotonic() < end:
            time.sleep(0.01)
        print(len(gc.callbacks))

    memalot.start()
    ctl("monitor", "start", "--max-object-lifetime", "30", "--warmup", "0.01")
    wait_for(1)
    ctl("monitor", "stop")
    wait_for(0)
    """)
    assert played.out == "1\n0\n"


def test_reports_of_finalizers_do_not_wait_for_the_collection(python, ctl, tmp_path):
    """Each would be two seconds late: the collector waits for the report as well."""
    played = play(python, ctl, tmp_path, QUIET + """
    import gc

    kept, reports = [], []

    @memalot.leak_monitor(output_func=reports.append)
    def tidy_up():
        kept.append([])

    class Cycle:
        def __init__(self):
            self.me = self
        def __del__(self):
            tidy_up()

    tidy_up()
    tidy_up()
    gc.disable()
    for _ in range(80):
        Cycle()
    before = len(reports)
    gc.collect()
    print(len(reports) - before)
    """)
    assert played.out == "80\n"
    assert played.findings()[0]["path"].startswith("__main__.kept")
    assert played.findings()[0]["count"] == 81


def test_a_child_forgets_the_calls_of_its_parents_threads(python, ctl, tmp_path):
    """Here one that is in a call that warms up: it would do so for ever in the child."""
    played = play(python, ctl, tmp_path, QUIET + """
    reports = []
    monitor = memalot.create_leak_monitor(
        warmup_calls=2, output_func=reports.append, save_reports=False)
    inside, over = threading.Event(), threading.Event()

    def stay():
        with monitor:
            inside.set()
            over.wait()

    thread = threading.Thread(target=stay)
    thread.start()
    inside.wait()
    child = os.fork()
    if child == 0:
        for _ in range(4):
            with monitor:
                pass
        os._exit(min(len(reports), 100))
    over.set()
    thread.join()
    print(end_of(child))
    """, options=["-W", "ignore"])
    assert int(played.out) >= 2
