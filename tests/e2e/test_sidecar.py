# SPDX-License-Identifier: MIT
"""memalotctl in a container beside the program's, as namespaces make one.

The program has pid and mount namespaces of its own and so is pid 1 or 2 there; the
sidecar has others. They share the directory of sockets only, or the pids as well.
Neither sees the other's /proc entries, home or reports unless the test says so.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import exporter
from harness import BUILD, MEMALOTCTL, find_interpreters, wait_until

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


def outer_pid(unshare):
    """Return the program's pid as the host has it: the child of unshare."""
    path = f"/proc/{unshare.pid}/task/{unshare.pid}/children"
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
        values = told.once("memalot_finding_objects", 3000, name="shop")
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
        values = told.once("memalot_finding_objects", 3000, name="shop")
        assert values["memalot_report_readable"] == 1
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


def test_a_container_that_starts_anew_is_another_process(program, sidecar, tmp_path):
    exporter.require()
    config = f"name: shop\nreport: {{directory: {tmp_path}/reports}}\n"
    told = exporter.Exporter(sidecar.env, wrap=sidecar.wrap)
    try:
        shop = program(config)
        shop.ask("leak 3000")
        sidecar.run("snapshot", "shop")
        told.once("memalot_finding_objects", 3000, name="shop")
        shop.stop()
        again = program(config)
        assert again.pid == shop.pid
        values = told.samples(name="shop")
        assert values["memalot_agent_up"] == 1 and values["memalot_sweeps_total"] == 0
        assert "memalot_live_objects" not in values
    finally:
        told.stop()


def test_with_shared_pids_the_pid_is_the_same_on_both_sides(ctl, program, tmp_path):
    shop = program()
    sidecar = Sidecar(ctl, tmp_path, pid_of=outer_pid(shop.process))
    rows = sidecar.run("ps").stdout.splitlines()
    assert rows[1].split()[:2] == [str(shop.pid), "shop"]
    assert "shop" in sidecar.run("status", shop.pid).stdout
    shop.ask("leak 3000")
    assert "Session" in sidecar.run("snapshot", shop.pid).stdout


def test_a_volume_of_another_user_will_do_for_the_sockets(ctl, program, sidecar):
    os.chown(ctl.runtime, 12345, 12345)  # an emptyDir belongs to root, the program not
    shop = program()
    assert ctl.socket(shop.pid).exists()
    assert "shop" in sidecar.run("status", "shop").stdout


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


# What deploy/kubernetes/ asks of both containers: a user of no privileges, volumes that
# belong to root and are everybody's, nothing else to write to.
UID = 10001
UNPRIVILEGED = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups",
                "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
FURNISH_CONTAINER = (  # $0: the volume, $1: what its own folder of it is called
    '{ [ -z "$HIDDEN" ] || mount -t tmpfs none "$HIDDEN"; } && mount -o remount,bind,ro /'
    ' && mount --bind "$0" "$0" && mount -o remount,bind,rw "$0"'
    ' && mount --bind "$0/$1" /tmp && cd / && shift && exec "$@"')
SHOP = """
import sys
kept = [[i] for i in range(5000)]
print('ready', flush=True)
sys.stdin.read()
"""


