# SPDX-License-Identifier: MIT
"""`memalotctl attach` to programs that were not prepared for it, in the middle of what
they do: they go on, and say in the end what they would have said without us.

By the way that works for every version (a thread is borrowed by ptrace); the interpreter's
own way in (3.14) and refusals are in test_attach_refusals.py.
"""

import os
import random
import signal
import socket
import subprocess
import time

import procfs
import pytest
from harness import MEMALOTCTL, PATIENCE, build_extension, wait_until
from lifecycle_support import agent_thread

SLEEP = 1.5  # unprepared.py's LONG
LIBCS = 3 << 31  # signals 32 and 33: libc catches them from the first thread on

pytestmark = pytest.mark.skipif(os.uname().machine != "x86_64",
                                reason="threads are borrowed on x86-64 only")


@pytest.fixture(scope="session")
def extensions(tmp_path_factory):
    """Builds the extensions for an interpreter, once; returns their folder."""
    built = {}

    def build(python):
        if python not in built:
            folder = tmp_path_factory.mktemp("extensions")
            for name in ("waits", "slowload"):
                build_extension(python, name, folder)
            (folder / "slow_module.py").write_text("import time\ntime.sleep(1)\nVALUE = 42\n")
            built[python] = folder
        return built[python]

    return build


@pytest.fixture
def unprepared(target, python, extensions):
    """Starts unprepared.py, waits until it is at it."""

    def start(*what):
        program = target("unprepared.py", extensions(python), *what, agent=False)
        program.expect("doing")
        return program

    return start


@pytest.fixture
def attach(ctl):
    """Attaches by the way that borrows a thread; keywords are those of Ctl.run."""
    ctl.env["MEMALOT_ATTACH_WAY"] = "inject"

    def attach_to(program, *options, **expected):
        return ctl.run("attach", program.pid, *options, **expected)

    return attach_to


def wait_until_it_waits(program):
    wait_until(lambda: procfs.status(program.pid)["State"].startswith("S"), "it waits")


def visit(ctl, program, attach):
    """Come, look around, leave."""
    said = attach(program).stdout
    assert said == f"{program.pid} has an agent: memalotctl snapshot {program.pid}\n"
    assert "objects" in ctl.run("snapshot", program.pid, "--no-save").stdout
    ctl.run("detach", program.pid)


def outcome(program):
    """Return what came of it; the program has ended well, and quietly."""
    said = program.expect("done")
    assert program.finish() == 7
    assert program.stderr() == ""
    return said


# -- in the middle of what it does -----------------------------------------------------


def test_a_sleeping_program_sleeps_as_long_as_it_would(ctl, unprepared, attach):
    program = unprepared("sleep")
    wait_until_it_waits(program)
    begun = time.monotonic()
    visit(ctl, program, attach)
    slept = float(outcome(program))
    late = time.monotonic() - begun - SLEEP
    assert SLEEP <= slept < SLEEP + max(late, 0) + 0.5


def test_a_busy_loop_goes_on(ctl, unprepared, attach):
    program = unprepared("busy")
    visit(ctl, program, attach)
    assert outcome(program) == "488037"


@pytest.mark.few_versions
@pytest.mark.parametrize("what, said", [
    ("busy_threads", "[468451, 468451, 468451, 468451]"),
    ("slow_module", "42"),
    ("slow_library", "slowload"),
    ("slow_library_beside_a_thread", "slowload"),
    ("import_lock", "False"),
    ("hold", "True"),
    ("forks", "0"),
    ("alarms", "915859"),
])
def test_a_program_says_what_it_would_have_said(ctl, unprepared, attach, what, said):
    program = unprepared(what)
    visit(ctl, program, attach)
    assert outcome(program) == said


@pytest.mark.few_versions
def test_one_after_another_while_it_forks(ctl, unprepared, attach):
    program = unprepared("forks", "150")
    for _ in range(20):
        attach(program)
        ctl.run("detach", program.pid)
    assert outcome(program) == "0"


