# SPDX-License-Identifier: MIT
"""memalotctl without any agent: help, usage errors, exit codes, config check, run."""

import json
import os
import subprocess

import pytest

from harness import MEMALOTCTL

COMMANDS = [
    "run", "detach", "ps", "status", "snapshot", "types", "retained", "paths", "refs",
    "garbage", "list", "print", "graph", "rm", "config", "monitor", "growth", "memory",
    "refcounts",
]
TARGETED = ["detach", "status", "snapshot", "types", "retained", "garbage", "growth",
            "memory", "refcounts"]


def test_help_lists_every_command_and_ends_well(ctl):
    text = ctl.run("--help").stdout
    for command in COMMANDS:
        assert f"\n  {command} " in text
    assert "_write" not in text, "the writer is not for people"
    assert ctl.run("help").stdout == text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(ctl, command):
    done = ctl.run(command, "--help")
    assert done.stdout.startswith(f"usage: memalotctl {command}")
    assert "--help" in done.stdout and done.stderr == ""
    assert ctl.run("help", command).stdout == done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_no_command_is_wrong_usage(ctl):
    done = ctl.run(code=2)
    assert done.stdout == "" and "usage:" in done.stderr


def test_version(ctl):
    assert ctl.run("--version").stdout.startswith("memalotctl ")


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["snapshto"], "did you mean 'snapshot'?"),
        (["xyzzy"], "unknown command 'xyzzy'"),
        (["types", "--limt", "3"], "did you mean --limit?"),
        (["types", "--limit"], "--limit needs a value"),
        (["types", "--limit", "0"], "from 1 to 100000, not '0'"),
        (["types", "--limit=many"], "not 'many'"),
        (["types", "--json=yes"], "--json takes no value"),
        (["types", "--color", "blue"], "auto|always|never"),
        (["types", "1", "2"], "unexpected '2'"),
        (["types", "-x"], "unknown option -x"),
        (["print"], "print needs REPORT_ID"),
        (["run"], "run needs"),
        (["paths"], "--type NAME or --address"),
        (["paths", "--type", "a", "--address", "0x1"], "one of them"),
        (["refs"], "--address"),
        (["config"], "config needs"),
        (["config", "chekc", "x"], "did you mean 'check'?"),
        (["config", "check"], "needs one FILE"),
        (["snapshot", "1", "--all"], "not both"),
        (["config", "show", "1", "-c", "x"], "not both"),
        (["config", "reload", "-c", "x"], "takes no -c"),
        (["graph", "ab12-cd34", "-o", "x.gif"], ".svg, .dot or .png"),
        (["types", "--limit", "3\x1b[31m"], "'3?[31m'"),
    ],
)
def test_wrong_usage_is_exit_2_and_one_line(ctl, arguments, says):
    done = ctl.run(*arguments, code=2)
    assert says in done.stderr
    assert done.stderr.count("\n") == 1 and done.stdout == ""


@pytest.mark.parametrize("command", TARGETED)
def test_without_an_agent_it_is_exit_3_and_says_what_to_do(ctl, command):
    done = ctl.run(command, "/tmp/no-such-directory/x.sock", code=3)
    assert "no agent listens on" in done.stderr
    done = ctl.run(command, "999999999", code=3)
    assert "there is no process 999999999" in done.stderr
    done = ctl.run(command, str(os.getpid()), code=3)
    assert "run" in done.stderr and done.stderr.count("\n") == 1


def test_config_check_places_every_mistake(ctl, tmp_path):
    good = tmp_path / "good.yaml"
    good.write_text("report:\n  keep: 3\n")
    assert "no mistakes" in ctl.run("config", "check", good).stdout
    bad = tmp_path / "bad.yaml"
    bad.write_text("report:\n  kepp: 3\n  str_max_length: many\n")
    lines = ctl.run("config", "check", bad, code=1).stderr.splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{bad}:2:3", f"{bad}:3:19"]
    done = ctl.run("config", "check", bad, "--json", code=1)
    document = json.loads(done.stdout)
    assert document["valid"] is False and done.stderr == ""
    assert [m["line"] for m in document["mistakes"]] == [2, 3]
    assert ctl.json("config", "check", good)["valid"] is True
    assert ctl.run("config", "check", tmp_path / "none.yaml", code=1).stderr


