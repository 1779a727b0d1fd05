# SPDX-License-Identifier: MIT
"""A program that would notice a fork, a child or a signal if there was one.

It has a SIGCHLD handler, one child of its own that lives on, a thread in os.wait(),
os.register_at_fork and pthread_atfork hooks, and handlers for the signals one handles.
`seen` tells what it noticed; `end` ends its child and tells what the waiting thread
got, `fork` forks once, to show that the hooks would have counted.
"""

import ctypes
import json
import os
import signal
import subprocess
import threading

from commands import serve

seen = {"sigchld": 0, "waited": [], "python hooks": 0, "c hooks": 0, "signals": 0}


def on_sigchld(signum, frame):
    """Count."""
    seen["sigchld"] += 1


def on_signal(signum, frame):
    """Count what nobody should send."""
    seen["signals"] += 1


def python_hook():
    """Count."""
    seen["python hooks"] += 1


@ctypes.CFUNCTYPE(None)
def c_hook():
    """Count; ctypes takes the GIL for this."""
    seen["c hooks"] += 1


def wait_for_children():
    """Note every child that can be waited for."""
    while True:
        try:
            pid, _ = os.wait()
        except ChildProcessError:
            return
        seen["waited"].append(pid)


def end_child():
    """End our own child: this one must be noticed, exactly once."""
    child.kill()
    waiter.join(20)
    seen["own child"] = child.pid
    return json.dumps(seen)


def fork_once():
    """Fork as programs do; the hooks must count this one."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return json.dumps(seen)


signal.signal(signal.SIGCHLD, on_sigchld)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGALRM):
    signal.signal(number, on_signal)
os.register_at_fork(
    before=python_hook, after_in_parent=python_hook, after_in_child=python_hook
)
# glibc's pthread_atfork() is a static wrapper around this one.
ctypes.CDLL(None).__register_atfork(c_hook, c_hook, None, None)

# subprocess makes its child by vfork, which calls no hooks.
child = subprocess.Popen(["sleep", "600"])
waiter = threading.Thread(target=wait_for_children, daemon=True)
waiter.start()
baseline = json.dumps(seen)

serve(seen=lambda: json.dumps(seen), baseline=lambda: baseline, end=end_child,
      fork=fork_once)
