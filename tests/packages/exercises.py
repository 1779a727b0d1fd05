# SPDX-License-Identifier: MIT
"""What is done with each package: real work, some of whose objects stay alive.

One function per package, named like the distribution (`-` is `_`), decorated with
`@exercise`; what it returns is kept for as long as the program runs. By subject:
web.py, data.py, waiting.py (async), native.py (C, C++, Cython, Rust, mypyc), tools.py.
A package that cannot be imported is told so, and is no failure of memalot's.
"""

EXERCISES = {}
KEPT = {}


def exercise(function):
    """Enter the function into the table under its package's name."""
    EXERCISES[function.__name__] = function
    return function


def run(name):
    """Do the work of one package and keep what it returns."""
    KEPT[name] = EXERCISES[name]()
