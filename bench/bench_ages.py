# SPDX-License-Identifier: MIT
"""What ages cost real programs: pyperformance's benchmarks plain, with a monitor
running, and under tracemalloc.

    make bench-ages
    make bench-ages ARGS='--rounds 3 --only float json_loads'

Each benchmark is pyperformance's own program, run as a worker of pyperf in a fresh
process; ages/sitecustomize.py makes that process what it is measured as. In a round
every benchmark runs once each way, in an order that turns round from one round to the
next, with the same hash seed and the same number of loops. Compared is the best value of
all rounds, which is what the program needs when nobody disturbs it; beside it stands the
median of the rounds' own ratios, which tells how much the machine let one see.

Times are processor times of the whole process (`--clock wall` for the others). What
births cost between reports is measured here, a report is bench_leak.py's.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tables import header, line, machine

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("MEMALOT_BUILD", ROOT / os.environ.get("BUILD", "build")))

# name: (directory bm_X, arguments, what it does most)
BENCHMARKS = {
    "richards": ("richards", [], "instances, methods"),
    "deltablue": ("deltablue", [], "instances, lists"),
    "nbody": ("nbody", [], "floats"),
    "float": ("float", [], "floats, instances with slots"),
    "spectral_norm": ("spectral_norm", [], "floats, generators"),
    "chaos": ("chaos", [], "floats, instances"),
    "raytrace": ("raytrace", [], "floats, instances"),
    "go": ("go", [], "lists, sets"),
    "hexiom": ("hexiom", [], "lists, dicts"),
    "deepcopy": ("deepcopy", [], "dicts, instances"),
    "pyflate": ("pyflate", [], "ints, bytes"),
    "json_dumps": ("json_dumps", [], "strings"),
    "json_loads": ("json_loads", [], "strings, dicts"),
    "pickle_pure_python": ("pickle", ["--pure-python", "pickle"], "bytes, ints"),
    "unpickle_pure_python": ("pickle", ["--pure-python", "unpickle"], "bytes, lists"),
    "regex_compile": ("regex_compile", [], "lists, tuples"),
    "logging_format": ("logging", ["format"], "strings, dicts"),
    "xml_etree_process": ("xml_etree", ["process"], "C objects, strings"),
    "async_generators": ("async_generators", [], "coroutines"),
    "async_tree": ("async_tree", ["none"], "tasks, coroutines"),
    "django_template": ("django_template", [], "strings, instances"),
    "sqlalchemy_declarative": ("sqlalchemy_declarative", [], "instances, tuples"),
    "html5lib": ("html5lib", [], "strings, instances"),
}
MODES = ("plain", "ages", "tracemalloc")


class Bench:
    """Runs one benchmark, one way, in a process of its own."""

    def __init__(self, folder, clock, values):
        self.folder, self.clock, self.values = Path(folder), clock, values
        import pyperformance

        self.programs = Path(pyperformance.__file__).parent / "data-files" / "benchmarks"

    def environment(self, mode, seed):
        """Return what the process is to see; nothing of ours when it is not needed."""
        places = [ROOT / "bench" / "ages", BUILD / "lib"]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places)),
                "PYTHONHASHSEED": str(seed), "ML_BENCH_MODE": mode,
                "ML_BENCH_CLOCK": self.clock, "ML_BENCH_NOTE": str(self.folder / "note"),
                "PYTHONWARNINGS": "ignore", "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
                "MEMALOT_CTL": str(BUILD / "bin" / "memalotctl"),
                "HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder)}

    def run(self, name, mode, loops, values, seed):
        """Return (the values in seconds a loop, what was noted at the end)."""
        program, arguments, _ = BENCHMARKS[name]
        result, note = self.folder / "result", self.folder / "note"
        for stale in (result, note):
            stale.unlink(missing_ok=True)
        # The first value is thrown away; more than one, and a loop less warm would cost
        # the same each way.
        subprocess.run(
            [sys.executable, str(self.programs / f"bm_{program}" / "run_benchmark.py"),
             "--worker", "--quiet", "-l", str(loops), "-w", "1", "-n", str(values),
             "-o", str(result), *arguments],
            env=self.environment(mode, seed), cwd=self.folder, check=True,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
        noted = json.loads(note.read_text())
        if not noted["running"]:
            raise RuntimeError(f"{name}: {mode} was not on: {noted}")
        found = json.loads(result.read_text())["benchmarks"][0]["runs"][0]["values"]
        return found, noted

    def loops(self, name, target):
        """Return how many loops make a value of about `target` seconds; 0: it does not
        run here, and why has been said."""
        try:
            best = min(self.run(name, "plain", 1, 2, 0)[0])
        except subprocess.CalledProcessError as error:
            print(f"{name}: does not run here, left out ({last_line(error.stderr)})",
                  file=sys.stderr)
            return 0
        return max(1, round(target / best))


def measure(bench, names, rounds, target):
    """Return {name: {mode: [best of each round], "turn": [...], "memory": [...]}};
    whoever interrupts it gets what there is by then."""
    loops = {name: bench.loops(name, target) for name in names}
    found = {name: {mode: [] for mode in (*MODES, "turn", "memory")}
             for name in names if loops[name]}
    try:
        for number in range(rounds):
            for name in found:
                one_round(bench, name, loops[name], number, found[name])
            print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    return found


def one_round(bench, name, loops, number, into):
    """Measure one benchmark each way once; tracemalloc, far away, in every fourth."""
    ways = [mode for mode in MODES if mode != "tracemalloc" or number % 4 == 0]
    for mode in ways if number % 2 == 0 else ways[::-1]:
        traced = mode == "tracemalloc"
        values, note = bench.run(name, mode, max(1, loops // 4) if traced else loops,
                                 1 if traced else bench.values, number + 1)
        into[mode].append(min(values))
        if mode == "ages":
            into["turn"].append(note["turn"])
            into["memory"].append(note["memory"])


def geometric_mean(ratios):
    """Return the mean that ratios have."""
    return math.exp(statistics.fmean(math.log(ratio) for ratio in ratios))


def percent(ratio):
    """Return a ratio as what it adds."""
    return f"{(ratio - 1) * 100:+.1f} %"


def print_table(found):
    """Print a line for each benchmark and the means."""
    print(header(["benchmark", "mostly", "plain", "ages", "median of rounds",
                  "tracemalloc", "a turn", "table"], 2))
    best, middle, traced = [], [], []
    for name, of in found.items():
        if not all(of.values()):
            continue  # interrupted in its first round
        plain = min(of["plain"])
        best.append(min(of["ages"]) / plain)
        middle.append(statistics.median(
            ages / without for ages, without in zip(of["ages"], of["plain"])))
        traced.append(min(of["tracemalloc"]) / plain)
        print(line([name, BENCHMARKS[name][2], f"{plain * 1e3:.3g} ms",
                    percent(best[-1]), percent(middle[-1]), f"× {traced[-1]:.2f}",
                    f"{statistics.median(of['turn']) * 1e6:.0f} µs",
                    f"{max(of['memory']) / 1024:.0f} KiB"]))
    print(line(["geometric mean", "", "", percent(geometric_mean(best)),
                percent(geometric_mean(middle)), f"× {geometric_mean(traced):.2f}", "",
                ""]))
    print(line(["maximum", "", "", percent(max(best)), percent(max(middle)),
                f"× {max(traced):.2f}", "", ""]))


def last_line(text):
    """Return the sentence that a traceback ends with."""
    return (text.strip().splitlines() or ["no word"])[-1]


def main():
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--values", type=int, default=5, help="of each process")
    parser.add_argument("--target", type=float, default=0.2, help="seconds of a value")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, metavar="NAME")
    parser.add_argument("--clock", choices=("cpu", "wall"), default="cpu")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="ml-", dir="/tmp") as folder:
        bench = Bench(folder, options.clock, options.values)
        found = measure(bench, options.only or BENCHMARKS, options.rounds,
                        options.target)
    rounds = max(len(of["plain"]) for of in found.values())
    print(f"{machine()}; {rounds} rounds of {options.values} values, "
          f"{options.clock} time.\n")
    print_table(found)
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
