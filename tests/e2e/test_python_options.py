# SPDX-License-Identifier: MIT
"""Every option of the Python functions: what it may be, what is said when it is
something else, and what the agent is told."""

import json
import subprocess

import pytest
from harness import PATIENCE, TARGETS
from monitored import environment

pytestmark = pytest.mark.few_versions


COUNT = "a whole number"
MANY = "[str(n) for n in range(33)]"

# option, wrong value, a piece of what is allowed
WRONG = [
    ("included_type_names", "'numpy'", "collection of strings"),
    ("included_type_names", "b'numpy'", "collection of strings"),
    ("included_type_names", "[1]", "collection of strings"),
    ("included_type_names", "{''}", "not empty"),
    ("included_type_names", "None", "collection of strings"),
    ("included_type_names", "iter(['a'])", "collection of strings"),
    ("included_type_names", MANY, "at most 32 strings"),
    ("included_type_names", "['x' * 256]", "at most 255 bytes"),
    ("included_type_names", "['\\ud800']", "at most 255 bytes"),
    ("included_type_names", "['a\\0b']", "at most 255 bytes"),
    ("included_type_names", "['a\x07']", "without control characters"),
    ("excluded_type_names", "'dict'", "collection of strings"),
    ("excluded_type_names", "3", "collection of strings"),
    ("max_types_in_leak_summary", "-1", f"{COUNT} of 0 or more"),
    ("max_types_in_leak_summary", "1.5", COUNT),
    ("max_types_in_leak_summary", "True", COUNT),
    ("max_types_in_leak_summary", "None", COUNT),
    ("compute_size_in_leak_summary", "1", "True or False"),
    ("compute_size_in_leak_summary", "None", "True or False"),
    ("max_untracked_search_depth", "-1", COUNT),
    ("check_referrers", "'yes'", "True or False"),
    ("max_object_details", "-1", f"{COUNT} from 0 to 10000"),
    ("max_object_details", "10001", f"{COUNT} from 0 to 10000"),
    ("max_object_details", "'30'", COUNT),
    ("max_object_details", "None", COUNT),
    ("referrers_max_depth", "0", f"{COUNT} of 1 or more or None"),
    ("referrers_max_depth", "2.0", "or None"),
    ("referrers_search_timeout", "0", "0.001 or more or None"),
    ("referrers_search_timeout", "float('nan')", "or None"),
    ("referrers_search_timeout", "'300'", "or None"),
    ("single_object_referrer_limit", "0", "1 or more or None"),
    ("referrers_module_prefixes", "'shop'", "strings that are not empty, or None"),
    ("referrers_module_prefixes", "[None]", "or None"),
    ("referrers_max_untracked_search_depth", "'30'", COUNT),
    ("save_reports", "None", "True or False"),
    ("report_directory", "''", "a path"),
    ("report_directory", "b'/tmp'", "a Path, a str or None"),
    ("report_directory", "'a\\nb'", "without control characters"),
    ("report_directory", "7", "a Path, a str or None"),
    ("report_directory", "'/' + 'x' * 1023", "1 to 1023 bytes"),
    ("str_func", "'str'", "callable or None"),
    ("str_max_length", "-1", f"{COUNT} from 0 to 100000"),
    ("str_max_length", "100001", f"{COUNT} from 0 to 100000"),
    ("force_terminal", "1", "True, False or None"),
    ("output_func", "'print'", "callable or None"),
    ("tee_console", "None", "True or False"),
    ("color", "'auto'", "True or False"),
]
WRONG_BY_CALLS = [
    ("max_object_age_calls", "0", f"{COUNT} from 1"),
    ("max_object_age_calls", "None", COUNT),
    ("max_object_age_calls", "1.0", COUNT),
    ("warmup_calls", "-1", f"{COUNT} from 0"),
]
WRONG_BY_TIME = [
    ("max_object_lifetime", "0", "seconds from 0.001"),
    ("max_object_lifetime", "-1", "seconds from 0.001"),
    ("max_object_lifetime", "'60s'", "a number of seconds"),
    ("max_object_lifetime", "None", "a number of seconds"),
    ("max_object_lifetime", "True", "a number of seconds"),
    ("max_object_lifetime", "float('inf')", "a number of seconds"),
    ("max_object_lifetime", "10 ** 400", "a number of seconds"),
    ("warmup_time", "-0.1", "seconds from 0"),
    ("warmup_time", "float('nan')", "a number of seconds"),
    ("warmup_period", "'1m'", "a number of seconds"),
]

