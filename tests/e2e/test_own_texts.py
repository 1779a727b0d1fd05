# SPDX-License-Identifier: MIT
"""Objects say their own text (`__str__`), and nothing of that reaches the program.

The classes are in targets/own_texts.py: a program that is given their names holds sixty
objects of each.
"""

import json
import re

import pytest

import procfs
from harness import TARGETS, wait_until
from monitored import play

pytestmark = pytest.mark.few_versions

UNTOUCHED = {"calls": 0, "appended": 0}


def texts(answer, name):
    """Return the texts of the examples of one type."""
    for finding in answer["iteration"]["findings"]:
        if finding["type"].split(".")[-1] == name:
            return [example["str"] for example in finding["examples"]]
    raise AssertionError(f"no finding of {name}")


def warnings(answer):
    """Return those that speak of texts."""
    words = ("__str__", "str_func", "text")
    return [text for text in answer["iteration"]["sweep"]["warnings"]
            if any(word in text for word in words)]


def is_made_in_c(text, name):
    """Say whether it is the text that an object without one has."""
    return re.fullmatch(rf"<\w+\.{name} object at 0x[0-9a-f]+>", text) is not None


def snapshot(program, **options):
    """Ask for a snapshot that is not stored."""
    return program.call("snapshot", save=False, **options)


def test_an_object_reads_as_its_own_str_says(target, python):
    program = target("own_texts.py", "Good", "Long", "OnlyRepr", "Point", "OwnDict",
                     "Error", "Imports", "Works")
    answer = snapshot(program)

    assert set(texts(answer, "Good")) <= {f"Good {i}" for i in range(60)}
    assert len(set(texts(answer, "Good"))) == 3
    assert all(re.fullmatch(r"\d\d ö{97}…", text) for text in texts(answer, "Long"))
    assert set(texts(answer, "OnlyRepr")) <= {f"OnlyRepr({i})" for i in range(60)}
    assert set(texts(answer, "Point")) <= {f"Point(x={i}, y={i})" for i in range(60)}
    assert texts(answer, "OwnDict") == ["<1 things>"] * 3
    assert set(texts(answer, "KeyError")) <= {f"'key {i}'" for i in range(60)}
    assert texts(answer, "Imports") == ["1/2colorsys"] * 3
    assert texts(answer, "Works") == ["238890"] * 3
    details = answer["iteration"]["object_details_list"]
    assert {row["object_str"] for row in details
            if row["object_type_name"].endswith("OnlyRepr")} <= set(
                texts(answer, "OnlyRepr"))
    assert warnings(answer) == []
    assert json.loads(program.ask("state")) == UNTOUCHED


def test_what_has_no_text_of_its_own_keeps_ours(target, python):
    answer = snapshot(target("own_texts.py", "Bare", "Dict"))
    assert all(is_made_in_c(text, "Bare") for text in texts(answer, "Bare"))
    assert set(texts(answer, "Dict")) <= {f"{{'a': [{i}]}}" for i in range(60)}


HARMLESS = {
    "Large": "52428800", "Grows": "100000", "Sleeps": "slept", "Logs": "logged",
    "Threads": "threads 1", "Prints": "printed",
}


def test_what_it_may_do(target, python):
    program = target("own_texts.py", *HARMLESS)
    answer = snapshot(program)
    assert {name: texts(answer, name) for name in HARMLESS} == {
        name: [text] * 3 for name, text in HARMLESS.items()}
    assert warnings(answer) == []
    assert json.loads(program.ask("state")) == UNTOUCHED
    assert not any("PRINTED" in line for line in program.seen)
    assert "PRINTED" not in program.stderr() and "nobody sees" not in program.stderr()


def test_it_knows_where_its_stack_ends(target, python):
    """From 3.14 on that decides whether what dies dies, too."""
    answer = snapshot(target("own_texts.py", "Nests", "Drops"))
    assert texts(answer, "Nests") == ["too deep"] * 3
    assert texts(answer, "Drops") == ["100"] * 3


