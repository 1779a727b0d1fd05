/* SPDX-License-Identifier: MIT
 *
 * See thread_stacks.h. /proc/self/task/ID/syscall says of a thread that waits:
 * "230 0x1 0x1 … 0x7f020b8eec00 0x7f020beed545", last the stack pointer and the place in
 * the code; of one that runs: "running".
 */
#define _GNU_SOURCE
#include "thread_stacks.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "small_file.h"

#define MOST_SECONDS 0.001

struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

/* The word before the last, 0: none. */
static uint64_t
pointer_in(char *text)
{
    char *last = strrchr(text, ' ');
    if (last == NULL) {
        return 0;
    }
    *last = '\0';
    char *at = strrchr(text, ' ');
    return at != NULL ? strtoull(at + 1, NULL, 16) : 0;
}

static uint64_t
pointer_of(const char *id)
{
    char path[64], text[256];
    snprintf(path, sizeof(path), "/proc/self/task/%.20s/syscall", id);
    ml_small_file_read(path, text, sizeof(text));
    return pointer_in(text);
}

size_t
ml_thread_stacks_read(struct ml_thread_stack out[ML_THREAD_STACKS])
{
    char buffer[4096] __attribute__((aligned(8)));
    double until = ml_clock_seconds() + MOST_SECONDS;
    size_t count = 0;
    long n;
    int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && (n = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0) {
        const struct entry *e;
        for (long at = 0; at < n; at += e->length) {
            e = (const struct entry *)(buffer + at);
            uint64_t id = strtoull(e->name, NULL, 10);
            uint64_t pointer = id != 0 ? pointer_of(e->name) : 0;
            if (pointer != 0) {
                out[count++] = (struct ml_thread_stack){id, pointer};
            }
            if (count == ML_THREAD_STACKS || ml_clock_seconds() > until) {
                close(fd);
                return count;
            }
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return count;
}
