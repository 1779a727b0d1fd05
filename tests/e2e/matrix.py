# SPDX-License-Identifier: MIT
"""The table that closes a run over several interpreters.

    python      test_paths  test_catalogue  ...
    3.10.13     33 ok       12 ok, 1 skipped

One row for each file of tests, one column for each interpreter, then what was left out
and why: skipped tests, and what a version cannot give, which a test says itself with
`record_property("cannot", "sentence")`.

The ways in (test_ways_in.py) have a table of their own, one row for each way into each
kind of program, and below it likewise what was left out.
"""

import re
from collections import Counter, defaultdict

WAY = re.compile(r"test_way_in\[([\d.]+)-(\w+)-(\w+)\]")
VERSION = re.compile(r"[\[-](3\.\d+\.\d+t?)[\]-]")
WORDS = {"passed": "", "failed": " failed", "error": " errors", "skipped": " skipped"}


def _place(report):
    """Return the test file's name and the interpreter's, "any" when it has none."""
    version = VERSION.search(report.nodeid)
    file = report.nodeid.partition("::")[0].rpartition("/")[2]
    return file.removesuffix(".py"), version.group(1) if version else "any"


def _reason(report):
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else "no reason"
    return text.removeprefix("Skipped: ")


def _cell(counts):
    said = [f"{counts[word]}{WORDS[word]}" for word in WORDS if counts[word]]
    return ", ".join(said) or "-"


def _order(version):
    return tuple(int(part) for part in re.findall(r"\d+", version)) or (0,)


def collect(stats):
    """Return cells {file: {version: Counter}} and what was left out, counted."""
    cells = defaultdict(lambda: defaultdict(Counter))
    left_out = Counter()
    for word in WORDS:
        for report in stats.get(word, []):
            file, version = _place(report)
            cells[file][version][word] += 1
            if word == "skipped":
                left_out[version, f"{file}: {_reason(report)}"] += 1
            for key, value in getattr(report, "user_properties", ()):
                if key == "cannot":
                    left_out[version, value] += 1
    return cells, left_out


def table(stats):
    """Return the lines of the table."""
    cells, left_out = collect(stats)
    versions = sorted({v for row in cells.values() for v in row}, key=_order)
    total = defaultdict(Counter)
    for row in cells.values():
        for version, counts in row.items():
            total[version] += counts
    rows = [["", *versions]]
    for file in sorted(cells):
        rows.append([file, *(_cell(cells[file][version]) for version in versions)])
    rows.append(["all", *(_cell(total[version]) for version in versions)])
    lines = _draw(rows)
    lines.insert(-1, lines[1])
    return lines + _say(left_out)


def ways(stats):
    """Return the lines of the table of ways in."""
    rows, left_out = {}, Counter()
    words = {"passed": "ok", "failed": "FAILED", "error": "ERROR", "skipped": "-"}
    for outcome, word in words.items():
        for report in stats.get(outcome, []):
            place = WAY.search(report.nodeid)
            if place is None:
                continue
            version, way, program = place.groups()
            rows.setdefault(f"{way:11}  {program}", {})[version] = word
            if outcome == "skipped":
                left_out[version, f"{way}, {program}: {_reason(report)}"] += 1
    versions = sorted({version for row in rows.values() for version in row}, key=_order)
    named = [[name, *(row.get(version, "") for version in versions)]
             for name, row in rows.items()]
    return _draw([["", *versions], *sorted(named)]) + _say(left_out)


def _draw(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return lines


def _say(left_out):
    lines = []
    if left_out:
        lines += ["", "left out:"]
    for version, why in sorted(left_out, key=lambda key: (_order(key[0]), key[1])):
        count = left_out[version, why]
        lines.append(f"  {version:8} {why}" + (f" ({count} tests)" if count > 1 else ""))
    return lines
