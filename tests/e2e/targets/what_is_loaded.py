# SPDX-License-Identifier: MIT
"""Says what a Python has when a program begins: modules, path, environment, handlers.

Imports nothing but what it can take out of sys.modules, so that the answer is Python's.
"""

import sys

os = sys.modules["os"]
print("modules", sorted(sys.modules))
print("path", sys.path)
print("importers", sorted(sys.path_importer_cache))
print("warnings", sys.warnoptions)
print("environment", sorted(
    key for key in os.environ if not key.startswith(("MEMALOT", "PYTHONPATH"))
))
print("end")