TROUBLE = ["Raises", "RaisesOddly", "Exits", "Leaves", "NoStr", "Endless", "Crashes",
           "Aborts", "Forks", "Greedy"]


@pytest.mark.parametrize("limit", ["", "deep"], ids=["usual", "no_recursion_limit"])
def test_what_fails_costs_that_one_text(target, python, limit):
    kinds = TROUBLE if not limit else ["Endless"]
    program = target("own_texts.py", *kinds, "Good", *filter(None, [limit]))
    before = procfs.children(program.pid)
    answer = snapshot(program)

    for name in kinds:
        assert all(is_made_in_c(text, name) for text in texts(answer, name)), name
    assert set(texts(answer, "Good")) <= {f"Good {i}" for i in range(60)}
    assert json.loads(program.ask("state")) == UNTOUCHED
    wait_until(lambda: procfs.children(program.pid) == before, "no process is left")
    assert warnings(answer) != []


def test_what_failed_is_said_in_one_sentence(target, python):
    objects = r"for \d+ of \d+ objects, first a __main__"
    [text] = warnings(snapshot(target("own_texts.py", "Raises")))
    assert re.fullmatch(rf"__str__ raised ValueError {objects}.Raises: it is no good", text)
    ended, raised = sorted(warnings(snapshot(target("own_texts.py", "Leaves", "NoStr"))))
    assert re.fullmatch(rf"__str__ ended its process {objects}.Leaves: status 7", ended)
    assert re.fullmatch(rf"__str__ raised TypeError {objects}.NoStr: (__str__ returned "
                        r"non-string \(type int\)|NoStr.__str__\(\) must return a str, not "
                        r"int)", raised)


@pytest.mark.parametrize("how", ["Hangs", "Waits"])
def test_what_hangs_is_given_up(target, python, how):
    program = target("own_texts.py", how, "Good")
    answer = snapshot(program)
    assert all(is_made_in_c(text, how) for text in texts(answer, how))
    assert set(texts(answer, "Good")) <= {f"Good {i}" for i in range(60)}
    assert any("did not return within 1 s" in text for text in warnings(answer))
    assert json.loads(program.ask("state")) == UNTOUCHED


def test_after_one_that_hung_the_others_are_asked(target, python):
    answer = snapshot(target("own_texts.py", "HangsOnce"))
    all_texts = texts(answer, "HangsOnce")
    assert sum(is_made_in_c(text, "HangsOnce") for text in all_texts) == 1
    assert sum(text.startswith("HangsOnce ") for text in all_texts) == 2


OUTWARD = ["Writes", "Sends", "Opens", "Removes", "Connects", "Signals", "Shares", "Locks"]


def test_nothing_reaches_the_outside(target, python):
    program = target("own_texts.py", *OUTWARD, "Good")
    before = json.loads(program.ask("touch"))
    answer = snapshot(program)

    for name in OUTWARD:
        assert all(is_made_in_c(text, name) for text in texts(answer, name)), name
    assert set(texts(answer, "Good")) <= {f"Good {i}" for i in range(60)}
    assert json.loads(program.ask("touch")) == before == {
        "file": "", "folder": ["kept"], "received": "", "shared": 0, "locked": False}
    assert program.ask("ping") == "pong"


@pytest.mark.one_version
def test_threads_that_compete_for_the_gil_are_no_hindrance(target, python):
    program = target("own_texts.py", "busy", "Good", "Works", "Sleeps", "Imports")
    for _ in range(10):
        answer = snapshot(program)
        assert set(texts(answer, "Good")) <= {f"Good {i}" for i in range(60)}
        assert texts(answer, "Works") == ["238890"] * 3
        assert texts(answer, "Sleeps") == ["slept"] * 3
        assert texts(answer, "Imports") == ["1/2colorsys"] * 3
    assert json.loads(program.ask("state")) == UNTOUCHED


