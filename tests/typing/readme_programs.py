# SPDX-License-Identifier: MIT
"""The programs of the documentation, as they stand there, for type checkers to accept.
They are never run."""

import logging
from pathlib import Path
from time import sleep

import memalot
from memalot import create_leak_monitor, leak_monitor

memalot.start_leak_monitoring(max_object_lifetime=1.0)


def my_function():
    my_list = []
    for i in range(100000):
        my_list.append(f"Object {i}")
        sleep(0.5)


my_function()

memalot.start_leak_monitoring(max_object_lifetime=60.0)
memalot.start_leak_monitoring(max_object_lifetime=60.0, warmup_period=5.0)
memalot.start_leak_monitoring(max_object_lifetime=60.0, warmup_time=5.0)


@leak_monitor
def function_that_leaks_memory():
    """Code that leaks memory here."""


@leak_monitor(max_object_age_calls=2)
def another_function_that_leaks_memory():
    """Code that leaks memory here."""


function_that_leaks_memory()
another_function_that_leaks_memory()

monitor = create_leak_monitor()

with monitor:
    """Code that leaks memory here."""

memalot.start_leak_monitoring(
    max_object_lifetime=60.0, included_type_names={"mypackage.MyObject", "OtherObject"})
memalot.start_leak_monitoring(
    max_object_lifetime=60.0, included_type_names={"builtins"},
    excluded_type_names={"dict"})

LOG = logging.getLogger(__name__)
memalot.start_leak_monitoring(max_object_lifetime=60.0, output_func=LOG.info)
memalot.start_leak_monitoring(
    max_object_lifetime=60.0, force_terminal=True, max_object_details=50)
memalot.start_leak_monitoring(
    60, 5, report_directory=Path("reports"), check_referrers=False,
    referrers_module_prefixes=None, str_func=lambda thing, length: str(thing)[:length])