class Pod:
    """Two containers of an unprivileged user, with one volume and a /tmp each."""

    def __init__(self, ctl, volume):
        self.volume = volume
        self.env = {key: value for key, value in ctl.env.items()
                    if key not in ("MEMALOT_RUNTIME_DIR", "XDG_RUNTIME_DIR")}
        self.env["HOME"] = "/tmp"  # nobody's in the password file, as in a container
        volume.chmod(0o777)
        for name in ("shop", "sidecar"):
            (volume / name).mkdir()
            (volume / name).chmod(0o1777)

    def container(self, name, enter=UNSHARE, as_user=UNPRIVILEGED):
        """Return the beginning of a command line that runs in the container."""
        return [*enter, "sh", "-c", FURNISH_CONTAINER, str(self.volume), name, *as_user]

    def start(self, *words, hidden=""):
        """Start the program; the directory `hidden` is not in its container."""
        shop = subprocess.Popen(
            [*self.container("shop"), *map(str, words)], text=True,
            env={**self.env, "HIDDEN": str(hidden)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert shop.stdout.readline() == "ready\n"
        return shop

    def sidecar(self, *words, **options):
        """Run memalotctl in the other container; returns what it printed."""
        done = subprocess.run(
            [*self.container("sidecar", **options), str(MEMALOTCTL), *map(str, words)],
            env=self.env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def run_by_anybody(*command):
    """Run it as that user, after an exec: setpriv itself still passes every door."""
    return subprocess.run(
        [*UNPRIVILEGED, "sh", "-c", 'exec "$0" "$@"', *map(str, command)], timeout=30,
        capture_output=True, text=True)


@pytest.fixture
def python_of_anybody():
    """An interpreter with an agent that any user may start."""
    if MEMALOTCTL.is_relative_to("/tmp"):
        pytest.skip("the containers have a /tmp of their own, and this build is in /tmp")
    if run_by_anybody(MEMALOTCTL, "--version").returncode != 0:
        pytest.skip(f"another user may not start {MEMALOTCTL}")
    facts = "import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'))"
    for python in find_interpreters():
        minor = python.name.rpartition(".")[0]
        for path in (python.path, f"/usr/bin/python{minor}"):
            said = run_by_anybody(path, "-c", facts).stdout.strip()
            if not python.unusable() and said == python.suffix:
                return path
    pytest.skip("no interpreter here that another user may start")


@pytest.fixture
def pod(ctl):
    """A pod; its volume is not in the tests' own folders, which are root's alone."""
    volume = Path(tempfile.mkdtemp(prefix="ml-", dir="/var/tmp"))
    yield Pod(ctl, volume)
    shutil.rmtree(volume)


def test_both_sides_are_unprivileged_on_volumes_of_root(pod, python_of_anybody):
    pod.env["MEMALOT_RUNTIME_DIR"] = str(pod.volume)
    config = pod.volume / "memalot.yaml"
    config.write_text(f"name: shop\nreport: {{directory: {pod.volume}/reports}}\n")
    shop = pod.start(MEMALOTCTL, "run", "-c", config, "--", python_of_anybody, "-c", SHOP)
    try:
        wait_until(lambda: list(pod.volume.glob("memalot/*.sock")), "the agent listens")
        assert "list objects held by __main__.kept" in pod.sidecar("snapshot", "shop")
        assert "shop" in pod.sidecar("list", "--report-directory", pod.volume / "reports")
        owners = {path.stat().st_uid for path in pod.volume.glob("reports/*")}
        assert owners == {UID}
    finally:
        shop.communicate(timeout=60)


def test_attach_needs_the_pids_and_a_place_in_the_program_s_tmp(pod, python_of_anybody):
    yama = Path("/proc/sys/kernel/yama/ptrace_scope")
    if yama.exists() and yama.read_text().strip() != "0":
        pytest.skip("kernel.yama.ptrace_scope lets only root with CAP_SYS_PTRACE attach")
    attach_and_snapshot(pod, python_of_anybody, UNPRIVILEGED)


def test_a_sidecar_of_root_attaches_with_five_capabilities(pod, python_of_anybody):
    attach_and_snapshot(pod, python_of_anybody, [
        "setpriv", "--bounding-set=-all,+sys_ptrace,+kill,+setuid,+chown,+dac_override",
        "--inh-caps=-all", "--no-new-privs"])


def attach_and_snapshot(pod, python, as_user):
    """Attach from a sidecar that shares the pids alone."""
    shop = pod.start(python, "-c", SHOP, hidden=BUILD)
    try:
        there = {"as_user": as_user, "enter": [
            "nsenter", f"--target={outer_pid(shop)}", "--pid", "unshare", "--mount",
            "--fork", "--mount-proc"]}
        assert "1 has an agent" in pod.sidecar("attach", "1", **there)
        told = pod.sidecar("snapshot", "1", **there)
        assert "list objects held by __main__.kept" in told
        assert "detached" in pod.sidecar("detach", "1", **there)
        reports = list(pod.volume.glob("shop/.memalot/reports/memalot_report_*"))
        assert len(reports) == 1 and reports[0].stat().st_uid == UID
    finally:
        shop.communicate(timeout=60)


def test_no_capability_is_needed(program, sidecar):
    if not shutil.which("setpriv"):
        pytest.skip("there is no setpriv")
    shop = program()
    shop.ask("leak 3000")
    none = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
    assert "Session" in sidecar.run("snapshot", "shop", wrap=none).stdout
