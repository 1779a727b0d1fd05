# SPDX-License-Identifier: MIT
"""What every bench prints alike: a table's lines, and the machine without its name."""

import os
import platform
from datetime import date
from pathlib import Path


def machine():
    """Say what it was measured on, without names."""
    cpu = next((line.partition(":")[2].strip()
                for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    return (f"{date.today()}, {cpu}, {os.cpu_count()} cores, "
            f"Linux {platform.release().split('-')[0]}, "
            f"CPython {platform.python_version()}")


def line(cells):
    """Return one line of a table."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def header(names, text_columns=1):
    """Return the two lines that a table begins with; numbers stand right."""
    marks = [":---"] * text_columns + ["---:"] * (len(names) - text_columns)
    return line(names) + "\n" + line(marks)


def number(value):
    """Return a count with its thousands apart."""
    return f"{value:,.0f}".replace(",", " ")
