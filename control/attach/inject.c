/* SPDX-License-Identifier: MIT
 *
 * See attach.h and docs/internals/attach.md: one thread of the program is borrowed for
 * as long as it takes to start another by pthread_create; that one, an ordinary thread
 * of the program's with all signals blocked, loads the library and knocks at the agent's
 * door. Nobody waits for it but us.
 */
#define _GNU_SOURCE
#include "attach.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include "borrow.h"
#include "clock.h"
#include "inject_code.h"
#include "inject_image.h"
#include "memory.h"
#include "moment.h"
#include "outcome.h"
#include "process.h"

#define CALL_SECONDS 1.0 /* for libc to start a thread */
#define FETCH_NS 500000000 /* after which the thread goes back by itself */
#define JUST_BEGUN_MS 20
#define QUICK_ROUNDS 200 /* a millisecond apart; then OFTEN_MS */
#define OFTEN_MS 10
#define UNMAP_SECONDS 0.2

struct injection {
    const struct ml_attach_target *target;
    const struct ml_attach_order *order;
    struct ml_image *image;
    double begun, deadline;
    const char *refusal; /* of the last moment that was looked at */
    bool stale;          /* the image may be */
    uint64_t mapping;
    struct ml_inject_data data;
    struct ml_borrow thread;
};

static uint64_t
data_address(const struct injection *in)
{
    return in->mapping + ML_INJECT_CODE;
}

static uint64_t
code_address(const struct injection *in, const void *place)
{
    return in->mapping + (uint64_t)((const char *)place - __start_ml_inject_code);
}

static void
nap(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* -- what is put into the program -------------------------------------------------- */

static int
fill_data(struct injection *in, struct ml_error *err)
{
    const struct ml_image_calls *calls = ml_image_calls(in->image);
    struct ml_inject_data *data = &in->data;
    const struct {
        void *to;
        uint64_t address;
    } places[] = {
        {&data->mapping, in->mapping},
        {&data->unmap, calls->unmap},
        {&data->attr_init, calls->attr_init},
        {&data->attr_setstacksize, calls->attr_setstacksize},
        {&data->attr_setdetachstate, calls->attr_setdetachstate},
        {&data->thread_create, calls->thread_create},
        {&data->thread, code_address(in, (const void *)(uintptr_t)ml_inject_thread)},
        {&data->open, calls->open},
        {&data->symbol, calls->symbol},
        {&data->error, calls->error},
        {&data->poll, calls->poll},
    };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        memcpy(places[i].to, &places[i].address, sizeof(places[i].address));
    }
    data->size = ML_INJECT_SIZE;
    data->limit.tv_nsec = FETCH_NS;
    data->created = ML_BORROW_NOT_DONE;
    snprintf(data->begin, sizeof(data->begin), "%s", ML_ATTACH_BEGIN_SYMBOL);
    snprintf(data->library, sizeof(data->library), "%s", in->order->library);
    return ml_attach_order_text(in->order, data->order, err);
}

static int
map(struct injection *in, uint64_t at, size_t size, int protection, int flags,
    uint64_t *out, struct ml_error *err)
{
    const uint64_t arg[6] = {at, size, (uint64_t)protection,
                             (uint64_t)(MAP_PRIVATE | MAP_ANONYMOUS | flags),
                             (uint64_t)-1, 0};
    uint64_t result = 0;
    int rc = ml_borrow_syscall_at(&in->thread, ml_image_calls(in->image)->syscall_ret,
                                  SYS_mmap, arg, &result, err);
    if (rc == ML_OK && result > (uint64_t)-4096) {
        rc = ml_error_set(err, ML_EUNSUPPORTED, "process %d may not map memory: %s",
                          (int)in->target->pid, strerror((int)-result));
    }
    *out = rc == ML_OK ? result : 0;
    return rc;
}

/* Never writable and executable at once: systemd's MemoryDenyWriteExecute and the like
 * would refuse that. */
static int
lay_mapping(struct injection *in, struct ml_error *err)
{
    struct ml_borrow *b = &in->thread;
    uint64_t same;
    size_t code = (size_t)(__stop_ml_inject_code - __start_ml_inject_code);
    int rc = map(in, 0, ML_INJECT_SIZE, PROT_READ | PROT_WRITE, 0, &in->mapping, err);
    if (rc == ML_OK) {
        rc = map(in, in->mapping, ML_INJECT_CODE, PROT_READ | PROT_EXEC, MAP_FIXED, &same,
                 err);
    }
    rc = rc == ML_OK ? fill_data(in, err) : rc;
    rc = rc == ML_OK ? ml_borrow_write(b, in->mapping, __start_ml_inject_code, code, err)
                     : rc;
    return rc == ML_OK ? ml_borrow_write(b, data_address(in), &in->data, sizeof(in->data),
                                         err)
                       : rc;
}

