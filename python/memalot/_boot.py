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

_OURS = ("MEMALOT", "MEMALOT_RUN", "MEMALOT_CONFIG", "MEMALOT_CTL")
_FOLLOWED = "followed"  # MEMALOT_RUN below the first Python of a `memalotctl run`


def boot(package: str) -> None:
    """Start the agent of the memalot in directory `package`, if the environment says so.

    A memalot that the program can import itself is preferred: two copies of the agent
    in one process would know nothing of each other.
    """
    followed = os.environ.get("MEMALOT_RUN") == _FOLLOWED
    try:
        _start(package)
    except Exception as error:
        if not followed:
            _say("not started: " + str(error).split("\n", 1)[0])


def boot_from_site(site_packages: str) -> None:
    """Do it for memalot.pth; `memalotctl run` comes later and needs nobody before it.

    In a virtual environment `site` reads each file twice (up to 3.14): once is enough.
    """
    site = sys.modules["site"]
    if sys.flags.ignore_environment or _boot_directories(sys.path):
        return
    if not hasattr(site, "_memalot_was_here"):
        setattr(site, "_memalot_was_here", True)
        boot(site_packages + "/memalot")


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


def _start(package: str) -> None:
    config = os.environ.get("MEMALOT_CONFIG") or None
    if os.environ.get("MEMALOT", "1" if config else "") != "1":
        return
    run = os.environ.get("MEMALOT_RUN")
    if run == "1":
        os.environ["MEMALOT_RUN"] = _FOLLOWED
    refusal = _refusal()
    if refusal is None:
        agent = _load_agent(package)
        if agent is not None:
            agent.start(config, find_ctl(package))
            if not agent.follows_execs():
                _restore_environment()
            return
        refusal = _missing(package)
    elif run != _FOLLOWED:
        _answer_signal(refusal)
    if run != _FOLLOWED:
        _say(refusal)


def _refusal() -> "str | None":
    if "t" not in getattr(sys, "abiflags", ""):
        return None
    return "no agent for this Python (%d.%d, free-threaded); CPython 3.10 to 3.15 with a " \
           "GIL have one" % sys.version_info[:2]


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


def _boot_directories(places: "list[str]") -> "list[str]":
    return [place for place in places if place.endswith("/memalot/boot")]


def _restore_environment() -> None:
    for name in _OURS:
        os.environ.pop(name, None)
    places = os.environ.get("PYTHONPATH", "").split(":")
    kept = [place for place in places if place not in _boot_directories(places)]
    if kept:
        os.environ["PYTHONPATH"] = ":".join(kept)
    else:
        os.environ.pop("PYTHONPATH", None)


def _say(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write("memalot: %s\n" % text)


if __name__ == "memalot.pth":
    boot_from_site(globals()["sitedir"])
