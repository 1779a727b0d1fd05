# SPDX-License-Identifier: MIT
"""The server: which tools, prompts and resources there are, and how it refuses.

Tools say in their annotations what they do to the world: `READS` nothing, `LOOKS` takes
a sweep and may leave a report or a new baseline for growth, `STEERS` brings the agent
into a process, or changes what it does there, until it is told otherwise.
"""

from __future__ import annotations

from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError, UnexpectedToolError
from mcp_types import CallToolResult, InputRequiredResult, Tool, ToolAnnotations
from pydantic import ValidationError

from .. import __version__
from ._live_tools import LiveTools
from ._pages import Shelf
from ._pictures import PictureTools
from ._prompts import PROMPTS
from ._report_tools import ReportTools, Saved

INSTRUCTIONS = """\
Finds memory leaks in live CPython processes. Ask list_processes (attach_process brings \
others in), then what_is_leaking; each finding is one leak, with the path that holds \
it. get_finding, where_in_source and draw_finding go into one; what_grew tells growth \
from mere size. Reports are saved and can be read, compared and drawn later. Answers are \
short: follow `next` by passing it as `cursor`, or raise `max_bytes`. Sizes are bytes, \
times seconds."""

READS = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
LOOKS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
)
STEERS = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


class Server(MCPServer[Any]):
    """An MCP server whose refusals are one clear line each."""

    async def list_tools(self) -> list[Tool]:
        """Return the tools, without what the SDK's schemas say twice."""
        tools = await super().list_tools()
        for tool in tools:
            tool.input_schema = _without_titles(tool.input_schema)
            tool.output_schema = _without_titles(tool.output_schema)
        return tools

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; wrong names and values are told in words."""
        await self._check_names(name, arguments)
        try:
            return await super().call_tool(name, arguments, context)
        except UnexpectedToolError:
            raise
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(_in_words(error.__cause__)) from error.__cause__
            if isinstance(error.__cause__, ToolError):
                raise error.__cause__ from None
            raise

    async def _check_names(self, name: str, arguments: dict[str, Any]) -> None:
        tools = {tool.name: tool.input_schema for tool in await self.list_tools()}
        if name not in tools:
            raise ToolError(f"no tool {name!r}; there are {', '.join(sorted(tools))}")
        known = tools[name].get("properties", {})
        for argument in arguments:
            if argument not in known:
                raise ToolError(f"{name} has no argument {argument!r}, but {', '.join(known)}")


def build(report_directory: str | None) -> Server:
    """Make the server; `report_directory` None is the usual one."""
    server = Server(
        "memalot", title="memalot", instructions=INSTRUCTIONS, version=__version__,
        log_level="ERROR",
    )
    shelf, saved = Shelf(), Saved(report_directory)
    reports, live = ReportTools(saved, shelf), LiveTools(saved, shelf)

    def add(tool: Any, title: str, does: ToolAnnotations) -> None:
        hints = does.model_copy(update={"title": title})
        server.add_tool(tool, title=title, description=_description(tool), annotations=hints)

    add(live.list_processes, "List processes", READS)
    add(live.get_process, "One process", READS)
    add(live.attach_process, "Attach to a process", STEERS)
    add(live.detach_process, "Detach from a process", STEERS)
    add(live.what_is_leaking, "What is leaking", LOOKS)
    add(live.what_grew, "What grew", LOOKS)
    add(live.who_holds, "Who holds this", READS)
    add(live.what_does_it_retain, "What does it retain", READS)
    add(live.biggest_retainers, "Biggest retainers", READS)
    add(live.count_types, "Objects by type", READS)
    add(live.memory_anatomy, "Where the memory is", READS)
    add(live.what_is_garbage, "Cyclic garbage", READS)
    add(live.what_native_code_holds, "What native code holds", READS)
    add(live.start_monitoring, "Start monitoring", STEERS)
    add(live.stop_monitoring, "Stop monitoring", STEERS)
    add(reports.list_reports, "List reports", READS)
    add(reports.get_report, "Read a report", READS)
    add(reports.get_finding, "Read a finding", READS)
    add(reports.get_report_types, "Types of a report", READS)
    add(reports.get_report_objects, "Objects of a report", READS)
    add(reports.compare_reports, "Compare reports", READS)
    add(reports.where_in_source, "Where in the source", READS)
    add(PictureTools(saved).draw_finding, "Draw a finding", READS)
    for title, prompt in PROMPTS.items():
        server.prompt(title=title)(prompt)
    _add_resource(server, reports)
    return server


def _add_resource(server: Server, reports: ReportTools) -> None:
    def report(report_id: str) -> str:
        """The newest iteration of a saved report and its findings, worst first."""
        try:
            answer = reports.get_report(report_id)
        except ToolError as error:
            raise ResourceError(str(error)) from None
        return "".join(getattr(content, "text", "") for content in answer.content)

    server.resource(
        "memalot://report/{report_id}", title="Saved report", mime_type="application/json"
    )(report)


def _description(tool: Any) -> str:
    return "\n".join(line.strip() for line in (tool.__doc__ or "").strip().splitlines())


def _without_titles(schema: Any) -> Any:
    """Leave out `title`, which only repeats the name of what it stands at."""
    if isinstance(schema, list):
        return [_without_titles(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    named = ("properties", "$defs")  # below these the keys are names, not words
    return {
        key: {name: _without_titles(item) for name, item in value.items()}
        if key in named else _without_titles(value)
        for key, value in schema.items()
        if key != "title"
    }


def _in_words(error: ValidationError) -> str:
    said = []
    for mistake in error.errors(include_url=False):
        where = ".".join(str(part) for part in mistake["loc"]) or "arguments"
        said.append(f"{where}: {mistake['msg']}")
    return "; ".join(said)
