# SPDX-License-Identifier: MIT
"""How long a sweep stops the program, and how long it takes, side by side with what
people use today, on the same heap in the same process.

    make bench                     100 000, 1 000 000 and 5 000 000 objects
    make bench ARGS='--objects 100000 --rounds 3'

For each round of a size a process is started under memalotctl; it builds a heap of
instances, lists and dicts, measures a bare fork of itself, is swept through the control
socket, and at last prints guppy3's `hpy().heap()`. Heapy comes last because it changes
the heap it looks at (every instance gets a `__dict__`, a million objects more here).
Each figure is the median of the rounds. The table goes to standard output;
bench/MEASURE.md keeps what was once measured.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from harness import MEMALOTCTL, Ctl, Target  # noqa: E402
from tables import header, line, machine, number  # noqa: E402


def one_round(ctl, folder, objects, heapy):
    """Measure one fresh process; return its samples."""
    # Heapy runs at the program's own priority; so does the sweep here, or a busy machine
    # would measure the scheduler.
    config = Path(folder) / "memalot.yaml"
    config.write_text("sweep: {nice: 0}\n")
    program = Target(
        ctl,
        [str(MEMALOTCTL), "run", "-c", str(config), "--", sys.executable, "-u",
         str(ROOT / "bench" / "heap_of.py"), str(objects)],
        dict(ctl.env), folder,
    )
    try:
        program.pid = int(program.expect("ready", 300).split()[0])
        fork = float(program.ask("fork", 60))
        sweep = program.call("types")["sweep"]
        snapshot = program.call("snapshot", save=False)["iteration"]["sweep"]
        found = {"fork": fork, "pause": sweep["pause_s"], "types": sweep["duration_s"],
                 "snapshot": snapshot["duration_s"], "objects": sweep["objects"],
                 "references": sweep["references"],
                 "extra": sweep.get("peak_extra_rss") or 0}
        if heapy:  # last, for it changes the heap: every instance gets a dict
            found["heapy"] = float(program.ask("heapy", 600))
        return found
    finally:
        program.stop()


def measure(ctl, folder, objects, rounds, heapy):
    """Return the medians of one size as a dictionary, times in seconds."""
    samples = [one_round(ctl, folder, objects, heapy) for _ in range(rounds)]
    return {key: statistics.median(sample[key] for sample in samples)
            for key in samples[0]}


def row(result):
    """Return one line of the table."""
    heapy = result.get("heapy")
    cells = [
        number(result["objects"]),
        f"{result['fork'] * 1e3:.2f} ms",
        f"{result['pause'] * 1e3:.2f} ms",
        f"{result['pause'] / result['fork']:.2f}",
        f"{result['types']:.2f} s",
        f"{result['snapshot']:.2f} s",
        f"{result['snapshot'] / result['objects'] * 1e9:.0f} ns",
        f"{result['extra'] / result['objects']:.0f} B",
        f"{heapy:.2f} s" if heapy else "-",
        f"1/{heapy / result['snapshot']:.1f}" if heapy else "-",
    ]
    return line(cells)


COLUMNS = ["objects", "bare fork", "GIL held", "held / fork", "types", "snapshot",
           "an object", "extra memory an object", "heapy", "snapshot / heapy"]


def main():
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, nargs="+",
                        default=[100_000, 1_000_000, 5_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-heapy", action="store_true")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    options = parser.parse_args()

    have = subprocess.run([sys.executable, "-c", "import guppy"], capture_output=True)
    heapy = have.returncode == 0 and not options.no_heapy
    print(f"Measured on {machine()}; median of {options.rounds} rounds.\n")
    print(header(COLUMNS, 0))
    results = []
    with tempfile.TemporaryDirectory(prefix="ml-", dir="/tmp") as folder:
        ctl = Ctl(Path(folder))
        for objects in options.objects:
            results.append(measure(ctl, Path(folder), objects, options.rounds, heapy))
            print(row(results[-1]), flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
