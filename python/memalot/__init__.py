# SPDX-License-Identifier: MIT
"""memalot finds memory leaks in a live process.

`start_leak_monitoring()` reports objects that live for too long, `leak_monitor` and
`create_leak_monitor()` those that outlive the call or the block they were born in, and
`snapshot()` what holds the memory now. `start()` just puts the agent into this process,
for `memalotctl` and the control socket. Programs that cannot be changed get the same from
`memalotctl run`. docs/python-api.md describes all of it.
"""

from __future__ import annotations

from . import _refusal  # noqa: F401  first: it may end this import
from ._api import create_leak_monitor, leak_monitor, snapshot, start_leak_monitoring
from ._errors import InvalidOptionsError, MonitoringError
from ._life import running, start, stop
from ._monitors import LeakMonitor, Stoppable
from ._reports import Report, find

__version__ = "0.1.0"
__all__ = [
    "InvalidOptionsError",
    "LeakMonitor",
    "MonitoringError",
    "Report",
    "Stoppable",
    "__version__",
    "create_leak_monitor",
    "find",
    "leak_monitor",
    "running",
    "snapshot",
    "start",
    "start_leak_monitoring",
    "stop",
]
