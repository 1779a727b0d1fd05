# SPDX-License-Identifier: MIT
"""What the lifecycle tests look at: the agent's thread, handlers, what Python sees."""

import json

import procfs
from harness import BUILD, Rpc, wait_until

LIBRARY = {"PYTHONPATH": str(BUILD / "lib")}  # for programs that import memalot


def agent_thread(pid):
    """Return the kernel id of the agent's thread, None when there is none."""
    for tid in procfs.threads(pid):
        try:
            with open(f"/proc/{pid}/task/{tid}/comm", encoding="utf-8") as comm:
                if comm.read().strip() == "memalot":
                    return tid
        except FileNotFoundError:
            pass
    return None


def catches(pid, number):
    """Tell whether the process has a handler for the signal."""
    return int(procfs.status(pid)["SigCgt"], 16) >> (number - 1) & 1 == 1


def traces(program):
    """Return what Python code in lifecycle.py can see of the agent."""
    return json.loads(program.ask("traces"))


def status_of(program, pid):
    """Return the status of another process's agent."""
    path = program.ctl.socket(pid)
    wait_until(path.exists, f"{path} is there")
    rpc = Rpc(path)
    try:
        return rpc.call("status")
    finally:
        rpc.close()


def hang_up(program):
    """Close the connection to its agent; the next call makes another."""
    program._rpc.close()
    program._rpc = None