# option, default, another good value, the agent's key, what it is told
GOOD = [
    ("included_type_names", "frozenset()", "{'b', 'a'}", "filter.include", ["a", "b"]),
    ("included_type_names", "[]", "deque(['\"\\\\é\\u2028\\U000e0001'])",
     "filter.include", ["\"\\é\u2028\U000e0001"]),
    ("excluded_type_names", "set()", "('a', 'b')", "filter.exclude", ["a", "b"]),
    ("max_types_in_leak_summary", "500", "7", "report.max_types_in_leak_summary", 7),
    ("max_types_in_leak_summary", "500", "10 ** 30",
     "report.max_types_in_leak_summary", 1000000),
    ("compute_size_in_leak_summary", "False", "True",
     "report.compute_size_in_leak_summary", True),
    ("max_untracked_search_depth", "3", "9", None, None),
    ("check_referrers", "True", "False", "referrers.check", False),
    ("max_object_details", "30", "0", "report.max_object_details", 0),
    ("referrers_max_depth", "50", "None", "referrers.max_depth", None),
    ("referrers_max_depth", "50", "10 ** 9", "referrers.max_depth", None),
    ("referrers_max_depth", "50", "12", "referrers.max_depth", 12),
    ("referrers_search_timeout", "300.0", "2", "referrers.search_timeout", 2.0),
    ("referrers_search_timeout", "300", "None", "referrers.search_timeout", None),
    ("referrers_search_timeout", "300", "float('inf')",
     "referrers.search_timeout", None),
    ("single_object_referrer_limit", "100", "3", "referrers.single_object_limit", 3),
    ("single_object_referrer_limit", "100", "None",
     "referrers.single_object_limit", None),
    ("referrers_module_prefixes", "None", "{'shop'}",
     "referrers.module_prefixes", ["shop"]),
    ("referrers_module_prefixes", "None", "['']", "referrers.module_prefixes", None),
    ("referrers_max_untracked_search_depth", "30", "1000", None, None),
    ("save_reports", "True", "False", None, None),
    ("report_directory", "None", "Path('/tmp/a/../b')", "report.directory", "/tmp/b"),
    ("str_func", "None", "lambda thing, length: 'x'", None, None),
    ("str_max_length", "100", "0", "report.str_max_length", 0),
    ("force_terminal", "None", "False", None, None),
    ("output_func", "None", "quiet", None, None),
    ("tee_console", "False", "True", None, None),
    ("color", "True", "False", None, None),
]
GOOD_BY_CALLS = [("max_object_age_calls", "1", "3"), ("warmup_calls", "1", "2")]
GOOD_BY_TIME = [("max_object_lifetime", "60.0", "1"), ("warmup_time", "None", "0"),
                ("warmup_period", "None", "0.5")]

BY_CALLS = ("memalot.create_leak_monitor", "memalot.leak_monitor")
BY_TIME = "memalot.start_leak_monitoring"


def evaluate(python, ctl, calls):
    """Return what came of each call, all in one program."""
    done = subprocess.run(
        [python.path, str(TARGETS / "python_options.py")], env=environment(ctl),
        input="\n".join(calls), capture_output=True, text=True, timeout=4 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line[7:]) for line in done.stdout.splitlines()
               if line.startswith("answer ")]
    assert len(answers) == len(calls), done.stderr
    return answers


def check_refusals(python, ctl, function, rows, fixed=""):
    calls = [f"{function}({fixed}{option}={value})" for option, value, _ in rows]
    answers = evaluate(python, ctl, calls)
    for (option, value, allowed), answer in zip(rows, answers):
        assert answer.get("option") == option, (option, value, answer)
        assert allowed in answer["allowed"]
        assert answer["text"].startswith(f"{option} must be {answer['allowed']}, not ")
        assert answer["value"][:20] in answer["text"]


@pytest.mark.parametrize("function", BY_CALLS)
def test_wrong_values_are_refused_by_name_for_calls(python, ctl, function):
    check_refusals(python, ctl, function, WRONG + WRONG_BY_CALLS)


