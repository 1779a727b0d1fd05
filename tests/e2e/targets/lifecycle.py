# SPDX-License-Identifier: MIT
"""A program that does to a guest whatever programs do: forks in every way, closes
descriptors it did not open, changes directory, user and signal handlers.

Each command is one such deed; children of a fork wait to be killed unless told
otherwise. `traces` tells what Python code can see of the agent.
"""

import atexit
import ctypes
import gc
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import types
import warnings

from commands import serve

got_signals = []
heap = []


def wait_to_be_killed():
    """Be there; the signal that memalot uses must not end it."""
    while True:
        signal.pause()


def fork():
    """Fork; the child stays."""
    pid = os.fork()
    if pid == 0:
        wait_to_be_killed()
    return pid


def fork_from_thread():
    """Fork where another thread than the main one stands; the child stays."""
    pids = []
    thread = threading.Thread(target=lambda: pids.append(fork()))
    thread.start()
    thread.join()
    return pids[0]


def fork_in_c():
    """Fork as a C library does, without Python's hooks; the child stays."""
    pid = ctypes.CDLL(None).fork()
    if pid == 0:
        wait_to_be_killed()
    return pid


def fork_in_c_and_exit():
    """The child of a C fork goes on in Python: forks, then ends as Python ends."""
    pid = ctypes.CDLL(None).fork()
    if pid == 0:
        grandchild = os.fork()
        if grandchild == 0:
            os._exit(0)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(grandchild, 0)[1]))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def fork_in_c_with_hooks():
    """Fork in C and tell Python only in the child, as embedding servers do."""
    pid = ctypes.CDLL(None).fork()
    if pid == 0:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        wait_to_be_killed()
    return pid


def forks(count):
    """Fork often; children end at once, every other one as Python ends."""
    codes = set()
    for number in range(int(count)):
        pid = os.fork()
        if pid == 0:
            os._exit(0) if number % 2 else sys.exit(0)
        codes.add(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    return codes


def grow(count):
    """Give a sweep something to do."""
    heap.extend([number, [number], {number: str(number)}] for number in range(int(count)))
    return len(heap)


def pool():
    """Let multiprocessing fork."""
    with multiprocessing.get_context("fork").Pool(2) as workers:
        return sum(workers.map(abs, range(-10, 0)))


def preexec():
    """Start a program through a fork with hooks, that is with preexec_fn."""
    child = subprocess.Popen(["sleep", "600"], preexec_fn=lambda: None)
    return child.pid


def python_child():
    """Start another Python as programs do."""
    code = "import signal; signal.pause()"
    return subprocess.Popen([sys.executable, "-c", code]).pid


def daemonize():
    """Become a daemon by the book in a grandchild; returns its pid."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        os.umask(0o077)
        os.write(write_end, str(os.getpid()).encode())
        os.closerange(0, 1024)
        wait_to_be_killed()
    os.waitpid(pid, 0)
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        return answer.read()


def closerange():
    """Close everything above standard error."""
    os.closerange(3, 1024)


def reuse_descriptors():
    """Close everything and put files of our own where it was; their content must stay."""
    numbers = [int(name) for name in os.listdir("/proc/self/fd")]
    null = os.open("/dev/zero", os.O_RDWR)
    for number in numbers:
        if number > 2 and number != null:
            os.dup2(null, number)
    return sorted(number for number in numbers if number > 2)


def still_zero(*numbers):
    """Tell whether the files of reuse_descriptors are where they were put."""
    return all(os.path.samestat(os.fstat(int(n)), os.stat("/dev/zero")) for n in numbers)


def setuid(uid):
    """Give up being root."""
    os.setgroups([])
    os.setgid(int(uid))
    os.setuid(int(uid))


def take_signal():
    """Handle SIGUSR2 ourselves."""
    signal.signal(signal.SIGUSR2, lambda number, frame: got_signals.append(number))


def run_thread():
    """Have had a thread."""
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def traces():
    """What Python code can see: everything here must be as it is without an agent."""
    ours = [
        thing.__name__
        for thing in gc.get_objects()
        if isinstance(thing, types.BuiltinFunctionType)
        and thing.__name__.startswith("memalot")
    ]
    return json.dumps({
        "threads": [thread.name for thread in threading.enumerate()],
        "frames": len(sys._current_frames()),
        "atexit": atexit._ncallbacks(),
        "hooks": sorted(ours),
        "signal": str(signal.getsignal(signal.SIGUSR2)),
    })


def start(*config):
    """Start the agent from Python."""
    import memalot
    return memalot.start(*config)


def stop():
    """Stop it from Python."""
    import memalot
    return memalot.stop()


def stop_between_the_hooks():
    """Fork with a hook that stops the agent when its own first hook has run."""
    import memalot
    pending = [memalot.stop]
    os.register_at_fork(before=lambda: pending and pending.pop()())
    memalot.start()
    return forks(1)


def caught(*words):
    """Run another command and return the warnings it gave."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        result = COMMANDS[words[0]](*words[1:])
    return json.dumps([result if not isinstance(result, set) else sorted(result),
                       [str(warning.message) for warning in found]])


class Hostile:
    """An atexit callback whose comparison must never be asked for."""

    asked = 0

    def __eq__(self, other):
        Hostile.asked += 1
        return True

    __hash__ = None

    def __call__(self):
        pass


def hostile_callbacks():
    """Surround the agent's own entry; only useful before a start."""
    atexit.register(Hostile())


COMMANDS = {
    "fork": fork, "fork_from_thread": fork_from_thread, "fork_in_c": fork_in_c,
    "fork_in_c_with_hooks": fork_in_c_with_hooks,
    "fork_in_c_and_exit": fork_in_c_and_exit, "forks": forks, "grow": grow, "pool": pool,
    "environ": lambda: json.dumps(dict(os.environ)),
    "preexec": preexec, "python_child": python_child, "daemonize": daemonize,
    "closerange": closerange, "reuse_descriptors": reuse_descriptors,
    "still_zero": still_zero, "chdir": os.chdir, "setuid": setuid,
    "take_signal": take_signal, "got_signals": lambda: len(got_signals),
    "thread": run_thread, "traces": traces, "start": start, "stop": stop,
    "stop_between_the_hooks": stop_between_the_hooks, "caught": caught,
    "hostile": hostile_callbacks, "hostile_asked": lambda: Hostile.asked,
    "import": lambda name: __import__(name) and None,
}

if __name__ == "__main__":
    serve(**COMMANDS)