static void
take_mapping_back(struct injection *in)
{
    const uint64_t arg[6] = {in->mapping, ML_INJECT_SIZE};
    uint64_t result;
    /* One that has gone back by itself is no longer ours to call with. */
    if (in->mapping != 0 && in->thread.held && in->thread.touched) {
        ml_borrow_syscall_at(&in->thread, ml_image_calls(in->image)->syscall_ret,
                             SYS_munmap, arg, &result, NULL);
    }
}

static bool
look(struct injection *in, struct ml_inject_data *out)
{
    return ml_memory_read(in->target->pid, data_address(in), out, sizeof(*out));
}

/* When nobody answers for long (we were stopped) the thread takes the mapping away, and
 * what is there then is not ours to write to. */
static void
raise_flag(struct injection *in, size_t offset)
{
    const int32_t yes = 1;
    struct ml_inject_data now;
    if (!look(in, &now) || now.mapping != in->data.mapping
        || memcmp(now.library, in->data.library, sizeof(now.library)) != 0) {
        return;
    }
    ml_memory_write(in->target->pid, data_address(in) + offset, &yes, sizeof(yes));
}

/* -- on the borrowed thread -------------------------------------------------------- */

static int
check_created(struct injection *in, struct ml_error *err)
{
    if (!look(in, &in->data)) {
        return ml_error_set(err, ML_EIO, "cannot read the memory of process %d: %s",
                            (int)in->target->pid, strerror(errno));
    }
    if (in->data.created != 0) {
        return ml_error_set(err, ML_EIO, "process %d cannot start a thread: %s",
                            (int)in->target->pid, strerror(in->data.created));
    }
    return ML_OK;
}

static int
start_thread(struct injection *in, struct ml_error *err)
{
    struct ml_borrow *b = &in->thread;
    b->deadline = ml_clock_seconds() + CALL_SECONDS;
    int rc = lay_mapping(in, err);
    if (rc == ML_OK) {
        const struct ml_borrow_code code = {
            .start = in->mapping,
            .size = ML_INJECT_CODE,
            .entry = code_address(in, ml_inject_enter),
            .rbx = data_address(in),
            .stack = in->mapping + ML_INJECT_SIZE,
            .done = data_address(in) + offsetof(struct ml_inject_data, created),
        };
        rc = ml_borrow_run(b, &code, err);
        if (rc == ML_ECANCELLED) {
            raise_flag(in, offsetof(struct ml_inject_data, given_up));
            raise_flag(in, offsetof(struct ml_inject_data, read));
        }
    }
    rc = rc == ML_OK ? check_created(in, err) : rc;
    if (rc < 0) {
        take_mapping_back(in);
    }
    ml_borrow_give_back(b);
    return rc;
}

/* 1 when it was done, 0 when the moment was not good. */
static int
try_thread(struct injection *in, pid_t tid, bool untimely, struct ml_error *err)
{
    struct ml_borrow *b = &in->thread;
    struct ml_moment_stack stack;
    int rc = ml_borrow_stop(b, in->target->pid, tid, in->deadline, err);
    if (rc < 0) {
        in->refusal = "its threads cannot be stopped";
        return rc == ML_ESTATE ? 0 : rc;
    }
    /* Held, its number is nobody else's. */
    if (ml_process_started(in->target->pid) != in->target->started) {
        ml_borrow_give_back(b);
        return ml_error_set(err, ML_ENOTFOUND, "process %d has ended meanwhile",
                            (int)in->target->pid);
    }
    ml_moment_of_stack(in->image, b, &stack);
    /* CPython waits on for what is left (PEP 475); others begin anew. */
    if (!untimely || !stack.of_python) {
        ml_borrow_hide_interruption(b);
    }
    if (stack.refusal == NULL
        && ml_borrow_lay_frame(b, ml_image_calls(in->image)->sigreturn, err) < 0) {
        stack.refusal =
            "its threads have no room on their stacks, or could not come back";
    }
    if (stack.refusal != NULL) {
        in->refusal = stack.refusal;
        in->stale = in->stale || stack.unreadable;
        ml_borrow_give_back(b);
        return 0;
    }
    rc = start_thread(in, err);
    return rc < 0 ? rc : 1;
}

/* -- the choice -------------------------------------------------------------------- */

/* How often it has gone to sleep so far. */
static long
switches(pid_t pid, pid_t tid)
{
    char path[64], line[128];
    long count = -1;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/status", (int)pid, (int)tid);
    FILE *file = fopen(path, "re");
    while (file != NULL && count < 0 && fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "voluntary_ctxt_switches: %ld", &count) != 1) {
            count = -1;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return count;
}

/* Waits for it to begin a new wait: one that is begun anew then ends at most a
 * millisecond too late. */
static bool
has_just_begun(pid_t pid, pid_t tid)
{
    long before = switches(pid, tid);
    for (int ms = 0; ms < JUST_BEGUN_MS; ms++) {
        nap(1);
        if (switches(pid, tid) != before) {
            return ml_moment_of_thread(pid, tid) == ML_MOMENT_UNTIMELY;
        }
    }
    return false;
}

