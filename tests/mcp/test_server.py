# SPDX-License-Identifier: MIT
"""The server as a client of the official SDK sees it: tools, sizes, schemas, refusals."""

import json
import os
import shutil
import signal
import subprocess
import sys

import jsonschema
import pytest
from calls import every_tool
from conftest import talking
from harness import BUILD, MEMALOTCTL, PATIENCE, ROOT, wait_until

V1 = str(ROOT / "tests" / "golden" / "reports-v1")
WIRE = {"by_alias": True, "exclude_none": True}
LIMIT = 5000
STEER = {"attach_process", "detach_process", "start_monitoring", "stop_monitoring"}
LOOK = {"what_is_leaking", "what_grew"}


@pytest.fixture(scope="module")
def tools(talk):
    return {tool.name: tool for tool in talk.list_tools().tools}


def test_every_tool_says_what_it_is_and_does(tools):
    for name, tool in tools.items():
        assert tool.title and tool.description and tool.annotations, name
        assert tool.annotations.read_only_hint == (name not in STEER | LOOK), name
        if not tool.annotations.read_only_hint:
            assert tool.annotations.destructive_hint is False, name
        assert tool.annotations.open_world_hint is False, name
        assert tool.output_schema or name == "draw_finding"
        for argument, schema in tool.input_schema["properties"].items():
            assert schema.get("description"), f"{name}: {argument}"


def test_every_tool_answers_in_its_schema_and_in_five_kilobytes(talk, tools, report_id, plain):
    called = set()
    for name, arguments in every_tool(talk.tool, report_id, plain):
        result = talk.call_tool(name, arguments)
        assert not result.is_error, f"{name}: {result.content[0].text}"
        called.add(name)
        if name == "draw_finding":
            continue
        jsonschema.validate(result.structured_content, tools[name].output_schema)
        size = len(result.model_dump_json(**WIRE).encode())
        assert size <= LIMIT, f"{name}: {size}"
    assert called == set(tools)
    assert talk.stderr() == ""


def test_the_leak_is_found_with_what_holds_it_and_the_lines_to_look_at(talk, shop):
    found = talk.tool("what_is_leaking", types=["Session"])
    (finding,) = found["findings"]
    assert finding["path"] == "__main__.SESSIONS[*]"
    assert finding["count"] >= 500
    where = talk.tool("where_in_source", report_id=found["report_id"])
    first = where["places"][0]
    assert os.path.basename(first["file"]) == "shop.py"
    assert first["code"].startswith("SESSIONS[len(SESSIONS)] = Session(")
    assert {place["code"] for place in where["places"]} >= {"SESSIONS = {}", "class Session:"}


def test_where_a_running_function_holds_it_its_line_comes_first(talk, report_id):
    findings = talk.tool("get_report", report_id=report_id)["contents"][1:]
    (finding,) = [row for row in findings if row["type"] == "builtins.bytearray"]
    assert finding["held_by"] == "frame" and finding["file"].endswith(".py")
    where = talk.tool("where_in_source", report_id=report_id, finding=finding["finding"])
    assert where["places"][0]["line"] == finding["line"]
    assert any("pending" in place["code"] for place in where["places"])


def test_attributes_and_their_classes_are_found(talk, report_id):
    findings = talk.tool("get_report", report_id=report_id)["contents"][1:]
    (finding,) = [row for row in findings if "BUS.handlers" in row["path"]]
    where = talk.tool("where_in_source", report_id=report_id, finding=finding["finding"])
    codes = [place["code"] for place in where["places"]]
    assert codes[0] == "self.handlers.setdefault(event, []).append(handler)"
    assert "self.handlers = {}" in codes and "class Bus:" in codes and "BUS = Bus()" in codes


def test_pages_have_all_rows_once_and_of_one_moment(talk, shop):
    whole = talk.tool("biggest_retainers", max_bytes=1_000_000)
    assert not whole["truncated"] and "next" not in whole
    page = talk.tool("biggest_retainers")
    total, seen = page["total"], list(page["retainers"])
    assert page["truncated"] and total == whole["total"]
    while "next" in page:
        shop.ask("grow 1")
        page = talk.tool("biggest_retainers", cursor=page["next"], max_bytes=50_000)
        seen += page["retainers"]
    assert len(seen) == total and not page["truncated"]
    assert len({row["address"] for row in seen}) == total


