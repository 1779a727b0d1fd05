# SPDX-License-Identifier: MIT
"""`make demo` does what the README promises, and leaves nothing running."""

import os
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

from harness import BUILD, MEMALOTCTL, ROOT


@pytest.fixture(scope="module")
def demo():
    """What the demo printed; run once, with fewer visitors."""
    if not MEMALOTCTL.exists():
        pytest.fail(f"{MEMALOTCTL} is not built: run make first")
    environment = {**os.environ, "DEMO_VISITORS": "1000", "NO_COLOR": "1"}
    flask = subprocess.run(
        ["tools/venv.sh", f"{BUILD}/demo-venv", "flask", "waitress"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240,
    )
    if flask.returncode != 0:
        pytest.skip(f"Flask cannot be installed here: {flask.stderr.strip()[-200:]}")
    done = subprocess.run(
        ["examples/demo.sh"], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_first_two_findings_are_the_two_leaks(demo):
    verdict = demo[demo.index("first two findings"):]
    assert "shop.sessions.SESSIONS" in verdict
    assert "shop.events.bus" in verdict


def test_each_has_a_picture_that_is_well_formed(demo):
    verdict = demo[demo.index("first two findings"):]
    pictures = [word for word in verdict.split() if word.endswith(".svg")]
    assert len(pictures) == 2
    for picture in pictures:
        assert ElementTree.parse(ROOT / picture).getroot().tag.endswith("svg")


def test_the_shop_is_stopped(demo):
    pid = demo.partition("process ")[2].split()[0]
    assert not os.path.exists(f"/proc/{pid}")
