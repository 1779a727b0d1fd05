# SPDX-License-Identifier: MIT
"""The MCP server: saved reports and live processes for an AI tool, over stdio.

`python -m memalot.mcp` runs it; so do `memalotctl mcp` and `memalot-mcp`. It needs the
official SDK (the extra `mcp`), which nothing else of memalot does: importing this
package imports none of it.
"""