def test_what_grew_is_told_by_place(talk, shop):
    talk.tool("what_grew")
    shop.ask("grow 200")
    rows = talk.tool("what_grew")["grown"]
    (row,) = [row for row in rows if row["kind"] == "place" and "SESSIONS" in row["name"]]
    assert row["count"] - row["count_before"] == 200


def test_what_grew_can_wait_for_itself(talk, shop):
    shop.ask("grow 50")
    grown = talk.tool("what_grew", wait_s=0.2)
    assert 0.2 <= grown["since_s"] and not [
        row for row in grown["grown"] if "SESSIONS" in row["name"]
    ]


def test_comparing_tells_what_grew_and_leaves_out_what_did_not(talk, shop):
    before = talk.tool("what_is_leaking")["report_id"]
    shop.ask("grow 100")
    after = talk.tool("what_is_leaking")["report_id"]
    changes = talk.tool("compare_reports", before=before, after=after)["changes"]
    assert "unchanged" not in {row["state"] for row in changes}
    (row,) = [row for row in changes if "SESSIONS" in row["name"]]
    assert row["state"] == "grown" and row["count"] - row["count_before"] == 100
    everything = talk.tool("compare_reports", before=before, after=after, unchanged=True)
    assert everything["total"] > len(changes)


def test_an_unprepared_process_is_attached_to_asked_and_left(talk, plain):
    target = str(plain)
    assert "no agent in process" in talk.refusal("what_is_leaking", target=target)
    assert talk.tool("attach_process", pid=plain)["pid"] == plain
    assert talk.tool("count_types", target=target)["total"] > 10
    assert talk.refusal("attach_process", pid=plain)
    assert talk.tool("detach_process", target=target) == {"detached": True}
    assert target not in str(talk.tool("list_processes")["processes"])


def test_a_monitor_is_started_told_of_and_stopped(talk, shop):
    started = talk.tool("start_monitoring", max_object_lifetime="200ms", warmup="100ms")
    assert started["state"] == "warm-up" and started["lifetime_s"] == 0.2
    shop.ask("grow 20")
    # The first iteration is the warm-up's, the second has objects.
    wait_until(
        lambda: talk.tool("get_process")["monitoring"]["iteration"] >= 3, "an iteration"
    )
    again = talk.refusal("start_monitoring", max_object_lifetime="1s")
    assert "runs already" in again
    stopped = talk.tool("stop_monitoring")
    assert stopped["stopped"] and stopped["iterations"] >= 3
    report = talk.tool("get_report", report_id=stopped["report_id"], iterations=2)
    assert [row["iteration"] for row in report["contents"] if "verdict" in row] == [
        stopped["iterations"], stopped["iterations"] - 1
    ]
    assert "monitoring" not in talk.tool("get_process")


def test_a_report_of_the_original_tool_is_read(talk):
    of = {"report_id": "d6wf-uw2w", "report_directory": V1}
    report = talk.tool("get_report", iterations=3, **of)
    assert [row["iteration"] for row in report["contents"]] == [3, 2, 1]
    assert talk.tool("get_report_types", types=["MemalotObject"], **of)["total"] == 1
    objects = talk.tool("get_report_objects", types=["MemalotObject"], **of)["objects"]
    assert objects[0]["referrers"][0].startswith("wrapper.inner_args (local) → tuple index=0")
    assert "get_report_objects" in talk.refusal("get_finding", **of)
    assert "MemalotObject" in talk.refusal("get_report_objects", types=["Nope"], **of)


