/* SPDX-License-Identifier: MIT
 *
 * Agents whose sockets lie in other file systems: of processes in containers and
 * chroots, reached through /proc/PID/root where we may look there.
 */
#ifndef ML_CTL_DISCOVER_INSIDE_H
#define ML_CTL_DISCOVER_INSIDE_H

#include <limits.h>

/* Calls `see` with every place where such a process's socket may lie. `only` is our
 * MEMALOT_RUNTIME_DIR: then only processes with the same one count; NULL: all. */
void ml_discover_inside(const char *only,
                        void (*see)(const char *path, const char *name, void *ctx),
                        void *ctx);

#endif
