# SPDX-License-Identifier: MIT
"""A program that works hard and leaks nothing is told so, in every iteration."""

import subprocess

import pytest

from harness import TARGETS
from monitored import environment, read_iterations

pytestmark = pytest.mark.few_versions


def findings_of(python, ctl, tmp_path, seconds, lifetime):
    config = tmp_path / "memalot.yaml"
    config.write_text("graph: {formats: []}\n")
    subprocess.run(
        [python.path, str(TARGETS / "churn.py"), str(seconds), str(lifetime)],
        env=environment(ctl, MEMALOT_CONFIG=str(config)), cwd=tmp_path, check=True,
        timeout=seconds + 120, stdin=subprocess.DEVNULL,
    )
    [report] = ctl.saved()
    iterations = read_iterations(report)
    assert len(iterations) >= seconds / lifetime / 2
    for iteration in iterations:
        assert iteration["sweep"]["objects"] > 0 or iteration["monitor"]["warm_up"]
    return [
        (iteration["iteration_number"], finding["title"], finding["path"])
        for iteration in iterations for finding in iteration["findings"]
    ]


@pytest.mark.one_version
def test_heavy_churn_without_a_leak_gives_no_finding(python, ctl, tmp_path):
    assert findings_of(python, ctl, tmp_path, 12, 1) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_minutes_of_churn_give_no_finding(python, ctl, tmp_path):
    assert findings_of(python, ctl, tmp_path, 600, 10) == []