def test_wrong_values_are_refused_by_name_for_time(python, ctl):
    check_refusals(python, ctl, BY_TIME, WRONG, "60, ")
    late = [row for row in WRONG_BY_TIME if row[0] != "max_object_lifetime"]
    check_refusals(python, ctl, BY_TIME, late, "60, ")
    early = [row for row in WRONG_BY_TIME if row[0] == "max_object_lifetime"]
    check_refusals(python, ctl, BY_TIME, early)


def test_wrong_values_are_refused_by_name_for_snapshots(python, ctl):
    known = {"force_terminal", "output_func", "tee_console", "color",
             "max_untracked_search_depth", "referrers_max_untracked_search_depth"}
    rows = [row for row in WRONG if row[0] not in known]
    check_refusals(python, ctl, "memalot.snapshot", rows)


@pytest.mark.parametrize("function", BY_CALLS)
def test_every_option_takes_its_default_and_another_value(python, ctl, function):
    rows = [row[:3] for row in GOOD] + GOOD_BY_CALLS
    calls = [f"{function}({option}={value})"
             for option, *values in rows for value in values]
    kind = "LeakMonitor" if "create" in function else "function"
    for call, answer in zip(calls, evaluate(python, ctl, calls)):
        assert answer == {"result": kind}, call


def test_every_option_can_be_given_to_monitoring_by_time(python, ctl):
    calls = [f"{BY_TIME}(60, {option}={value})"
             for option, *values in [row[:3] for row in GOOD] for value in values]
    calls += [f"{BY_TIME}({'' if option == 'max_object_lifetime' else '60, '}"
              f"{option}={value})" for option, *values in GOOD_BY_TIME for value in values]
    for call, answer in zip(calls, evaluate(python, ctl, calls)):
        assert answer == {"result": "Stoppable"}, call


def test_the_agent_is_told_what_differs_from_the_defaults(python, ctl):
    rest = "force_terminal=None, tee_console=False, "

    def call(option, value):
        others = "" if option in rest else rest
        return f"settings({others}{option}={value})"

    calls = [call(option, value)
             for option, *values in [row[:3] for row in GOOD] for value in values]
    answers = iter(evaluate(python, ctl, calls))
    for option, _, value, key, told in GOOD:
        assert next(answers) == {"result": "{}"}, f"default of {option}"
        text = next(answers)["result"].replace("\\U000e0001", "\U000e0001")
        section, _, leaf = (key or "").partition(".")
        assert json.loads(text) == ({section: {leaf: told}} if key else {}), option


def test_a_home_directory_and_a_relative_one_become_absolute(python, ctl, tmp_path):
    calls = ["settings(report_directory='~/reports')",
             "settings(report_directory='here')", "os.getcwd()"]
    home, relative, cwd = [a["result"] for a in evaluate(python, ctl, calls)]
    assert json.loads(home)["report"]["directory"] == f"{ctl.home}/reports"
    assert json.loads(relative)["report"]["directory"] == f"{cwd}/here"


@pytest.mark.parametrize("function", [*BY_CALLS, BY_TIME])
def test_a_terminal_cannot_be_forced_on_a_function(python, ctl, function):
    first = "60, " if function == BY_TIME else ""
    call = f"{function}({first}output_func=quiet, force_terminal=%s, tee_console=%s)"
    refused, *good = evaluate(python, ctl, [
        call % ("True", "False"), call % ("True", "True"), call % ("False", "False"),
        call % ("None", "False"),
    ])
    assert refused["option"] == "force_terminal"
    assert "output_func is set and tee_console is False" in refused["allowed"]
    assert all("result" in answer for answer in good)


def test_both_names_of_the_warm_up_at_once_are_refused(python, ctl):
    (answer,) = evaluate(python, ctl, [f"{BY_TIME}(60, 1, warmup_period=1)"])
    assert answer["option"] == "warmup_period"
    assert "warmup_time" in answer["allowed"]


def test_an_unknown_option_is_a_type_error(python, ctl):
    calls = [f"{function}(max_objekt_details=3)" for function in BY_CALLS]
    for answer in evaluate(python, ctl, calls):
        assert answer["error"].startswith("TypeError")


def test_an_options_error_can_be_pickled(python, ctl):
    call = ("(lambda p: str(p.loads(p.dumps(memalot.InvalidOptionsError('a', 1, 'b')))))"
            "(__import__('pickle'))")
    assert evaluate(python, ctl, [call]) == [{"result": "a must be b, not 1"}]
