# SPDX-License-Identifier: MIT
"""`memalotctl attach` into what is not where memalotctl is: other mount and pid
namespaces, a root with nothing in it but Python, another user's process.
"""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from harness import BUILD, MEMALOTCTL, wait_until

NOBODY = 65534

LEAKS = """
import os, select, sys
class Leaked: pass
kept = [Leaked() for _ in range(1000)]
print('ready', os.getpid(), flush=True)
while not select.select([sys.stdin], [], [], 0.01)[0]:
    pass
"""

pytestmark = [
    pytest.mark.few_versions,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare"),
]


def unshared(script):
    """Return the words before a command that give it namespaces of its own."""
    probe = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"],
                           capture_output=True, text=True)
    if probe.returncode != 0:
        pytest.skip(f"no namespaces here: {probe.stderr.strip()}")
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child",
            "sh", "-ec", script + '\nexec "$@"', "sh"]


def innermost(pid):
    """Return the pid of the only program that another one started, and so on."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return innermost(int(children[0])) if children else pid


def start(target, script, command=("-c", LEAKS), **options):
    """Start a program in namespaces of its own; its pid is as we see it."""
    program = target(list(command), agent=False, ready=False, wrap=unshared(script),
                     **options)
    assert program.expect("ready") == "1"
    program.pid = innermost(program.process.pid)
    return program


def agent_files(pid):
    """Return the directory that an agent's files were put into, as we reach it."""
    found = list(Path(f"/proc/{pid}/root/tmp").glob("memalot-*/agent-*"))
    assert len(found) == 1, found
    return found[0]


def check_snapshot(ctl, program):
    """Ask its agent by pid for a report with a diagram; the report lies inside."""
    report = ctl.json("snapshot", program.pid)
    text = json.dumps(report)
    assert "Leaked" in text
    root = Path(f"/proc/{program.pid}/root")
    reports = root / str(ctl.reports).lstrip("/")
    (saved,) = reports.glob("memalot_report_*")
    assert any(path.read_text().rstrip().endswith("</svg>")
               for path in saved.glob("*.svg")), sorted(saved.iterdir())


# -- containers ------------------------------------------------------------------------


def test_a_process_with_a_tmp_of_its_own(ctl, target, python):
    program = start(target, f"mount -t tmpfs tmpfs /tmp; mkdir -p -m 700 {ctl.runtime}")
    ctl.run("attach", program.pid)
    assert [agent["pid"] for agent in ctl.json("ps")["agents"]] == [program.pid]
    check_snapshot(ctl, program)
    # What it sees anyway was not copied.
    if not BUILD.is_relative_to("/tmp"):
        assert not list(Path(f"/proc/{program.pid}/root/tmp").glob("memalot-*"))
    assert ctl.run("detach", program.pid).returncode == 0
    assert program.finish() == 0 and program.stderr() == ""


def bare_root(python, ctl, folder):
    """Make a root with a Python, the libraries it needs, and nothing else.

    Returns it and the commands that complete it in the new mount namespace.
    """
    facts = subprocess.run(
        [python.path, "-c", "import os, sys; print(sys.base_prefix); "
         "print(os.path.realpath(sys._base_executable))"],
        capture_output=True, text=True, check=True).stdout.split("\n")
    prefix, executable = facts[:2]
    if prefix in ("/usr", "/"):
        pytest.skip("this Python is spread over /usr")
    needed = subprocess.run(["ldd", executable], capture_output=True, text=True).stdout
    for word in {word for word in needed.split() if word.startswith("/")}:
        if not word.startswith(prefix + "/"):
            place = folder / word.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(word, place)
    for place in ("proc", "tmp", prefix.lstrip("/"), str(ctl.runtime).lstrip("/")):
        (folder / place).mkdir(parents=True, exist_ok=True)
    return executable, (f"mount --bind {prefix} {folder}{prefix}\n"
                        f"mount -t proc proc {folder}/proc\n")


def start_bare(target, python, ctl, folder, more=""):
    """Start a program in such a root."""
    executable, script = bare_root(python, ctl, folder)
    script += more + f'\nshift; set -- chroot {folder} {executable} "$@"'
    return start(target, script)


