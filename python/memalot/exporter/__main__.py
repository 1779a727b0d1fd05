# SPDX-License-Identifier: MIT
"""`memalotctl exporter`: reads the words that it hands over, and serves until ended.

memalotctl has checked the options and has --help; times come in seconds.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading

try:
    from prometheus_client import CollectorRegistry, start_http_server
except ModuleNotFoundError as missing:
    if missing.name != "prometheus_client":
        raise
    sys.exit(
        f"memalotctl: the exporter needs prometheus_client in {sys.executable}: "
        "pip install 'memalotctl[exporter]'"
    )

from .agents import Agents
from .families import AgentsCollector
from .sweeper import Sweeper


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="memalotctl exporter", add_help=False)
    parser.add_argument("--listen", default="127.0.0.1:9464")
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--sweep-every", type=float, default=0.0)
    parser.add_argument("--findings", type=int, default=10)
    parser.add_argument("--report-directory")
    return parser.parse_args()


def _split(listen: str) -> tuple[str, int]:
    """Split "HOST:PORT", "[::1]:PORT", ":PORT" or "PORT"."""
    host, _, port = listen.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        print(f"memalotctl: --listen needs HOST:PORT, not '{listen}'", file=sys.stderr)
        sys.exit(2)
    return host.strip("[]") or "0.0.0.0", int(port)


def main() -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code."""
    options = _options()
    host, port = _split(options.listen)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):  # as pid 1, nothing ends us otherwise
        signal.signal(number, lambda *_: ended.set())
    agents = Agents(options.every, options.findings, options.report_directory)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(AgentsCollector(agents))
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        print(f"memalotctl: cannot listen on {options.listen}: {error.strerror}",
              file=sys.stderr)
        return 1
    shown = f"[{host}]" if ":" in host else host
    print(f"memalotctl: serving http://{shown}:{server.server_port}/metrics",
          file=sys.stderr, flush=True)
    if options.sweep_every > 0:
        Sweeper(agents, options.sweep_every).start()
    ended.wait()
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
