# SPDX-License-Identifier: MIT
"""`memalotctl exporter` for tests: started on a free port, scraped, parsed.

The Python that serves is the one that runs the tests: it has prometheus_client, whose
own parser reads what is served.
"""

import os
import signal
import subprocess
import sys
import sysconfig
import urllib.request

import pytest

from harness import BUILD, MEMALOTCTL, PATIENCE, wait_until

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def require():
    """Skip the test when the exporter cannot run here."""
    pytest.importorskip("prometheus_client")
    agent = BUILD / "lib/memalot" / f"_agent{sysconfig.get_config_var('EXT_SUFFIX')}"
    if not agent.exists():
        pytest.skip(f"no agent is built for {sys.executable}")


class Exporter:
    """One that serves until `stop()`."""

    def __init__(self, env, *options, wrap=()):
        env = {**env, "MEMALOT_PYTHON": sys.executable}
        command = [*wrap, str(MEMALOTCTL), "exporter", "--listen", "127.0.0.1:0",
                   "--every", "0", *map(str, options)]
        self.process = subprocess.Popen(
            command, env=env, stderr=subprocess.PIPE, text=True, start_new_session=True)
        said = self.process.stderr.readline()
        assert "serving http://" in said, said + self.process.stderr.read()
        self.url = said.split("serving ")[1].strip()

    def text(self, accept=OPENMETRICS):
        """Scrape once."""
        request = urllib.request.Request(self.url, headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def families(self):
        """Scrape once; returns the families by name."""
        from prometheus_client.openmetrics.parser import text_string_to_metric_families

        return {family.name: family for family in
                text_string_to_metric_families(self.text())}

    def samples(self, **labels):
        """Scrape once; the samples with these labels, as {(name, ...): value}.

        The key is the name alone, or with the one label that tells parts apart.
        """
        found = {}
        for family in self.families().values():
            for sample in family.samples:
                if labels.items() <= sample.labels.items():
                    key = sample.labels.get("part") or sample.labels.get("state")
                    found[(sample.name, key) if key else sample.name] = sample.value
        return found

    def once(self, name, value, /, **labels):
        """Return the samples once one has a value: an agent that has answered tells of
        its new report a moment later."""
        return wait_until(
            lambda: (found := self.samples(**labels)).get(name) == value and found,
            f"{name} is {value}")

    def stop(self):
        """Ask it to end; returns its exit code."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.communicate(timeout=PATIENCE)
        return self.process.returncode