def test_drawings_come_as_an_image_or_as_text(talk, report_id):
    (png,) = talk.call_tool("draw_finding", {"report_id": report_id, "format": "png"}).content
    assert png.mime_type == "image/png" and png.data.startswith("iVBOR")
    (svg,) = talk.call_tool("draw_finding", {"report_id": report_id, "format": "svg"}).content
    assert "<svg" in svg.text and "SESSIONS" in svg.text
    (dot,) = talk.call_tool("draw_finding", {"report_id": report_id, "format": "dot"}).content
    assert dot.text.startswith("digraph")
    small = talk.refusal("draw_finding", report_id=report_id, format="png", max_bytes=100)
    assert "larger max_bytes" in small


@pytest.mark.parametrize(("tool", "arguments", "said"), [
    ("get_report", {}, "report_id"),
    ("get_report", {"report_id": "nonsense"}, "report_id"),
    ("get_report", {"report_id": "../../etc"}, "report_id"),
    ("get_report", {"report_id": "zzzz-zzzz"}, "no report zzzz-zzzz"),
    ("get_report", {"report_id": "zzzz-zzzz", "iteration": 1}, "no argument 'iteration'"),
    ("get_report", {"report_id": "d6wf-uw2w", "report_directory": V1, "iterations": 0},
     "iterations"),
    ("get_report_types", {"report_id": "d6wf-uw2w", "report_directory": V1, "iteration": 9},
     "no iteration 9"),
    ("list_reports", {"report_directory": "/nowhere"}, "no directory /nowhere"),
    ("list_reports", {"cursor": "reports-1.99999"}, "cursor"),
    ("list_reports", {"max_bytes": 1}, "max_bytes"),
    ("get_process", {"target": "nobody"}, "no agent has that name"),
    ("get_process", {"target": "--help"}, "target"),
    ("what_is_leaking", {"target": "99999999"}, "no process 99999999"),
    ("what_is_leaking", {"target": str(os.getpid())}, "no agent in process"),
    ("who_holds", {}, "either type or address"),
    ("who_holds", {"type": "Session", "address": "0x10"}, "either type or address"),
    ("who_holds", {"type": "NoSuchType"}, "NoSuchType"),
    ("what_does_it_retain", {"address": "0x10"}, "no object at 0x10"),
    ("what_does_it_retain", {"address": "here"}, "address"),
    ("attach_process", {"pid": 0}, "pid"),
    ("attach_process", {"pid": 99999999}, "99999999"),
    ("detach_process", {}, "target"),
    ("detach_process", {"target": "--all"}, "target"),
    ("start_monitoring", {"max_object_lifetime": "soon"}, "max_object_lifetime"),
    ("stop_monitoring", {}, "no time-based leak monitoring"),
    ("draw_finding", {"report_id": "zzzz-zzzz", "format": "gif"}, "format"),
    ("draw_finding", {"report_id": "d6wf-uw2w", "report_directory": V1, "finding": 99,
                      "format": "dot"}, "finding 99"),
    ("where_in_source", {"report_id": "zzzz-zzzz", "directories": ["/nowhere"]}, "/nowhere"),
    ("no_such_tool", {}, "list_processes"),
])
def test_what_is_wrong_is_refused_in_one_line(talk, tool, arguments, said):
    assert said in talk.refusal(tool, **arguments)
    assert talk.stderr() == ""


def test_without_agents_the_answer_is_none_or_how_to_get_one(server_env, tmp_path):
    command = [str(MEMALOTCTL), "mcp"]
    with talking(command, server_env, tmp_path / "stderr") as talk:
        assert talk.tool("list_processes")["processes"] == []
        assert "memalotctl run" in talk.refusal("what_is_leaking")
        assert talk.tool("list_reports")["reports"] == []


def test_of_several_processes_one_must_be_named(ctl, talk, shop, tmp_path):
    from harness import Target

    command = [str(MEMALOTCTL), "run", "--", sys.executable, "-c", "print('ready'); input()"]
    other = Target(ctl, command, ctl.env, tmp_path)
    try:
        other.expect("ready")
        wait_until(lambda: ctl.socket(other.pid).exists(), "its socket")
        said = talk.refusal("count_types")
        assert str(other.pid) in said and str(shop.pid) in said
        assert talk.tool("get_process", target=str(other.pid))["pid"] == other.pid
    finally:
        other.stop()
    assert f"no process {other.pid}" in talk.refusal("get_process", target=str(other.pid))


