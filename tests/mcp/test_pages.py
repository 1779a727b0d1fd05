# SPDX-License-Identifier: MIT
"""Answers fit: whatever a report says, and however much of it."""

import json
import random
import shutil
from typing import ClassVar

import pytest
from mcp.server.mcpserver.exceptions import ToolError
from memalot.mcp._models import Finding, Retainer, Retainers
from memalot.mcp._pages import Page, Shelf, clip, whole
from pydantic import BaseModel

WIRE = {"by_alias": True, "exclude_none": True}
NASTY = ['"', "\\", "\n", "\x00", "é", "漢字", "\ud800", "🐍", "<&>", " " * 50, "x" * 10_000]


class Row(BaseModel):
    number: int
    text: str


class Rows(Page):
    rows: ClassVar[str] = "all"
    note: str = ""
    all: list[Row]


def size(result):
    return len(result.model_dump_json(**WIRE).encode())


def nasty_text(draw):
    return "".join(draw.choice(NASTY) for _ in range(draw.randrange(12)))


@pytest.mark.parametrize("seed", range(40))
def test_pages_fit_and_together_have_every_row_in_order(seed):
    draw = random.Random(seed)
    rows = [Row(number=i, text=nasty_text(draw)) for i in range(draw.randrange(200))]
    limit = draw.choice([2000, 2001, 5000, 30_000])
    shelf, answer = Shelf(), Rows(note=nasty_text(draw), all=rows)
    result, seen = shelf.first(answer, limit), []
    while True:
        data = result.structured_content
        assert size(result) <= limit, seed
        assert json.loads(result.content[0].text) == data and data["total"] == len(rows)
        seen += [row["number"] for row in data["all"]]
        assert data["truncated"] == ("next" in data) == (len(seen) < len(rows))
        if not data["truncated"]:
            break
        result = shelf.more(Rows, data["next"], limit)
    assert seen == list(range(len(rows)))


def test_texts_are_cut_no_more_than_needed():
    row = Row(number=1, text="y" * 390)
    data = Shelf().first(Rows(all=[row]), 5000).structured_content
    assert data["all"][0]["text"] == row.text
    assert clip("y" * 500, 400) == "y" * 399 + "…"


def test_cursors_are_of_one_kind_of_answer_and_are_forgotten_in_the_end():
    shelf = Shelf()
    rows = [Row(number=i, text="z" * 300) for i in range(100)]
    cursor = shelf.first(Rows(all=rows), 2000).structured_content["next"]
    with pytest.raises(ToolError, match="no such cursor"):
        shelf.more(Retainers, cursor, 2000)
    for bad in ("", ".", "rows-1", "rows-1.", "rows-1.-1", "rows-1.²", "rows-9.1"):
        with pytest.raises(ToolError, match="no such cursor"):
            shelf.more(Rows, bad, 2000)
    with pytest.raises(ToolError, match="behind the last row"):
        shelf.more(Rows, "rows-1.100", 2000)
    for _ in range(16):
        shelf.first(Rows(all=rows), 2000)
    with pytest.raises(ToolError, match="no such cursor"):
        shelf.more(Rows, cursor, 2000)


def test_a_small_answer_has_what_applies_only():
    row = Retainer(path="a", type="t", address="0x1", size=1, retained_size=2, objects=3)
    assert whole(row).structured_content == row.model_dump()
    assert "file" in Finding.model_fields


@pytest.fixture
def big_report(ctl, talk, tmp_path):
    """A saved report with everything long and plenty: made from a real one."""
    report_id = talk.tool("what_is_leaking")["report_id"]
    folder = tmp_path / f"memalot_report_{report_id}"
    shutil.copytree(ctl.reports / folder.name, folder)
    first = json.loads((folder / "iteration_report_1.json").read_text())
    finding = first["findings"][0]
    deep = [dict(finding["path_nodes"][-1], label=f"['{'k' * 60}']") for _ in range(100)]
    finding.update(path="a" + "['key']" * 2000, title="T" * 3000, path_nodes=deep)
    finding["examples"] = finding["examples"] * 3
    for example in finding["examples"]:
        example["str"] = '"' * 3000
    finding["root"].update(name="m" * 3000)
    first["findings"] = [{**finding, "id": number} for number in range(1, 31)]
    first["object_details_list"] *= 20
    first["leak_summary"]["type_summaries"] *= 100
    for number in range(1, 11):
        first["iteration_number"] = number
        path = folder / f"iteration_report_{number}.json"
        path.write_text(json.dumps(first))
    return {"report_id": report_id, "report_directory": str(tmp_path)}


def test_a_big_report_is_read_in_small_answers(talk, big_report):
    for tool in ("get_report", "get_finding", "get_report_types", "get_report_objects",
                 "where_in_source"):
        result = talk.call_tool(tool, big_report)
        assert not result.is_error and size(result) <= 5000, tool
        data = result.structured_content
        rows = {"get_report": "contents", "get_finding": "examples", "get_report_types":
                "types", "get_report_objects": "objects", "where_in_source": "places"}[tool]
        assert data[rows], tool
        if tool != "where_in_source":
            assert data["truncated"] and data["next"], tool


def test_all_of_a_big_report_can_be_read(talk, big_report):
    page = talk.tool("get_report", iterations=10, **big_report)
    count = len(page["contents"])
    while "next" in page:
        page = talk.tool(
            "get_report", report_id=big_report["report_id"], cursor=page["next"],
            max_bytes=200_000,
        )
        count += len(page["contents"])
    assert count == page["total"] == 10 * 31
