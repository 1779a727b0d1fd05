/* SPDX-License-Identifier: MIT
 *
 * A bundle: this very program with everything it has loaded, in one directory that can
 * be started on any Linux of the same processor:
 *
 *     ld.so  libc.so.6  libjansson.so.4 ...  memalotctl
 *     libgvplugin_*.so.6  config6a          Graphviz's plugins, where it loads them
 *
 *     DIR/ld.so --library-path DIR DIR/memalotctl ...       with GVBINDIR=DIR
 *
 * The agent starts its writer like that when the writer's path ends with a slash.
 */
#ifndef ML_ATTACH_BUNDLE_H
#define ML_ATTACH_BUNDLE_H

#include "depot.h"

/* Puts one into `depot`. `program` is our executable. */
int ml_bundle_put(const struct ml_depot *depot, const char *program,
                  struct ml_error *err);

/* Calls `see` for every library that this program has loaded: the name it is asked for
 * by, and where it lies. Stops with the first error. */
int ml_bundle_libraries(int (*see)(const char *name, const char *path, void *ctx,
                                   struct ml_error *err),
                        void *ctx, struct ml_error *err);

#endif
