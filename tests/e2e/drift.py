# SPDX-License-Identifier: MIT
"""Agents whose idea of CPython's layouts is wrong, as that of one built for another patch
release is: the same sources, the same flags, a header edited."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from harness import BUILD, MEMALOTCTL, Interpreter


def edited_headers(include: Path, to: Path, edits: dict[str, list[tuple[str, str]]]):
    """Copy a tree of headers; `edits` are {file: [(before, after), ...]}."""
    shutil.copytree(include, to)  # links would lead the compiler back to the original
    for name, changes in edits.items():
        text = (include / name).read_text()
        for before, after in changes:
            assert len(re.findall(before, text)) == 1, (name, before)
            text = re.sub(before, after, text)
        (to / name).write_text(text)


def _compile(entry: dict, include: str, headers: Path, objects: Path) -> Path:
    """Compile a file of agent/compat, the only ones that know layouts, anew."""
    if "/compat/" not in entry["file"]:
        return Path(entry["directory"]) / entry["output"]
    out = objects / Path(entry["output"]).name
    words = [word.replace(include, str(headers)) for word in shlex.split(entry["command"])]
    for flag, value in (("-o", out), ("-MF", out.with_suffix(".d")), ("-MQ", out)):
        words[words.index(flag) + 1] = str(value)
    subprocess.run([*words, "-O0", "-w"], cwd=entry["directory"], check=True)
    return out


def build_drifted(python: Interpreter, name: str, edits) -> Path:
    """Build such an agent; returns a memalotctl that runs programs with it.

    It stands in the build directory, so that a compiler's cache sees the same paths.
    """
    tmp = (BUILD / "drifted" / f"{python.name}-{name}").resolve()
    shutil.rmtree(tmp, ignore_errors=True)
    headers = tmp / "include" / Path(python.include).name
    edited_headers(Path(python.include), headers, edits)
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    ours = [c for c in commands if python.suffix in c.get("output", "")]
    assert ours, f"nothing in compile_commands.json makes {python.agent.name}"
    objects = tmp / "objects"
    objects.mkdir()
    files = [str(_compile(c, python.include, headers, objects)) for c in ours]

    lib = tmp / "lib" / "memalot"
    shutil.copytree(BUILD / "lib" / "memalot", lib, ignore=shutil.ignore_patterns("*.so*"))
    libraries = [str(p) for p in BUILD.glob("*/libml_*.a")]
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", str(lib / python.agent.name), *files,
         "-Wl,--start-group", *libraries, "-lyaml", "-Wl,--end-group", "-pthread"],
        check=True,
    )
    ctl = tmp / "bin" / "memalotctl"
    ctl.parent.mkdir()
    shutil.copy(MEMALOTCTL, ctl)
    return ctl
