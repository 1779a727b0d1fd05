# SPDX-License-Identifier: MIT
"""What monitors report is what there is: no object too many, none too few.

The programs keep books of their own (targets/exact.py); residue that the stamps cannot
avoid is named here by kind, with its bound, and in docs/internals/births.md.
"""

import json
import subprocess

import pytest

from harness import TARGETS
from monitored import environment, play

pytestmark = pytest.mark.few_versions

# kinds whose memory is recycled without the allocator and that the collector never sees
RESIDUE = {"float": 0.02}


def run(python, ctl, tmp_path, script, *args):
    config = tmp_path / "memalot.yaml"
    config.write_text("graph: {formats: []}\n")  # the pictures are tested elsewhere
    done = subprocess.run(
        [python.path, "-W", "ignore", str(TARGETS / script), *map(str, args)], cwd=tmp_path,
        env=environment(ctl, MEMALOT_CONFIG=str(config)), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=900,
    )
    assert done.returncode == 0 and done.stderr == "", done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def rate(said, which):
    return sum(said[which].values()) / max(1, sum(said["expected"].values()))


@pytest.mark.parametrize("calls", [1, 3])
def test_every_object_that_outlived_the_limit_and_no_other(
    python, ctl, tmp_path, calls, record_property
):
    steps = 100_000
    said = run(python, ctl, tmp_path, "exact.py", 11 + calls, steps, calls)
    rates = ", ".join(f"{w} {rate(said, w):.5%}" for w in ("missed", "false", "wrong_age"))
    print(f"{python.name}: {sum(said['expected'].values())} expected; {rates}")
    record_property("rates", rates)
    assert len(said["expected"]) >= 50
    assert sum(said["expected"].values()) > 2_000
    for which in ("missed", "false", "wrong_age"):
        beyond = {
            kind: (n, said["expected"].get(kind, 0))
            for kind, n in said[which].items()
            if n > RESIDUE.get(kind, 0) * said["expected"].get(kind, 0)
        }
        assert not beyond, (which, beyond)
    assert not said["unknown"], (said["unknown"], said["samples"])


def test_one_leaked_object_of_each_kind_is_found(python, ctl, tmp_path):
    said = run(python, ctl, tmp_path, "one_of_each.py")
    assert len(said) >= 50
    missing = {kind: row for kind, row in said.items() if not row[1]}
    assert not missing
    unexplained = {
        kind: row for kind, row in said.items()
        if not any(path.startswith("__main__.KEPT") for path in row[2])
    }
    assert not unexplained


def test_ages_by_the_clock_are_right_within_an_epoch(python, ctl, tmp_path):
    lifetime, late = 1.0, 0.5  # how much later than it is due a turn may come
    said = run(python, ctl, tmp_path, "exact_time.py", lifetime, 6)
    told = [(kind, age, reported) for _, kind, age, reported in said if reported is not None]
    silent = [(kind, age) for _, kind, age, reported in said if reported is None]
    assert len(told) > 300 and len(silent) > 100
    too_young = [row for row in told if row[1] < lifetime - 0.05]
    forgotten = [row for row in silent if row[1] > lifetime + lifetime / 4 + late]
    wrong = [
        (kind, age, reported) for kind, age, reported in told
        if not reported - 0.05 <= age <= reported + lifetime / 4 + late
    ]
    print(f"{python.name}: {len(told)} told, {len(silent)} not yet old enough")
    assert not too_young and not forgotten and not wrong


@pytest.mark.slow
def test_calls_are_counted_exactly_when_epochs_run_out(python, ctl, tmp_path):
    played = play(python, ctl, tmp_path, """
        import re
        import memalot

        class Leaked:
            pass

        kept, said = [], []
        monitor = memalot.create_leak_monitor(
            max_object_age_calls=180, save_reports=False, check_referrers=False,
            max_object_details=0, included_type_names={"Leaked"},
            output_func=said.append)
        for _ in range(480):
            with monitor:
                kept.append(Leaked())
        for window, text in enumerate(said[1:], 1):
            told = [int(n.replace(" ", "")) for n in
                    re.findall(r"Leaked +([0-9 ]+?) +[+-]", text)]
            assert told == [window - 180] or (window <= 180 and not told), (window, told)
        print(len(said))
    """)
    assert played.out == "481\n"
