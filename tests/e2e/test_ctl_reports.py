# SPDX-License-Identifier: MIT
"""memalotctl and saved reports: the writer, list, print, graph, rm; and `memalot`."""

import json
import os
import subprocess

import pytest

from harness import MEMALOTCTL

GRAPH = {
    "nodes": [
        {"id": 0, "kind": "module", "name": "shop", "type": "module", "text": None,
         "size": 72, "retained": 1200, "count": 1, "address": "0x1000"},
        {"id": 1, "kind": "leaked", "name": "Session", "type": "shop.Session",
         "text": None, "size": 48, "retained": 1000, "count": 20, "address": "0x2000"},
    ],
    "edges": [{"from": 0, "to": 1, "label": ".SESSIONS[*]", "kind": "attr", "count": 20}],
}
ITERATION = {
    "report_id": None, "iteration_number": 1,
    "start_time": "2026-01-31T20:54:19.078977Z", "end_time": "2026-01-31T20:54:19.178977Z",
    "memory_usage": {"current_rss_bytes": 1 << 26, "peak_rss_bytes": 1 << 26,
                     "system_percent_used": 0.1},
    "leak_summary": {"iteration": 1, "max_types_in_summary": 500, "type_summaries": [
        {"object_type": "shop.Session", "count": 20}]},
    "object_details_list": [],
    "findings": [{
        "id": 1, "fingerprint": "0123456789abcdef",
        "title": "20 Session objects held by shop.SESSIONS retain 1.0 KiB",
        "type": "shop.Session", "count": 20, "count_before": None, "shallow_size": 960,
        "retained_size": 1000, "oldest_age_s": None, "path": "shop.SESSIONS[*]",
        "path_nodes": [], "root": {"kind": "module", "name": "shop"},
        "held_by": "python", "unexplained_references": 0, "accumulation": None,
        "examples": [], "allocated_at": [], "diagram": {"dot": None, "svg": None},
        "graph": GRAPH,
    }],
}
SUMMARY = {"entrypoint": "shop.py", "arguments": [], "name": "shop", "pid": 7,
           "start_time": "2026-01-31T20:54:19.078977Z", "python_version": "3.11.7"}


def write(ctl, text, *options, code=0):
    done = subprocess.run(
        [str(MEMALOTCTL), "_write", "--directory", str(ctl.reports), *options],
        input=text, capture_output=True, text=True, env=ctl.env, timeout=60,
    )
    assert done.returncode == code, done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


def stored(ctl, *options):
    text = json.dumps({"iteration": ITERATION, "summary": SUMMARY}) + "\n"
    return write(ctl, text, *options)


def test_print_limits_the_findings_but_not_the_document(ctl):
    one = ITERATION["findings"][0]
    many = [{**one, "id": i + 1, "title": f"leak number {i + 1}."} for i in range(12)]
    text = json.dumps({"iteration": {**ITERATION, "findings": many}, "summary": SUMMARY})
    report = write(ctl, text + "\n", "--formats", "none")["report_id"]
    text = ctl.run("print", report).stdout
    assert "number 10." in text and "number 11." not in text
    assert f"and 2 smaller findings: memalotctl print {report} --limit 0 shows" in text
    assert "and 9 smaller findings" in ctl.run("print", report, "--limit", 3).stdout
    assert "number 12." in ctl.run("print", report, "--limit", 0).stdout
    document = ctl.json("print", report, "--limit", 1)
    assert len(document["iterations"][0]["findings"]) == 12


def test_the_writer_stores_draws_and_answers_in_one_line(ctl):
    answer = stored(ctl, "--keep", "5", "--formats", "dot,svg", "--max-nodes", "50")
    assert answer["findings"] == 1
    assert answer["directory"] == str(
        ctl.reports / f"memalot_report_{answer['report_id']}")
    assert len(answer["svg"]) == 1 and os.path.getsize(answer["svg"][0]) > 500
    assert os.listdir(ctl.reports) == [f"memalot_report_{answer['report_id']}"]


def test_the_writer_draws_nothing_when_no_format_is_wanted(ctl):
    for formats in ("", "none"):
        answer = stored(ctl, "--formats", formats, "--no-console")
        assert answer["svg"] == []
        assert not [n for n in os.listdir(answer["directory"]) if n.endswith(".svg")]


