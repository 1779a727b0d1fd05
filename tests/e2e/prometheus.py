# SPDX-License-Identifier: MIT
"""A real Prometheus for tests: found, started with a configuration, asked over HTTP.

tools/get-prometheus.sh fetches Debian's; one on PATH is as good.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from harness import PATIENCE, ROOT, wait_until

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
FETCHED = Path(os.environ.get("MEMALOT_PROMETHEUS", CACHE / "memalot/prometheus"))
HANDBOOK = ROOT / "docs/production.md"
RULES = ROOT / "deploy/prometheus/memalot.rules.yml"


def require(program):
    """Return the path of prometheus or promtool, or skip the test."""
    path = shutil.which(program, path=f"{FETCHED}/usr/bin:{os.environ['PATH']}")
    if path is None:
        pytest.skip(f"{program} is not here: make test-prometheus fetches it")
    return path


def queries():
    """Return the alert queries of docs/production.md by the name of their alert."""
    blocks = re.findall(r"### (Memalot\w+)\n.*?```promql\n(.*?)```", HANDBOOK.read_text(),
                        re.DOTALL)
    return {name: " ".join(query.split()) for name, query in blocks}


def in_seconds(query):
    """Return the query with its minutes made seconds: a test cannot wait half an hour."""
    return re.sub(r"\b(\d+)m\b", r"\1s", query)


def free_port():
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    """A server with its data in a folder, until `stop()`."""

    def __init__(self, folder, config):
        (folder / "prometheus.yml").write_text(config)
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = folder / "prometheus.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [require("prometheus"), f"--config.file={folder}/prometheus.yml",
                 f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address={self.url.removeprefix('http://')}"],
                stdout=log, stderr=log, start_new_session=True,
            )
        wait_until(self.ready, f"Prometheus serves: {self.log}", every=0.1)

    def ready(self):
        """Say whether it answers yet."""
        assert self.process.poll() is None, self.log.read_text()
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=PATIENCE):
                return True
        except (urllib.error.URLError, ConnectionError):
            return False

    def get(self, path, **params):
        """Ask the HTTP API; returns `data`."""
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(params)}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return json.load(answer)["data"]

    def query(self, text):
        """Return what a query answers now: a list of {metric, value}."""
        return self.get("query", query=text)["result"]

    def stop(self):
        """End it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(PATIENCE)
