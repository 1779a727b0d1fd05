# SPDX-License-Identifier: MIT
"""Heaps that are odd but legal: every question is answered, no type is given up.

The heaps are made in targets/odd_heap.py, one program for each.
"""

import pytest

from harness import RpcError

pytestmark = pytest.mark.few_versions

CASES = [
    "subclasses", "strange_names", "odd_values", "exceptions", "generators",
    "class_bodies", "busy_containers", "deep", "weak", "frozen", "collecting",
    "interpreters", "churning_threads", "allocating_threads", "library", "metaclasses",
]


def complaints(answer):
    """Return the warnings that speak of types that could not be walked."""
    return [text for text in answer["sweep"]["warnings"] if "walked" in text]


def look_at(program, address):
    """Ask what there is to ask about one object; it may have gone."""
    try:
        assert complaints(program.call("refs", address=address)) == []
        assert complaints(program.call("paths", address=address)) == []
    except RpcError as error:
        assert "no object at" in error.message


@pytest.mark.parametrize("case", CASES)
def test_every_question_is_answered(target, python, case):
    program = target("odd_heap.py", case)
    for method in ("types", "garbage", "retained", "snapshot"):
        answer = program.call(method)
        assert complaints(answer.get("iteration", answer)) == []
    for address in program.ask("addresses").split()[:12]:
        look_at(program, address)
    assert program.ask("ping") == "pong"


@pytest.mark.one_version
@pytest.mark.parametrize("case", ["churning_threads", "allocating_threads"])
def test_at_any_moment(target, python, case):
    program = target("odd_heap.py", case)
    for _ in range(25):
        assert complaints(program.call("garbage")) == []
    assert program.ask("ping") == "pong"