def test_config_show_of_a_file_needs_no_agent(ctl, tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text("name: shop\nreport:\n  keep: 3\n")
    text = ctl.run("config", "show", "-c", config).stdout
    assert "name: shop" in text and "  keep: 3  # default: 100\n" in text
    assert "\n  socket: auto\n" in text, "defaults too"
    again = tmp_path / "again.yaml"
    again.write_text(text)
    assert ctl.run("config", "show", "-c", again).stdout == text
    assert ctl.json("config", "show", "-c", config)["report"]["keep"] == 3
    config.write_text("nmae: shop\n")
    assert f"{config}:1:1: " in ctl.run("config", "show", "-c", config, code=1).stderr


def test_run_starts_nothing_with_a_broken_config(ctl, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("nmae: x\n")
    mark = tmp_path / "started"
    done = ctl.run("run", "-c", bad, "--", "touch", mark, code=1)
    assert f"{bad}:1:1: " in done.stderr and not mark.exists()


@pytest.fixture
def installed(tmp_path):
    """memalotctl in a tree of its own with a boot directory."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "lib/memalot/boot").mkdir(parents=True)
    os.link(MEMALOTCTL, tmp_path / "bin/memalotctl") if os.stat(
        MEMALOTCTL).st_dev == os.stat(tmp_path).st_dev else (
            (tmp_path / "bin/memalotctl").write_bytes(MEMALOTCTL.read_bytes()))
    (tmp_path / "bin/memalotctl").chmod(0o755)
    return tmp_path


def test_run_hands_the_program_its_environment(installed, tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text("name: shop\n")
    done = subprocess.run(
        ["bin/memalotctl", "run", "-c", "c.yaml", "env"], cwd=installed, text=True,
        capture_output=True, env={"PATH": os.environ["PATH"], "PYTHONPATH": "/mine"},
    )
    env = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert env["MEMALOT"] == "1"
    assert env["MEMALOT_CONFIG"] == str(config)
    assert env["MEMALOT_CTL"] == str(installed / "bin/memalotctl")
    assert env["PYTHONPATH"] == f"{installed}/lib/memalot/boot:/mine"


def test_run_leaves_the_programs_own_options_alone(installed):
    for words in (["--"], []):
        done = subprocess.run(
            [installed / "bin/memalotctl", "run", *words, "printf", "%s|", "--help", "-c"],
            text=True, capture_output=True,
        )
        assert done.stdout == "--help|-c|"


def test_run_passes_the_exit_code_on(installed):
    done = subprocess.run([installed / "bin/memalotctl", "run", "sh", "-c", "exit 7"])
    assert done.returncode == 7


def test_run_of_a_missing_program_is_one_clear_line(installed):
    done = subprocess.run(
        [installed / "bin/memalotctl", "run", "no-such-program"], text=True,
        capture_output=True,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "memalotctl: cannot start 'no-such-program': no such program on PATH\n")


def test_run_without_an_installed_agent_says_so(installed):
    (installed / "lib/memalot/boot").rmdir()
    done = subprocess.run(
        [installed / "bin/memalotctl", "run", "true"], text=True, capture_output=True,
    )
    assert done.returncode == 1 and "not installed" in done.stderr


def test_a_full_disk_is_a_failure(ctl):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [str(MEMALOTCTL), "--help"], stdout=full, stderr=subprocess.PIPE, text=True,
            env=ctl.env,
        )
    assert done.returncode == 1 and "standard output" in done.stderr
