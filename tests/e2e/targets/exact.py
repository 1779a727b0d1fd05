# SPDX-License-Identifier: MIT
"""A random program that knows when each of its objects was born.

    exact.py SEED STEPS AGE_CALLS

Steps happen in windows of a monitor and between them. After each window what the report
lists is compared with the program's own books: SLOTS holds the objects, BORN the window
in which each was made (0: outside, or in the warm-up). The books are made beforehand, so
that keeping them makes no objects. The last line of output is one JSON document.
"""

import gc
import json
import random
import sys
import threading
from collections import Counter
from pathlib import Path

from exact_makers import BASE, MAKERS, change

import memalot

SEED, STEPS, CALLS = (int(word) for word in sys.argv[1:4])
COUNT, THREADS, WINDOWS = 1500, 3, 40
PER_WINDOW, BETWEEN = STEPS // WINDOWS // THREADS, STEPS // WINDOWS // THREADS // 4
SLOTS = [None] * COUNT
NAMES = [None] * COUNT
BORN = [0] * COUNT
KINDS = list(MAKERS)
reports = Path("reports").resolve()
monitor = memalot.create_leak_monitor(
    max_object_age_calls=CALLS, max_object_details=10000, check_referrers=False,
    report_directory=reports, output_func=lambda text: None,
)
start, ready = threading.Barrier(THREADS + 1), threading.Barrier(THREADS + 1)
window = steps_left = 0


def step(r, low, high):
    """Make, change or drop the object of one slot."""
    i = r.randrange(low, high)
    chance = r.random()
    if SLOTS[i] is not None and chance < 0.25:
        change(SLOTS[i], r)
    elif SLOTS[i] is not None and chance < 0.6:
        SLOTS[i] = NAMES[i] = None
    elif chance < 0.97:
        name = r.choice(KINDS)
        SLOTS[i] = MAKERS[name](r)
        NAMES[i] = name
        BORN[i] = window
    else:
        burst(r)


def burst(r):
    """Fill the free lists, so that the next objects come out of them."""
    kept = []
    for _ in range(r.randrange(20, 120)):
        kept.append(([], {}, (1.5 * len(kept), None), [1], {"a": kept}, 2.5 * len(kept)))


def worker(number):
    """Make steps in a third of the slots, whenever the main thread says so."""
    r = random.Random(SEED * 1000 + number)
    low, high = COUNT * number // THREADS, COUNT * (number + 1) // THREADS
    while True:
        start.wait()
        if steps_left == 0:
            return
        for _ in range(steps_left):
            step(r, low, high)
        ready.wait()


def together(number, count):
    """Let each thread make `count` steps; what they make is of window `number`."""
    global window, steps_left
    window, steps_left = number, count
    start.wait()
    ready.wait()


def change_collector(r):
    """Turn the collector's screws."""
    what = r.randrange(8)
    if what == 0:
        gc.disable()
    elif what == 1:
        gc.enable()
    elif what == 2:
        gc.collect()
    elif what == 3:
        gc.set_threshold(r.choice((50, 700, 5000)), 5, 5)
    elif what == 4 and r.random() < 0.3:
        gc.freeze()
    elif what == 5:
        gc.unfreeze()
    elif what == 6:
        gc.collect(0)


def parts_of(roots):
    """Return the ids of what hangs from `roots` (and is not from the beginning)."""
    seen, todo = set(), list(roots)
    while todo:
        for op in gc.get_referents(todo.pop()):
            if id(op) not in seen and id(op) not in OLD and not isinstance(op, type):
                seen.add(id(op))
                todo.append(op)
    return seen


def compare(number):
    """Compare the report of this window with the books."""
    name = f"iteration_report_{number}.json"
    [path] = reports.glob(f"*/{name}")
    iteration = json.loads(path.read_text())
    listed = {d["object_id"]: d for d in iteration["object_details_list"]}
    running = {f["id"] for f in iteration["findings"] if f["held_by"] in ("frame", "thread")}
    alive = [i for i in range(COUNT) if SLOTS[i] is not None]
    old_enough = {id(SLOTS[i]): i for i in alive if 2 <= BORN[i] <= number - CALLS + 1}
    ids = {id(SLOTS[i]): i for i in alive}
    parts = parts_of([SLOTS[i] for i in old_enough.values()])
    for address, i in old_enough.items():
        EXPECTED[NAMES[i]] += 1
        if address not in listed:
            MISSED[NAMES[i]] += 1
        elif listed[address]["age_calls"] != number - BORN[i] + 1:
            WRONG_AGE[NAMES[i]] += 1
    for address, detail in listed.items():
        if address in old_enough or address in parts:
            continue
        if detail["finding"] in running:
            continue  # a variable of these very threads, which wait for the next window
        if address in ids:
            FALSE[NAMES[ids[address]]] += 1
        else:
            UNKNOWN[detail["object_type_name"]] += 1
            if len(SAMPLES) < 20:
                SAMPLES.append((number, detail["object_type_name"], detail["object_str"]))


EXPECTED, MISSED, FALSE, WRONG_AGE, UNKNOWN = (Counter() for _ in range(5))
SAMPLES = []
OLD = {id(op) for op in BASE}
main = random.Random(SEED)
threads = [threading.Thread(target=worker, args=(n,)) for n in range(THREADS)]
for thread in threads:
    thread.start()
together(0, 700)
with monitor:
    together(0, 200)
for number in range(2, WINDOWS + 2):
    change_collector(main)
    if number % 3 == 0:
        together(0, BETWEEN)
    monitor.__enter__()
    together(number, PER_WINDOW)
    monitor.__exit__(None, None, None)
    compare(number)
steps_left = 0
start.wait()
gc.enable()
print(json.dumps({
    "expected": EXPECTED, "missed": MISSED, "false": FALSE, "wrong_age": WRONG_AGE,
    "unknown": UNKNOWN, "samples": SAMPLES,
}))
