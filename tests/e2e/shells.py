# SPDX-License-Identifier: MIT
"""What a shell completes: each takes a line as it is typed and returns the words that
Tab would offer. zsh completes in a terminal only, and there what is unique."""

import os
import pty
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from harness import MEMALOTCTL, PATIENCE


class Shell:
    """One shell with the script that memalotctl writes for it."""

    name = ""

    def __init__(self, ctl, folder: Path) -> None:
        self.program = shutil.which(self.name)
        if self.program is None:
            pytest.skip(f"{self.name} is not installed")
        path = f"{MEMALOTCTL.parent}:/usr/bin:/bin"
        self.env = {**ctl.env, "PATH": path, "LC_ALL": "C.UTF-8"}
        self.folder = folder
        self.script = folder / f"completion.{self.name}"
        self.script.write_text(ctl.run("completion", self.name).stdout)

    def _run(self, *words: str) -> list[str]:
        done = subprocess.run(
            [self.program, *words], env=self.env, cwd=self.folder, capture_output=True,
            text=True, timeout=PATIENCE, check=True,
        )
        return done.stdout.splitlines()


class Bash(Shell):
    name = "bash"

    def complete(self, line: str) -> set[str]:
        words = line.replace("=", " = ").split(" ")
        words = [word for word in words[:-1] if word] + words[-1:]
        ask = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _memalotctl; ' \
              'printf "%s\\n" "${COMPREPLY[@]}"'
        return set(filter(None, self._run("--norc", "-c", ask, str(self.script), *words)))


class Fish(Shell):
    name = "fish"

    def complete(self, line: str) -> set[str]:
        ask = f"source {self.script}; complete -C '{line}'"
        found = self._run("--no-config", "-c", ask)
        return {word.partition("\t")[0].rpartition("=")[2] for word in found}


class Zsh(Shell):
    name = "zsh"

    def complete(self, line: str) -> set[str]:
        """Type the line and Tab; what was completed is written to a file by ^X."""
        told = self.folder / "told"
        told.unlink(missing_ok=True)
        rc = self.folder / ".zshrc"
        rc.write_text(
            f"autoload -U compinit; compinit -D -u; source {self.script}\n"
            f"tell() {{ print -r -- \"$BUFFER\" > {told}.new; mv {told}.new {told} }}\n"
            "zle -N tell; bindkey '^X' tell; unsetopt auto_list auto_menu; PS1='ready> '\n"
        )
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execve(self.program, ["zsh", "-i"],
                      {**self.env, "ZDOTDIR": str(self.folder), "TERM": "dumb"})
        try:
            self._read(terminal, lambda seen: b"ready> " in seen)
            os.write(terminal, line.encode() + b"\t\x18")
            self._read(terminal, lambda seen: told.exists())
            word = told.read_text().strip().split(" ")[-1]
            return {word.rstrip("=").rpartition("=")[2]}
        finally:
            os.close(terminal)  # hangs up: the shell ends
            os.waitpid(pid, 0)

    @staticmethod
    def _read(terminal: int, done) -> None:
        seen, deadline = b"", time.monotonic() + PATIENCE
        while not done(seen):
            assert time.monotonic() < deadline, f"zsh has only said {seen!r}"
            if select.select([terminal], [], [], 0.02)[0]:
                seen += os.read(terminal, 4096)