@pytest.mark.parametrize("how", ["traced", "profiled"])
def test_a_program_that_is_traced(target, python, how):
    program = target("own_texts.py", how, "Good", "Works")
    answer = snapshot(program)
    assert set(texts(answer, "Good")) <= {f"Good {i}" for i in range(60)}
    assert texts(answer, "Works") == ["238890"] * 3


@pytest.mark.parametrize("config", [
    "report:\n  call_str: false\n", "report:\n  redact: texts\n",
    "report:\n  redact: names\n",
])
def test_it_can_be_forbidden(target, python, config):
    answer = snapshot(target("own_texts.py", "Good", "Leaves", config=config))
    assert all(is_made_in_c(text, "Good") for text in texts(answer, "Good"))
    assert warnings(answer) == []


def test_without_a_copy_nothing_is_asked(target, python):
    wrap = [python.path, str(TARGETS / "without_clone.py")]
    program = target("own_texts.py", "Good", "Leaves", wrap=wrap)
    answer = snapshot(program)
    assert answer["iteration"]["sweep"]["mode"] == "in place"
    assert all(is_made_in_c(text, "Good") for text in texts(answer, "Good"))
    assert json.loads(program.ask("state")) == UNTOUCHED


def test_the_length_is_the_configured_one(target, python):
    answer = snapshot(target("own_texts.py", "Long", config="report:\n  str_max_length: 5\n"))
    assert all(re.fullmatch(r"\d\d öö…", text) for text in texts(answer, "Long"))


STR_FUNC = """
    import memalot

    class Session:
        def __str__(self):
            CALLS.append(self)
            return "a session"

    class Odd(Session):
        pass

    CALLS = []
    SESSIONS = [Session() for _ in range(60)]
    ODD = [Odd() for _ in range(60)]
    LISTS = [[number] * 50 for number in range(60)]

    def describe(thing, length):
        CALLS.append(thing)
        {trouble}
        return f"{{length}} {{type(thing).__name__}} " + "z" * 100

    memalot.snapshot(str_func=describe, str_max_length=20)
    print("calls", len(CALLS))
"""


def texts_of_play(played, name):
    """Return the texts of the examples of one type of a program's only report."""
    return texts({"iteration": played.iterations[0]}, name)


def test_str_func_says_how_all_objects_read(ctl, python, tmp_path):
    played = play(python, ctl, tmp_path, STR_FUNC.format(trouble=""))
    assert texts_of_play(played, "Session") == ["20 Session zzzzzzzzz…"] * 3
    assert texts_of_play(played, "list") == ["20 list zzzzzzzzzzzz…"] * 3
    assert "calls 0" in played.out
    assert warnings({"iteration": played.iterations[0]}) == []


@pytest.mark.parametrize("trouble, sentence", [
    ("if type(thing) is Odd: raise LookupError('not found')",
     r"raised LookupError for \d+ of \d+ objects, first a __main__\.Odd: not found"),
    ("if type(thing) is Odd: return 5",
     r"gave no str for \d+ of \d+ objects, first a __main__\.Odd: builtins\.int"),
    ("import os; type(thing) is not Odd or os._exit(0)",
     r"ended its process for \d+ of \d+ objects, first a __main__\.Odd: status 0"),
    ("while type(thing) is Odd: pass",
     r"did not return within 1 s for 2 of \d+ objects, first a __main__\.Odd"),
])
def test_str_func_that_fails(ctl, python, tmp_path, trouble, sentence):
    played = play(python, ctl, tmp_path, STR_FUNC.format(trouble=trouble))
    assert all(is_made_in_c(text, "Odd") for text in texts_of_play(played, "Odd"))
    assert texts_of_play(played, "Session") == ["20 Session zzzzzzzzz…"] * 3
    assert any(re.fullmatch("str_func " + sentence, text)
               for text in warnings({"iteration": played.iterations[0]}))
    assert "calls 0" in played.out
