/* SPDX-License-Identifier: MIT
 *
 * See outcome.h: memalotctl's side of the agent's door.
 */
#define _GNU_SOURCE
#include "outcome.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "attach.h"
#include "clock.h"
#include "elf_file.h"
#include "memory.h"
#include "proc_maps.h"

#define PAUSE_NS 2000000
#define NO_GIL "let go of the GIL, or of the import lock,"

/* -- the order --------------------------------------------------------------------- */

int
ml_attach_order_text(const struct ml_attach_order *order, char out[ML_ATTACH_ORDER_MAX],
                     struct ml_error *err)
{
    if (strchr(order->config, '\n') != NULL || strchr(order->writer, '\n') != NULL) {
        return ml_error_set(err, ML_EINVAL, "a path with a newline cannot be passed on");
    }
    int n = snprintf(out, ML_ATTACH_ORDER_MAX, "id=%u\nconfig=%s\nwriter=%s\n", order->id,
                     order->config, order->writer);
    return n < ML_ATTACH_ORDER_MAX ? ML_OK
                                   : ml_error_set(err, ML_ELIMIT, "the paths are too long");
}

/* -- where it is ------------------------------------------------------------------- */

struct lookup {
    pid_t pid;
    const char *library;
    bool by_name; /* wherever it lies: in another mount namespace paths are relative */
    uint64_t address;
};

static bool
is_library(const char *path, const struct lookup *lookup)
{
    const char *slash = strrchr(path, '/'), *name = strrchr(lookup->library, '/');
    return lookup->by_name ? slash != NULL && name != NULL && strcmp(slash, name) == 0
                           : strcmp(path, lookup->library) == 0;
}

static bool
find_symbol(const struct ml_proc_map *map, void *context)
{
    struct lookup *lookup = context;
    struct ml_elf *elf = NULL;
    struct ml_elf_range symbol;
    uint64_t bias;
    if (map->deleted || !is_library(map->path, lookup)) {
        return false;
    }
    int fd = ml_proc_maps_open(lookup->pid, map);
    if (fd >= 0 && ml_elf_open_fd(fd, map->path, &elf, NULL) == ML_OK
        && ml_elf_symbol(elf, ML_ATTACH_OUTCOME_SYMBOL, &symbol)
        && ml_elf_bias(elf, map->start, map->offset, &bias)) {
        lookup->address = bias + symbol.address;
    }
    ml_elf_close(elf);
    if (fd >= 0) {
        close(fd);
    }
    return lookup->address != 0;
}

/* 0 while the library is not there. */
static uint64_t
find_outcome(pid_t pid, const char *library)
{
    struct lookup lookup = {.pid = pid, .library = library};
    if (ml_proc_maps_find(pid, find_symbol, &lookup, NULL) == 0) {
        lookup.by_name = true;
        ml_proc_maps_find(pid, find_symbol, &lookup, NULL);
    }
    return lookup.address;
}

/* -- looking ----------------------------------------------------------------------- */

static bool
read_outcome(pid_t pid, uint64_t address, struct ml_attach_outcome *out)
{
    bool whole = ml_memory_read(pid, address, out, sizeof(*out));
    out->text[sizeof(out->text) - 1] = '\0';
    return whole;
}

static void
give_up(pid_t pid, uint64_t address)
{
    const int32_t yes = 1;
    ml_memory_write(pid, address + offsetof(struct ml_attach_outcome, given_up), &yes,
                    sizeof(yes));
}

static bool
is_final(const struct ml_attach_outcome *o, uint32_t id)
{
    return o->id == id && o->state >= ML_ATTACH_RUNS;
}

/* Both ways wait only when the door has taken the order. What is there then instead is
 * of the next one, and ours is through. */
static bool
is_replaced(const struct ml_attach_outcome *o, uint32_t id)
{
    return o->id != id && o->id != 0;
}

static int
is_late(const struct ml_attach_target *target, const struct ml_attach_order *order,
        const char *what, struct ml_error *err)
{
    return ml_error_set(err, ML_ECANCELLED,
                        "process %d has not %s for %.3g s; it goes on without an agent "
                        "(--timeout waits for longer)",
                        (int)target->pid, what, order->timeout);
}

static int
conclude(const struct ml_attach_target *target, const struct ml_attach_order *order,
         const struct ml_attach_outcome *o, struct ml_error *err)
{
    switch (o->state) {
    case ML_ATTACH_RUNS:
        return ML_OK;
    case ML_ATTACH_GIVEN_UP:
        return is_late(target, order, NO_GIL, err);
    default:
        return ml_error_set(err, o->code < 0 ? o->code : ML_ESTATE, "process %d: %s",
                            (int)target->pid, o->text);
    }
}

/* A zombie has none. */
static bool
has_memory(pid_t pid)
{
    char byte;
    struct iovec to = {&byte, 1}, from = {NULL, 1};
    return process_vm_readv(pid, &to, 1, &from, 1, 0) == 1 || errno == EFAULT;
}

static void
pause_for_a_moment(void)
{
    nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

/* Reads until the order is through or the deadline has come. False: it cannot be read,
 * the process has ended. */
static bool
watch(pid_t pid, uint64_t address, uint32_t id, double deadline,
      struct ml_attach_outcome *out)
{
    while (read_outcome(pid, address, out)) {
        if (is_final(out, id) || is_replaced(out, id) || ml_clock_seconds() > deadline) {
            return true;
        }
        pause_for_a_moment();
    }
    return false;
}

int
ml_attach_wait(const struct ml_attach_target *target, const struct ml_attach_order *order,
               double deadline, struct ml_error *err)
{
    struct ml_attach_outcome o = {0};
    uint64_t address;
    while ((address = find_outcome(target->pid, order->library)) == 0
           && has_memory(target->pid)) {
        if (ml_clock_seconds() > deadline) {
            return is_late(target, order, "loaded the agent's library", err);
        }
        pause_for_a_moment();
    }
    bool alive = address != 0 && watch(target->pid, address, order->id, deadline, &o);
    if (alive && o.id == order->id && !is_final(&o, order->id)) {
        give_up(target->pid, address);
        /* It may be just past the point where it looks: then the end is near. */
        alive = watch(target->pid, address, order->id, ml_clock_seconds() + 0.1, &o);
        if (alive && o.state == ML_ATTACH_STARTING) {
            alive = watch(target->pid, address, order->id, ml_clock_seconds() + 5, &o);
        }
    }
    if (!alive) {
        return ml_error_set(err, ML_ENOTFOUND, "process %d has ended meanwhile",
                            (int)target->pid);
    }
    if (is_final(&o, order->id)) {
        return conclude(target, order, &o, err);
    }
    if (is_replaced(&o, order->id)) {
        return ml_error_set(err, ML_ESTATE, "another attach to process %d came in between: "
                            "ask it (memalotctl status %d)", (int)target->pid,
                            (int)target->pid);
    }
    return is_late(target, order, o.id == order->id ? NO_GIL : "taken the order", err);
}

bool
ml_attach_socket(const struct ml_attach_target *target, const struct ml_attach_order *order,
                 char *out, size_t cap)
{
    struct ml_attach_outcome o;
    uint64_t address = find_outcome(target->pid, order->library);
    if (address == 0 || !read_outcome(target->pid, address, &o) || o.id != order->id
        || o.state != ML_ATTACH_RUNS) {
        return false;
    }
    snprintf(out, cap, "%s", o.text);
    return true;
}
