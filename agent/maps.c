/* SPDX-License-Identifier: MIT
 *
 * See maps.h. A thread's stack has no name in /proc. It is told by what glibc and musl
 * put in front of it: a mapping of a few pages that nobody may touch. (The arenas of
 * malloc have theirs behind them, and a large one.) Memory mapped later may have become
 * one with a stack; such a mapping is larger than stacks are and counts as none.
 */
#define _GNU_SOURCE
#include "maps.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define GUARD_MOST (1u << 20)
#define STACK_MOST ((uint64_t)64 << 20) /* where there is no limit for stacks */
#define LINE_SIZE 4608                  /* a path is 4096 at most */
#define CHUNK_PAGES 4096

/* -- reading ----------------------------------------------------------------------- */

static uint64_t
take_number(const char **at, int base)
{
    uint64_t value = 0;
    for (;; (*at)++) {
        char c = **at;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                           : 99;
        if (digit >= base) {
            return value;
        }
        value = value * (uint64_t)base + (uint64_t)digit;
    }
}

static const char *
next_word(const char *at)
{
    at += strcspn(at, " ");
    return at + strspn(at, " ");
}

/* "7f0000000000-7f0000001000 rw-p 00000000 08:01 1234   /path" */
static bool
take_line(const char *line, struct ml_mapping *out, const char **name)
{
    const char *at = line;
    memset(out, 0, sizeof(*out));
    out->from = take_number(&at, 16);
    if (*at++ != '-') {
        return false;
    }
    out->to = take_number(&at, 16);
    if (*at++ != ' ' || strlen(at) < 4 || out->to <= out->from) {
        return false;
    }
    out->read = at[0] == 'r';
    out->write = at[1] == 'w';
    out->shared = at[3] == 's';
    at = next_word(at);
    out->offset = take_number(&at, 16);
    at = next_word(next_word(at));
    out->inode = take_number(&at, 10);
    *name = at + strspn(at, " ");
    out->stack = strcmp(*name, "[stack]") == 0;
    return true;
}

/* Mappings of one file stand in a row: a name is kept once. */
static int
keep_name(struct ml_maps *m, const char *name, struct ml_mapping *mapping)
{
    size_t len = strlen(name) + 1;
    const struct ml_mapping *last = m->list.len > 0 ? &m->list.data[m->list.len - 1] : NULL;
    if (len == 1) {
        return ML_OK;
    }
    if (last != NULL && last->name != 0 && strcmp(ml_maps_name(m, last), name) == 0) {
        mapping->name = last->name;
        return ML_OK;
    }
    if (ml_name_vec_reserve(&m->names, m->a, m->names.len + len + 1) < 0) {
        return ML_ENOMEM;
    }
    m->names.len += m->names.len == 0; /* 0 says that there is none */
    mapping->name = (uint32_t)m->names.len;
    memcpy(m->names.data + m->names.len, name, len);
    m->names.len += len;
    return ML_OK;
}

static int
keep_line(struct ml_maps *m, const char *line)
{
    struct ml_mapping mapping;
    const char *name;
    if (!take_line(line, &mapping, &name)) {
        return ML_OK;
    }
    int rc = keep_name(m, name, &mapping);
    return rc == ML_OK ? ml_mapping_vec_push(&m->list, m->a, mapping) : rc;
}

static uint64_t
largest_stack(void)
{
    struct rlimit limit;
    bool known = getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    return known && limit.rlim_cur < STACK_MOST ? (uint64_t)limit.rlim_cur : STACK_MOST;
}

static bool
guards(const struct ml_mapping *guard, const struct ml_mapping *stack)
{
    return guard->inode == 0 && !guard->read && !guard->write &&
           guard->to == stack->from && guard->to - guard->from <= GUARD_MOST;
}

static void
find_stacks(struct ml_maps *m)
{
    uint64_t most = largest_stack();
    for (size_t i = 1; i < m->list.len; i++) {
        struct ml_mapping *p = &m->list.data[i];
        if (p->inode == 0 && p->read && p->write && !p->shared &&
            p->to - p->from <= most && guards(p - 1, p)) {
            p->stack = true;
        }
    }
}

