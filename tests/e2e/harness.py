# SPDX-License-Identifier: MIT
"""The tools of the end-to-end tests: interpreters, memalotctl, programs under it.

Nothing here waits by the clock: a test waits for a line, a file, a state, and fails
with what it last saw when that does not come. What is started is ended by the fixture
that handed it out (conftest.py).
"""

import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sysconfig
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("MEMALOT_BUILD", ROOT / os.environ.get("BUILD", "build")))
MEMALOTCTL = Path(os.environ.get("MEMALOTCTL", BUILD / "bin" / "memalotctl"))
TARGETS = Path(__file__).resolve().parent / "targets"
EXTENSIONS = Path(__file__).resolve().parent / "ext"
PATIENCE = float(os.environ.get("MEMALOT_PATIENCE", "30"))  # seconds, for anything

FACTS = """
import json, os, sys, sysconfig
print(json.dumps({
    "path": getattr(sys, "_base_executable", None) or sys.executable,
    "version": sys.version_info[:3],
    "suffix": sysconfig.get_config_var("EXT_SUFFIX"),
    "include": sysconfig.get_path("include"),
    "tests": os.path.isdir(sysconfig.get_path("stdlib") + "/test/test_json"),
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python to run programs with."""

    path: str
    version: tuple[int, ...]
    suffix: str
    include: str
    tests: bool  # CPython's own tests are installed with it

    @property
    def name(self) -> str:
        """Return `3.11.7`, with the suffix of a free-threaded build."""
        return ".".join(map(str, self.version)) + ("t" if self.free_threaded else "")

    @property
    def free_threaded(self) -> bool:
        """Say whether it is a build without a GIL."""
        return "t-" in self.suffix.partition("cpython-")[2][:5]

    @property
    def agent(self) -> Path:
        """Return where the build puts the agent for it."""
        return BUILD / "lib" / "memalot" / f"_agent{self.suffix}"

    def unusable(self) -> str:
        """Say why no program can be run under memalot with it, "" when one can."""
        if not MEMALOTCTL.exists():
            return f"{MEMALOTCTL} is not built"
        return "" if self.agent.exists() else f"no agent for {self.name} is built"


def _chosen() -> list[str]:
    return os.environ.get("PYTHONS", "").replace(",", " ").split()


def _candidates() -> list[str]:
    chosen = _chosen()
    if any("py" in name for name in chosen):
        return chosen
    built = BUILD / "pythons"
    listed = [line.split("\t")[0] for line in built.read_text().splitlines()] \
        if built.exists() else []
    minors = range(10, 16)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return [
        *listed,
        "python3",
        *(f"python3.{minor}" for minor in minors),
        *(f"/usr/bin/python3.{minor}" for minor in minors),
        *(str(path) for path in sorted(pyenv.glob("3.*/bin/python3"))),
    ]


def _free_threaded_candidates() -> list[str]:
    cache = os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")
    fetched = Path(os.environ.get("MEMALOT_PYTHONS", Path(cache) / "memalot" / "pythons"))
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return [
        *(f"python3.{minor}t" for minor in range(13, 16)),
        *(str(path) for path in sorted(fetched.glob("free-threaded/bin/python3.*t"))),
        *(str(path) for path in sorted(pyenv.glob("3.*t/bin/python3"))),
    ]


def find_free_threaded() -> list[Interpreter]:
    """Return the builds without a GIL, which memalot refuses."""
    return _find(_free_threaded_candidates(), free=True)


def find_interpreters() -> list[Interpreter]:
    """Return every CPython from 3.10 on, one for each agent suffix.

    $PYTHONS restricts the list, by versions ("3.11 3.12") or by names and paths. Those
    that the build was set up for come first, so that one suffix is tested with the
    interpreter it was built with.
    """
    versions = tuple(name for name in _chosen() if "py" not in name)
    found = _find(_candidates(), free=False)
    return [python for python in found if python.name.startswith(versions or "")]


def find_other_patch_releases() -> list[Interpreter]:
    """Return interpreters for which an agent is built, but of another patch release."""
    known = {python.suffix: python.version for python in _find(_candidates(), free=False)}
    others = []
    for candidate in [*(f"/usr/bin/python3.{minor}" for minor in range(10, 16)),
                      *os.environ.get("MEMALOT_OTHER_PYTHONS", "").split()]:
        for python in _find([candidate], free=False):
            if known.get(python.suffix, python.version) != python.version:
                others.append(python)
    return [python for python in others if not python.unusable()]


def _find(candidates: list[str], free: bool) -> list[Interpreter]:
    found: dict[str, Interpreter] = {}
    for candidate in candidates:
        if not shutil.which(candidate):
            continue
        answer = subprocess.run(
            [candidate, "-I", "-c", FACTS], capture_output=True, text=True, timeout=20
        )
        if answer.returncode != 0:
            continue  # a pyenv shim of a version that is not active
        facts = json.loads(answer.stdout)
        facts["version"] = tuple(facts["version"])
        if facts["version"] >= (3, 10):
            found.setdefault(facts["suffix"], Interpreter(**facts))
    wanted = [python for python in found.values() if python.free_threaded == free]
    return sorted(wanted, key=lambda python: python.version)


def build_extension(python: Interpreter, name: str, folder: Path) -> Path:
    """Build ext/NAME.c as an extension module for an interpreter; returns the folder."""
    build_library(name, folder / f"{name}{python.suffix}", f"-I{python.include}",
                  f"-I{Path(python.include).parent}")
    return folder


