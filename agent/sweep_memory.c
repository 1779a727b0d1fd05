/* SPDX-License-Identifier: MIT
 *
 * How much memory a sweep may take beside copy-on-write: a share of what is still free
 * to the process, which is the host's or its cgroup's, whichever is less.
 */
#include "sweep_state.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t
number_in(const char *path, const char *key)
{
    char text[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    const char *at = key != NULL ? strstr(text, key) : text;
    at = at != NULL && key != NULL ? at + strlen(key) : at;
    return at != NULL && n > 0 ? strtoull(at, NULL, 10) : 0;
}

/* Memory still free to the process: the host's, or its cgroup's if that is less. */
static uint64_t
free_memory(void)
{
    uint64_t available = number_in("/proc/meminfo", "MemAvailable:") * 1024;
    uint64_t max = number_in("/sys/fs/cgroup/memory.max", NULL);
    uint64_t current = number_in("/sys/fs/cgroup/memory.current", NULL);
    if (max > current && max - current < available) {
        available = max - current;
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
