# SPDX-License-Identifier: MIT
"""Sizes are those of sys.getsizeof, for every builtin type and many of C extensions."""

import json


def objects_at(program, addresses):
    """Ask for all of them at once, so that they share sweeps; return them in order."""
    numbers = [program.rpc.send("refs", address=at, limit=1) for at in addresses]
    answers = {}
    while len(answers) < len(numbers):
        answer = json.loads(program.rpc.lines.readline())
        assert "result" in answer, answer
        answers[answer["id"]] = answer["result"]["object"]
    return [answers[number] for number in numbers]


def test_sizes_are_those_of_getsizeof(target, python):
    program = target("sizes.py")
    expected = json.loads(program.ask("sizes"))
    assert len({name for _, _, name in expected}) >= 80
    wrong = []
    for i in range(0, len(expected), 16):
        some = expected[i:i + 16]
        found = objects_at(program, [address for address, _, _ in some])
        for one, (_, size, name) in zip(found, some):
            if one["size"] != size:
                wrong.append(f"{name} {one['str'][:30]}: {one['size']}, not {size}")
    assert not wrong, "\n".join(wrong)