@pytest.mark.parametrize(
    "text",
    ["", "\n", '{"iteration": {}, "summary": {}}', '{"iteration": {\n', "[]\n", "{}\n",
     '{"iteration": 1, "summary": {}}\n'],
)
def test_what_is_cut_short_or_wrong_leaves_no_report(ctl, text):
    assert write(ctl, text, code=1)["error"]
    assert not ctl.reports.exists() or os.listdir(ctl.reports) == []


def test_the_writer_says_when_it_cannot_store(ctl):
    ctl.reports.parent.mkdir()
    ctl.reports.write_text("in the way")
    text = json.dumps({"iteration": ITERATION, "summary": SUMMARY}) + "\n"
    assert write(ctl, text, code=1)["error"]


def test_list_shows_the_newest_first_and_takes_a_number(ctl):
    ids = [stored(ctl, "--formats", "none")["report_id"] for _ in range(3)]
    listed = [r["report_id"] for r in ctl.json("list")["reports"]]
    assert sorted(listed) == sorted(ids)
    assert [r["report_id"] for r in ctl.json("list", "--num-reports", 1)["reports"]] \
        == listed[:1]
    text = ctl.run("list").stdout
    assert all(i in text for i in ids) and "shop" in text


def test_no_reports_is_no_failure(ctl):
    done = ctl.run("list")
    assert done.stdout == "" and "no reports" in done.stderr
    assert ctl.json("list") == {"reports": []}


def test_print_shows_the_finding(ctl):
    report = stored(ctl, "--formats", "none")["report_id"]
    text = ctl.run("print", report).stdout
    assert "shop.SESSIONS[*]" in text and "\x1b" not in text
    assert "\x1b[" in ctl.run("print", report, "--color", "always").stdout
    document = ctl.json("print", report, "--num-iterations", 1)
    assert document["iterations"][0]["findings"][0]["count"] == 20
    assert ctl.run("print", f"memalot_report_{report}").stdout == text


def test_a_report_that_is_not_there_is_a_failure(ctl):
    for command in ("print", "graph"):
        done = ctl.run(command, "zzzz-0000", code=1)
        assert "no report zzzz-0000" in done.stderr


def test_graph_draws_by_the_files_ending(ctl, tmp_path):
    report = stored(ctl, "--formats", "none")["report_id"]
    for ending, start in ((".svg", b"<?xml"), (".dot", b"digraph"), (".png", b"\x89PNG")):
        path = tmp_path / f"picture{ending}"
        assert ctl.run("graph", report, "-o", path).stdout == f"{path}\n"
        assert start in path.read_bytes()[:2000]
    assert "no graph for finding 2" in ctl.run(
        "graph", report, "--finding", 2, "-o", tmp_path / "x.svg", code=1).stderr


def test_rm_removes_one_report_and_no_other(ctl):
    ids = [stored(ctl, "--formats", "none")["report_id"] for _ in range(2)]
    ctl.run("rm", ids[0])
    assert [r["report_id"] for r in ctl.json("list")["reports"]] == ids[1:]
    ctl.run("rm", ids[0], code=1)
    ctl.run("rm", "../../etc", code=2)


def test_memalot_is_a_second_name_for_list_and_print(ctl):
    report = stored(ctl, "--formats", "none")["report_id"]
    memalot = MEMALOTCTL.with_name("memalot")

    def run(*words):
        return subprocess.run([str(memalot), *words], env=ctl.env, text=True,
                              capture_output=True)

    assert report in run("list").stdout
    assert "shop" in run("print", report).stdout
    assert run("snapshot").returncode == 2
    assert "snapshot" not in run("--help").stdout


MONITOR = {"kind": "time", "lifetime_s": 60.0, "calls": None, "subject": None,
           "warm_up": False, "suspects": 20, "suspects_before": 0, "new": 20,
           "watched_since_s": 120.0}