/* Late, a wait that is felt is better than no agent. */
static bool
is_late(const struct injection *in)
{
    return ml_clock_seconds() > (in->begun + in->deadline) / 2;
}

static int
consider(struct injection *in, pid_t tid, struct ml_error *err)
{
    pid_t pid = in->target->pid;
    switch (ml_moment_of_thread(pid, tid)) {
    case ML_MOMENT_GOOD:
        return try_thread(in, tid, false, err);
    case ML_MOMENT_UNTIMELY:
        if (has_just_begun(pid, tid)) {
            return try_thread(in, tid, false, err);
        }
        return is_late(in) ? try_thread(in, tid, true, err) : 0;
    default:
        in->refusal = "its threads wait in system calls that a stop would disturb";
        return 0;
    }
}

/* Asks every thread once: 1, 0 as try_thread. */
static int
consider_all(struct injection *in, struct ml_error *err)
{
    char path[64];
    struct dirent *entry;
    int rc = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)in->target->pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL) {
        return ml_error_set(err, ML_ENOTFOUND, "process %d has ended meanwhile",
                            (int)in->target->pid);
    }
    while (rc == 0 && (entry = readdir(tasks)) != NULL) {
        if (entry->d_name[0] != '.') {
            rc = consider(in, (pid_t)atoi(entry->d_name), err);
        }
    }
    closedir(tasks);
    return rc;
}

static int
find_moment(struct injection *in, struct ml_error *err)
{
    int rc = consider_all(in, err);
    for (int round = 0; rc == 0; round++) {
        if (ml_clock_seconds() > in->deadline) {
            return ml_error_set(err, ML_ECANCELLED,
                                "no thread of process %d could be borrowed within %.3g s: "
                                "%s; nothing was changed (--timeout waits for longer)",
                                (int)in->target->pid, in->order->timeout, in->refusal);
        }
        nap(round < QUICK_ROUNDS ? 1 : OFTEN_MS);
        if (in->stale && (rc = ml_image_refresh(in->image, err)) < 0) {
            return rc;
        }
        in->stale = false;
        rc = consider_all(in, err);
    }
    return rc < 0 ? rc : ML_OK;
}

/* -- on the new thread ------------------------------------------------------------- */

/* It has read that it may go: waits until the mapping has gone with it. */
static void
see_it_off(struct injection *in)
{
    struct ml_inject_data data;
    double until = ml_clock_seconds() + UNMAP_SECONDS;
    raise_flag(in, offsetof(struct ml_inject_data, read));
    while (look(in, &data) && data.mapping == in->data.mapping
           && ml_clock_seconds() < until) {
        nap(1);
    }
}

static int
conclude_loading(struct injection *in, struct ml_error *err)
{
    in->data.text[sizeof(in->data.text) - 1] = '\0';
    if (in->data.state == ML_INJECT_FAILED) {
        return ml_error_set(err, ML_EUNSUPPORTED, "process %d cannot load the agent: %s",
                            (int)in->target->pid, in->data.text);
    }
    if (in->data.code == ML_ESTATE) {
        return ml_error_set(err, ML_ESTATE, "another attach to process %d is under way",
                            (int)in->target->pid);
    }
    return ml_attach_wait(in->target, in->order, in->deadline, err);
}

static int
await_loading(struct injection *in, struct ml_error *err)
{
    while (look(in, &in->data) && in->data.state == ML_INJECT_BEGUN) {
        if (ml_clock_seconds() > in->deadline) {
            raise_flag(in, offsetof(struct ml_inject_data, given_up));
            raise_flag(in, offsetof(struct ml_inject_data, read));
            return ml_error_set(err, ML_ECANCELLED,
                                "process %d has been loading another library for %.3g s; "
                                "it goes on without an agent (--timeout waits for longer)",
                                (int)in->target->pid, in->order->timeout);
        }
        nap(1);
    }
    if (in->data.state == ML_INJECT_BEGUN) {
        return ml_error_set(err, ML_ENOTFOUND, "process %d has ended meanwhile",
                            (int)in->target->pid);
    }
    see_it_off(in);
    return conclude_loading(in, err);
}

/* -- all of it --------------------------------------------------------------------- */

int
ml_attach_inject(const struct ml_attach_target *target, const struct ml_attach_order *order,
                 struct ml_error *err)
{
    struct injection *in = calloc(1, sizeof(*in));
    if (in == NULL) {
        return ml_error_nomem(err);
    }
    in->target = target;
    in->order = order;
    in->begun = ml_clock_seconds();
    in->deadline = in->begun + order->timeout;
    in->refusal = "it has no threads";
    int rc = ml_image_open(target, &in->image, err);
    rc = rc == ML_OK ? find_moment(in, err) : rc;
    rc = rc == ML_OK ? await_loading(in, err) : rc;
    ml_image_close(in->image);
    free(in);
    return rc;
}
