# SPDX-License-Identifier: MIT
"""A Celery application that gives itself tasks that leak; its broker is its own memory."""

import os

from celery import Celery
from celery.signals import worker_ready

from leaky import leak

app = Celery("tasks", broker="memory://")
app.conf.update(broker_connection_retry_on_startup=False, worker_prefetch_multiplier=1)


@app.task(ignore_result=True)
def work():
    """Leak in a process of the pool."""
    leak()


@worker_ready.connect
def begin(**unused):
    """Give as many tasks as WAYS_TASKS says."""
    for _ in range(int(os.environ.get("WAYS_TASKS", "4"))):
        work.delay()
