/* SPDX-License-Identifier: MIT
 *
 * See family.h. Processes end and are adopted while we look: each is asked for its
 * parent once, and a chain that does not come to an end is cut.
 */
#include "family.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEEPEST 1000 /* ancestors of one process */

/* Whether /proc is that of our own pid namespace: after `unshare --pid` it may not be. */
static bool
proc_is_ours(void)
{
    char text[24] = "";
    ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);
    return n > 0 && strtol(text, NULL, 10) == getpid();
}

/* State and parent, the third and fourth field of /proc/PID/stat; the name before them
 * may contain anything. False when it cannot be read. */
static bool
read_stat(long pid, char *state, long *ppid)
{
    char path[64], text[1024];
    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    FILE *from = fopen(path, "re");
    if (from == NULL) {
        return false;
    }
    size_t n = fread(text, 1, sizeof(text) - 1, from);
    fclose(from);
    text[n] = '\0';
    const char *behind = strrchr(text, ')');
    return behind != NULL && sscanf(behind + 1, " %c %ld", state, ppid) == 2;
}

/* 0 when it is not known. */
static long
parent_of(long pid)
{
    char state;
    long ppid;
    return read_stat(pid, &state, &ppid) ? ppid : 0;
}

static struct ml_agent_found *
find_pid(struct ml_discovery *d, long pid)
{
    for (size_t i = 0; i < d->count; i++) {
        if (d->agent[i].here && d->agent[i].pid == pid) {
            return &d->agent[i];
        }
    }
    return NULL;
}

static int
depth_of(const struct ml_agent_found *a)
{
    int depth = 0;
    while (a->parent != NULL) {
        a = a->parent;
        depth++;
    }
    return depth;
}

static const struct ml_agent_found *
ancestor(const struct ml_agent_found *a, int steps)
{
    while (steps-- > 0) {
        a = a->parent;
    }
    return a;
}

/* Compares the ways down from the top: goes up to where both stand at the same level,
 * then to where they have one parent. */
static int
in_tree_order(const void *va, const void *vb)
{
    const struct ml_agent_found *a = *(struct ml_agent_found *const *)va;
    const struct ml_agent_found *b = *(struct ml_agent_found *const *)vb;
    int deep_a = depth_of(a), deep_b = depth_of(b);
    a = ancestor(a, deep_a - deep_b);
    b = ancestor(b, deep_b - deep_a);
    if (a == b) {
        return deep_a - deep_b;
    }
    while (a->parent != b->parent) {
        a = a->parent;
        b = b->parent;
    }
    int order = (a->pid > b->pid) - (a->pid < b->pid);
    return order != 0 ? order : strcmp(a->path, b->path);
}

/* Rows move, and with them what `parent` points to. */
static void
put_in_order(struct ml_discovery *d)
{
    struct ml_agent_found **row = calloc(d->count + 1, sizeof(*row));
    struct ml_agent_found *moved = calloc(d->count + 1, sizeof(*moved));
    size_t *at = calloc(d->count + 1, sizeof(*at));
    bool done = row != NULL && moved != NULL && at != NULL;
    for (size_t i = 0; i < d->count && done; i++) {
        row[i] = &d->agent[i];
    }
    if (done) {
        qsort(row, d->count, sizeof(row[0]), in_tree_order);
    }
    for (size_t i = 0; i < d->count && done; i++) {
        at[row[i] - d->agent] = i;
    }
    for (size_t i = 0; i < d->count && done; i++) {
        moved[i] = *row[i];
        if (moved[i].parent != NULL) {
            moved[i].parent = &moved[at[row[i]->parent - d->agent]];
        }
    }
    if (done) {
        free(d->agent);
        d->agent = moved;
    }
    else {
        free(moved);
    }
    free(row);
    free(at);
}

/* A pid that is taken by another process while we look could close a circle. */
static bool
is_above(const struct ml_agent_found *a, const struct ml_agent_found *other)
{
    while (other != NULL && other != a) {
        other = other->parent;
    }
    return other == a;
}

void
ml_family_find(struct ml_discovery *d)
{
    if (d->count == 0 || !proc_is_ours()) {
        return;
    }
    for (size_t i = 0; i < d->count; i++) {
        struct ml_agent_found *a = &d->agent[i];
        long pid = a->here ? a->ppid = parent_of(a->pid) : 0;
        for (int n = 0; n < DEEPEST && pid > 0 && a->parent == NULL; n++) {
            struct ml_agent_found *found = find_pid(d, pid);
            a->parent = is_above(a, found) ? NULL : found;
            pid = parent_of(pid);
        }
    }
    put_in_order(d); /* when memory is short it stays as it was: by pid */
}

bool
ml_family_is_below(const struct ml_agent_found *a, long pid)
{
    long at = a->here ? a->pid : 0;
    for (int n = 0; n < DEEPEST && at > 0 && at != pid; n++) {
        at = parent_of(at);
    }
    return at == pid && proc_is_ours();
}

bool
ml_family_is_stopped(const struct ml_agent_found *a)
{
    char state;
    long ppid;
    return a->here && proc_is_ours() && read_stat(a->pid, &state, &ppid) && state == 'T';
}
