# SPDX-License-Identifier: MIT
"""Drawings of findings. memalotctl draws them; here they become content of an answer."""

from __future__ import annotations

import base64
import os
import tempfile
from typing import Annotated, Literal

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ImageContent, TextContent
from pydantic import Field

from ._asking import tell
from ._report_tools import Directory, Number, ReportId, Saved


class PictureTools:
    """The tool that draws."""

    def __init__(self, saved: Saved) -> None:
        """Draw findings of reports in `saved`."""
        self._saved = saved

    def draw_finding(
        self,
        report_id: ReportId,
        format: Annotated[
            Literal["png", "svg", "dot"],
            Field(description="png: an image to look at; svg: text for a page; dot: the "
                              "graph in few words"),
        ],
        finding: Number = 1,
        report_directory: Directory = None,
        max_bytes: Annotated[
            int, Field(ge=1, description="A drawing that is bigger is refused")
        ] = 500_000,
    ) -> list[ImageContent | TextContent]:
        """Draw a finding of a report's last iteration with findings: roots on top, the
        leaking objects at the bottom, who holds what in between. Tens of kilobytes.
        """
        place = self._saved.place(report_id, report_directory)
        with tempfile.TemporaryDirectory(prefix="memalot-") as folder:
            path = os.path.join(folder, f"finding.{format}")
            tell("graph", report_id, f"--finding={finding}", f"--output={path}",
                 f"--report-directory={place}")
            with open(path, "rb") as file:
                drawing = file.read()
        if len(drawing) > max_bytes:
            raise ToolError(
                f"the {format} has {len(drawing)} bytes; pass a larger max_bytes to get it"
            )
        if format == "png":
            data = base64.b64encode(drawing).decode("ascii")
            return [ImageContent(type="image", data=data, mime_type="image/png")]
        return [TextContent(type="text", text=drawing.decode("utf-8", "replace"))]
