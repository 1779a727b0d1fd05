# SPDX-License-Identifier: MIT
"""Completion, in the shells themselves: commands, options, their words, agents, reports."""

import re

import pytest

from shells import Bash, Fish, Zsh


@pytest.fixture(params=[Bash, Zsh, Fish], ids=lambda shell: shell.name)
def shell(request, ctl, tmp_path):
    return request.param(ctl, tmp_path)


@pytest.mark.parametrize(("line", "word"), [
    ("memalotctl snaps", "snapshot"),
    ("memalotctl snapshot --max-o", "--max-object-details"),
    ("memalotctl types --color al", "always"),
    ("memalotctl types --color=al", "always"),
    ("memalotctl monitor sto", "stop"),
    ("memalotctl config che", "check"),
    ("memalotctl config check some", "some.yaml"),
    ("memalotctl run --config som", "some.yaml"),
    ("memalotctl run -c some.yaml ours-o", "ours-of-all"),
    ("memalotctl paths --typ", "--type"),
])
def test_what_is_unique_is_completed(shell, tmp_path, line, word):
    (tmp_path / "some.yaml").write_text("")
    program = tmp_path / "bin" / "ours-of-all"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    shell.env["PATH"] = f"{shell.env['PATH'].partition(':')[0]}:{program.parent}:/bin"
    offered = {found.rstrip("=") for found in shell.complete(line)}
    assert offered == {word}


def test_agents_and_reports_are_offered(shell, ctl, target):
    pid = str(target("heap.py").pid)
    report = ctl.json("snapshot", pid)["report_id"]
    assert shell.complete("memalotctl status ") == {pid}
    assert shell.complete("memalotctl monitor stop ") == {pid}
    assert shell.complete("memalotctl print ") == {report}
    assert shell.complete("memalotctl rm ") == {report}


@pytest.mark.parametrize("shell", [Bash, Fish], indirect=True, ids=["bash", "fish"])
def test_every_command_offers_its_options(shell, ctl):
    shown = re.findall(r"^  (\w+) ", ctl.run("--help").stdout, re.MULTILINE)
    assert shell.complete("memalotctl ") - {"help"} == set(shown)
    for command in shown:
        text = ctl.run(command, "--help").stdout
        options = set(re.findall(r"^  (?:-\w, |    )(--[\w-]+)", text, re.MULTILINE))
        assert options and shell.complete(f"memalotctl {command} --") == options