def monitored(ctl, report=None, number=1, save=True, text=None, count=20, code=0, **keys):
    """One iteration of a monitor, handed to the writer as a sweep does it."""
    finding = {**ITERATION["findings"][0], "count": count, "count_before": 0,
               "retained_size": 50 * count}
    iteration = {**ITERATION, "findings": [finding], "monitor": {**MONITOR, **keys}}
    line = {"iteration": iteration, "summary": SUMMARY, "save": save, "text": text,
            "report": {"id": report, "iteration": number}}
    return write(ctl, json.dumps(line) + "\n", "--formats", "dot", code=code)


def test_a_monitor_appends_to_one_report(ctl):
    first = monitored(ctl)
    report = first["report_id"]
    for number in (2, 3):
        answer = monitored(ctl, report, number, count=20 * number)
        assert (answer["report_id"], answer["iteration"]) == (report, number)
        assert answer["directory"] == first["directory"]
    assert sorted(os.listdir(first["directory"])) == sorted(
        ["version", "summary.json"]
        + [f"iteration_report_{n}.json" for n in (1, 2, 3)]
        + [f"iteration_{n}_finding_1.dot" for n in (1, 2, 3)])
    assert os.listdir(ctl.reports) == [f"memalot_report_{report}"]
    assert ctl.json("list")["reports"][0]["iterations"] == 3


def test_a_report_that_was_removed_begins_anew_under_its_id(ctl):
    report = monitored(ctl)["report_id"]
    ctl.run("rm", report)
    assert monitored(ctl, report, 2)["report_id"] == report
    document = ctl.json("print", report, "--num-iterations", 9)
    assert [i["iteration_number"] for i in document["iterations"]] == [2]


def test_keep_never_removes_the_report_that_is_appended_to(ctl):
    report = monitored(ctl)["report_id"]
    line = {"iteration": ITERATION, "summary": {**SUMMARY, "start_time": "2030-01-01T"},
            "report": {"id": report, "iteration": 2}}
    stored(ctl, "--formats", "none")
    write(ctl, json.dumps(line) + "\n", "--formats", "none", "--keep", "1")
    assert os.listdir(ctl.reports) == [f"memalot_report_{report}"]


def test_the_writer_renders_what_the_user_sees(ctl):
    boxes = monitored(ctl, text={"width": 80, "color": False, "boxes": True})
    assert boxes["text"].startswith("╭─ Memalot Report (iteration 1) ")
    assert boxes["report_id"] in boxes["text"]
    assert boxes["text"].endswith("End of Memalot Report (iteration 1)\n")
    assert "\x1b" not in boxes["text"] and "20 Session objects" in boxes["text"]
    plain = monitored(ctl, text={"width": 0, "color": False, "boxes": False})["text"]
    assert plain.isascii() and plain.startswith("Memalot Report (iteration 1)\n")
    color = monitored(ctl, text={"width": 80, "color": True, "boxes": False})["text"]
    assert "\x1b[" in color and "╭" not in color
    assert "text" not in monitored(ctl)


def test_nothing_is_stored_without_save(ctl):
    answer = monitored(ctl, save=False, text={"width": 80, "color": False,
                                              "boxes": True})
    assert answer["report_id"] is None and answer["directory"] is None
    assert answer["svg"] == [] and "not saved" in answer["text"]
    assert not ctl.reports.exists()


def test_a_report_that_cannot_be_stored_is_shown_all_the_same(ctl):
    ctl.reports.parent.mkdir()
    ctl.reports.write_text("in the way")
    text = {"width": 80, "color": False, "boxes": False}
    answer = monitored(ctl, text=text, code=1)
    assert answer["error"] and answer["report_id"] is None
    assert "20 Session objects" in answer["text"]
    assert "the report was not saved" in answer["text"]


@pytest.mark.parametrize(
    "keys, sentence",
    [({"warm_up": True}, "This is the warm-up iteration"),
     ({"suspects": 0, "new": 0}, "No object outlived its use"),
     ({"new": 0, "suspects": 12}, "Nothing new: 12 objects from earlier iterations"),
     ({"suspects": 1, "new": 1}, "1 object outlived its use: 1 finding."),
     ({"kind": "calls", "calls": 2, "subject": "function work", "suspects": 0},
      "nothing born in the function work is alive after 2 calls")],
)
def test_the_verdict_of_a_monitor_is_a_sentence(ctl, keys, sentence):
    text = {"width": 0, "color": False, "boxes": False}
    assert sentence in monitored(ctl, text=text, save=False, **keys)["text"]


