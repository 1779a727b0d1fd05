/* SPDX-License-Identifier: MIT
 *
 * Where the parts of memalot lie, as seen from our own executable:
 *
 *   <prefix>/bin/memalotctl  beside  <prefix>/lib/memalot/   make, make install
 *   <site-packages>/memalot/bin/memalotctl  in  memalot/     pip install
 *
 * The package directory holds the Python files, boot/ and one agent for every Python
 * that was built for.
 */
#ifndef ML_CTL_INSTALLED_H
#define ML_CTL_INSTALLED_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* The package directory. `self` is the absolute path of our executable. Returns an enum
 * ml_exit, everything said on stderr. */
int ml_installed_package(const char *self, char out[PATH_MAX]);

/* The agent for CPython `major`.`minor` in it. False when none was built. */
bool ml_installed_agent(const char *package, int major, int minor, char out[PATH_MAX]);

/* The versions that it has agents for: "3.11, 3.14", "none". */
void ml_installed_versions(const char *package, char *out, size_t cap);

/* Becomes `python -m MODULE WORD...` with the package importable: the Python that
 * MEMALOT_PYTHON names (the command that pip installs sets it), else python3 on PATH.
 * Returns, with an enum ml_exit and everything said, only when that fails. */
int ml_installed_become(const char *self, const char *module, char *const *words);

#endif
