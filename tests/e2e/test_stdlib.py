# SPDX-License-Identifier: MIT
"""CPython's own tests come out the same with memalot inside, swept all the while."""

import threading
import xml.etree.ElementTree as ElementTree

import pytest

from harness import Rpc, RpcError, wait_until

SHORT = ["test_json", "test_dict", "test_list", "test_weakref", "test_descr"]
LONG = ["test_threading", "test_asyncio", "test_subprocess", "test_signal"]

# What is different on purpose: test name -> why.
DIFFERENT = {
    "test.test_subprocess.POSIXProcessTestCase.test_pass_fds_redirected":
        "the child is a Python with an agent, and lists the agent's descriptors, too",
}


def outcomes(path) -> dict[str, str]:
    """Return test name -> ok, skipped, failure or error, from a JUnit file.

    There is none when a test hung and regrtest's own time limit ended the run.
    """
    found = {}
    if not path.exists():
        return found
    for case in ElementTree.parse(path).iter("testcase"):
        if case.get("name") in DIFFERENT:
            continue
        kinds = [child.tag for child in case if not child.tag.startswith("system-")]
        found[case.get("name")] = kinds[0] if kinds else "ok"
    return found


class Sweeper(threading.Thread):
    """Asks for a snapshot every so many seconds until told to stop."""

    def __init__(self, ctl, pid, every) -> None:
        super().__init__(daemon=True)
        self.every = every
        self.path, self.stopped = ctl.socket(pid), threading.Event()
        self.sweeps, self.refused = 0, []

    def run(self) -> None:
        try:
            wait_until(self.path.exists, "the socket")
        except AssertionError as problem:
            self.refused.append(str(problem))
            return
        rpc = Rpc(self.path)
        while not self.stopped.wait(self.every):
            try:
                rpc.call("snapshot", save=False)
                self.sweeps += 1
            except RpcError as error:
                self.refused.append(error.message)
            except OSError:
                return  # the program has ended


def run_tests(target, ctl, python, tmp_path, names, agent, every=0.3):
    """Run CPython's tests and return their outcomes and how many sweeps there were."""
    result = tmp_path / f"result-{agent}.xml"
    result.unlink(missing_ok=True)
    command = ["-m", "test", "-q", "--timeout", "200", "--junit-xml", str(result), *names]
    program = target(command, python=python, agent=agent, ready=False)
    sweeper = Sweeper(ctl, program.pid, every) if agent else None
    if sweeper:
        sweeper.start()
    program.process.wait(900)
    if sweeper:
        sweeper.stopped.set()
        sweeper.join(60)
        # Some tests close every descriptor they find; a sweep that loses its pipe so
        # costs that sweep and nothing else.
        others = [text for text in sweeper.refused if "the program closed" not in text]
        assert others == []
    return outcomes(result), sweeper.sweeps if sweeper else 0


def compare(target, ctl, python, tmp_path, names, every):
    """The same tests, the same outcome for each, with and without.

    CPython's own tests fail or hang now and then by themselves: what differs must
    differ twice.
    """
    if not python.tests:
        pytest.skip(f"{python.name} was installed without its own tests")
    for _ in range(2):
        without, _ = run_tests(target, ctl, python, tmp_path, names, agent=False)
        with_agent, sweeps = run_tests(
            target, ctl, python, tmp_path, names, agent=True, every=every
        )
        if without and with_agent == without:
            break
    if not without:
        pytest.skip(f"{names} hang here also without memalot")
    assert sweeps >= 2
    assert len(without) > 30
    assert with_agent == without


def test_json_dict_and_list_do_not_notice(target, ctl, python, tmp_path):
    compare(target, ctl, python, tmp_path, SHORT, every=0.1)


@pytest.mark.slow
@pytest.mark.timeout(3700)
@pytest.mark.parametrize("name", LONG)
def test_threads_signals_and_processes_do_not_notice(target, ctl, python, tmp_path, name):
    compare(target, ctl, python, tmp_path, [name], every=0.3)