def test_print_shows_the_newest_iteration_unless_told_otherwise(ctl):
    report = monitored(ctl)["report_id"]
    monitored(ctl, report, 2)
    monitored(ctl, report, 3)
    newest = ctl.run("print", report).stdout
    assert "Memalot Report (iteration 3)" in newest and "(iteration 2)" not in newest
    assert "--num-iterations 3 shows all" in newest
    two = ctl.run("print", report, "--num-iterations", 2).stdout
    assert two.index("Memalot Report (iteration 2)") < two.index("Report (iteration 3)")
    assert "(iteration 1)" not in two
    assert f"{ctl.reports}/memalot_report_{report}/" not in newest  # no SVG was drawn


def test_print_filters_types_in_any_case_and_leaves_out_details(ctl):
    report = monitored(ctl)["report_id"]
    assert "20 Session objects" in ctl.run("print", report, "--filter-types",
                                           "other,SESSION").stdout
    other = ctl.run("print", report, "--filter-types", "Nothing").stdout
    assert "20 Session objects" not in other
    summary = ctl.run("print", report, "--summary-only").stdout
    assert "shop.Session" in summary and "20 Session objects" not in summary


def test_print_and_list_take_the_original_tools_force_terminal(ctl):
    report = monitored(ctl)["report_id"]
    assert "\x1b[" in ctl.run("print", report, "--force-terminal").stdout
    assert report in ctl.run("list", "--force-terminal").stdout


def test_list_shows_ten_and_says_how_to_see_the_rest(ctl):
    for _ in range(12):
        stored(ctl, "--formats", "none")
    text = ctl.run("list").stdout
    assert "and 2 older: --num-reports 12 lists all" in text
    assert text.count("2026-01-31") == 10
    assert "older" not in ctl.run("list", "--num-reports", 12).stdout
    assert "older" not in ctl.run("list", "--num-reports", 3).stdout
    assert len(ctl.json("list")["reports"]) == 12


def test_diff_compares_iterations_by_fingerprint(ctl):
    report = monitored(ctl)["report_id"]
    monitored(ctl, report, 2, count=50)
    monitored(ctl, report, 3, count=30)
    document = ctl.json("diff", report)
    assert document["before"]["iteration_number"] == 2
    assert document["after"]["iteration_number"] == 3
    assert document["totals"]["findings"] == {
        "new": 0, "grown": 0, "unchanged": 0, "shrunk": 1, "gone": 0}
    grown = ctl.json("diff", f"{report}:1", report)["findings"][0]
    assert (grown["state"], grown["count_diff"]) == ("grown", 10)
    assert grown["retained_diff"] == 500 and grown["path"] == "shop.SESSIONS[*]"
    text = ctl.run("diff", f"{report}:1", f"{report}:2").stdout
    assert "1 finding has grown." in text and "+30" in text and "\x1b" not in text


def test_diff_compares_two_reports(ctl):
    one, other = monitored(ctl)["report_id"], monitored(ctl, count=5)["report_id"]
    assert ctl.json("diff", one, other)["findings"][0]["count_diff"] == -15
    same = ctl.run("diff", one, f"memalot_report_{one}").stdout
    assert "1 finding is unchanged." in same


def test_diff_says_what_it_cannot_compare(ctl):
    report = monitored(ctl)["report_id"]
    assert "only one iteration" in ctl.run("diff", report, code=1).stderr
    assert "has no iteration 7" in ctl.run("diff", f"{report}:7", report, code=1).stderr
    assert "no report zzzz-0000" in ctl.run("diff", report, "zzzz-0000", code=1).stderr
    for number in ("x", "0", "-1", "", "1x", "99999999999999999999"):
        done = ctl.run("diff", f"{report}:{number}", report, code=2)
        assert "no iteration number" in done.stderr
    ctl.run("diff", f"{report}:1", code=2)
    ctl.run("diff", "not-an-id", report, code=2)
    ctl.run("diff", code=2)
    (ctl.reports / f"memalot_report_{report}" / "iteration_report_2.json").write_text("{")
    assert "cannot be read" in ctl.run("diff", report, code=1).stderr
