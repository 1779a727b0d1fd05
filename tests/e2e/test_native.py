# SPDX-License-Identifier: MIT
"""What native code holds is named: the variable, the thread, or that nobody has it."""

import pytest

from harness import build_extension

pytestmark = pytest.mark.few_versions


@pytest.fixture
def nativeleak(python, tmp_path):
    """The folder with the extension, built for this interpreter."""
    folder = tmp_path / "ext"
    folder.mkdir()
    return build_extension(python, "nativeleak", folder)


def native_paths(program, kind="__main__.Job"):
    """Return the paths of all objects of a type that native code is the root of."""
    targets = program.call("paths", type=kind, limit=100)["targets"]
    return [path for target in targets for path in target["paths"]
            if path["held_by"] == "native"]


@pytest.mark.parametrize("way, objects", [("forget_many", 7), ("forget_one", 1)])
def test_a_missing_decref_is_counted_exactly(target, nativeleak, way, objects):
    program = target("native.py", nativeleak, way)
    found = native_paths(program)
    assert len(found) == objects
    assert sum(path["native"]["references"] for path in found) == 7

    finding = job_finding(program)
    assert finding["held_by"] == "native"
    assert finding["count"] == objects
    assert finding["unexplained_references"] == 7
    assert finding["native"]["references"] == 7
    assert finding["native"]["objects"] == objects
    if finding["native"]["explained"] == 0:
        assert "Py_DECREF" in finding["native"]["text"]


def job_finding(program):
    iteration = program.call("snapshot", save=False)["iteration"]
    found = [f for f in iteration["findings"] if f["type"] == "__main__.Job"]
    assert len(found) == 1, iteration["findings"]
    return found[0]


def test_a_variable_of_a_library_is_named(target, nativeleak):
    program = target("native.py", nativeleak, "global")
    path, = native_paths(program)
    native = path["native"]
    assert native["references"] == native["explained"] == 1
    holder, = native["holders"]
    assert holder["kind"] == "data"
    assert holder["library"].startswith("nativeleak.") and ".so" in holder["library"]
    assert holder["symbol"] == "kept" and holder["offset"] == 0
    assert path["expression"] == "<nativeleak.so kept>"
    assert path["root"] == {"kind": "native", "name": "nativeleak.so kept"}
    drawn = program.call("paths", type="__main__.Job")["graph"]["nodes"]
    assert [node["name"] for node in drawn if node["kind"] == "native"] == [
        "nativeleak.so kept"
    ]


def test_an_array_of_a_library_is_one_line(target, nativeleak):
    program = target("native.py", nativeleak, "array")
    found = native_paths(program)
    offsets = {path["native"]["holders"][0]["offset"] for path in found}
    assert offsets == set(range(0, 128, 8))
    native = job_finding(program)["native"]
    assert native["references"] == native["explained"] == 16
    holder, = native["holders"]
    assert holder["symbol"] == "kept_in_a_row"
    assert holder["objects"] == 16


def test_memory_of_malloc_has_no_name(target, nativeleak):
    path, = native_paths(target("native.py", nativeleak, "malloc"))
    holder, = path["native"]["holders"]
    assert holder["kind"] == "heap"
    assert holder["library"] is None and holder["symbol"] is None


def test_the_stack_of_a_thread_is_named(target, nativeleak):
    path, = native_paths(target("native.py", nativeleak, "stack"))
    holder = path["native"]["holders"][0]
    assert holder["kind"] == "stack"
    assert holder["thread"]["name"] == "stuck"
    assert holder["thread"]["native_id"] > 0
    assert path["native"]["explained"] == 1
    assert "stuck" in path["expression"]


def test_an_object_that_shows_nothing_is_named(target, nativeleak):
    path, = native_paths(target("native.py", nativeleak, "object"))
    holder, = path["native"]["holders"]
    assert holder["kind"] == "object"
    assert holder["object"]["type"] == "nativeleak.Secret"


def test_native_code_is_told_beside_a_variable_of_python(target, nativeleak):
    program = target("native.py", nativeleak, "shared")
    targets = program.call("paths", type="__main__.Job")["targets"]
    expressions = [path["expression"] for path in targets[0]["paths"]]
    assert expressions[0] == "__main__.SHARED"
    assert expressions[-1] == "<nativeleak.so kept>"


def test_a_reference_released_too_often_is_reported(target, nativeleak):
    program = target("native.py", nativeleak, "over_release")
    for method in ("snapshot", "types"):
        answer = program.call(method)
        sweep = answer["iteration"]["sweep"] if method == "snapshot" else answer["sweep"]
        warning, = [w for w in sweep["warnings"] if "fewer references" in w]
        assert warning.startswith("1 object has fewer references than are seen")
        assert "__main__.Order" in warning and "0x" in warning


def test_without_native_holders_nothing_is_called_native(target, nativeleak):
    program = target("native.py", nativeleak, "nothing")
    iteration = program.call("snapshot", save=False)["iteration"]
    assert [f for f in iteration["findings"] if f["held_by"] == "native"] == []
    assert [w for w in iteration["sweep"]["warnings"] if "fewer" in w] == []
    retainers = program.call("retained", limit=1000)["retainers"]
    assert [r["path"] for r in retainers
            if r["path"].startswith("<") and r["type"].startswith("__main__")] == []


def test_memalotctl_says_it(target, nativeleak, ctl):
    program = target("native.py", nativeleak, "global")
    text = ctl.run("paths", str(program.pid), "--type", "__main__.Job").stdout
    assert "nativeleak.so kept" in text
