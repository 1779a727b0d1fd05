# SPDX-License-Identifier: MIT
"""Monitors behave as guests: they keep nothing alive and leave nothing behind."""

import os

import pytest

from monitored import play

pytestmark = pytest.mark.few_versions


def test_what_is_dropped_after_a_report_dies_at_once(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import weakref, gc, sys
        import memalot

        class Leaked:
            died = 0
            def __del__(self):
                Leaked.died += 1

        gc.disable()
        kept = []
        @memalot.leak_monitor(output_func=lambda text: None)
        def leak(*args, **kwargs):
            made = [Leaked() for _ in range(20)]
            kept.extend(made)
            return made

        for call in range(4):
            argument = Leaked()
            refs = [weakref.ref(argument)]
            result = leak(argument, key=argument)
            refs += [weakref.ref(o) for o in result]
            counts = {sys.getrefcount(o) for o in kept}
            argument = None
            assert refs[0]() is None, "an argument lives on"
            before = Leaked.died
            kept.clear()
            o = None
            assert Leaked.died == before, "the result must still hold them"
            result = None
            assert Leaked.died == before + 20, Leaked.died - before
            assert all(ref() is None for ref in refs)
        print("fine", counts)
    """)
    assert played.out.startswith("fine {5}") or played.out.startswith("fine"), played.out
    assert played.types()["__main__.Leaked"] == 20


def test_what_is_dropped_during_a_report_dies_at_once(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import threading, time, weakref
        import memalot

        class Leaked:
            pass

        kept = [[Leaked() for _ in range(200000)]]
        def leak():
            kept.append(Leaked())

        monitor = memalot.create_leak_monitor(output_func=lambda text: None)
        with monitor:
            leak()
        late = []
        def drop():
            while not stop:
                o = Leaked()
                ref = weakref.ref(o)
                kept.append(o)
                del kept[-1], o
                if ref() is not None:
                    late.append(ref)
                time.sleep(0.001)
        stop = False
        thread = threading.Thread(target=drop)
        thread.start()
        for _ in range(3):
            with monitor:
                leak()
        stop = True
        thread.join()
        print("late", len(late))
    """)
    assert played.out == "late 0\n"


def test_a_result_and_an_exception_on_their_way_are_no_leaks(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import memalot

        class Result:
            pass
        class Failure(Exception):
            pass
        KEPT = []

        @memalot.leak_monitor(output_func=lambda text: None)
        def work(fail):
            r = Result()
            r.more = [Result() for _ in range(5)]
            if fail:
                raise Failure(r)
            return r

        work(False)
        work(False)
        try:
            work(True)
        except Failure:
            pass
        monitor = memalot.create_leak_monitor(output_func=lambda text: None,
                                              report_directory="other")
        for _ in range(3):
            try:
                with monitor:
                    raise Failure(Result())
            except Failure:
                pass
    """)
    for number in range(3):
        assert not {"__main__.Result", "__main__.Failure"} & set(played.types(number))


@pytest.mark.one_version
@pytest.mark.skipif("libasan" in os.environ.get("LD_PRELOAD", ""),
                    reason="the sanitizer's allocator keeps what was freed")
def test_five_hundred_iterations_leave_the_memory_flat(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import os, time
        import memalot

        def descriptors():
            return len(os.listdir("/proc/self/fd"))

        def rss():
            with open("/proc/self/statm") as f:
                return int(f.read().split()[1]) * 4096

        leaked = []
        @memalot.leak_monitor(output_func=lambda text: None, max_object_details=3,
                              save_reports=False)
        def work(n):
            leaked[:] = [[n, {}] for n in range(100)]

        for n in range(60):
            work(n)
        time.sleep(0.5)  # the last sweep is reaped after its report is out
        before, fds = rss(), descriptors()
        for n in range(500):
            work(n)
        deadline = time.monotonic() + 10
        while descriptors() != fds and time.monotonic() < deadline:
            time.sleep(0.01)
        print(rss() - before, descriptors() - fds)
    """, timeout=300)
    grown, descriptors = map(int, played.out.split())
    assert grown < 2 * 1024 * 1024
    assert descriptors == 0


def test_stop_leaves_no_hook_behind(python, ctl, tmp_path):
    play(python, ctl, tmp_path, """
        import gc, sys, threading, time
        import memalot

        def maps():
            with open("/proc/self/maps") as f:
                return sum(1 for line in f)

        memalot.start()
        memalot.stop()
        callbacks, modules = list(gc.callbacks), set(sys.modules)
        threads = threading.active_count()
        monitor = memalot.start_leak_monitoring(
            max_object_lifetime=0.1, warmup_time=0.1, output_func=lambda text: None)
        time.sleep(0.6)
        assert len(gc.callbacks) == len(callbacks) + 1
        monitor.stop()
        monitor.join(10)
        assert threading.active_count() == threads, threading.enumerate()
        assert gc.callbacks == callbacks
        memalot.stop()
        assert gc.callbacks == callbacks
        assert not memalot.running()
    """)


def test_detach_ends_monitoring_and_the_program_goes_on(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import memalot

        @memalot.leak_monitor(output_func=lambda text: None)
        def work():
            return [1]

        work(); work()
        memalot.stop()
        assert work() == [1]
        memalot.start()
        work(); work()
        monitor = memalot.start_leak_monitoring(max_object_lifetime=5, output_func=print)
        memalot.stop()
        monitor.join(10)
        print("done")
    """)
    assert played.out.splitlines()[-1] == "done"


@pytest.mark.parametrize("how", ["fork", "exit", "os_exit", "raise"])
def test_a_program_ends_as_it_would(python, ctl, tmp_path, how):
    played = play(python, ctl, tmp_path, """
        import os, sys, time
        import memalot

        memalot.start_leak_monitoring(max_object_lifetime=0.05, warmup_time=0,
                                      output_func=lambda text: None)
        time.sleep(0.5)
        how = sys.argv[1]
        if how == "fork":
            pid = os.fork()
            if pid == 0:
                kept = [[i] for i in range(1000)]
                time.sleep(0.2)
                sys.exit(5)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
        elif how == "exit":
            sys.exit(7)
        elif how == "os_exit":
            os._exit(7)
        else:
            raise KeyError("own")
    """, how, code={"fork": 0, "raise": 1}.get(how, 7), options=["-W", "ignore"])
    assert ("KeyError" in played.err) == (how == "raise")
    assert "memalot" not in played.err
