# SPDX-License-Identifier: MIT
"""Where a wheel is installed: a virtual environment, or a Debian with nothing else.

A place runs commands and knows where the files lie that they leave. Nothing of the
repository is in their environment or on their paths.
"""

import json
import subprocess
from pathlib import Path

PATIENCE = 120  # seconds, for anything
HERE = Path(__file__).resolve().parent


class Place:
    """A directory with a virtual environment, a home and a runtime directory."""

    def __init__(self, root: Path, inside: str, wrap: list[str]) -> None:
        self.root = root
        self.inside = inside  # what its commands call `root`
        self.wrap = wrap
        self.home = root / "home"
        self.home.mkdir()
        (root / "run").mkdir(mode=0o700)
        (self.home / "leaky.py").write_bytes((HERE / "leaky.py").read_bytes())
        self.env = {
            "HOME": f"{inside}/home",
            "PATH": f"{inside}/venv/bin:/usr/bin:/bin",
            "MEMALOT_RUNTIME_DIR": f"{inside}/run",
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "LANG": "C.UTF-8",
        }

    def start(self, *words: str, **env: str) -> subprocess.Popen:
        """Start a command with pipes."""
        return subprocess.Popen(
            [*self.wrap, "env", "-i", *self._variables(env),
             "sh", "-c", f'cd {self.inside}/home && exec "$@"', "sh", *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, code: int = 0, **env: str) -> subprocess.CompletedProcess:
        """Run a command to its end."""
        with self.start(*words, **env) as process:
            try:
                out, errors = process.communicate(timeout=PATIENCE)
            finally:
                process.kill()
        assert process.returncode == code, f"{words}: {process.returncode}\n{out}{errors}"
        return subprocess.CompletedProcess(words, process.returncode, out, errors)

    def json(self, *words: str):
        """Run `memalotctl WORDS --json` and return the document."""
        return json.loads(self.run("memalotctl", *words, "--json").stdout)

    def files(self) -> set[str]:
        """Return every file of the virtual environment but pip's own.

        Directories do not count: pip leaves empty ones.
        """
        venv = self.root / "venv"
        return {str(path.relative_to(venv)) for path in venv.rglob("*")
                if not path.is_dir() and "/site-packages/pip/" not in str(path)}

    def _variables(self, more: dict[str, str]) -> list[str]:
        return [f"{name}={value}" for name, value in {**self.env, **more}.items()]


def make_venv(root: Path, python: str) -> Place:
    """Return a place with a virtual environment of the interpreter."""
    place = Place(root, str(root), [])
    if subprocess.run([python, "-m", "venv", str(root / "venv")],
                      capture_output=True).returncode != 0:
        _venv_without_ensurepip(root / "venv", python)
    return place


def _venv_without_ensurepip(venv: Path, python: str) -> None:
    subprocess.run([python, "-m", "venv", "--clear", "--without-pip", str(venv)], check=True)
    site = next(venv.glob("lib/python3.*/site-packages"))
    subprocess.run(["python3", "-m", "pip", "install", "-q", "--target", str(site), "pip"],
                   check=True)


def make_chroot(root: Path, tar: str) -> Place:
    """Return a place in a Debian that is unpacked there. Root only.

    Each command has mounts of its own, with /proc, so that none is left behind.
    """
    subprocess.run(["tar", "-C", str(root), "-xf", tar], check=True)
    (root / "place").mkdir()
    enter = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
    wrap = ["unshare", "--mount", "sh", "-c", enter, str(root)]
    place = Place(root / "place", "/place", wrap)
    place.run("python3", "-m", "venv", "/place/venv")
    return place
