# SPDX-License-Identifier: MIT
"""The server as the MCP Inspector sees it, the protocol's own tool for looking at
servers: every tool listed, every tool called, and not a word of warning.
"""

import json
import os
import subprocess
import sys

import pytest
from calls import every_tool
from harness import BUILD, MEMALOTCTL

INSPECTOR = BUILD / "mcp-inspector" / "node_modules" / ".bin" / "mcp-inspector"
TOOL_IS_ERROR = 5  # its exit code

pytestmark = pytest.mark.skipif(
    not INSPECTOR.exists(), reason="the MCP Inspector is not here: make test-mcp fetches it"
)


@pytest.fixture
def inspect(ctl):
    """Runs one method; returns its result. Nothing may be said on standard error."""
    # Node.js is in the same virtual environment as this Python.
    env = {**ctl.env, "PATH": os.path.dirname(sys.executable) + ":" + ctl.env["PATH"]}
    given = [word for name in ("HOME", "MEMALOT_RUNTIME_DIR", "MEMALOT_PYTHON")
             for word in ("-e", f"{name}={ctl.env[name]}")]

    def run(method, *words, code=0):
        command = [str(INSPECTOR), "--cli", *given, str(MEMALOTCTL), "mcp",
                   "--method", method, *words, "--format", "json"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL)
        assert done.returncode == code, done.stdout + done.stderr
        assert code != 0 or done.stderr == ""
        return json.loads(done.stdout)["result"]

    return run


def test_it_lists_every_tool_and_finds_no_fault_with_the_schemas(inspect, talk):
    listed = inspect("tools/list", "--strict")["tools"]
    assert [tool["name"] for tool in listed] == [t.name for t in talk.list_tools().tools]


def test_it_calls_every_tool(inspect, talk, report_id, plain):
    for name, arguments in every_tool(talk.tool, report_id, plain):
        result = inspect("tools/call", "--tool-name", name,
                         "--tool-args-json", json.dumps(arguments))
        assert not result["isError"] and result["content"], name


def test_it_reads_prompts_and_resources(inspect, report_id):
    prompts = inspect("prompts/list")["prompts"]
    assert "fix_leak" in [prompt["name"] for prompt in prompts]
    filled = inspect("prompts/get", "--prompt-name", "fix_leak",
                     "--prompt-args", f"report_id={report_id}")
    assert report_id in filled["messages"][0]["content"]["text"]
    read = inspect("resources/read", "--uri", f"memalot://report/{report_id}")
    assert report_id in read["contents"][0]["text"]


def test_it_is_told_what_is_wrong(inspect, talk):
    result = inspect("tools/call", "--tool-name", "get_report", "--tool-args-json",
                     '{"report_id": "zzzz-zzzz"}', code=TOOL_IS_ERROR)
    assert result["isError"] and "no report zzzz-zzzz" in result["content"][0]["text"]


def test_it_speaks_the_newest_protocol_too(inspect):
    result = inspect("tools/call", "--tool-name", "list_processes", "--protocol-era", "modern")
    assert not result["isError"]
