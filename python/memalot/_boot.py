# SPDX-License-Identifier: MIT
"""Starts the agent in a Python that is just starting: the ways in without any code.

    memalotctl run            its sitecustomize.py (agent/boot/)  ──┐
    MEMALOT=1 in the                                                ├─► boot(package)
    environment, installed    memalot.pth, which pip puts in place ─┘

Neither imports this as a part of the package, which the program may never ask for: both
execute it and throw it away. What happens here must not be noticed: nothing is imported
that Python has not imported by now, and no mistake of ours reaches the program. The
variables stay in the environment, so that Pythons which the program starts get an agent
too, unless control.follow_execs is false: then it becomes what it was without us.
docs/internals/agent-life.md tells who speaks and who is silent.
"""

import os
import sys

TYPE_CHECKING = False  # typing's own would have to be imported
if TYPE_CHECKING:
    from types import ModuleType

_FOLLOWED = "MEMALOT_FOLLOWED"  # set by the first of a family, which alone may speak
_VARIABLES = ("MEMALOT", "MEMALOT_CONFIG", "MEMALOT_CTL", _FOLLOWED)
_COMMANDS = ("memalotctl", "memalot", "memalot-mcp")  # as pip installs them: scripts


def boot(package: str) -> None:
    """Start the agent of the memalot in directory `package`, if the environment says so.

    A memalot that the program can import itself is preferred: two copies of the agent
    in one process would know nothing of each other. Both ways may lead here in one
    process, and `site` may read memalot.pth twice: all but the first find it done, or
    are silent.
    """
    environ = os.environ
    config = environ.get("MEMALOT_CONFIG") or None
    if environ.get("MEMALOT", "1" if config else "") != "1" or sys.flags.ignore_environment:
        return
    if os.path.basename("".join(sys.orig_argv[1:2])) in _COMMANDS:
        return  # who looks for leaks does not look at itself
    may_speak = _FOLLOWED not in environ
    environ[_FOLLOWED] = "1"
    try:
        problem = _start(package, config)
    except Exception as error:
        problem = "not started: " + str(error).split("\n", 1)[0]
    if problem is not None and may_speak:
        _say(problem)


def find_ctl(package: str) -> "str | None":
    """Find memalotctl: as MEMALOT_CTL names it, beside the package, or on PATH."""
    named = os.environ.get("MEMALOT_CTL")
    if named:
        return named
    places = [os.path.join(package, "..", "..", "bin"), os.path.join(package, "bin")]
    places += os.environ.get("PATH", os.defpath).split(os.pathsep)
    for place in places:
        path = os.path.realpath(os.path.join(place or ".", "memalotctl"))
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    return None


def _start(package: str, config: "str | None") -> "str | None":
    """Start it; returns why there can be none."""
    if "t" in getattr(sys, "abiflags", ""):
        text = "no agent for this Python (%d.%d, free-threaded); CPython 3.10 to 3.15 " \
               "with a GIL have one" % sys.version_info[:2]
        _answer_signal(text)
        return text
    agent = _load_agent(package)
    if agent is None:
        return _missing(package)
    agent.start(config, find_ctl(package))
    if not agent.follows_execs():
        _restore_environment()
    return None


def _missing(package: str) -> str:
    version = "%d.%d" % sys.version_info[:2]
    if os.path.basename(os.path.dirname(package)) in ("site-packages", "dist-packages"):
        how = "%s -m pip install memalotctl" % sys.executable
    else:
        how = "make PYTHON=%s" % sys.executable
    return "no agent for Python %s is built: %s" % (version, how)


def _answer_signal(text: str) -> None:
    """Say it also to who sends the agent's signal, which else would end the program."""
    signals = sys.modules.get("_signal")
    if signals is not None and signals.getsignal(signals.SIGUSR2) == signals.SIG_DFL:
        signals.signal(signals.SIGUSR2, lambda number, frame: _say(text))


def _load_agent(package: str) -> "ModuleType | None":
    """Return the extension module, or None when there is none for this Python."""
    imp = sys.modules["_imp"]
    suffix: str = imp.extension_suffixes()[0]
    for place in [place + "/memalot" for place in sys.path if place] + [package]:
        path = place + "/_agent" + suffix
        if os.path.exists(path):
            break
    else:
        return None
    # Not entered into sys.modules: the program has not imported it.
    name = "memalot._agent"
    loader = sys.modules["_frozen_importlib_external"].ExtensionFileLoader(name, path)
    spec = sys.modules["_frozen_importlib"].ModuleSpec(name, loader, origin=path)
    module: "ModuleType" = imp.create_dynamic(spec)
    imp.exec_dynamic(module)
    return module


def _restore_environment() -> None:
    for name in _VARIABLES:
        os.environ.pop(name, None)
    places = os.environ.get("PYTHONPATH", "").split(":")
    kept = [place for place in places if not place.endswith("/memalot/boot")]
    if len(kept) < len(places):
        os.environ.pop("PYTHONPATH")
        if kept:
            os.environ["PYTHONPATH"] = ":".join(kept)


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write("memalot: %s\n" % text)


if __name__ == "memalot.pth":
    boot(globals()["sitedir"] + "/memalot")
