# SPDX-License-Identifier: MIT
"""One leaked object of each kind, each in a monitored call of its own.

Prints one JSON object: {kind: [type, whether the report names it, findings]}.
"""

import json
import random
from pathlib import Path

from exact_makers import MAKERS

import memalot

KEPT = []
reports = Path("reports").resolve()
r = random.Random(7)


def kinds():
    """Return the kinds whose objects stay when they are kept (no cyclic garbage)."""
    return [name for name in MAKERS if not name.startswith("cyclic")]


@memalot.leak_monitor(
    report_directory=reports, max_object_details=1000, output_func=lambda text: None
)
def leak(make):
    """Keep one."""
    KEPT.append(make(r))


leak(MAKERS["object"])
said = {}
for number, name in enumerate(kinds(), start=2):
    leak(MAKERS[name])
    [path] = reports.glob(f"*/iteration_report_{number}.json")
    iteration = json.loads(path.read_text())
    found = {d["object_id"] for d in iteration["object_details_list"]}
    paths = [f["path"] for f in iteration["findings"]]
    said[name] = [type(KEPT[-1]).__qualname__, id(KEPT[-1]) in found, paths]
print(json.dumps(said))