@pytest.mark.few_versions
def test_threads_that_change_the_user_are_not_waited_for_forever(ctl, unprepared, attach):
    program = unprepared("users")
    rounds_of(ctl, program, attach, 8)  # a thread's end takes long there: libc's lock is hot
    assert outcome(program) == "True"


@pytest.mark.few_versions
def test_a_storm_of_mallocs_goes_on(ctl, unprepared, attach):
    program = unprepared("storm")
    attach(program)  # no snapshot: the figures of a malloc that was locked take seconds
    ctl.run("detach", program.pid)
    assert outcome(program) == "True"


@pytest.mark.few_versions
def test_pythons_epoll_keeps_its_time(ctl, unprepared, attach):
    program = unprepared("epoll")
    wait_until_it_waits(program)
    attach(program, "--timeout", "1")  # at last its wait is interrupted, which it copes with
    assert outcome(program) == "([], True)"


@pytest.mark.few_versions
def test_epoll_in_c_sees_no_eintr(ctl, unprepared, attach):
    program = unprepared("wait", "epoll")
    wait_until_it_waits(program)
    attach(program, "--timeout", "1")
    assert outcome(program) == "(0, '', True)"


@pytest.mark.few_versions
@pytest.mark.parametrize("call", ["nanosleep", "poll", "select", "semaphore"])
def test_c_code_sees_no_eintr_and_waits_its_time(ctl, unprepared, attach, call):
    program = unprepared("wait", call)
    wait_until_it_waits(program)
    visit(ctl, program, attach)
    assert outcome(program) == {"semaphore": "(-1, 'ETIMEDOUT', True)"}.get(
        call, "(0, '', True)")


@pytest.mark.few_versions
def test_what_waits_for_input_gets_it(ctl, unprepared, attach):
    for what, said in (("read", r"b'hello\n'"), (("wait", "read"), "(1, '', True)"),
                       ("many_threads", "1")):
        program = unprepared(*([what] if isinstance(what, str) else what))
        wait_until_it_waits(program)
        visit(ctl, program, attach)
        program.say("hello")
        assert outcome(program) == said


@pytest.mark.few_versions
def test_a_server_in_accept_serves(ctl, unprepared, attach):
    program = unprepared("accept")
    port = int(program.expect("port"))
    wait_until_it_waits(program)
    visit(ctl, program, attach)
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"hello")
        assert outcome(program) == "b'hello'"


@pytest.mark.few_versions
def test_an_asyncio_server_answers_all_the_while(ctl, unprepared, attach):
    program = unprepared("server")
    port = int(program.expect("port"))
    address = ("127.0.0.1", port)
    with socket.create_connection(address, timeout=PATIENCE) as client, \
            client.makefile("rw") as lines:
        attaching = subprocess.Popen([MEMALOTCTL, "attach", str(program.pid)], env=ctl.env,
                                     stdout=subprocess.PIPE, text=True)
        rounds = 0
        while attaching.poll() is None or rounds < 10:
            print(f"line {rounds}", file=lines, flush=True)
            assert lines.readline() == f"LINE {rounds}\n"
            rounds += 1
        assert attaching.communicate()[0].startswith(f"{program.pid} has an agent")
        ctl.run("detach", program.pid)
    program.say("that is all")
    assert outcome(program) == "True"


# -- when it cannot be ------------------------------------------------------------------


@pytest.mark.few_versions
def test_who_gives_up_waiting_for_the_gil_is_gone_for_good(ctl, unprepared, attach):
    program = unprepared("hold", "2")
    refused = attach(program, "--timeout", "0.3", code=1)
    assert refused.stderr == (
        f"memalotctl: process {program.pid} has not let go of the GIL, or of the import "
        "lock, for 0.3 s; it goes on without an agent (--timeout waits for longer)\n")
    assert outcome(program) == "True"
    assert not ctl.socket(program.pid).exists()


