/* SPDX-License-Identifier: MIT
 *
 * A directory in a process's file system where files of ours are kept for it: made when
 * missing, its user's, closed to others. A file that is there already and equal is let
 * be; another is replaced by renaming, for somebody may have it loaded.
 */
#ifndef ML_ATTACH_DEPOT_H
#define ML_ATTACH_DEPOT_H

#include "attach.h"
#include "inside.h"

struct ml_depot {
    const struct ml_attach_target *target;
    struct ml_inside_dir dir; /* its path is the process's */
};

/* /tmp/memalot-UID/agent-VERSION, or the same in /var/tmp or /dev/shm: the first that
 * programs may be started from. */
int ml_depot_open(const struct ml_attach_target *target, struct ml_depot *out,
                  struct ml_error *err);
/* A directory in it. */
int ml_depot_open_in(const struct ml_depot *depot, const char *name,
                     struct ml_depot *out, struct ml_error *err);
void ml_depot_close(struct ml_depot *depot);

/* A file of ours, by its path, and some bytes. */
int ml_depot_put_file(const struct ml_depot *depot, const char *name, const char *from,
                      mode_t mode, struct ml_error *err);
int ml_depot_put(const struct ml_depot *depot, const char *name, mode_t mode,
                 const void *data, size_t len, struct ml_error *err);

#endif
