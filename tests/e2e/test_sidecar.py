# SPDX-License-Identifier: MIT
"""memalotctl in a container beside the program's, as namespaces make one.

The program has pid and mount namespaces of its own and so is pid 1 or 2 there; the
sidecar has others. They share the directory of sockets only, or the pids as well.
Neither sees the other's /proc entries, home or reports unless the test says so.
"""

import shutil
import subprocess

import pytest

import exporter
from harness import MEMALOTCTL

UNSHARE = ["unshare", "--mount", "--pid", "--fork", "--mount-proc"]
# In the sidecar: the sockets at another path, and nothing of the program's home.
FURNISH = 'mount --bind "$0/run" "$1" && mount -t tmpfs none "$0" && shift && exec "$@"'


@pytest.fixture(scope="module", autouse=True)
def namespaces():
    """Skip where this user may make no namespaces."""
    if not shutil.which("unshare"):
        pytest.skip("there is no unshare")
    done = subprocess.run([*UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"],
                          capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        pytest.skip(f"no namespaces for this user: {done.stderr.strip()}")


class Sidecar:
    """Runs memalotctl in namespaces of its own; `pid_of`: in those pids."""

    def __init__(self, ctl, folder, pid_of=None):
        self.sockets = folder / "sockets"
        self.sockets.mkdir()
        enter = UNSHARE if pid_of is None else \
            ["nsenter", f"--target={pid_of}", "--pid", "unshare", "--mount", "--fork",
             "--mount-proc"]
        self.wrap = [*enter, "sh", "-c", FURNISH, str(ctl.home), str(self.sockets)]
        self.env = {**ctl.env, "MEMALOT_RUNTIME_DIR": str(self.sockets),
                    "XDG_RUNTIME_DIR": "", "HOME": str(folder)}
        self.ctl = ctl

    def run(self, *args, code=0, wrap=()):
        done = subprocess.run(
            [*self.wrap, *wrap, str(MEMALOTCTL), *map(str, args)], env=self.env,
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
        assert done.returncode == code, done.stdout + done.stderr
        return done


@pytest.fixture
def program(target):
    """Starts the leaking shop in its own namespaces."""

    def start(config="name: shop\n", **options):
        return target("leaking.py", config=config, wrap=UNSHARE, **options)

    return start


@pytest.fixture
def sidecar(ctl, tmp_path):
    """A sidecar that shares the directory of sockets and no more."""
    return Sidecar(ctl, tmp_path)


def outer_pid(program):
    """Return the program's pid as the host has it: the child of unshare."""
    path = f"/proc/{program.process.pid}/task/{program.process.pid}/children"
    with open(path) as children:
        return int(children.read().split()[0])


def test_its_own_pid_says_nothing_there_but_its_name_does(program, sidecar):
    shop = program()
    assert shop.pid < 10  # its own view
    status = sidecar.run("ps").stdout
    row = status.splitlines()[1].split()
    assert row[:2] == [str(shop.pid), "shop"]
    assert sidecar.run("status", "shop").stdout.split()[:3] == \
        ["process", str(shop.pid), "shop"]
    assert "shop" in sidecar.run("status", shop.pid).stdout  # as its socket is called
    assert "shop" in sidecar.run("status").stdout


def test_snapshots_and_pictures_come_through_the_socket_alone(
        ctl, program, sidecar, tmp_path):
    shop = program()
    shop.ask("leak 3000")
    told = sidecar.run("snapshot", "shop", "--svg", tmp_path).stdout
    assert "3 000 Session objects held by __main__.SESSIONS" in told
    assert "<svg" in next(tmp_path.glob("*.svg")).read_text()
    assert len(ctl.saved()) == 1  # in the program's own home
    assert sidecar.run("list").stdout.count("shop") == 0  # which is not the sidecar's
    assert "python" in sidecar.run("memory", "shop").stdout.lower()
    assert "SESSIONS" in sidecar.run("paths", "shop", "--type", "Session").stdout


def test_the_exporter_serves_from_there(program, sidecar):
    exporter.require()
    shop = program()
    shop.ask("leak 3000")
    told = exporter.Exporter(sidecar.env, "--sweep-every", "500ms", wrap=sidecar.wrap)
    try:
        values = {}
        while "memalot_finding_objects" not in values:
            assert told.process.poll() is None
            values = told.samples(name="shop")
        assert values["memalot_finding_objects"] == 3000
        assert values["memalot_agent_up"] == 1
        assert told.samples(pid=str(shop.pid))["memalot_agent_up"] == 1
    finally:
        told.stop()


def test_a_shared_directory_of_reports_is_read_there(ctl, program, sidecar, tmp_path):
    exporter.require()
    reports = tmp_path / "reports"
    shop = program(config=f"name: shop\nreport: {{directory: {reports}}}\n")
    shop.ask("leak 3000")
    sidecar.run("snapshot", "shop")
    assert "shop" in sidecar.run("list", "--report-directory", reports).stdout
    told = exporter.Exporter(sidecar.env, wrap=sidecar.wrap)
    try:
        values = told.samples(name="shop")
        assert values["memalot_report_readable"] == 1
        assert values["memalot_finding_objects"] == 3000
    finally:
        told.stop()


def test_two_containers_with_the_same_pid_are_told_apart(ctl, program, sidecar, tmp_path):
    exporter.require()
    for name in ("web", "mail"):
        path = ctl.runtime / f"memalot/{name}-%p.sock"
        program(config=f"name: {name}\ncontrol: {{socket: {path}}}\n")
    text = sidecar.run("ps").stdout
    assert "web" in text and "mail" in text
    assert "web" in sidecar.run("status", "web").stdout
    told = exporter.Exporter(sidecar.env, wrap=sidecar.wrap)
    try:
        up = told.families()["memalot_agent_up"].samples
        assert {sample.labels["name"] for sample in up} == {"web", "mail"}
    finally:
        told.stop()


def test_with_shared_pids_the_pid_is_the_same_on_both_sides(ctl, program, tmp_path):
    shop = program()
    sidecar = Sidecar(ctl, tmp_path, pid_of=outer_pid(shop))
    rows = sidecar.run("ps").stdout.splitlines()
    assert rows[1].split()[:2] == [str(shop.pid), "shop"]
    assert "shop" in sidecar.run("status", shop.pid).stdout
    shop.ask("leak 3000")
    assert "Session" in sidecar.run("snapshot", shop.pid).stdout


def test_another_user_is_refused_and_told_so(program, sidecar):
    program()
    if not shutil.which("setpriv"):
        pytest.skip("there is no setpriv")
    other = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"]
    done = sidecar.run("status", "shop", code=4, wrap=other)
    assert "no agent that you may ask" in done.stderr


def test_a_read_only_root_is_enough_for_the_sidecar(program, sidecar):
    shop = program()
    shop.ask("leak 3000")
    read_only = ["sh", "-c", 'mount -o remount,bind,ro / && exec "$@"', "sh"]
    assert "Session" in sidecar.run("snapshot", "shop", wrap=read_only).stdout


def test_no_capability_is_needed(program, sidecar):
    if not shutil.which("setpriv"):
        pytest.skip("there is no setpriv")
    shop = program()
    shop.ask("leak 3000")
    none = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
    assert "Session" in sidecar.run("snapshot", "shop", wrap=none).stdout