@pytest.mark.few_versions
def test_a_second_attach_is_refused_and_one_after_a_detach_is_not(ctl, target, python,
                                                                  attach):
    program = target("lifecycle.py", agent=False)
    attach(program)
    refused = attach(program, code=1)
    assert "has an agent already" in refused.stderr and refused.stderr.count("\n") == 1
    ctl.run("detach", program.pid)
    attach(program)
    assert program.call("status")["state"] == "idle"
    assert program.ask("ping") == "pong"


@pytest.mark.few_versions
def test_a_mistake_in_the_configuration_touches_nothing(ctl, target, python, attach):
    program = target("lifecycle.py", agent=False)
    before = procfs.look(program.pid)
    wrong = ctl.home / "wrong.yaml"
    wrong.write_text("sweep:\n  evry: 1\n")
    assert "evry" in attach(program, "-c", wrong, code=1).stderr
    assert procfs.look(program.pid) == before


@pytest.mark.few_versions
def test_the_configuration_given_is_the_agents(ctl, target, python, attach):
    program = target("lifecycle.py", agent=False)
    config = ctl.home / "memalot.yaml"
    config.write_text("name: found-it\n")
    attach(program, "-c", config)
    assert program.call("status")["name"] == "found-it"


@pytest.mark.few_versions
def test_a_program_that_ends_meanwhile_ends_well(ctl, unprepared, attach):
    program = unprepared("hold", "0.5")
    program.process.stdin.close()
    attach(program, code=None)  # it ends just when it lets go of the GIL: either may be
    assert outcome(program) == "True"


# -- without a trace --------------------------------------------------------------------


def rounds_of(ctl, program, attach, rounds):
    for _ in range(rounds):
        attach(program)
        ctl.run("detach", program.pid)
        wait_until(lambda: agent_thread(program.pid) is None, "the agent has gone")


def compare_rounds(ctl, program, attach, rounds):
    before = procfs.look(program.pid)
    rounds_of(ctl, program, attach, 3)  # the libraries stay, and what libc keeps for threads
    settled, mappings, rss = (procfs.look(program.pid), procfs.mappings(program.pid),
                              procfs.rss(program.pid))
    rounds_of(ctl, program, attach, rounds)
    after = procfs.look(program.pid)
    assert after == settled
    after.signals["SigCgt"] = f"{int(after.signals['SigCgt'], 16) & ~LIBCS:016x}"
    assert (after.fds, after.threads, after.children, after.signals) == (
        before.fds, before.threads, before.children, before.signals)
    assert abs(procfs.mappings(program.pid) - mappings) <= 2
    assert procfs.rss(program.pid) - rss < 300_000 + 200 * rounds
    assert program.ask("ping") == "pong"
    assert program.finish() == 0


@pytest.mark.few_versions
def test_thirty_rounds_leave_it_as_it_was(ctl, target, python, attach):
    compare_rounds(ctl, target("lifecycle.py", agent=False), attach, 30)


@pytest.mark.slow
def test_a_thousand_rounds_leave_it_as_it_was(ctl, target, python, attach):
    compare_rounds(ctl, target("lifecycle.py", agent=False), attach, 1000)


@pytest.mark.few_versions
def test_memalotctl_killed_at_any_moment_leaves_the_program_whole(ctl, unprepared, python):
    random.seed(4711)
    program = unprepared("storm")
    wait_until(lambda: "R" in procfs.status(program.pid)["State"], "it runs")
    command = [MEMALOTCTL, "attach", str(program.pid)]
    for _ in range(40):
        attaching = subprocess.Popen(command, env=ctl.env, stderr=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL)
        time.sleep(random.uniform(0.002, 0.03))
        attaching.send_signal(signal.SIGKILL)
        attaching.wait()
        if agent_thread(program.pid):
            ctl.run("detach", program.pid, code=None)
    assert outcome(program) == "True"
