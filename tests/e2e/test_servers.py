# SPDX-License-Identifier: MIT
"""gunicorn and Celery change their processes all the time: new workers get agents, old
ones leave nothing, and signals that are theirs stay theirs.

Both come from PyPI: `make ways` installs them, and without them all of this is skipped.
"""

import os
import signal

import procfs
import pytest
from families import CELERY, under_run
from harness import wait_until

pytestmark = pytest.mark.few_versions


@pytest.fixture
def server(site, python, family):
    """Starts a server under `memalotctl run`: `server("gunicorn", "-w", "2")`."""
    site = site(python)

    def start(command, *words, env=None):
        if site.lacks(command):
            pytest.skip(site.lacks(command))
        return family(site, under_run([str(site.bin / command), *words]), env)

    return start


@pytest.fixture
def gunicorn(server):
    """Starts gunicorn with two workers and waits until both have answered."""
    def start(*options, env=None):
        one = server("gunicorn", "-w", "2", "-b", "unix:app.sock", *options, "web:wsgi",
                     env=env)
        one.await_leakers(2, web=True)
        return one

    return start


@pytest.fixture
def celery(server):
    """Starts a Celery worker with two processes and so many tasks."""
    def start(*options, tasks):
        return server(*CELERY, *options, env={"WAYS_TASKS": str(tasks)})

    return start


def workers(one):
    """Return the processes of it beside the first."""
    return one.pids() - {one.pid}


def await_agents(one):
    """Wait until all its processes have agents; returns them."""
    return wait_until(lambda: (pids := one.pids()) <= one.agents() and pids, "all agents")


def signal_of(ctl, pid):
    """Return what the agent's status says of the signal."""
    return ctl.json("status", pid)["signal"]["state"]


# -- gunicorn --------------------------------------------------------------------------


def test_gunicorns_master_keeps_its_sigusr2_and_workers_give_a_snapshot(gunicorn, ctl):
    one = gunicorn()
    await_agents(one)
    assert signal_of(ctl, one.pid) == "program's"
    assert "belongs to the program" in ctl.run("status", one.pid).stdout
    worker = max(workers(one))
    wait_until(lambda: signal_of(ctl, worker) == "installed", "the worker's is taken")
    os.kill(worker, signal.SIGUSR2)
    wait_until(lambda: ctl.json("status", worker)["last_report"], "a report")
    assert worker in one.pids() and len(one.pids()) == 3


def test_a_graceful_reload_gives_the_new_workers_agents(gunicorn):
    one = gunicorn()
    old = workers(one)
    os.kill(one.pid, signal.SIGHUP)
    wait_until(lambda: len(workers(one)) == 2 and not workers(one) & old, "new workers")
    await_agents(one)
    wait_until(lambda: one.sockets() == one.pids(), "the old ones' sockets are gone")
    assert one.end() == 0


def test_a_new_master_by_sigusr2_has_an_agent_and_so_have_its_workers(gunicorn, ctl):
    one = gunicorn()
    os.kill(one.pid, signal.SIGUSR2)
    wait_until(lambda: len(one.pids()) == 6, "a second master with workers")
    await_agents(one)
    second = next(pid for pid in procfs.children(one.pid) if procfs.children(pid))
    assert signal_of(ctl, second) == "program's"
    os.kill(second, signal.SIGTERM)
    wait_until(lambda: len(one.pids()) == 3, "the first alone again")
    assert one.end() == 0


def test_recycled_workers_leave_no_socket(gunicorn):
    one = gunicorn("--max-requests", "5")
    seen = set()
    while len(seen) < 6:
        seen.add(one.ask())
    await_agents(one)
    wait_until(lambda: one.sockets() == one.pids(), "sockets of the living only")


@pytest.mark.parametrize("imports", [{}, {"WAYS_IMPORT": "1"}], ids=["plain", "start"])
def test_a_preloaded_application_has_one_agent_in_each_process(gunicorn, imports):
    one = gunicorn("--preload", env=imports)
    for pid in await_agents(one):
        names = [procfs.name(tid) for tid in procfs.threads(pid)]
        assert names.count("memalot") == 1
    assert one.end() == 0
    assert not [line for line in one.said() if "memalot" in line]


# -- Celery ----------------------------------------------------------------------------


def test_celerys_pool_ends_at_sigusr2_and_keeps_it(celery, ctl):
    """It does so without memalot, too; the agent is asked with `memalotctl snapshot`."""
    one = celery(tasks=4)
    worker = max(one.await_leakers(1))
    await_agents(one)
    assert signal_of(ctl, worker) == "program's"
    assert signal_of(ctl, one.pid) == "installed"
    os.kill(one.pid, signal.SIGUSR2)
    wait_until(lambda: ctl.json("status", one.pid)["last_report"], "a report")
    assert ctl.json("snapshot", worker)["report_id"]
    assert one.end() == 0


def test_processes_of_few_tasks_leave_no_agents_behind(celery):
    one = celery("--max-tasks-per-child", "1", tasks=6)
    wait_until(lambda: len(one.log.read_text().split()) == 6, "all tasks are done")
    wait_until(lambda: not one.leakers(), "they have ended")
    assert len(set(one.log.read_text().split())) == 6
    await_agents(one)
    assert one.sockets() == one.pids()
    assert one.end() == 0