def build_library(name: str, library: Path, *options: str) -> Path:
    """Build ext/NAME.c as a shared library."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", *options, str(EXTENSIONS / f"{name}.c"),
         "-o", str(library)],
        check=True, timeout=60,
    )
    return library


def wait_until(condition, what: str, timeout: float = PATIENCE, every: float = 0.01):
    """Return the first true value of `condition()`; AssertionError names `what`."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {what}")
        time.sleep(every)


class RpcError(Exception):
    """The answer was a JSON-RPC error; `code` and `message` are its own."""

    def __init__(self, error: dict) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code = error.get("code")
        self.message = error.get("message", "")


class Rpc:
    """One connection to an agent's socket: newline-delimited JSON-RPC 2.0."""

    def __init__(self, path: str | Path, timeout: float = 2 * PATIENCE) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("r", encoding="utf-8", newline="\n")
        self.progress: list[dict] = []
        self.number = 0

    def send(self, method: str, **params) -> int:
        """Send a request without waiting; returns its id."""
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method}
        request["params"] = params
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        return self.number

    def receive(self, number: int):
        """Return the result of request `number`; notifications go to `progress`."""
        while True:
            line = self.lines.readline()
            if not line.endswith("\n"):
                raise ConnectionError("the agent closed the connection")
            answer = json.loads(line)
            if answer.get("method") == "progress":
                self.progress.append(answer["params"])
            elif answer.get("id") == number:
                if "error" in answer:
                    raise RpcError(answer["error"])
                return answer["result"]

    def call(self, method: str, **params):
        """Ask and wait for the result; an error answer is raised as RpcError."""
        return self.receive(self.send(method, **params))

    def close(self) -> None:
        """Hang up."""
        self.lines.close()
        self.socket.close()


class Ctl:
    """memalotctl with a home and a runtime directory of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home  # short: a socket's path has 107 bytes at most
        self.runtime = home / "run"
        self.runtime.mkdir(mode=0o700)
        self.reports = home / ".memalot" / "reports"
        self.env = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("MEMALOT", "PYTHON", "VIRTUAL_ENV"))
        }
        self.env.update(
            HOME=str(home), XDG_RUNTIME_DIR=str(self.runtime),
            MEMALOT_RUNTIME_DIR=str(self.runtime), NO_COLOR="1",
            PYTHONDONTWRITEBYTECODE="1",
        )

    def run(self, *args, code: int | None = 0, timeout: float = 2 * PATIENCE):
        """Run one command to its end; `code` is the exit code expected, None: any."""
        done = subprocess.run(
            [str(MEMALOTCTL), *map(str, args)], env=self.env, timeout=timeout,
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )
        if code is not None and done.returncode != code:
            raise AssertionError(
                f"memalotctl {' '.join(map(str, args))}: exit {done.returncode}, "
                f"not {code}\n{done.stdout}{done.stderr}"
            )
        return done

    def json(self, *args, timeout: float = 2 * PATIENCE):
        """Run one command with --json and return the document."""
        return json.loads(self.run(*args, "--json", timeout=timeout).stdout)

    def saved(self) -> list[Path]:
        """Return the directories of finished reports, oldest first."""
        found = self.reports.glob("memalot_report_*")
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)

    def socket(self, pid: int) -> Path:
        """Return where the agent of `pid` listens."""
        return self.runtime / "memalot" / f"{pid}.sock"


class Target:
    """A program that runs, as a rule under `memalotctl run`; talks by lines."""

    def __init__(self, ctl: Ctl, command: list[str], env: dict[str, str], cwd: Path):
        self.ctl = ctl
        self.command = command
        self.seen: list[str] = []
        self.errors = cwd / f"stderr-{time.monotonic_ns()}"
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._rpc: Rpc | None = None
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                command, env=env, cwd=cwd, stdin=subprocess.PIPE, text=True,
                stdout=subprocess.PIPE, stderr=errors, start_new_session=True,
            )
        self.pid = self.process.pid
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def stderr(self) -> str:
        """Return what it wrote to stderr so far."""
        return self.errors.read_text(errors="replace")

    def line(self, timeout: float = PATIENCE) -> str:
        """Return its next line of output."""
        try:
            text = self._lines.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(
                f"silent for {timeout:g} s after {self.seen[-3:]}\n{self.stderr()}"
            ) from None
        if text is None:
            raise AssertionError(f"it ended after {self.seen[-3:]}\n{self.stderr()}")
        self.seen.append(text)
        return text

    def expect(self, start: str, timeout: float = PATIENCE) -> str:
        """Wait for the line that begins with `start` and return what follows."""
        deadline = time.monotonic() + timeout
        while True:
            text = self.line(max(0.01, deadline - time.monotonic()))
            if text.startswith(start):
                return text[len(start):].strip()

    def say(self, text: str) -> None:
        """Write one line to its stdin."""
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def ask(self, text: str, timeout: float = PATIENCE) -> str:
        """Say something and return what follows the same word in its answer."""
        self.say(text)
        return self.expect(text.split()[0], timeout)

    @property
    def rpc(self) -> Rpc:
        """Return a connection to its agent, the same one each time."""
        if self._rpc is None:
            path = self.ctl.socket(self.pid)
            wait_until(
                lambda: path.exists() or "memalot: not started" in self.stderr(),
                f"{path} is there",
            )
            assert path.exists(), self.stderr()
            self._rpc = Rpc(path)
        return self._rpc

    def call(self, method: str, **params):
        """Ask its agent."""
        return self.rpc.call(method, **params)

    def finish(self, timeout: float = PATIENCE) -> int:
        """Close its stdin, which ends every target, and return its exit code."""
        self.process.stdin.close()
        return self.process.wait(timeout)

    def stop(self) -> None:
        """End it and all of its session, however it is."""
        if self._rpc is not None:
            self._rpc.close()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(PATIENCE)
        if not self.process.stdin.closed:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