def test_a_client_of_the_older_protocol_is_served(ctl, shop, tmp_path):
    command = [str(MEMALOTCTL), "mcp", "--report-directory", V1]
    with talking(command, ctl.env, tmp_path / "stderr", mode="legacy") as talk:
        reports = talk.tool("list_reports")["reports"]
        assert {row["report_id"] for row in reports} == {"d6wf-uw2w", "lyy0-uf3p"}
        assert talk.tool("get_process")["pid"] == shop.pid
        assert talk.stderr() == ""


def test_prompts_name_tools_that_there_are(talk, tools):
    prompts = talk.list_prompts().prompts
    assert {prompt.name for prompt in prompts} >= {
        "find_leak", "list_reports", "analyse_report", "fix_leak", "analyse_referrers",
        "draw_report", "html_report",
    }
    for prompt in prompts:
        arguments = {argument.name: "abcd-1234" for argument in prompt.arguments or ()}
        (message,) = talk.get_prompt(prompt.name, arguments).messages
        words = set(message.content.text.replace(",", " ").replace(".", " ").split())
        assert not {word for word in words if "_" in word} - set(tools), prompt.name


def test_a_report_is_a_resource(talk, report_id):
    (template,) = talk.list_resource_templates().resource_templates
    assert template.uri_template == "memalot://report/{report_id}"
    (content,) = talk.read_resource(f"memalot://report/{report_id}").contents
    assert content.mime_type == "application/json" and report_id in content.text
    with pytest.raises(Exception, match="no report zzzz-zzzz"):
        talk.read_resource("memalot://report/zzzz-zzzz")


def test_a_project_with_modules_of_those_names_is_no_obstacle(ctl, server_env, tmp_path):
    for name in ("mcp", "json", "pydantic", "memalot"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong one')\n")
    done = subprocess.run(
        [str(MEMALOTCTL), "mcp"], cwd=tmp_path, env=server_env, text=True, timeout=60,
        stdin=subprocess.DEVNULL, capture_output=True,
    )
    if sys.version_info >= (3, 11):
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_without_the_sdk_one_line_says_how_to_get_it(server_env, tmp_path):
    bare = {**server_env, "MEMALOT_PYTHON": sys._base_executable}
    done = subprocess.run([str(MEMALOTCTL), "mcp"], env={**bare, "PYTHONNOUSERSITE": "1"},
                          cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60)
    if done.returncode == 0:
        pytest.skip(f"{sys._base_executable} has the SDK itself")
    assert done.returncode == 1 and done.stdout == ""
    assert "pip install 'memalotctl[mcp]'" in done.stderr and done.stderr.count("\n") == 1


def test_a_python_without_an_agent_is_refused_in_one_line(server_env, tmp_path):
    shutil.copytree(BUILD / "lib" / "memalot", tmp_path / "lib" / "memalot",
                    ignore=shutil.ignore_patterns("*.so*", "*.p"))
    (tmp_path / "bin").mkdir()
    ctl = shutil.copy(MEMALOTCTL, tmp_path / "bin")
    done = subprocess.run([ctl, "mcp"], env=server_env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stdout == ""
    assert "without an agent for CPython 3." in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("end", ["eof", signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_its_client_does(server_env, end):
    with subprocess.Popen([str(MEMALOTCTL), "mcp"], env=server_env, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        server.stdin.write(b'nonsense\n{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        server.stdin.flush()
        for line in server.stdout:  # nothing but the protocol is on standard output
            if json.loads(line).get("id") == 1:
                break
        server.stdin.close() if end == "eof" else server.send_signal(end)
        assert server.wait(PATIENCE) == (0 if end == "eof" else -end)
        assert server.stderr.read() == b""


def test_the_usage_is_told_without_the_sdk(ctl):
    assert "--report-directory DIR" in ctl.run("mcp", "--help").stdout
    assert "did you mean" in ctl.run("mcp", "--report-direktory", "x", code=2).stderr