def test_a_root_with_nothing_but_python(ctl, target, python, tmp_path):
    program = start_bare(target, python, ctl, tmp_path)
    ctl.run("attach", program.pid)
    files = agent_files(program.pid)
    assert files.stat().st_mode & 0o7777 == 0o700
    assert {"ld.so", "memalotctl", "libc.so.6"} <= set(os.listdir(files / "memalotctl"))
    check_snapshot(ctl, program)
    assert program.finish() == 0 and program.stderr() == ""


def test_what_was_brought_is_used_again(ctl, target, python, tmp_path):
    program = start_bare(target, python, ctl, tmp_path)
    ctl.run("attach", program.pid)
    paths = [path for path in agent_files(program.pid).rglob("*") if path.is_file()]
    before = {path: path.stat().st_ino for path in paths}
    assert len(before) > 10
    ctl.run("detach", program.pid)
    changed = agent_files(program.pid) / "memalotctl" / "memalotctl"
    changed.chmod(0o700)
    changed.write_bytes(b"of another version")
    wait_until(lambda: not ctl.json("ps")["agents"], "the agent has gone")
    ctl.run("attach", program.pid)
    after = {path: path.stat().st_ino for path in before}
    assert {path for path in before if before[path] != after[path]} == {changed}
    check_snapshot(ctl, program)


def test_a_configuration_goes_along(ctl, target, python, tmp_path):
    program = start_bare(target, python, ctl, tmp_path / "root")
    config = tmp_path / "memalot.yaml"
    config.write_text("name: in-a-container\n")
    ctl.run("attach", "-c", config, program.pid)
    assert ctl.json("status", "in-a-container")["pid"] == 1  # as it sees itself
    # Which is no name for it out here, where that pid is another process's.
    ctl.run("status", 1, code=3)


def test_a_container_without_a_way_in(ctl, target, python, tmp_path):
    program = start_bare(target, python, ctl, tmp_path,
                         f"mount --rbind {tmp_path} {tmp_path}\n"
                         f"mount -o remount,bind,ro {tmp_path}\n")
    done = ctl.run("attach", program.pid, code=1)
    assert "without a way in" in done.stderr and done.stderr.count("\n") == 1
    assert program.finish() == 0 and program.stderr() == ""


# -- other users -----------------------------------------------------------------------


def private_installation(folder):
    """Copy memalotctl and its agents to where only root may look."""
    folder.mkdir(mode=0o700)
    (folder / "bin").mkdir()
    shutil.copy(MEMALOTCTL, folder / "bin")
    shutil.copytree(BUILD / "lib" / "memalot", folder / "lib" / "memalot",
                    ignore=lambda _, names: [name for name in names if ".p" in name])
    return folder / "bin" / "memalotctl"


def test_root_brings_an_agent_to_another_user_s_process(ctl, target, python, tmp_path):
    system = f"/usr/bin/python3.{python.version[1]}"
    if not shutil.which("setpriv") or not os.path.exists(system):
        pytest.skip(f"needs setpriv and {system}, which every user can start")
    private = private_installation(tmp_path / "private")
    home = ctl.home / "nobody"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    ctl.home.chmod(0o755)
    program = target(["-c", LEAKS], python=replace(python, path=system), agent=False,
                     wrap=["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                           "--clear-groups"],
                     env={"HOME": str(home), "MEMALOT_RUNTIME_DIR": str(home)})
    kept = Path(f"/tmp/memalot-{NOBODY}")
    before = set(kept.glob("agent-*"))
    try:
        subprocess.run([private, "attach", str(program.pid)], env=ctl.env, check=True)
        (files,) = set(kept.glob("agent-*"))
        owners = {path.stat().st_uid for path in [files, *files.rglob("*")]}
        assert owners == {NOBODY}
        report = ctl.json("snapshot", home / "memalot" / f"{program.pid}.sock")
        assert "Leaked" in json.dumps(report)
        assert list(home.rglob("*.svg"))
    finally:
        for path in set(kept.glob("agent-*")) - before:
            shutil.rmtree(path)
