# SPDX-License-Identifier: MIT
"""make install: what is put into a prefix works there, and is taken away again."""

import subprocess

from harness import BUILD, ROOT


def install(action, folder):
    subprocess.run([ROOT / "tools" / "install.sh", action, BUILD, "/usr", folder], check=True)


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_what_is_installed_works_where_it_is(ctl, target, tmp_path):
    install("install", tmp_path)
    there = files(tmp_path / "usr")
    assert {"bin/memalotctl", "bin/memalot", "lib/memalot/boot/sitecustomize.py",
            "share/man/man1/memalotctl.1", "share/man/man1/memalot.1",
            "share/bash-completion/completions/memalotctl",
            "share/zsh/site-functions/_memalotctl",
            "share/fish/vendor_completions.d/memalotctl.fish"} <= there
    program = tmp_path / "usr" / "bin" / "memalotctl"
    process = target("heap.py", agent=False, wrap=[str(program), "run", "--"])
    answer = ctl.json("snapshot", process.pid)
    assert (ctl.reports / f"memalot_report_{answer['report_id']}" / "version").exists()
    listed = subprocess.run([program.parent / "memalot", "list"], env=ctl.env, check=True,
                            capture_output=True, text=True).stdout
    assert answer["report_id"] in listed


def test_what_was_installed_is_removed_and_nothing_else(tmp_path):
    other = tmp_path / "usr" / "share" / "man" / "man1" / "other.1"
    other.parent.mkdir(parents=True)
    other.write_text("")
    install("install", tmp_path)
    (tmp_path / "usr" / "lib" / "memalot" / "__pycache__").mkdir()
    install("uninstall", tmp_path)
    assert files(tmp_path) == {"usr/share/man/man1/other.1"}
    assert not (tmp_path / "usr" / "lib" / "memalot").exists()
