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
