# SPDX-License-Identifier: MIT
"""Answers that fit into a context window.

An answer is a model with a head and one list of rows. Of the rows as many are sent as
fit into `max_bytes`; the rest is kept, as it was when it was asked for, and `next` is
the cursor by which it is had. So a second page costs the process no second look, and is
of the same moment as the first.

What is measured is the answer as it goes over the wire, where the protocol wants it
twice: as structured content, and as text for clients that know only that.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from itertools import count
from typing import Annotated, Any, ClassVar, TypeVar

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, TextContent
from pydantic import BaseModel, Field

DEFAULT_BYTES = 5000
_ENVELOPE = 200  # what the protocol puts around an answer, with some to spare
_KEPT = 16  # answers whose rest can still be asked for
_WIDTHS = (400, 160, 60)  # of texts: the first at which a row fits
_END = "…"

MaxBytes = Annotated[
    int, Field(ge=2000, le=1_000_000, description="Raise it to get more at once")
]
Cursor = Annotated[
    str | None,
    Field(description="`next` of the answer before, for the rows that follow; other "
                      "arguments are then ignored"),
]


class Page(BaseModel):
    """What all answers with rows have."""

    rows: ClassVar[str]  # the name of the field that has them

    total: int = Field(default=0, description="Rows there are in all")
    truncated: bool = Field(default=False, description="There are rows after the last one here")
    next: str | None = Field(default=None, description="The cursor for the rows that follow")


PageT = TypeVar("PageT", bound=Page)


def whole(answer: BaseModel) -> CallToolResult:
    """Return an answer that is small by its nature."""
    return _result(clip(answer.model_dump(mode="json", exclude_none=True), _WIDTHS[0]))


class Shelf:
    """The answers of which a page was sent, the newest ones."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: OrderedDict[str, Page] = OrderedDict()
        self._numbers = count(1)

    def first(self, answer: Page, max_bytes: int) -> CallToolResult:
        """Return the first page of an answer, and keep it when there are more."""
        name = f"{type(answer).__name__.lower()}-{next(self._numbers)}"
        result, more = _fit(answer, 0, max_bytes, name)
        if more:
            self._kept[name] = answer
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return result

    def more(self, kind: type[PageT], cursor: str, max_bytes: int) -> CallToolResult:
        """Return the page at `cursor`, which must be of an answer of this kind."""
        name, _, start = cursor.rpartition(".")
        answer = self._kept.get(name)
        if not isinstance(answer, kind) or not (start.isascii() and start.isdigit()):
            raise ToolError(
                f"no such cursor: {clip(cursor, 60)!r}; leave it out to ask anew"
            )
        if int(start) >= len(getattr(answer, kind.rows)):
            raise ToolError(f"cursor {clip(cursor, 60)!r} is behind the last row")
        self._kept.move_to_end(name)
        return _fit(answer, int(start), max_bytes, name)[0]


def clip(value: Any, width: int) -> Any:
    """Return JSON data with its texts cut to `width`, and such as UTF-8 can encode."""
    if isinstance(value, str):
        text = value.encode("utf-8", "replace").decode("utf-8")
        return text if len(text) <= width else text[: width - 1] + _END
    if isinstance(value, list):
        return [clip(item, width) for item in value]
    if isinstance(value, dict):
        return {key: clip(item, width) for key, item in value.items()}
    return value


def _fit(answer: Page, start: int, max_bytes: int, name: str) -> tuple[CallToolResult, bool]:
    """Return the page from row `start` on, and whether rows follow it."""
    data = answer.model_dump(mode="json", exclude_none=True)
    rows = data[answer.rows][start:]
    head = {**data, answer.rows: [], "total": start + len(rows), "truncated": True}
    shown: list[Any] = []
    for width in _WIDTHS:
        data = {**clip(head, width), "next": f"{name}.{start + len(rows)}"}
        shown = _that_fit(rows, width, max_bytes - _ENVELOPE - _size(data))
        if shown:
            break
    data[answer.rows] = shown
    data["truncated"] = more = len(shown) < len(rows)
    data["next"] = f"{name}.{start + len(shown)}"
    if not more or not shown:  # a head that leaves no room: only more bytes help
        del data["next"]
    return _result(data), more


def _that_fit(rows: list[Any], width: int, room: int) -> list[Any]:
    shown: list[Any] = []
    for row in rows:
        shown.append(clip(row, width))
        room -= _size(shown[-1])
        if room < 0:
            return shown[:-1]
    return shown


def _size(data: Any) -> int:
    text = _text(data)
    return len(text.encode()) + len(_text(text).encode()) + 2


def _text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _result(data: dict[str, Any]) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(type="text", text=_text(data))], structured_content=data
    )
