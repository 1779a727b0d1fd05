# SPDX-License-Identifier: MIT
"""Fixtures of the tests of the MCP server: a leaking program under memalot, and the real
server, talked to by the client of the official SDK. The programs are shared by all tests
of a run; the harness is that of tests/e2e.
"""

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("mcp.server.mcpserver", reason="no MCP SDK here: make test-mcp")

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from anyio.from_thread import start_blocking_portal  # noqa: E402
from harness import BUILD, MEMALOTCTL, Ctl, Target  # noqa: E402
from mcp import Client, StdioServerParameters  # noqa: E402
from mcp.client.stdio import stdio_client  # noqa: E402

sys.path.insert(0, str(BUILD / "lib"))  # the package under test


class Talk:
    """A session with the server: its client's methods, without async."""

    def __init__(self, portal, client, errors):
        self._portal = portal
        self._client = client
        self._errors = errors

    def __getattr__(self, name):
        method = getattr(self._client, name)
        return lambda *args, **kw: self._portal.call(lambda: method(*args, **kw))

    def tool(self, name, **arguments):
        """Call a tool that must succeed; returns its structured content."""
        result = self.call_tool(name, arguments)
        assert not result.is_error, result.content[0].text
        return result.structured_content

    def refusal(self, name, **arguments):
        """Call a tool that must refuse; returns the one line."""
        result = self.call_tool(name, arguments)
        assert result.is_error, result.content
        (content,) = result.content
        assert "\n" not in content.text and "Traceback" not in content.text
        return content.text

    def stderr(self):
        """Return what the server wrote to standard error."""
        return self._errors.read_text()


@contextlib.contextmanager
def talking(command, env, errors, mode="auto"):
    """Start the server and talk to it."""
    parameters = StdioServerParameters(command=command[0], args=command[1:], env=env)
    with open(errors, "w", encoding="utf-8") as stderr, start_blocking_portal() as portal:
        client = Client(stdio_client(parameters, errlog=stderr), mode=mode)
        with portal.wrap_async_context_manager(client):
            yield Talk(portal, client, errors)


@pytest.fixture(scope="session")
def ctl():
    """memalotctl with a home of its own, and the server run by this Python."""
    if not MEMALOTCTL.exists():
        pytest.fail(f"{MEMALOTCTL} is not built: run make first")
    home = Path(tempfile.mkdtemp(prefix="ml-", dir="/tmp"))
    ctl = Ctl(home)
    ctl.env["MEMALOT_PYTHON"] = sys.executable
    yield ctl
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def shop(ctl):
    """The leaking program."""
    command = [str(MEMALOTCTL), "run", "--", sys.executable, "-u", "shop.py"]
    target = Target(ctl, command, ctl.env, HERE)
    target.expect("ready")
    yield target
    target.stop()
    target.errors.unlink(missing_ok=True)


@pytest.fixture
def plain(ctl, tmp_path):
    """The PID of a program that knows nothing of memalot."""
    code = "import time\nprint('ready', flush=True)\nwhile True: time.sleep(0.05)"
    target = Target(ctl, [sys.executable, "-c", code], ctl.env, tmp_path)
    target.expect("ready")
    yield target.pid
    target.stop()


@pytest.fixture(scope="session")
def talk(ctl, shop):
    """A session with `memalotctl mcp`."""
    with talking([str(MEMALOTCTL), "mcp"], ctl.env, ctl.home / "mcp-stderr") as talk:
        yield talk


@pytest.fixture(scope="session")
def report_id(talk):
    """A report of the leaking program."""
    return talk.tool("what_is_leaking")["report_id"]


@pytest.fixture
def server_env(ctl):
    """The environment for a server with another home: no agents, no reports."""
    with tempfile.TemporaryDirectory(prefix="ml-", dir="/tmp") as home:
        yield {**ctl.env, "HOME": home, "MEMALOT_RUNTIME_DIR": home, "XDG_RUNTIME_DIR": home}


def pytest_report_header():
    """Say which SDK is tested."""
    from importlib.metadata import version

    return f"mcp {version('mcp')}, Python {sys.version.split()[0]}, {os.fspath(MEMALOTCTL)}"


def pytest_terminal_summary(terminalreporter):
    """Keep the counts for the closing lines of `make test`."""
    stats = terminalreporter.stats
    words = ("passed", "failed", "error", "skipped")
    counts = [f"{len(stats[word])} {word}" for word in words if stats.get(word)]
    (BUILD / "mcp-counts").write_text(", ".join(counts) + "\n")
