/* SPDX-License-Identifier: MIT
 *
 * See call_seal.h. Shared mappings are found by reading the process's own map, which
 * changes while they are protected: it is read until nothing more is found.
 */
#define _GNU_SOURCE
#include "call_seal.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "call_filter.h"
#include "sweep_job.h"

/* -- shared memory ----------------------------------------------------------------- */

#define CHUNK 8192
#define PASSES 16

/* "7f12-7f34 rw-s 0000 ..." -> false unless it is shared and can be written. */
static bool
parse_shared(const char *line, uintptr_t *from, uintptr_t *to)
{
    char *end;
    *from = strtoull(line, &end, 16);
    *to = *end == '-' ? strtoull(end + 1, &end, 16) : 0;
    return *to > *from && *end == ' ' && end[2] == 'w' && end[4] == 's';
}

/* One reading of the map, which changes under our hands; returns how many were found. */
static int
protect_lines(int fd)
{
    char text[CHUNK + 1];
    size_t held = 0;
    int found = 0;
    for (;;) {
        ssize_t n = read(fd, text + held, CHUNK - held);
        if (n <= 0) {
            return found;
        }
        held += (size_t)n;
        text[held] = '\0';
        char *line = text, *newline;
        while ((newline = strchr(line, '\n')) != NULL) {
            uintptr_t from, to;
            if (parse_shared(line, &from, &to) &&
                mprotect((void *)from, to - from, PROT_READ) == 0) {
                found++;
            }
            line = newline + 1;
        }
        held -= (size_t)(line - text);
        memmove(text, line, held);
    }
}

static void
protect_shared_memory(void)
{
    for (int pass = 0, found = 1; pass < PASSES && found > 0; pass++) {
        int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
        found = fd >= 0 ? protect_lines(fd) : 0;
        if (fd >= 0) {
            close(fd);
        }
    }
}

/* -- descriptors, signals ---------------------------------------------------------- */

static void
close_all_but(int keep)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3 && null >= 0; fd++) {
        dup2(null, fd);
    }
    sweep_close_range(3, (unsigned)keep - 1);
    sweep_close_range((unsigned)keep + 1, ~0u);
}

int
call_seal(int keep, struct ml_error *err)
{
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    sweep_drop_handlers();
    close_all_but(keep);
    protect_shared_memory();
    return call_filter_install(err);
}
