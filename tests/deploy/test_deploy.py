# SPDX-License-Identifier: MIT
"""deploy/ by the tools that know its formats, and by what its README promises."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
MEMALOTCTL = ROOT / os.environ.get("BUILD", "build") / "bin/memalotctl"
BIN = Path(sys.executable).parent


def passes(*command):
    """Run a checker; its words are the failure."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def pod_of(manifest):
    """Return the pod's spec in a manifest."""
    for document in yaml.safe_load_all(manifest.read_text()):
        if document["kind"] == "Pod":
            return document["spec"]
        if document["kind"] == "Deployment":
            return document["spec"]["template"]["spec"]
    raise AssertionError(f"{manifest} has no pod")


def container_of(manifest, name):
    return next(c for c in pod_of(manifest)["containers"] if c["name"] == name)


def environment(container):
    return {item["name"]: item["value"] for item in container.get("env", [])}


def mounts(container):
    return {item["mountPath"]: item for item in container["volumeMounts"]}


def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]


def exporter_words():
    """Return every command line of the exporter in deploy/."""
    sidecar = container_of(DEPLOY / "kubernetes/sidecar.yaml", "memalot")
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    return [sidecar["args"], compose()["memalot"]["command"],
            yaml.safe_load(dockerfile.rpartition("CMD ")[2])]


def test_hadolint_finds_nothing():
    passes(BIN / "hadolint", DEPLOY / "Dockerfile")


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.name)
def test_kubernetes_schema_is_met(manifest):
    passes(BIN / "kubernetes-validate", "--strict", manifest)


def test_the_schema_of_compose_is_met():
    passes(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec",
           DEPLOY / "compose.yaml")


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: path.name)
def test_privileges_are_the_least(manifest):
    pod = pod_of(manifest)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        context = container["securityContext"]
        assert context == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]}}, "and no user of its own"
        assert container["resources"]["limits"]["memory"]


def test_the_sidecar_shares_sockets_and_reports_and_no_more():
    manifest = DEPLOY / "kubernetes/sidecar.yaml"
    assert "shareProcessNamespace" not in pod_of(manifest)
    shop, memalot = (container_of(manifest, name) for name in ("shop", "memalot"))
    directory = environment(shop)["MEMALOT_RUNTIME_DIR"]
    assert directory == environment(memalot)["MEMALOT_RUNTIME_DIR"]
    shared = {path: (mounts(shop)[path]["name"], mounts(memalot)[path].get("readOnly"))
              for path in mounts(shop).keys() & mounts(memalot).keys()
              if mounts(shop)[path]["name"] == mounts(memalot)[path]["name"]}
    assert shared == {directory: ("sockets", None), "/var/lib/memalot": ("reports", True)}


def test_attach_shares_pids_and_has_a_place_in_the_program_s_container():
    manifest = DEPLOY / "kubernetes/attach.yaml"
    assert pod_of(manifest)["shareProcessNamespace"] is True
    shop = container_of(manifest, "shop")
    assert "memalotctl" not in " ".join(shop["command"])
    assert "readOnly" not in mounts(shop)["/tmp"]
    assert "MEMALOT_RUNTIME_DIR" not in environment(container_of(manifest, "memalot"))


def test_compose_gives_no_privileges():
    for name, service in compose().items():
        if name != "prometheus":
            assert service["read_only"] and service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"]
            assert service["user"] == "10001:10001"


def test_the_configuration_is_one_and_memalotctl_takes_it():
    documents = yaml.safe_load_all((DEPLOY / "kubernetes/sidecar.yaml").read_text())
    in_kubernetes = next(d for d in documents if d["kind"] == "ConfigMap")
    own = DEPLOY / "memalot.yaml"
    assert yaml.safe_load(in_kubernetes["data"]["memalot.yaml"]) == \
        yaml.safe_load(own.read_text())
    passes(MEMALOTCTL, "config", "check", own)


@pytest.mark.parametrize("words", exporter_words(), ids=("pod", "compose", "image"))
def test_memalotctl_has_the_options_that_are_used(words):
    passes(MEMALOTCTL, *words, "--help")
