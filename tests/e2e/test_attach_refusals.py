# SPDX-License-Identifier: MIT
"""What `memalotctl attach` does not enter: one clear line, and nothing was touched.

Decisions on facts that no machine has together (Yama, SELinux, seccomp) are
tests/unit/attach/test_refusal.c's.
"""

import ctypes
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from conftest import INTERPRETERS
from harness import MEMALOTCTL, find_free_threaded, wait_until
from procfs import status

NOBODY = 65534
PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17
WAITS = "import os, sys; print('ready', os.getpid(), flush=True); sys.stdin.read()"
YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")


def refused(ctl, pid, *words, code=1):
    """Attach to a process and see it refused in one line that has these words."""
    done = ctl.run("attach", pid, code=code)
    assert done.stdout == ""
    assert done.stderr.startswith("memalotctl: ") and done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr, done.stderr
    return done.stderr


def has_agent(pid):
    """Say whether an agent's library is in a process."""
    return "/_agent.cpython-" in Path(f"/proc/{pid}/maps").read_text()


@pytest.fixture
def usable():
    """Any one interpreter with an agent."""
    for python in INTERPRETERS:
        if not python.unusable():
            return python
    pytest.skip("no agent is built")


@pytest.fixture
def waits(target, usable):
    """A Python without an agent that waits for its stdin to end."""
    return target(["-c", WAITS], python=usable, agent=False)


@pytest.fixture
def program(tmp_path):
    """Starts programs that are no Python of ours; ends them."""
    started = []

    def start(*command, **options):
        process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, cwd=tmp_path, **options)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def build(tmp_path, program):
    """Builds a program in C under a name, starts it; returns its pid."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")

    def make(name, source, *options):
        (tmp_path / "source.c").write_text("#include <unistd.h>\n" + source +
                                           "int main(void) { pause(); return 0; }\n")
        done = subprocess.run(["cc", "-o", name, "source.c", *options], cwd=tmp_path,
                              capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"cannot be built here: {done.stderr.splitlines()[-1]}")
        process = program(tmp_path / name)
        wait_until(lambda: status(process.pid)["Name"] == name[:15], "it runs")
        return process.pid

    return make


# -- what it is ------------------------------------------------------------------------


def test_a_process_that_is_not_there(ctl):
    refused(ctl, 2**22 + 1, "there is no process")


def test_words_that_are_no_process_id(ctl):
    for word in ("self", "-1", "0", "12x", ""):
        ctl.run("attach", "--", word, code=2)


def test_a_program_that_is_no_python_is_named(ctl, program):
    process = program("sleep", "100")
    wait_until(lambda: status(process.pid)["Name"] == "sleep", "it runs")
    refused(ctl, process.pid, "not a Python", "sleep")


def test_a_zombie(ctl, program):
    process = program("true")
    wait_until(lambda: status(process.pid)["State"].startswith("Z"), "it has ended")
    refused(ctl, process.pid, "zombie")


def test_a_thread_of_the_kernel(ctl):
    kernel = [int(name) for name in os.listdir("/proc")
              if name.isdigit() and Path(f"/proc/{name}/status").exists()
              and status(int(name)).get("Kthread") == "1"]
    if not kernel:
        pytest.skip("no thread of the kernel is seen here, or the kernel does not tell")
    refused(ctl, kernel[0], "thread of the kernel")


def test_a_thread_s_number_leads_to_its_process(ctl, target, usable):
    target = target(["-c", "import threading, sys\n"
                     "t = threading.Thread(target=sys.stdin.read)\n"
                     "t.start()\nprint('ready', t.native_id, flush=True)"],
                    python=usable, agent=False)
    refused(ctl, target.pid, "thread of process", str(target.process.pid), code=2)


def old_pythons():
    """Return Pythons that agents are not made for."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return sorted([*pyenv.glob("2.7*/bin/python2.7"), *pyenv.glob("3.[789].*/bin/python3")])


@pytest.mark.parametrize("old", old_pythons() or [None], ids=lambda p: p and p.parts[-3])
def test_a_python_older_than_agents(ctl, program, old):
    if old is None:
        pytest.skip("no Python older than 3.10 is found")
    process = program(old, "-u", "-c", "import sys; print('ready'); sys.stdin.read()")
    assert process.stdout.readline() == "ready\n"
    refused(ctl, process.pid, "older than 3.10", "3.10 to 3.15")


@pytest.mark.parametrize("free", find_free_threaded() or [None],
                         ids=lambda p: p.name if p else "none")
def test_a_free_threaded_build(ctl, target, free):
    if free is None:
        pytest.skip("no free-threaded CPython is found")
    target = target(["-c", WAITS], python=free, agent=False)
    refused(ctl, target.pid, "free-threaded", "GIL")


def test_pypy_by_its_name(ctl, build):
    refused(ctl, build("pypy3.10", ""), "PyPy")


def test_a_python_newer_than_agents(ctl, build):
    pid = build("python3.16", "const char *Py_GetVersion(void) { return \"\"; }\n"
                "const unsigned long Py_Version = 0x031000f0;\n", "-rdynamic")
    refused(ctl, pid, "CPython 3.16", "3.10 to 3.15")


def test_a_stripped_python(ctl, build):
    refused(ctl, build("python3", "", "-s"), "stripped")


def test_a_static_python(ctl, build):
    pid = build("embeds", "const char *Py_GetVersion(void) { return \"\"; }\n"
                "const unsigned long Py_Version = 0x030b00f0;\n"
                "const void *keep(void) { return (void *)Py_GetVersion; }\n", "-static")
    refused(ctl, pid, "linked statically")


