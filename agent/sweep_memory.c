/* SPDX-License-Identifier: MIT
 *
 * How much memory a sweep may take beside copy-on-write: a share of what is still free
 * to the process, which is the host's or its cgroup's, whichever is less.
 */
#include "sweep_state.h"

#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "small_file.h"

/* Memory still free to the process: the host's, or its cgroup's if that is less. */
static uint64_t
free_memory(void)
{
    struct ml_cgroup_memory group;
    char text[512];
    ml_small_file_read("/proc/meminfo", text, sizeof(text));
    uint64_t available = ml_small_file_kilobytes(text, "MemAvailable:");
    ml_cgroup_memory(&group);
    if (group.limit > group.used && group.limit - group.used < available) {
        available = group.limit - group.used;
    }
    return available;
}

uint64_t
sweep_memory_limit(const struct ml_settings *settings)
{
    const struct ml_amount *amount = &settings->sweep.max_extra_memory;
    switch (amount->unit) {
    case ML_AMOUNT_BYTES:
        return (uint64_t)amount->value;
    case ML_AMOUNT_PERCENT:
        return (uint64_t)((double)free_memory() * amount->value / 100.0);
    default:
        return 0;
    }
}
