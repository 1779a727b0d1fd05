# SPDX-License-Identifier: MIT
"""Brings the agent into a Python that was started with `memalotctl run`.

`memalotctl run` puts this directory on PYTHONPATH; Python imports `sitecustomize` when
it starts. What happens here must not be noticed: nothing is imported that Python has
not imported by now, this directory leaves sys.path again, the program's own
sitecustomize runs as if it had been found first, no mistake of ours reaches the program,
and the environment becomes what it was before `memalotctl run` added to it, unless
Pythons that the program starts are to get an agent too (control.follow_execs). Any
Python may end up here, even 2.7, hence the old syntax.
"""

import sys


def _leave_path():
    here = __file__[: __file__.rfind("/")]
    sys.path[:] = [place for place in sys.path if place != here]
    sys.path_importer_cache.pop(here, None)
    return here


def _say(text):
    if sys.stderr is not None:
        sys.stderr.write("memalot: %s\n" % text)


def _load_agent(package):
    """Return the extension module, or None when there is none for this Python."""
    loaders = sys.modules["_frozen_importlib_external"]
    spec_type = sys.modules["_frozen_importlib"].ModuleSpec
    imp = sys.modules["_imp"]
    os = sys.modules["os"]
    path = package + "/_agent" + imp.extension_suffixes()[0]
    if not os.path.exists(path):
        return None
    # Not entered into sys.modules: the program has not imported it.
    name = "memalot._agent"
    loader = loaders.ExtensionFileLoader(name, path)
    module = imp.create_dynamic(spec_type(name, loader, origin=path))
    imp.exec_dynamic(module)
    return module


def _refuse(text):
    """Say why there is no agent; and so to a signal that without one ends the program."""
    _say(text)
    signals = sys.modules.get("_signal")
    if signals is not None and signals.getsignal(signals.SIGUSR2) == signals.SIG_DFL:
        signals.signal(signals.SIGUSR2, lambda number, frame: _say(text))


def _restore(environ, here):
    for name in ("MEMALOT", "MEMALOT_RUN", "MEMALOT_CONFIG", "MEMALOT_CTL"):
        environ.pop(name, None)
    places = environ.get("PYTHONPATH", "").split(":")
    if here in places:
        places.remove(here)
    if places:
        environ["PYTHONPATH"] = ":".join(places)
    else:
        environ.pop("PYTHONPATH", None)


def _start(here):
    package = here[: here.rfind("/")]
    environ = sys.modules["os"].environ
    config = environ.get("MEMALOT_CONFIG")
    if environ.get("MEMALOT") != "1" and not config:
        return
    version = "%d.%d" % sys.version_info[:2]
    if sys.version_info < (3, 10) or sys.implementation.name != "cpython":
        _say("no agent for this Python (%s); CPython 3.10 or later has one" % version)
        return
    if "t" in getattr(sys, "abiflags", ""):
        _refuse("no agent for this Python (%s, free-threaded); CPython 3.10 to 3.15 with a "
                "GIL have one" % version)
        return
    agent = _load_agent(package)
    if agent is None:
        _say("no agent for Python %s is built: make PYTHON=%s" % (version, sys.executable))
        return
    agent.start(config, environ.get("MEMALOT_CTL"))
    if environ.get("MEMALOT_RUN") == "1" and not agent.follows_execs():
        _restore(environ, here)


def _boot():
    here = _leave_path()
    try:
        _start(here)
    except Exception as error:
        _say("not started: %s" % str(error).split("\n")[0])


_boot()

# The program's own sitecustomize takes this one's place in sys.modules; when it has
# none, its import fails, and with it, as without us, this one's.
del sys.modules["sitecustomize"]
import sitecustomize  # noqa: E402,F401
