# SPDX-License-Identifier: MIT
"""What stamping births costs, on small programs of many kinds, tracemalloc beside it.

Every program runs in turn without, with births and with tracemalloc in one process,
round after round, so that all see the same machine; the fastest round of each counts, in
processor time, so that what else runs matters little.

    PYTHON bench/bench_births.py BUILD [--rounds N] [--only NAME] [--no-tracemalloc]
"""

import argparse
import json
import math
import re
import sys
import time
import tracemalloc
from collections import deque


def nbody(steps=4000):
    bodies = [[float(i), i * .3, i * .7, .1 * i, .2, .01 * i, 1. + i] for i in range(5)]
    pairs = [(a, b) for i, a in enumerate(bodies) for b in bodies[i + 1:]]
    for _ in range(steps):
        for a, b in pairs:
            dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
            mag = .01 * (dx * dx + dy * dy + dz * dz + .01) ** -1.5
            am, bm = a[6] * mag, b[6] * mag
            a[3] -= dx * bm
            a[4] -= dy * bm
            a[5] -= dz * bm
            b[3] += dx * am
            b[4] += dy * am
            b[5] += dz * am
        for body in bodies:
            body[0] += .01 * body[3]
            body[1] += .01 * body[4]
            body[2] += .01 * body[5]


def spectral_norm(n=70):
    def a(i, j):
        return 1. / ((i + j) * (i + j + 1) // 2 + i + 1)

    def times(v, transposed):
        return [sum((a(j, i) if transposed else a(i, j)) * v[j] for j in range(n))
                for i in range(n)]

    u = [1.] * n
    for _ in range(4):
        u = times(times(u, False), True)


class Packet:
    def __init__(self, link, ident, kind):
        self.link, self.ident, self.kind = link, ident, kind
        self.data = [0] * 4


class Task:
    def __init__(self, name):
        self.name, self.queue, self.done = name, deque(), 0

    def run(self, tasks):
        if self.queue:
            packet = self.queue.popleft()
            packet.data[self.done % 4] += 1
            self.done += 1
            other = tasks[(self.done + packet.ident) % len(tasks)]
            other.queue.append(Packet(self, packet.ident + 1, packet.kind))


def richards(rounds=20000):
    tasks = [Task(f"t{i}") for i in range(6)]
    for i, task in enumerate(tasks):
        task.queue.append(Packet(None, i, "work"))
    for i in range(rounds):
        tasks[i % 6].run(tasks)


DOCUMENT = [{"id": i, "name": f"n{i}", "tags": ["a", "b", str(i)], "at": i / 7,
             "in": {"x": i, "y": [i, i + 1]}} for i in range(300)]


def json_both_ways(rounds=12):
    for _ in range(rounds):
        json.loads(json.dumps(DOCUMENT))


TEXT = " ".join(f"user{i}@host{i % 7}.example.org, +49 {i * 7919}" for i in range(1500))


def regex(rounds=3):
    for _ in range(rounds):
        re.findall(r"(\w+)@(\w+)\.example\.(\w+)", TEXT)
        re.sub(r"\d+", lambda m: m.group()[::-1], TEXT)


def text(rounds=15):
    for _ in range(rounds):
        counts = {}
        for word in TEXT.upper().replace(",", " ").split():
            counts[word] = counts.get(word, 0) + 1
        "".join(f"{k}={v};" for k, v in sorted(counts.items()))


def fib(n=21):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def generators(n=60000):
    return sum(x * 2 for x in (y + 1 for y in range(n)) if x % 3)


def web_requests(n=2500):
    def handle(request, **extra):
        context = {"user": request["user"], "path": request["path"].split("/"), **extra}
        rows = [dict(id=i, price=i * 1.19, tags=(i, "x")) for i in range(8)]
        return {"status": 200, "body": ", ".join(str(row["price"]) for row in rows),
                "context": context}

    return [handle({"user": i, "path": f"/a/b/{i}"}, n=i) for i in range(n)]


def loop_instances(n=60000):
    for i in range(n):
        Packet(None, i, None)


def loop_objects(n=200000):
    for _ in range(n):
        object()


def loop_lists(n=200000):
    for i in range(n):
        [i]


def loop_dicts(n=200000):
    for i in range(n):
        {"a": i}


def loop_tuples(n=200000):
    for i in range(n):
        (i, i)


def loop_floats(n=200000):
    x = 0.5
    for _ in range(n):
        x = x * 1.0000001 + 1e-9


def loop_ints(n=200000):
    x = 1 << 20
    for _ in range(n):
        x = x + 3


def digits(n=400):
    """Digits of pi by the spigot: ints of all sizes."""
    q, r, t, k, m, x = 1, 0, 1, 1, 3, 3
    found = []
    while len(found) < n:
        if 4 * q + r - t < m * t:
            found.append(m)
            q, r, m = 10 * q, 10 * (r - m * t), (10 * (3 * q + r)) // t - 10 * m
        else:
            q, r, t, k, m, x = (q * k, (2 * q + r) * x, t * x, k + 1,
                                (q * (7 * k + 2) + r * x) // (t * x), x + 2)


def loop_ranges(n=60000):
    for i in range(n):
        for _ in range(i, i + 2):
            pass


def loop_methods(n=100000):
    make = Task("t").queue
    for _ in range(n):
        method = make.append
    return method


def loop_strings(n=100000):
    for i in range(n):
        str(i)


def loop_kept(n=60000):
    return [[i, (i, None), {"k": i}] for i in range(n)]


PROGRAMS = [nbody, spectral_norm, richards, json_both_ways, regex, text, fib, generators,
            web_requests]
LOOPS = [loop_instances, loop_objects, loop_lists, loop_dicts, loop_tuples, loop_floats,
         loop_ints, loop_ranges, loop_methods, digits, loop_strings, loop_kept]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="")
    parser.add_argument("--no-tracemalloc", action="store_true")
    options = parser.parse_args()
    sys.path.insert(0, options.build + "/lib")
    from memalot._agent import _birth

    modes = {
        "without": (lambda: None, lambda: None),
        "births": (lambda: (_birth("start"), _birth("turn", 1)), lambda: _birth("stop")),
        "tracemalloc": (tracemalloc.start, tracemalloc.stop),
    }
    if options.no_tracemalloc:
        del modes["tracemalloc"]
    means = {mode: [] for mode in modes}
    print(f"{sys.version.split()[0]:18}{'ms':>8}" + "".join(
        f"{mode:>13}" for mode in list(modes)[1:]))
    for program in PROGRAMS + LOOPS:
        if options.only not in program.__name__:
            continue
        best = dict.fromkeys(modes, math.inf)
        for _ in range(options.rounds):
            for mode, (begin, end) in modes.items():
                begin()
                start = time.thread_time()
                program()
                best[mode] = min(best[mode], time.thread_time() - start)
                end()
        ratios = {mode: best[mode] / best["without"] for mode in modes}
        if program in PROGRAMS:
            for mode in modes:
                means[mode].append(math.log(ratios[mode]))
        print(f"{program.__name__:18}{best['without'] * 1e3:8.2f}" + "".join(
            f"{ratios[mode]:13.3f}" for mode in list(modes)[1:]))
    if means["without"]:
        print(f"{'geometric mean of programs':26}" + "".join(
            f"{math.exp(sum(means[mode]) / len(means[mode])):13.3f}"
            for mode in list(modes)[1:]))


if __name__ == "__main__":
    main()
