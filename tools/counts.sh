#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/counts.sh BUILD: the closing lines of both test runners, side by side, as they
# wrote them. pytest's are kept by tests/e2e/conftest.py.
set -euo pipefail
echo
echo "C tests (meson):"
grep -E '^(Ok|Expected Fail|Fail|Unexpected Pass|Skipped|Timeout):' \
    "$1/meson-logs/testlog.txt" 2>/dev/null | sed 's/^/  /' || echo "  no result"
echo "end-to-end tests (pytest):"
sed 's/^/  /' "$1/pytest-counts" 2>/dev/null || echo "  no result"
echo "MCP server (pytest):"
sed 's/^/  /' "$1/mcp-counts" 2>/dev/null || echo "  no result"
