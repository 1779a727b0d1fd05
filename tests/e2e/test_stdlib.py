# SPDX-License-Identifier: MIT
"""CPython's own tests come out the same with memalot inside, swept all the while."""

import threading
import xml.etree.ElementTree as ElementTree

import pytest

from harness import wait_until

pytestmark = pytest.mark.few_versions

SHORT = ["test_json", "test_dict", "test_list", "test_weakref", "test_descr"]
LONG = ["test_threading", "test_asyncio", "test_subprocess", "test_signal"]


def outcomes(path) -> dict[str, str]:
    """Return test name -> ok, skipped, failure or error, from a JUnit file.

    There is none when a test hung and regrtest's own time limit ended the run.
    """
    found = {}
    if not path.exists():
        return found
    for case in ElementTree.parse(path).iter("testcase"):
        kinds = [child.tag for child in case if not child.tag.startswith("system-")]
        found[case.get("name")] = kinds[0] if kinds else "ok"
    return found


class Sweeper(threading.Thread):
    """Another terminal: `memalotctl snapshot` every so many seconds, until told to stop."""

    def __init__(self, ctl, program, every) -> None:
        super().__init__(daemon=True)
        self.ctl, self.program, self.every = ctl, program, every
        self.stopped = threading.Event()
        self.sweeps, self.failed = 0, []

    def run(self) -> None:
        try:
            wait_until(self.ctl.socket(self.program.pid).exists, "the socket")
        except AssertionError as problem:
            self.failed.append(str(problem))
            return
        while not self.stopped.wait(self.every):
            done = self.ctl.run("snapshot", self.program.pid, "--no-save", code=None)
            if done.returncode == 0:
                self.sweeps += 1
            elif self.program.process.poll() is None and not self.stopped.wait(1):
                self.failed.append(done.stderr)


def run_tests(target, ctl, python, tmp_path, names, agent, every=0.3):
    """Run CPython's tests and return their outcomes and how many sweeps there were.

    Pythons that they start are not followed: test_subprocess counts what descriptors
    such a one has.
    """
    result = tmp_path / f"result-{agent}.xml"
    result.unlink(missing_ok=True)
    command = ["-m", "test", "-q", "--timeout", "200", "--junit-xml", str(result), *names]
    program = target(command, python=python, agent=agent, ready=False,
                     config="control: {follow_execs: false}\n")
    sweeper = Sweeper(ctl, program, every) if agent else None
    if sweeper:
        sweeper.start()
    program.process.wait(900)
    if sweeper:
        sweeper.stopped.set()
        sweeper.join(60)
        assert sweeper.failed == []
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
    assert sweeps >= 1
    assert len(without) > 30
    assert with_agent == without


@pytest.mark.one_version
def test_json_dict_and_list_do_not_notice(target, ctl, python, tmp_path):
    compare(target, ctl, python, tmp_path, SHORT, every=0.1)


@pytest.mark.slow
@pytest.mark.timeout(3700)
@pytest.mark.parametrize("name", LONG)
def test_threads_signals_and_processes_do_not_notice(target, ctl, python, tmp_path, name):
    compare(target, ctl, python, tmp_path, [name], every=0.3)