def test_a_python_that_exports_nothing(ctl, build):
    pid = build("embeds", "const char *Py_GetVersion(void) { return \"\"; }\n"
                "const unsigned long Py_Version = 0x030b00f0;\n"
                "char _PyRuntime[1];\n")
    refused(ctl, pid, "does not export", "embeds")


def test_a_python_on_musl(ctl, build, tmp_path):
    loader = subprocess.run(["cc", "-print-file-name=ld-linux-x86-64.so.2"],
                            capture_output=True, text=True).stdout.strip()
    if not os.path.exists(loader):
        pytest.skip("glibc's dynamic linker is not found")
    (tmp_path / "ld-musl-x86_64.so.1").symlink_to(os.path.realpath(loader))
    pid = build("python3.11", "const char *Py_GetVersion(void) { return \"\"; }\n"
                "const unsigned long Py_Version = 0x030b00f0;\n", "-rdynamic",
                f"-Wl,--dynamic-linker={tmp_path}/ld-musl-x86_64.so.1")
    refused(ctl, pid, "musl")


def test_a_32_bit_python(ctl, build):
    pid = build("python3.11", "const char *Py_GetVersion(void) { return \"\"; }\n"
                "const unsigned long Py_Version = 0x030b00f0;\n", "-rdynamic", "-m32")
    refused(ctl, pid, "32-bit")


# -- whose it is -----------------------------------------------------------------------


def as_nobody(*command):
    """Return the command line that runs a program as a user without rights."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv")
    line = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
    if subprocess.run([*line[:4], "test", "-x", command[0]]).returncode != 0:
        pytest.skip(f"{command[0]} is out of another user's reach")
    return line


def attach_as_nobody(ctl, pid):
    """Run `memalotctl attach` as that user."""
    return subprocess.run(as_nobody(str(MEMALOTCTL), "attach", str(pid)), env=ctl.env,
                          capture_output=True, text=True, timeout=60)


def test_another_user_s_process(ctl, waits):
    done = attach_as_nobody(ctl, waits.pid)
    assert done.returncode == 4 and done.stderr.count("\n") == 1
    assert f"process {waits.pid} belongs to root" in done.stderr
    assert not has_agent(waits.pid)


def test_a_process_that_does_not_let_itself_be_traced(ctl, program):
    python = shutil.which("python3", path="/usr/bin") or pytest.skip("no /usr/bin/python3")
    process = program(*as_nobody(python, "-c", "import ctypes, sys\n"
                                 "ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\n"
                                 "print('ready', flush=True)\nsys.stdin.read()"))
    assert process.stdout.readline() == "ready\n"
    done = attach_as_nobody(ctl, process.pid)
    assert done.returncode == 4 and done.stderr.count("\n") == 1
    assert "PR_SET_DUMPABLE" in done.stderr and "CAP_SYS_PTRACE" in done.stderr


@pytest.mark.parametrize("scope", ["1", "2"])
def test_yama_is_named_where_it_forbids(ctl, program, scope):
    if os.geteuid() != 0 or not YAMA.exists():
        pytest.skip("needs root, and a kernel with Yama")
    python = shutil.which("python3", path="/usr/bin") or pytest.skip("no /usr/bin/python3")
    process = program(*as_nobody(python, "-c", WAITS))
    assert process.stdout.readline().startswith("ready")
    before = YAMA.read_text()
    if int(before) > int(scope):
        pytest.skip("kernel.yama.ptrace_scope is higher, for good")
    YAMA.write_text(scope)
    try:
        done = attach_as_nobody(ctl, process.pid)
    finally:
        YAMA.write_text(before)
    assert done.returncode == 4 and "kernel.yama.ptrace_scope" in done.stderr


# -- how it is -------------------------------------------------------------------------


def test_a_process_with_an_agent_already(ctl, target, usable):
    target = target(["-c", WAITS], python=usable)
    assert target.call("status")["pid"] == target.pid
    refused(ctl, target.pid, "has an agent already", f"memalotctl status {target.pid}")
    assert target.call("status")["pid"] == target.pid


def test_a_stopped_process(ctl, waits):
    os.kill(waits.pid, signal.SIGSTOP)
    wait_until(lambda: status(waits.pid)["State"].startswith("T"), "it stands still")
    refused(ctl, waits.pid, "stopped", f"kill -CONT {waits.pid}")
    assert status(waits.pid)["State"].startswith("T")
    os.kill(waits.pid, signal.SIGCONT)
    assert waits.finish() == 0


def test_a_process_that_somebody_else_traces(ctl, waits):
    libc = ctypes.CDLL(None, use_errno=True)
    pid = ctypes.c_long(waits.pid)
    if libc.ptrace(PTRACE_SEIZE, pid, None, None) != 0:
        pytest.skip("ptrace is not allowed here")
    try:
        refused(ctl, waits.pid, "being traced", str(os.getpid()),
                Path("/proc/self/comm").read_text().strip())
        assert not has_agent(waits.pid)
    finally:
        os.kill(waits.pid, signal.SIGSTOP)
        os.waitpid(waits.pid, 0x40000000 | os.WUNTRACED)
        libc.ptrace(PTRACE_DETACH, pid, None, None)
        os.kill(waits.pid, signal.SIGCONT)


def test_a_version_that_no_agent_is_installed_for(ctl, waits, usable, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "lib" / "memalot" / "boot").mkdir(parents=True)
    shutil.copy(MEMALOTCTL, tmp_path / "bin")
    (tmp_path / "lib/memalot/_agent.cpython-39-x86_64-linux-gnu.so").touch()
    done = subprocess.run([tmp_path / "bin/memalotctl", "attach", str(waits.pid)],
                          env=ctl.env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    version = ".".join(map(str, usable.version[:2]))
    assert f"CPython {version}" in done.stderr and "(there are: 3.9)" in done.stderr
    assert not has_agent(waits.pid)
