# SPDX-License-Identifier: MIT
"""Objects of every kind, made and dropped by the clock: exact_time.py LIFETIME SECONDS.

Prints one JSON document: for each object how old it was, by its own books, when each
iteration was taken, and what the iteration said: [iteration, kind, age, told or null].
"""

import datetime
import json
import random
import sys
import time
from pathlib import Path

from exact_makers import MAKERS

import memalot

LIFETIME, SECONDS = float(sys.argv[1]), float(sys.argv[2])
COUNT = 2000
SLOTS, NAMES, BORN, DIED = ([None] * COUNT for _ in range(4))
KINDS = [name for name in MAKERS if not name.startswith("cyclic")]
reports = Path("reports").resolve()
r = random.Random(5)
monitor = memalot.start_leak_monitoring(
    LIFETIME, warmup_time=0.2, max_object_details=10000, check_referrers=False,
    report_directory=reports, output_func=lambda text: None,
)
time.sleep(0.5)
end, used = time.time() + SECONDS, 0
while time.time() < end and used < COUNT - 4:
    for _ in range(4):
        BORN[used] = time.time()
        NAMES[used] = r.choice(KINDS)
        SLOTS[used] = MAKERS[NAMES[used]](r)
        used += 1
    for i in r.sample(range(used), 2):
        if SLOTS[i] is not None:
            SLOTS[i] = None
            DIED[i] = time.time()
    time.sleep(0.01)
monitor.stop()
monitor.join(20)

said = []
for path in reports.glob("*/iteration_report_*.json"):
    iteration = json.loads(path.read_text())
    if iteration["monitor"]["warm_up"]:
        continue
    taken = datetime.datetime.fromisoformat(
        iteration["start_time"].replace("Z", "+00:00")).timestamp()
    told = {d["object_id"]: d["age_s"] for d in iteration["object_details_list"]}
    for i in range(used):
        if SLOTS[i] is not None and BORN[i] < taken:
            row = [iteration["iteration_number"], NAMES[i], taken - BORN[i],
                   told.get(id(SLOTS[i]))]
            said.append(row)
print(json.dumps(said))
