# SPDX-License-Identifier: MIT
"""Every option of the README does what it says there."""

import json

import pytest

from monitored import play

pytestmark = pytest.mark.few_versions

PROGRAM = """
    import sys
    import memalot

    class Leaked:
        def __init__(self, n):
            self.n, self.items = n, ["item %d" % n, [n]]
        def __str__(self):
            return "leaked object number %d of many" % self.n

    KEPT, OTHERS = [], {{}}
    SHARED, BIG = [], dict.fromkeys(range(400_000))

    def short(op, length):
        return ("<%s of %d characters>" % (type(op).__name__, length))[:length]

    def broken(op, length):
        raise ValueError("no text")

    @memalot.leak_monitor({options})
    def leak():
        shared = Leaked(0)
        for n in range(1, 6):
            KEPT.append(Leaked(n))
            KEPT[-1].shared = shared
            OTHERS[n] = (shared, frozenset([n]), 1.5 * n, [shared] * 30)
        for n in range(300):
            SHARED.append([shared])
        BIG["last"] = shared

    leak()
    leak()
"""


@pytest.fixture
def reported(python, ctl, tmp_path):
    """Play the program with options; return the iteration and what it printed."""

    def run(options=""):
        played = play(python, ctl, tmp_path, PROGRAM.format(options=options))
        assert played.err == ""
        return (played.iterations[-1] if played.iterations else None), played

    return run


def names(details):
    graph = details["referrer_graph"]
    return [node["name"] for node in graph["graph_nodes"]]


def details_of(iteration, kind):
    return [d for d in iteration["object_details_list"] if d["object_type_name"] == kind]


def test_the_defaults(reported):
    iteration, played = reported()
    rows = iteration["leak_summary"]["type_summaries"]
    assert all("shallow_size" not in row for row in rows)
    assert len(iteration["object_details_list"]) == 30
    listed = {d["object_type_name"] for d in iteration["object_details_list"]}
    assert listed == {row["object_type"] for row in rows}
    [first, *_] = details_of(iteration, "__main__.Leaked")
    assert first["object_str"].startswith("leaked object number")
    assert first["referrers_checked"]
    assert "leaked object number" in played.out


def test_types_are_cut_to_the_most_common(reported):
    iteration, _ = reported("max_types_in_leak_summary=2")
    rows = iteration["leak_summary"]["type_summaries"]
    assert [row["object_type"] for row in rows] == ["builtins.list", "__main__.Leaked"] or (
        len(rows) == 2 and rows[0]["count"] >= rows[1]["count"]
    )


def test_sizes_are_computed_on_request(reported):
    iteration, played = reported("compute_size_in_leak_summary=True")
    rows = iteration["leak_summary"]["type_summaries"]
    assert all(row["shallow_size"] > 0 for row in rows)
    assert "Size" in played.out


def test_object_details_are_limited(reported):
    iteration, _ = reported("max_object_details=3")
    listed = [d["object_type_name"] for d in iteration["object_details_list"]]
    assert len(listed) == 3 == len(set(listed))
    iteration, _ = reported_again(reported, "max_object_details=0")
    assert iteration["object_details_list"] == []


def reported_again(reported, options):
    """The same in a report directory of its own."""
    iteration, played = reported(options + ", report_directory='second'")
    [report] = (played.cwd / "second").iterdir()
    return json.loads((report / "iteration_report_2.json").read_text()), played


def test_referrers_are_left_out_on_request(reported):
    iteration, _ = reported("check_referrers=False")
    for details in iteration["object_details_list"]:
        assert not details["referrers_checked"]
        assert details["referrer_graph"] is None


def test_referrers_end_at_the_depth(reported):
    iteration, _ = reported("referrers_max_depth=1")
    for details in details_of(iteration, "builtins.list"):
        objects = [name for name in names(details) if name.endswith("(object)")]
        assert 1 <= len(objects) <= 2 + 100


def test_the_limit_of_referrers_is_told(reported):
    iteration, played = reported(
        "single_object_referrer_limit=7, max_object_details=200,"
        "included_type_names={'Leaked'}"
    )
    cut = [d for d in iteration["object_details_list"]
           if "Referrer limit of 7 exceeded" in names(d)]
    assert cut
    assert "Referrer limit of 7 exceeded" in played.out


def test_the_timeout_of_referrers_is_told(reported):
    iteration, _ = reported(
        "referrers_search_timeout=0.001, single_object_referrer_limit=None,"
        "included_type_names={'Leaked'}"
    )
    late = [name for d in iteration["object_details_list"] for name in names(d)
            if name.startswith("Timeout of")]
    assert late and all(name.endswith("seconds exceeded") for name in late)


def test_module_prefixes_choose_the_variables(reported):
    iteration, _ = reported("referrers_module_prefixes={'nothing.of.that.name'}")
    for details in iteration["object_details_list"]:
        assert details["referrers_checked"]


def test_texts_are_cut(reported):
    iteration, _ = reported("str_max_length=12")
    for details in details_of(iteration, "__main__.Leaked"):
        assert len(details["object_str"]) <= 13
        assert details["object_str"].startswith("leaked obje")


def test_str_func_makes_the_texts(reported):
    iteration, _ = reported("str_func=short, str_max_length=40")
    texts = {d["object_str"] for d in iteration["object_details_list"]}
    assert "<Leaked of 40 characters>" in texts
    assert "<list of 40 characters>" in texts


def test_what_str_func_raises_is_told_once(reported):
    iteration, played = reported("str_func=broken")
    told = [w for w in iteration["sweep"]["warnings"] if "str_func" in w]
    assert len(told) == 1 and "ValueError" in told[0]
    assert details_of(iteration, "__main__.Leaked")


def test_reports_are_not_saved_on_request(reported, ctl):
    _, played = reported("save_reports=False")
    assert ctl.saved() == []
    assert "__main__.Leaked" in played.out


def test_reports_go_where_they_are_wanted(reported, ctl):
    iteration, played = reported_again(reported, "max_object_details=1")
    assert ctl.saved() == []
    assert iteration["findings"]


def test_a_terminal_is_forced(reported):
    _, played = reported("force_terminal=True")
    assert "\x1b[" not in played.out  # NO_COLOR goes first
    assert "╭" in played.out
