# SPDX-License-Identifier: MIT
"""The alerts of docs/production.md: the rules file has the same, a real Prometheus fires.

`make test-prometheus` fetches what is missing and runs the long one as well. Minutes of
the queries are seconds there; with synthetic series promtool takes them as they are.
"""

import os
import re
import signal
import subprocess

import pytest

import exporter
import prometheus
from harness import ROOT, wait_until

NAMES = {"MemalotFindingGrows", "MemalotNativeGrowth", "MemalotAgentSilent"}
# A scrape takes two seconds while somebody does not answer.
CONFIG = """
global: {{scrape_interval: 4s, scrape_timeout: 4s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: memalot
    static_configs: [{{targets: ["{target}"]}}]
"""


def test_the_rules_file_has_the_queries_of_the_document():
    rules = re.findall(r"- alert: (\w+)\n +expr: \|\n((?: {10}.*\n)+)",
                       prometheus.RULES.read_text())
    assert {name: " ".join(query.split()) for name, query in rules} == \
        prometheus.queries()
    assert set(prometheus.queries()) == NAMES


def test_promtool_takes_the_configuration_and_the_rules():
    promtool = prometheus.require("promtool")
    for what, name in (("config", "prometheus.yml"), ("rules", "memalot.rules.yml")):
        done = subprocess.run(
            [promtool, "check", what, str(ROOT / "deploy/prometheus" / name)],
            capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_fire_for_leaks_and_not_for_caches():
    done = subprocess.run(
        [prometheus.require("promtool"), "test", "rules",
         str(ROOT / "tests/e2e/alerts.yml")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def programs(target):
    """One that leaks, one that leaks natively, one that is stopped, one in order."""
    found = {name: target("leaking.py", config=f"name: {name}\n")
             for name in ("leaks", "native", "stopped", "healthy")}
    for name, program in found.items():
        program.ask("leak 2000")
    yield found
    os.kill(found["stopped"].pid, signal.SIGCONT)


@pytest.fixture
def served(ctl, programs, tmp_path):
    """A Prometheus that scrapes an exporter which sees them."""
    exporter.require()
    prometheus.require("prometheus")
    told = exporter.Exporter(ctl.env, "--sweep-every", "1s")
    rules = tmp_path / "rules.yml"
    rules.write_text(prometheus.in_seconds(prometheus.RULES.read_text()))
    address = told.url.removeprefix("http://").partition("/")[0]
    server = prometheus.Prometheus(
        tmp_path, CONFIG.format(rules=rules, target=address))
    yield server
    server.stop()
    told.stop()


@pytest.mark.slow
def test_a_real_prometheus_answers_the_three_queries(programs, served):
    what = {name: prometheus.in_seconds(query)
            for name, query in prometheus.queries().items()}
    wait_until(lambda: len(served.query("memalot_finding_objects")) == 4,
               "all four are scraped", every=0.2)
    assert not any(served.query(query) for query in what.values())
    programs["leaks"].ask("steadily leak 1000 0.5")
    programs["native"].ask("steadily native 4 0.5")
    os.kill(programs["stopped"].pid, signal.SIGSTOP)

    found = {}

    def all_answer():
        found.update({name: served.query(query) for name, query in what.items()})
        return all(found.values())

    wait_until(all_answer, "each query finds somebody", timeout=150, every=1)
    growing, = found["MemalotFindingGrows"]
    assert growing["metric"]["name"] == "leaks"
    assert growing["metric"]["path"] == "__main__.SESSIONS[*]"
    assert growing["metric"]["type"] == "__main__.Session"
    assert float(growing["value"][1]) > 16 << 20
    assert [row["metric"]["name"] for row in found["MemalotNativeGrowth"]] == ["native"]
    assert [row["metric"]["name"] for row in found["MemalotAgentSilent"]] == ["stopped"]

    def firing():
        return {alert["labels"]["alertname"]: alert for alert in
                served.get("alerts")["alerts"] if alert["state"] == "firing"}

    alerts = wait_until(lambda: len(firing()) == 3 and firing(), "all alerts fire",
                        timeout=60, every=1)
    assert {name: alert["labels"]["name"] for name, alert in alerts.items()} == {
        "MemalotFindingGrows": "leaks", "MemalotNativeGrowth": "native",
        "MemalotAgentSilent": "stopped"}
    summary = alerts["MemalotFindingGrows"]["annotations"]["summary"]
    assert "__main__.Session held by __main__.SESSIONS[*] has grown by" in summary


@pytest.mark.slow
def test_prometheus_keeps_every_family_with_type_help_and_unit(programs, served):
    wait_until(lambda: served.query("memalot_finding_objects"), "it has scraped",
               every=0.2)
    metadata = served.get("metadata")
    ours = {name: rows[0] for name, rows in metadata.items() if name.startswith("memalot")}
    assert len(ours) > 30
    assert all(row["help"] for row in ours.values())
    assert ours["memalot_finding_retained_bytes"]["unit"] == "bytes"
    assert ours["memalot_sweeps"]["type"] == "counter"
    target, = served.get("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
