# SPDX-License-Identifier: MIT
"""Programs of tests/e2e/ways/ that run as families of processes, with or without memalot.

`Site` is an interpreter with memalot installed the way pip does it, and perhaps with
packages from PyPI (`make ways` installs them). `Family` is one running program: what
processes it has, who of them has leaked, which have an agent.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import procfs
from harness import BUILD, MEMALOTCTL, PATIENCE, ROOT, TARGETS, wait_until

WAYS = TARGETS.parent / "ways"
CELERY = ("celery", "-A", "tasks", "worker", "-P", "prefork", "-c", "2",
          "--without-gossip", "--without-mingle", "--without-heartbeat")


class Site:
    """A virtual environment for one interpreter."""

    def __init__(self, python, folder: Path) -> None:
        ready = BUILD / "ways-venv" / "{}.{}".format(*python.version)
        self.python = python
        self.folder = ready if ready.exists() else folder
        if not self.folder.exists():
            subprocess.run([python.path, "-I", "-m", "venv", "--without-pip", folder],
                           check=True, timeout=PATIENCE)
        self.bin = self.folder / "bin"
        self._install()

    def _install(self) -> None:
        """Put in place what pip does: the package and memalot.pth."""
        place = next(self.folder.glob("lib/python3.*/site-packages"))
        try:
            (place / "memalot").symlink_to(BUILD / "lib" / "memalot")
        except FileExistsError:
            pass
        shutil.copy(ROOT / "python" / "memalot.pth", place)

    def lacks(self, command: str) -> str:
        """Say why there is no such command in it, "" when there is."""
        if (self.bin / command).exists():
            return ""
        return f"{command} is not installed for {self.python.name} (make ways installs it)"


class Family:
    """A program and its descendants."""

    def __init__(self, ctl, site: Site, command: list[str], env: dict[str, str]) -> None:
        self.ctl = ctl
        self.place = ctl.home / f"family{len(list(ctl.home.glob('family*')))}"
        self.place.mkdir()
        self.log = self.place / "leaked"
        self.log.touch()
        self.site = site
        with open(self.place / "out", "wb") as out, open(self.place / "err", "wb") as err:
            self.process = subprocess.Popen(
                command, cwd=self.place, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                start_new_session=True,
                env={**ctl.env, "PYTHONPATH": str(WAYS), "WAYS_LOG": str(self.log),
                     "VIRTUAL_ENV": str(site.folder), **env},
            )
        self.pid = self.process.pid

    # -- its processes ------------------------------------------------------------------

    def members(self) -> set[int]:
        """Return every process of it: they all have its log in their environment."""
        mark = b"WAYS_LOG=" + bytes(self.log) + b"\0"
        found = set()
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if mark in Path("/proc", name, "environ").read_bytes():
                    found.add(int(name))
            except OSError:
                pass  # gone, or somebody else's
        return found

    def pids(self) -> set[int]:
        """Return every process of it that is a Python."""
        found = set()
        for pid in self.members():
            try:
                if "python3" in os.path.basename(os.readlink(f"/proc/{pid}/exe")):
                    found.add(pid)
            except OSError:
                pass
        return found

    def leakers(self) -> set[int]:
        """Return the processes that have leaked and are still there."""
        said = {int(line) for line in self.log.read_text().split()}
        return {pid for pid in said if procfs.alive(pid)}

    def agents(self) -> set[int]:
        """Return the processes of which memalotctl knows an agent that answers."""
        rows = self.ctl.json("ps")["agents"]
        return {row["pid"] for row in rows if row.get("state")}

    def sockets(self) -> set[int]:
        """Return whose sockets lie in the runtime directory."""
        return {int(path.stem) for path in (self.ctl.runtime / "memalot").glob("*.sock")}

    # -- using it -----------------------------------------------------------------------

    def ask(self, path="/") -> str:
        """Send a request to the web application in it; returns the answer's body."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(self.place / "app.sock"))
            connection.sendall(f"GET {path} HTTP/1.0\r\nHost: test\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        return answer.partition(b"\r\n\r\n")[2].decode()

    def await_leakers(self, count: int, web: bool = False) -> set[int]:
        """Wait until so many processes have leaked, each at a request if it is a web
        application, and return them."""
        def enough():
            self.check_alive()
            try:
                _ = web and self.ask()
            except OSError:
                return None  # not yet listening, or too busy
            found = self.leakers()
            return found if len(found) >= count else None

        return wait_until(enough, f"{count} processes have leaked")

    def check_alive(self) -> None:
        """Raise AssertionError with what it said when it has ended."""
        assert self.process.poll() is None, f"it ended: {self.said()}"

    # -- its end ------------------------------------------------------------------------

    def end(self) -> int:
        """Send SIGTERM as a supervisor does and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        wait_until(lambda: not self.members(), "all of it has ended")
        return code

    def kill(self) -> None:
        """End all of it, however it is."""
        while left := self.members():  # a master starts new workers meanwhile
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        self.process.wait(PATIENCE)

    def said(self) -> list[str]:
        """Return the different lines of its output, without numbers, in order."""
        text = (self.place / "out").read_text() + (self.place / "err").read_text()
        text = text.replace(str(self.place), "PLACE").replace(str(self.ctl.home), "HOME")
        return sorted({re.sub(r"0x[0-9a-f]+|\d+", "N", line) for line in text.splitlines()})


def under_run(command: list[str], config: Path | None = None) -> list[str]:
    """Return the command line that starts it with `memalotctl run`."""
    options = [] if config is None else ["-c", str(config)]
    return [str(MEMALOTCTL), "run", *options, "--", *command]
