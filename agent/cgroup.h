/* SPDX-License-Identifier: MIT
 *
 * How much memory the control group of this process may have, and how much it uses: of
 * all groups above it the one that is nearest to its limit. Both versions of cgroups;
 * without one, or where none has a limit, `limit` is 0.
 *
 * Used is what the kernel could not give back at once: without the inactive half of the
 * page cache, as container runtimes count it. Nothing fails, nothing is cached, no
 * malloc, no stdio: also for the sweep process.
 *
 * Thread: any. GIL: not needed.
 */
#ifndef ML_AGENT_CGROUP_H
#define ML_AGENT_CGROUP_H

#include <stddef.h>
#include <stdint.h>

struct ml_cgroup_memory {
    uint64_t limit; /* bytes, 0: none */
    uint64_t used;
};

void ml_cgroup_memory(struct ml_cgroup_memory *out);

/* The same of another membership file and mount: `proc` as /proc/self/cgroup, `root` as
 * /sys/fs/cgroup. */
void ml_cgroup_memory_at(const char *proc, const char *root,
                         struct ml_cgroup_memory *out);

#endif
