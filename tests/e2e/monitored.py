# SPDX-License-Identifier: MIT
"""Programs that monitor themselves with the package memalot, played to their end."""

import json
import subprocess
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from harness import BUILD, MEMALOTCTL, PATIENCE, Ctl, Interpreter


@dataclass
class Play:
    """What a program printed and reported."""

    out: str
    err: str
    code: int
    reports: Path
    cwd: Path
    iterations: list[dict] = field(default_factory=list)  # of its only report

    def findings(self, number: int = -1) -> list[dict]:
        """Return the findings of one iteration, the last by default."""
        return self.iterations[number]["findings"]

    def types(self, number: int = -1) -> dict[str, int]:
        """Return {type name: count} of one iteration's summary."""
        rows = self.iterations[number]["leak_summary"]["type_summaries"]
        return {row["object_type"]: row["count"] for row in rows}


def read_iterations(directory: Path) -> list[dict]:
    """Return the iterations of a saved report, in order."""
    paths = directory.glob("iteration_report_*.json")
    numbered = sorted(paths, key=lambda p: int(p.stem.rpartition("_")[2]))
    return [json.loads(path.read_text()) for path in numbered]


def environment(ctl: Ctl, **more: str) -> dict[str, str]:
    """Return the environment of a program that imports memalot."""
    return {
        **ctl.env, "PYTHONPATH": str(BUILD / "lib"), "MEMALOT_CTL": str(MEMALOTCTL),
        "COLUMNS": "100", **more,
    }


def play(python: Interpreter, ctl: Ctl, tmp_path: Path, program: str, *args,
         code: int | None = 0, timeout: float = 4 * PATIENCE, options=(), **env) -> Play:
    """Run a program's text and read its report, if it saved just one."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(program))
    done = subprocess.run(
        [python.path, *options, str(script), *map(str, args)], cwd=tmp_path,
        env=environment(ctl, **env), capture_output=True, text=True, timeout=timeout,
        stdin=subprocess.DEVNULL,
    )
    assert code is None or done.returncode == code, f"{done.stdout}\n{done.stderr}"
    saved = ctl.saved()
    iterations = read_iterations(saved[0]) if len(saved) == 1 else []
    return Play(done.stdout, done.stderr, done.returncode, ctl.reports, tmp_path, iterations)
