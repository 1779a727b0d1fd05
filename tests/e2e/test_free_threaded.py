# SPDX-License-Identifier: MIT
"""Free-threaded builds get one clear line and no agent; the program is not disturbed.

On builds with a GIL the same lines are provoked by what the interpreter says of itself,
so that they are tested where no free-threaded one is found.
"""

import os
import shutil
import signal
import subprocess
import sys

import pytest
from harness import BUILD, ROOT, find_free_threaded, wait_until

FREE = find_free_threaded()
IMPORT = "memalot needs a build of CPython with a GIL (3.10 to 3.15); this one"
BOOT = "free-threaded); CPython 3.10 to 3.15 with a GIL have one"


@pytest.fixture(params=FREE or [None], ids=lambda p: p.name if p else "none")
def free(request):
    """A build without a GIL."""
    if request.param is None:
        pytest.skip("no free-threaded CPython is found (tools/get-pythons.sh 13t or 14t)")
    return request.param


def run(python, *args, **env):
    """Run a Python with the build's package on its path."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MEMALOT"))}
    return subprocess.run([str(python), *map(str, args)], env={**kept, **env},
                          capture_output=True, text=True, timeout=60)


def one_line(text, beginning):
    """Return the only line of `text` that speaks of memalot's supported builds."""
    lines = [line for line in text.splitlines() if "GIL" in line]
    assert len(lines) == 1 and lines[0].startswith(beginning), text
    return lines[0]


# -- where there is one ----------------------------------------------------------------


def test_an_import_is_refused_before_the_gil_comes_back(free):
    done = run(free.path, "-c", """
import sys
try:
    import memalot
except ImportError as error:
    print(error)
print("gil", sys._is_gil_enabled(), "memalot" in sys.modules)
""", PYTHONPATH=str(BUILD / "lib"))
    assert done.returncode == 0 and done.stderr == ""
    version = ".".join(map(str, free.version))
    assert done.stdout == f"{IMPORT}, {version}, is free-threaded\ngil False False\n"


def test_the_program_runs_on_without_an_agent(free, ctl):
    script = "import sys; print('here', sys._is_gil_enabled(), sys.argv[1:]); sys.exit(7)"
    done = ctl.run("run", "--", free.path, "-c", script, "one", code=7)
    assert done.stdout == "here False ['one']\n"
    version = "%d.%d" % free.version[:2]
    assert done.stderr == f"memalot: no agent for this Python ({version}, {BOOT}\n"


def test_a_signal_for_the_agent_says_so_and_ends_nothing(free, target):
    program = target(["-c", "import os, sys; print('ready', os.getpid());"
                            "print('end', sys.stdin.read(), sys._is_gil_enabled())"],
                     python=free)
    before = program.stderr()
    one_line(before, "memalot: no agent")
    os.kill(program.pid, signal.SIGUSR2)
    said = wait_until(lambda: program.stderr()[len(before):], "the second line")
    assert said == before
    assert program.finish() == 0 and program.expect("end") == "False"


def test_an_extension_loaded_anyway_refuses_too(free, tmp_path):
    built = BUILD / "lib" / "memalot" / f"_agent{free.suffix.replace('t-', '-', 1)}"
    if not built.exists():
        pytest.skip(f"no agent for {free.name.rstrip('t')} with a GIL is built")
    path = tmp_path / f"_agent{free.suffix}"
    shutil.copy(built, path)
    done = run(free.path, "-c", """
import sys
try:
    import _agent
except ImportError as error:
    print(error)
print("gil", sys._is_gil_enabled())
""", PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{IMPORT} is free-threaded\ngil False\n"


def test_no_agent_is_built_for_it(free, tmp_path):
    done = run(ROOT / "tools" / "pythons.sh", "resolve", free.path)
    assert done.returncode == 1 and done.stdout == ""
    one_line(done.stderr, f"pythons: {free.path}: a free-threaded build; memalot needs")
    done = run(ROOT / "tools" / "configure.sh", tmp_path / "build", free.path)
    assert done.returncode != 0 and not (tmp_path / "build").exists()
    one_line(done.stderr, "pythons: ")


# -- where there is none ---------------------------------------------------------------


def test_the_package_asks_the_interpreter_first(python):
    done = run(python.path, "-c", """
import sys
sys.abiflags = "t"
try:
    import memalot
except ImportError as error:
    print(error)
print([name for name in sys.modules if "memalot" in name and "refusal" not in name])
""", PYTHONPATH=str(BUILD / "lib"))
    assert done.returncode == 0, done.stderr
    version = ".".join(map(str, python.version))
    assert done.stdout == f"{IMPORT}, {version}, is free-threaded\n[]\n"


def test_the_boot_file_asks_the_interpreter_first(python):
    done = run(python.path, "-S", "-c", """
import os, signal, sys
sys.abiflags = "t"
try:
    import sitecustomize
except ImportError:
    pass
os.kill(os.getpid(), signal.SIGUSR2)
print("agent" if "_agent" in open("/proc/self/maps").read() else "none")
""", PYTHONPATH=str(BUILD / "lib" / "memalot" / "boot"), MEMALOT="1")
    assert done.returncode == 0 and done.stdout == "none\n"
    first, second = done.stderr.splitlines()
    assert first == second and first.endswith(BOOT)


def test_a_signal_that_the_program_has_taken_stays_its_own(python):
    done = run(python.path, "-S", "-c", """
import os, signal, sys
signal.signal(signal.SIGUSR2, lambda number, frame: print("mine"))
sys.abiflags = "t"
try:
    import sitecustomize
except ImportError:
    pass
os.kill(os.getpid(), signal.SIGUSR2)
""", PYTHONPATH=str(BUILD / "lib" / "memalot" / "boot"), MEMALOT="1")
    assert done.returncode == 0 and done.stdout == "mine\n"
    assert len(done.stderr.splitlines()) == 1


def test_the_build_refuses_what_says_it_has_no_gil(tmp_path):
    fake = tmp_path / "python3.14t"
    fake.write_text(f"""#!/bin/sh
[ "$2" = - ] || exec {sys.executable} "$@"
exec {sys.executable} -I -c 'import sys, sysconfig
sysconfig.get_config_vars()["Py_GIL_DISABLED"] = 1
exec(sys.stdin.read())'
""")
    fake.chmod(0o755)
    done = run(ROOT / "tools" / "pythons.sh", "resolve", fake)
    assert done.returncode == 1 and done.stdout == ""
    one_line(done.stderr, f"pythons: {fake}: a free-threaded build; memalot needs")
