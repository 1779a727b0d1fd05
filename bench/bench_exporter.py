# SPDX-License-Identifier: MIT
"""What a scrape of `memalotctl exporter` costs: whoever scrapes, the exporter, and each
program that is asked, beside the same programs unasked.

    make bench-exporter
    make bench-exporter ARGS='--programs 50'

Processor time is the scheduler's own (/proc/PID/task/*/schedstat, nanoseconds), of all
threads, for as many seconds unasked as the scrapes took; of the exporter with the
memalotctl it starts.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tables import header, line, machine

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("MEMALOT_BUILD", ROOT / os.environ.get("BUILD", "build")))
CTL = str(BUILD.absolute() / "bin/memalotctl")


def spent(pid):
    """Return the processor time of all threads of a process, in seconds."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def spent_with_children(pid):
    """The same with threads and children that have ended, in ticks' resolution."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def resident(pid):
    """Return its resident memory in MiB."""
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def start(env, count):
    """Start idle programs, each with a report to be told of; wait until they are there."""
    code = ("import sys; kept = [[i] for i in range(20000)]\n"
            "print('ready', flush=True); sys.stdin.read()")
    programs = [
        subprocess.Popen([CTL, "run", "--", sys.executable, "-c", code], env=env,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(count)
    ]
    for program in programs:
        program.stdout.readline()
    subprocess.run([CTL, "snapshot", "--all"], env=env, check=True,
                   stdout=subprocess.DEVNULL)
    return programs


def measure(env, programs, scrapes):
    """Scrape so often; return milliseconds a scrape, per program, and the rest."""
    exporter = subprocess.Popen(
        [CTL, "exporter", "--listen", "127.0.0.1:0", "--every", "0"],
        env={**env, "MEMALOT_PYTHON": sys.executable}, stderr=subprocess.PIPE, text=True)
    url = exporter.stderr.readline().split()[-1]
    urllib.request.urlopen(url).read()  # the first one reads the reports
    before = [spent(program.pid) for program in programs]
    exporter_before = spent_with_children(exporter.pid)
    took, began = [], time.perf_counter()
    for _ in range(scrapes):
        at = time.perf_counter()
        size = len(urllib.request.urlopen(url).read())
        took.append(time.perf_counter() - at)
    wall = time.perf_counter() - began
    asked = [spent(program.pid) - was for program, was in zip(programs, before)]
    rss = resident(exporter.pid)
    exporter_spent = spent_with_children(exporter.pid) - exporter_before
    exporter.terminate()
    exporter.wait()
    before = [spent(program.pid) for program in programs]
    time.sleep(wall)
    idle = [spent(program.pid) - was for program, was in zip(programs, before)]
    return {
        "a scrape": f"{statistics.median(took) * 1e3:.1f} ms",
        "a program, asked": f"{statistics.median(asked) / scrapes * 1e3:.3f} ms",
        "unasked": f"{statistics.median(idle) / scrapes * 1e3:.3f} ms",
        "exporter": f"{exporter_spent / scrapes * 1e3:.1f} ms",
        "its memory": f"{rss:.0f} MiB",
        "answer": f"{size / 1024:.0f} KiB",
    }


def main():
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--programs", type=int, nargs="*", default=[1, 8, 32])
    parser.add_argument("--scrapes", type=int, default=100)
    options = parser.parse_args()
    print(machine())
    for index, count in enumerate(options.programs):
        with tempfile.TemporaryDirectory(dir="/tmp", prefix="ml-") as home:
            env = {**os.environ, "HOME": home, "MEMALOT_RUNTIME_DIR": home}
            programs = start(env, count)
            row = {"programs": str(count), **measure(env, programs, options.scrapes)}
            for program in programs:
                program.kill()
                program.wait()
        if index == 0:
            print(header(row, text_columns=0))
        print(line(row.values()), flush=True)


if __name__ == "__main__":
    main()
