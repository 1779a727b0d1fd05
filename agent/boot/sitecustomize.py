# SPDX-License-Identifier: MIT
"""Brings the agent into a Python that was started with `memalotctl run`.

`memalotctl run` puts this directory on PYTHONPATH; Python imports `sitecustomize` when
it starts. The work is done in memalot/_boot.py, which MEMALOT=1 leads to as well; here
is what belongs to this way alone: this directory leaves sys.path again, and the
program's own sitecustomize runs as if it had been found first. Any Python may end up
here, even 2.7, hence the old syntax.
"""

import sys


def _leave_path():
    here = __file__[: __file__.rfind("/")]
    sys.path[:] = [place for place in sys.path if place != here]
    sys.path_importer_cache.pop(here, None)
    return here[: here.rfind("/")]


def _refuse(environ):
    """The Python that was asked for says it; those that it starts are silent."""
    if environ.get("MEMALOT") != "1" or "MEMALOT_FOLLOWED" in environ:
        return
    environ["MEMALOT_FOLLOWED"] = "1"
    sys.stderr.write("memalot: no agent for this Python (%d.%d); CPython 3.10 or later "
                     "has one\n" % sys.version_info[:2])


def _boot(package):
    implementation = getattr(sys, "implementation", None)
    if sys.version_info < (3, 10) or implementation.name != "cpython":
        _refuse(sys.modules["os"].environ)
        return
    loaders = sys.modules["_frozen_importlib_external"]
    name = "memalot._boot"
    code = loaders.SourceFileLoader(name, package + "/_boot.py").get_code(name)
    names = {"__name__": name}
    exec(code, names)
    names["boot"](package)


try:
    _boot(_leave_path())
except Exception:  # half an installation: the program must start all the same
    sys.stderr.write("memalot: not started: %s\n" % (sys.exc_info()[1],))

# The program's own sitecustomize takes this one's place in sys.modules; when it has
# none, its import fails, and with it, as without us, this one's.
del sys.modules["sitecustomize"]
import sitecustomize  # noqa: E402,F401