/* Takes the whole lines out of `text`; returns how many bytes are left at its begin. */
static size_t
take_lines(struct ml_maps *m, char *text, size_t len, int *rc)
{
    char *line = text, *end;
    while (*rc == 0 && (end = memchr(line, '\n', len - (size_t)(line - text))) != NULL) {
        *end = '\0';
        *rc = keep_line(m, line);
        line = end + 1;
    }
    size_t left = len - (size_t)(line - text);
    memmove(text, line, left);
    return left < LINE_SIZE ? left : 0; /* a line without an end is none */
}

int
ml_maps_read_file(struct ml_maps *m, const char *path, const struct ml_alloc *a,
                  struct ml_error *err)
{
    char text[2 * LINE_SIZE];
    size_t len = 0;
    ssize_t n;
    int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
    *m = (struct ml_maps){.a = a};
    if (fd < 0) {
        return ml_error_set(err, ML_EIO, "cannot read %s: %s", path, strerror(errno));
    }
    while (rc == 0 && (n = read(fd, text + len, sizeof(text) - len)) > 0) {
        len = take_lines(m, text, len + (size_t)n, &rc);
    }
    close(fd);
    if (rc < 0) {
        ml_maps_fini(m);
        return ml_error_nomem(err);
    }
    find_stacks(m);
    return ML_OK;
}

int
ml_maps_read(struct ml_maps *m, const struct ml_alloc *a, struct ml_error *err)
{
    return ml_maps_read_file(m, "/proc/self/maps", a, err);
}

void
ml_maps_fini(struct ml_maps *m)
{
    if (m->a != NULL) {
        ml_mapping_vec_free(&m->list, m->a);
        ml_name_vec_free(&m->names, m->a);
    }
}

/* -- asking ------------------------------------------------------------------------ */

const char *
ml_maps_name(const struct ml_maps *m, const struct ml_mapping *mapping)
{
    return mapping->name != 0 ? m->names.data + mapping->name : "";
}

const struct ml_mapping *
ml_maps_at(const struct ml_maps *m, uint64_t address)
{
    size_t low = 0, high = m->list.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct ml_mapping *p = &m->list.data[middle];
        if (address >= p->from && address < p->to) {
            return p;
        }
        if (address < p->from) {
            high = middle;
        }
        else {
            low = middle + 1;
        }
    }
    return NULL;
}

bool
ml_maps_readable(const struct ml_maps *m, uint64_t from, uint64_t len)
{
    uint64_t end;
    const struct ml_mapping *last = m->list.data + m->list.len;
    if (__builtin_add_overflow(from, len, &end)) {
        return false;
    }
    for (const struct ml_mapping *p = ml_maps_at(m, from); p != NULL && p->read; p++) {
        if (p->to >= end) {
            return true;
        }
        if (p + 1 == last || p[1].from != p->to) {
            return false;
        }
    }
    return false;
}

static bool
is_data(const struct ml_mapping *p)
{
    return p->read && p->write && !p->shared;
}

void
ml_maps_data_around(const struct ml_maps *m, uint64_t address, uint64_t *from,
                    uint64_t *to)
{
    const struct ml_mapping *p = ml_maps_at(m, address);
    const struct ml_mapping *last = m->list.data + m->list.len;
    *from = *to = 0;
    if (p == NULL || !is_data(p)) {
        return;
    }
    const struct ml_mapping *first = p;
    while (first > m->list.data && is_data(first - 1) && first[-1].to == first->from) {
        first--;
    }
    while (p + 1 < last && is_data(p + 1) && p[1].from == p->to && p[1].inode == 0) {
        p++;
    }
    *from = first->from;
    *to = p->to;
}

static uint64_t
resident(const struct ml_mapping *p)
{
    static unsigned char pages[CHUNK_PAGES]; /* one thread asks */
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), count = 0;
    for (uint64_t at = p->from; at < p->to; at += page * CHUNK_PAGES) {
        uint64_t len = p->to - at < page * CHUNK_PAGES ? p->to - at : page * CHUNK_PAGES;
        if (mincore((void *)at, len, pages) < 0) {
            return count * page;
        }
        for (uint64_t i = 0; i < len / page; i++) {
            count += pages[i] & 1;
        }
    }
    return count * page;
}

uint64_t
ml_maps_stacks(const struct ml_maps *m)
{
    uint64_t size = 0;
    for (size_t i = 0; i < m->list.len; i++) {
        size += m->list.data[i].stack ? resident(&m->list.data[i]) : 0;
    }
    return size;
}
