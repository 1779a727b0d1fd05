# SPDX-License-Identifier: MIT
"""How long a call that leaks waits for its report, and how long every other thread of
the program stands still for it, beside the same program without memalot.

    make bench-leak
    make bench-leak ARGS='--objects 1000 --with-original'

The program is leak_of.py: the second call of a decorated function, default options,
appends instances to a list of its module. It runs twice in a round, once left alone (how
long the caller waits) and once with a thread that watches for standstills. In the plain
program nothing is reported; it is watched for a second and shows what the machine does
to any program.

The original memalot (2.x, from the package index) has the same decorator; it takes
minutes where this one takes a fraction of a second, so it is measured only when asked
for, once, and left alone: a thread that takes turns with it makes it minutes more. It
does its work in the calling thread, so what it waits for is what it computes.

Each figure is a median of the rounds. Standstills are what remains of the gaps without
the time in which the watcher was ready and had no processor; on a machine that is busy
with other things that hides some of them, so the last column should be next to nothing.
The agent's own figure for the clone runs by the clock and has all of that in it: what is
true lies between the two, and the least of the rounds is nearest to the clone itself.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tables import header, line, machine, number

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("MEMALOT_BUILD", ROOT / os.environ.get("BUILD", "build")))
ORIGINAL = BUILD.absolute() / "bench-original-venv" / "bin" / "python"
THEIRS = "original memalot"
PATIENCE = 3600  # seconds


def play(python, way, objects, folder, *watched):
    """Run the program once; return what it tells and its last iteration, if any."""
    home = Path(tempfile.mkdtemp(dir=folder))
    ours = {"PYTHONPATH": str(BUILD / "lib"),
            "MEMALOT_CTL": str(BUILD / "bin" / "memalotctl")}
    subprocess.run(
        [str(python), str(ROOT / "bench" / "leak_of.py"), way, str(objects),
         str(home / "out"), *watched],
        env={**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home),
             **(ours if python == sys.executable else {})},
        cwd=home, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        timeout=PATIENCE)
    told = json.loads((home / "out").read_text())
    reports = sorted(home.glob(".memalot/reports/*/iteration_report_*.json"))
    return told, json.loads(reports[-1].read_text()) if reports else None


def found(iteration):
    """Return how many instances a report says have leaked."""
    rows = iteration["leak_summary"]["type_summaries"]
    return sum(row["count"] for row in rows if row["object_type"].endswith(".Item"))


def one_round(who, python, way, objects, folder):
    """Measure one program left alone and watched; return its figures."""
    alone, iteration = play(python, way, objects, folder)
    if way == "monitored" and found(iteration) != objects:
        raise RuntimeError(f"of {objects} leaked objects {found(iteration)} were reported")
    if who == THEIRS:
        return {"waited": alone["waited"]}
    watched, iteration = play(python, way, objects, folder, "watched")
    sweep = (iteration or {}).get("sweep", {})  # the one whose pause was watched
    return {"waited": alone["waited"], "watched": watched["waited"],
            **{key: watched[key] for key in ("held", "longest", "without")},
            "turn": alone["turn"], "pause": sweep.get("pause_s"),
            "sweep": sweep.get("duration_s"), "objects": sweep.get("objects")}


def medians(samples):
    """Return the median of every figure that has values."""
    result = {}
    for key in samples[0]:
        values = [sample[key] for sample in samples]
        result[key] = None if None in values else statistics.median(values)
    result["least"] = None if result.get("pause") is None else min(
        sample["pause"] for sample in samples)
    return result


def cells(result):
    """Return one line's figures; what there is none of is a dash."""
    def scaled(key, scale, form, unit):
        value = result.get(key)
        return "-" if value is None else f"{value * scale:{form}} {unit}"

    return [scaled("waited", 1, ".3f", "s"), scaled("watched", 1, ".3f", "s"),
            scaled("held", 1e3, ".2f", "ms"), scaled("longest", 1e3, ".2f", "ms"),
            scaled("pause", 1e3, ".2f", "ms"), scaled("least", 1e3, ".2f", "ms"),
            scaled("turn", 1e3, ".3f", "ms"),
            scaled("without", 1e3, ".2f", "ms")]


COLUMNS = ["leaked", "program", "report out after", "with a busy thread beside",
           "others stood still", "longest", "agent: the clone", "at least", "agent: a turn",
           "not the GIL: no processor"]


def main():
    """Measure every size each way and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--with-original", action="store_true",
                        help="minutes; see also --original-objects")
    parser.add_argument("--original-objects", type=int, nargs="+", default=[1000])
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    options = parser.parse_args()

    print(f"{machine()}; median of {options.rounds} rounds.\n\n{header(COLUMNS, 2)}")
    plays = [(objects, who, sys.executable, way, options.rounds)
             for objects in options.objects
             for who, way in (("plain", "plain"), ("memalot", "monitored"))]
    if options.with_original:
        plays += [(objects, THEIRS, str(ORIGINAL), "monitored", 1)
                  for objects in options.original_objects]
    results = []
    with tempfile.TemporaryDirectory(prefix="ml-", dir="/tmp") as folder:
        for objects, who, python, way, rounds in plays:
            samples = [one_round(who, python, way, objects, folder) for _ in range(rounds)]
            results.append({"who": who, "leaked": objects, "samples": samples})
            print(line([number(objects), who, *cells(medians(samples))]), flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
