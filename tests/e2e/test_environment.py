# SPDX-License-Identifier: MIT
"""MEMALOT=1 in the environment of an installed package: memalot.pth and what it starts.

The interpreters here are virtual environments with memalot installed as pip does it.
That every kind of program gets its agents this way is shown in test_ways_in.py.
"""

import shutil
import subprocess

import procfs
import pytest
from families import WAYS, under_run
from harness import BUILD, PATIENCE, ROOT, TARGETS, wait_until
from lifecycle_support import agent_thread

pytestmark = pytest.mark.few_versions

LOADED = 'with open("/proc/self/maps") as maps: print("_agent" in maps.read())'


def run(site, ctl, *args, code=0, **env):
    """Run its Python to the end; returns what it said, (stdout, stderr)."""
    done = subprocess.run([site.bin / "python", *map(str, args)], env={**ctl.env, **env},
                          capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def has_agent(site, ctl, *options, **env):
    """Say whether a Python started so has an agent; it must say nothing else."""
    out, err = run(site, ctl, *options, "-c", LOADED, **env)
    assert err == ""
    return out == "True\n"


def single(site):
    """Return the command line of the simplest program."""
    return [str(site.bin / "python"), str(WAYS / "plain.py"), "single"]


@pytest.fixture
def half(python, tmp_path):
    """A second environment, in which things can be broken: (bin/python, site-packages)."""
    subprocess.run([python.path, "-I", "-m", "venv", "--without-pip", tmp_path / "v"],
                   check=True, timeout=PATIENCE)
    place = next((tmp_path / "v").glob("lib/python3.*/site-packages"))
    (place / "memalot").mkdir()
    shutil.copy(ROOT / "python" / "memalot.pth", place)
    return tmp_path / "v" / "bin" / "python", place


def test_without_the_variables_a_python_is_as_it_was(half, ctl):
    interpreter, place = half
    shutil.copy(BUILD / "lib" / "memalot" / "_boot.py", place / "memalot")
    line = [interpreter, "-X", "dev", TARGETS / "what_is_loaded.py"]
    with_us = subprocess.check_output(line, env=ctl.env, stderr=subprocess.STDOUT)
    (place / "memalot.pth").write_text("# any such file makes Python load a codec\n")
    assert subprocess.check_output(line, env=ctl.env, stderr=subprocess.STDOUT) == with_us


def test_either_variable_starts_it_and_zero_switches_it_off(site, ctl, python, tmp_path):
    config = tmp_path / "memalot.yaml"
    config.write_text("name: by-environment\n")
    here = site(python), ctl
    assert not has_agent(*here)
    assert has_agent(*here, MEMALOT="1")
    assert has_agent(*here, MEMALOT_CONFIG=str(config))
    assert has_agent(*here, MEMALOT="1", MEMALOT_CONFIG=str(config))
    assert not has_agent(*here, MEMALOT="0", MEMALOT_CONFIG=str(config))
    assert not has_agent(*here, MEMALOT="", MEMALOT_CONFIG="")


def test_a_python_that_ignores_environment_or_site_has_none(site, ctl, python):
    for option in ("-E", "-I", "-S"):
        assert not has_agent(site(python), ctl, option, MEMALOT="1")
    assert has_agent(site(python), ctl, "-s", MEMALOT="1")


def test_a_strict_python_has_nothing_to_complain_of(site, ctl, python):
    options = ["-X", "dev", "-W", "error", "-bb"]
    assert has_agent(site(python), ctl, *options, MEMALOT="1")


def test_the_configuration_is_in_force(site, ctl, python, family, tmp_path):
    config = tmp_path / "memalot.yaml"
    config.write_text("name: by-environment\n")
    one = family(site(python), single(site(python)), {"MEMALOT_CONFIG": str(config)})
    one.await_leakers(1)
    status = ctl.json("status", one.pid)
    assert status["name"] == "by-environment"
    assert ctl.json("snapshot", one.pid)["report_id"]


def test_a_refused_configuration_costs_one_line(site, ctl, python, tmp_path):
    config = tmp_path / "bad.yaml"
    config.write_text("report:\n  kep: 3\n")
    out, err = run(site(python), ctl, "-c", "print('here')", MEMALOT_CONFIG=str(config))
    assert out == "here\n" and len(err.splitlines()) == 1
    assert err.startswith("memalot: not started: ") and f"{config}:2:" in err


def test_pythons_that_it_starts_are_left_alone_on_demand(site, ctl, python, tmp_path):
    config = tmp_path / "memalot.yaml"
    config.write_text("control: {follow_execs: false}\n")
    code = "import os, subprocess, sys; ours = ('MEMALOT', 'PYTHONP');" \
        "print([name for name in os.environ if name.startswith(ours)], flush=True);" \
        f"subprocess.run([sys.executable, '-c', {LOADED!r}])"
    out, err = run(site(python), ctl, "-c", code, MEMALOT="1", MEMALOT_CONFIG=str(config))
    own, child = out.splitlines()
    assert own == "['MEMALOT_RUNTIME_DIR']" and child == "False" and err == ""


def test_with_run_and_a_start_in_the_program_there_is_one_agent(site, python, family):
    site = site(python)
    one = family(site, under_run(single(site)), {"MEMALOT": "1", "WAYS_IMPORT": "1"})
    one.await_leakers(1)
    tid = wait_until(lambda: agent_thread(one.pid), "the agent's thread")
    names = [open(f"/proc/{one.pid}/task/{t}/comm").read() for t in procfs.threads(one.pid)]
    assert tid and names.count("memalot\n") == 1
    copies = {path for path in procfs.mapped_files(one.pid) if "/_agent." in path}
    assert len(copies) == 1
    assert one.end() == 3 and one.said() == ["ended well"]


def test_a_sitecustomize_in_front_of_ours_takes_nothing_from_an_installed_one(
        site, ctl, python, tmp_path):
    """As instrumentation tools put one there, in what a program under `run` starts."""
    (tmp_path / "sitecustomize.py").write_text("print('theirs')\n")
    line = 'PYTHONPATH="$1:$PYTHONPATH" exec "$2" -c "$3"'
    done = ctl.run("run", "--", "sh", "-c", line, "sh", tmp_path,
                   site(python).bin / "python", LOADED)
    assert done.stdout == "theirs\nTrue\n" and done.stderr == ""


def test_the_programs_own_copy_is_the_one_that_run_loads(half, python, ctl):
    """Two installations, as of pipx and of the program: never two agents."""
    interpreter, place = half
    for path in (BUILD / "lib" / "memalot").glob("*.py"):
        shutil.copy(path, place / "memalot")
    shutil.copy(python.agent, place / "memalot")
    code = "import memalot, re; memalot.start();" \
        "print(set(re.findall('/.*/_agent.*', open('/proc/self/maps').read())))"
    done = ctl.run("run", "--", interpreter, "-c", code)
    assert done.stderr == ""
    assert done.stdout == f"{ {str(place / 'memalot' / python.agent.name)} }\n"


def test_memalots_own_commands_have_no_agent(half, ctl, python):
    interpreter, place = half
    for path in (BUILD / "lib" / "memalot" / "_boot.py", python.agent):
        shutil.copy(path, place / "memalot")
    said = []
    for name in ("memalotctl", "program"):
        script = interpreter.parent / name
        script.write_text(f"#!{interpreter}\n{LOADED}\n")
        script.chmod(0o755)
        said.append(subprocess.check_output(script, env={**ctl.env, "MEMALOT": "1"}))
    assert said == [b"False\n", b"True\n"]


def test_half_an_installation_keeps_no_python_from_starting(half, ctl):
    interpreter, place = half
    boot = place / "memalot" / "_boot.py"
    for text in (None, "raise ValueError('broken')\n", "def (\n", "\0"):
        if text is not None:
            boot.write_text(text)
        done = subprocess.run([interpreter, "-c", "print('here')"], capture_output=True,
                              env={**ctl.env, "MEMALOT": "1"}, text=True, timeout=PATIENCE)
        assert done.returncode == 0 and done.stdout == "here\n"
        assert (done.stderr == "") == (text is None)


def test_who_was_asked_for_says_why_not_and_whom_it_starts_is_silent(half, ctl, python):
    interpreter, place = half
    shutil.copy(BUILD / "lib" / "memalot" / "_boot.py", place / "memalot")
    code = "import subprocess, sys; print('here', flush=True);" \
        "sys.argv[1:] and subprocess.run([sys.executable, '-c', *sys.argv[1:]])"
    done = subprocess.run(
        [interpreter, "-c", code, "print('child')"], capture_output=True, text=True,
        env={**ctl.env, "MEMALOT": "1"}, timeout=PATIENCE,
    )
    assert done.stdout == "here\nchild\n"
    version = "{}.{}".format(*python.version)
    assert done.stderr == f"memalot: no agent for Python {version} is built: " \
        f"{interpreter} -m pip install memalotctl\n"
