# SPDX-License-Identifier: MIT
"""A wheel, on a machine that has Python and nothing else."""

import xml.etree.ElementTree as ElementTree

SVG = "{http://www.w3.org/2000/svg}"


def test_the_commands_are_there(place):
    for name in ("memalotctl", "memalot"):
        assert place.run(name, "--version").stdout.startswith(name + " ")
    assert "snapshot" in place.run("memalotctl", "--help").stdout
    assert "snapshot" not in place.run("memalot", "--help").stdout


def test_libraries_come_with_it(place):
    program = f"{place.inside}/venv/lib/python3*/site-packages/memalot/bin/memalotctl"
    found = place.run("sh", "-c", f"ldd {program}").stdout.splitlines()
    others = [line.split()[0].rpartition("/")[2] for line in found
              if "/site-packages/" not in line]
    assert sorted(name.partition(".")[0] for name in others) \
        == ["ld-linux-x86-64", "libc", "libm", "linux-vdso"]


def test_a_leak_is_found_and_drawn(place, leaky):
    pid = leaky("memalotctl", "run", "--", "python")
    printed = place.run("memalotctl", "snapshot", pid).stdout
    assert "2 000 Session objects held by __main__.SESSIONS" in printed
    (saved,) = place.json("list")["reports"]
    svg = place.home / ".memalot/reports" / f"memalot_report_{saved['report_id']}" \
        / "iteration_1_finding_1.svg"
    picture = ElementTree.parse(svg).getroot()
    assert picture.tag == f"{SVG}svg"
    texts = " ".join("".join(text.itertext()) for text in picture.iter(f"{SVG}text"))
    assert "Session objects held by __main__.SESSIONS" in texts
    assert any("SESSIONS" in (title.text or "") for title in picture.iter(f"{SVG}title"))
    assert float(picture.get("width").rstrip("pt")) > 300


def test_png_is_refused_with_one_line(place):
    (saved,) = place.json("list")["reports"]
    said = place.run("memalotctl", "graph", saved["report_id"], "-o", "x.png", code=1)
    assert said.stderr.count("\n") == 1 and "dot -Tpng" in said.stderr
    place.run("memalotctl", "graph", saved["report_id"], "-o", "x.dot")
    assert "digraph" in (place.home / "x.dot").read_text()


def test_the_environment_loads_the_agent(place, leaky):
    pid = leaky("python", MEMALOT="1")
    assert str(place.json("status", pid)["pid"]) == pid
    leaky("python")
    assert [agent["pid"] for agent in place.json("ps")["agents"]] == [int(pid)]


def test_a_program_that_runs_already_is_attached_to(place, leaky):
    pid = leaky("python")
    place.run("memalotctl", "attach", pid)
    assert "2 000 Session objects" in place.run("memalotctl", "snapshot", pid).stdout


def test_a_program_imports_it(place):
    code = "import memalot; memalot.start(); print(memalot.running(), memalot.__version__)"
    version = place.run("memalotctl", "--version").stdout.split()[1]
    assert place.run("python", "-c", code).stdout.split() == ["True", version]


def test_programs_do_not_see_what_the_command_told_memalotctl(place):
    code = "import os; print(os.environ.get('MEMALOT_PYTHON'))"
    assert place.run("memalotctl", "run", "--", "python", "-c", code).stdout == "None\n"


def test_the_command_itself_keeps_no_agent(place):
    assert place.run("memalotctl", "ps", "--json", MEMALOT="1").stdout.split() \
        == ["{", '"agents":', "[]", "}"]
    assert not list((place.root / "run").rglob("*.sock"))


def test_manual_pages_and_completions_are_installed(place):
    share = place.root / "venv" / "share"
    for name in ("man/man1/memalotctl.1", "man/man1/memalot.1",
                 "bash-completion/completions/memalotctl",
                 "zsh/site-functions/_memalotctl",
                 "fish/vendor_completions.d/memalotctl.fish"):
        assert (share / name).stat().st_size > 0


def test_uninstalling_leaves_nothing(place):  # the last: it ends the place
    assert place.files() > place.clean
    place.run("python", "-m", "pip", "uninstall", "--quiet", "--yes", "memalotctl")
    assert place.files() - place.clean == set()
