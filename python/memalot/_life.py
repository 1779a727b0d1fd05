# SPDX-License-Identifier: MIT
"""Putting the agent into this process and taking it out again."""

from __future__ import annotations

import os

from . import _agent, _boot


def start(config: str | os.PathLike[str] | None = None) -> bool:
    """Start the agent in this process.

    Args:
        config: A YAML file as described in docs/config.md; by default the file named by
            the environment variable MEMALOT_CONFIG, else the built-in defaults.

    Returns:
        True when the agent was started; False when there was one already. That one
        then stays as it is, with its own configuration.

    Raises:
        ValueError: The file has a mistake; the message begins with file, line, column.
        OSError: The file cannot be read or the control socket cannot be made.
        RuntimeError: This interpreter cannot have an agent (unknown build, a
            subinterpreter, or it is shutting down).
    """
    if config is None:
        config = os.environ.get("MEMALOT_CONFIG") or None
    return _agent.start(config, find_ctl())


def stop() -> bool:
    """Take the agent out of this process again, as `memalotctl detach` does.

    Its thread, socket, signal handler and hooks are gone when this returns; a sweep
    that was running is given up, and so is all monitoring.

    Returns:
        True when there was an agent.
    """
    return _agent.stop()


def running() -> bool:
    """Say whether this process has an agent."""
    return _agent.running()


def find_ctl() -> str | None:
    """Find memalotctl: as MEMALOT_CTL names it, beside this package, or on PATH."""
    return _boot.find_ctl(os.path.dirname(os.path.abspath(__file__)))
