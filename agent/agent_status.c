/* SPDX-License-Identifier: MIT
 *
 * The answer to `status` (docs/internals/result-format.md), and how much memory the
 * agent itself uses: what it allocated, its structs, and what its stack has touched.
 */
#define _GNU_SOURCE
#include "agent_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "birth.h"
#include "monitor.h"
#include "program.h"
#include "signal_name.h"
#include "signals.h"
#include "clock.h"

/* -- own memory -------------------------------------------------------------------- */

static atomic_size_t allocated;

static void *
counted_alloc(void *ctx, size_t size)
{
    void *ptr = ml_alloc_libc.alloc(ml_alloc_libc.ctx, size);
    atomic_fetch_add(&allocated, ptr != NULL ? size : 0);
    return ptr;
}

static void *
counted_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    void *moved = ml_alloc_libc.resize(ml_alloc_libc.ctx, ptr, old_size, new_size);
    if (moved != NULL) {
        atomic_fetch_add(&allocated, new_size - old_size); /* wraps on shrinking */
    }
    return moved;
}

static void
counted_release(void *ctx, void *ptr, size_t size)
{
    atomic_fetch_sub(&allocated, size);
    ml_alloc_libc.release(ml_alloc_libc.ctx, ptr, size);
}

const struct ml_alloc ml_agent_alloc = {counted_alloc, counted_resize, counted_release,
                                        NULL};

/* Resident bytes of the calling thread's stack. */
static size_t
stack_in_use(void)
{
    enum { PAGES_MAX = 1024 };
    unsigned char resident[PAGES_MAX];
    pthread_attr_t attr;
    void *stack;
    size_t size, page = (size_t)sysconf(_SC_PAGESIZE), pages = 0;
    if (pthread_getattr_np(pthread_self(), &attr) != 0) {
        return 0;
    }
    if (pthread_attr_getstack(&attr, &stack, &size) == 0 && size / page <= PAGES_MAX
        && mincore(stack, size, resident) == 0) {
        for (size_t i = 0; i < size / page; i++) {
            pages += resident[i] & 1;
        }
    }
    pthread_attr_destroy(&attr);
    return pages * page;
}

uint64_t
ml_agent_own_memory(const struct ml_agent *a)
{
    return sizeof(*a) + atomic_load(&allocated) + stack_in_use();
}

/* -- the answer -------------------------------------------------------------------- */

static void
write_signal(const struct ml_agent *a, struct ml_json *out)
{
    char name[ML_SIGNAL_TEXT];
    ml_json_key(out, "signal");
    ml_json_begin_object(out);
    ml_json_kv_str(out, "name", ml_signal_write(a->settings.control.signal, name));
    ml_json_kv_str(out, "state", ml_signals_state_name(ml_signals_state()));
    ml_json_end_object(out);
}

void
ml_agent_note(struct ml_agent *a, const char *fmt, ...)
{
    char text[ML_AGENT_MESSAGE_SIZE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    unsigned last = (a->message_count + ML_AGENT_MESSAGES - 1) % ML_AGENT_MESSAGES;
    if (a->message_count > 0 && strcmp(a->messages[last], text) == 0) {
        return;
    }
    strcpy(a->messages[a->message_count++ % ML_AGENT_MESSAGES], text);
}

static const char *
kind_name(enum ml_sweep_kind kind)
{
    static const char *const names[] = {
        [ML_SWEEP_SNAPSHOT] = "snapshot", [ML_SWEEP_TYPES] = "types",
        [ML_SWEEP_RETAINED] = "retained", [ML_SWEEP_PATHS] = "paths",
        [ML_SWEEP_REFS] = "refs",         [ML_SWEEP_GARBAGE] = "garbage",
        [ML_SWEEP_MEMORY] = "memory",
        [ML_SWEEP_GROWTH] = "growth",
        [ML_SWEEP_REFCOUNTS] = "refcounts",
    };
    return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : NULL;
}

static void
write_last_sweep(const struct ml_agent *a, struct ml_json *out)
{
    const struct ml_sweep_stats *s = &a->last_sweep;
    ml_json_key(out, "last_sweep");
    if (!a->has_last_sweep) {
        ml_json_null(out);
        return;
    }
    ml_json_begin_object(out);
    ml_json_kv_str(out, "kind", kind_name(s->kind));
    ml_json_kv_double(out, "pause_s", s->pause_s, 6);
    ml_json_kv_double(out, "duration_s", s->duration_s, 6);
    ml_json_kv_uint(out, "objects", s->objects);
    ml_json_kv_str(out, "mode", s->in_place ? "in place" : "clone");
    ml_json_kv_uint(out, "ended", s->ended_at);
    ml_json_kv_bool(out, "ok", s->code == ML_OK);
    ml_json_kv_str(out, "message", s->message);
    ml_json_end_object(out);
}

static void
write_sweeps(const struct ml_sweep_sums *s, struct ml_json *out)
{
    ml_json_key(out, "sweeps");
    ml_json_begin_object(out);
    ml_json_kv_uint(out, "ended", s->ended);
    ml_json_kv_uint(out, "failed", s->failed);
    ml_json_kv_double(out, "pause_s", s->pause_s, 6);
    ml_json_kv_double(out, "duration_s", s->duration_s, 6);
    ml_json_end_object(out);
}

static void
write_messages(const struct ml_agent *a, struct ml_json *out)
{
    unsigned count = a->message_count;
    unsigned from = count > ML_AGENT_MESSAGES ? count - ML_AGENT_MESSAGES : 0;
    ml_json_key(out, "messages");
    ml_json_begin_array(out);
    for (unsigned i = from; i < count; i++) {
        ml_json_str(out, a->messages[i % ML_AGENT_MESSAGES]);
    }
    ml_json_end_array(out);
}

static const char *
state_name(const struct ml_agent *a)
{
    if (a->detach_wanted) {
        return "stopping";
    }
    return ml_sweep_running(a->sweep) || a->questions.waiting.len > 0 ? "busy" : "idle";
}

static void
write_next_sweep(const struct ml_agent *a, struct ml_json *out)
{
    double left = a->next_sweep_at - ml_clock_seconds();
    if (a->next_sweep_at > 0) {
        ml_json_kv_double(out, "next_sweep_in_s", left > 0 ? left : 0, 3);
    }
    else {
        ml_json_kv_null(out, "next_sweep_in_s");
    }
}

int
ml_agent_write_status(struct ml_agent *a, struct ml_json *out, struct ml_error *err)
{
    ml_json_begin_object(out);
    ml_json_kv_str(out, "version", ML_VERSION);
    ml_json_kv_int(out, "pid", a->pid);
    ml_json_kv_str(out, "name", a->name);
    ml_json_kv_str(out, "python_version", a->python_version);
    ml_json_kv_str(out, "state", state_name(a));
    ml_json_kv_double(out, "uptime_s", ml_program_uptime(), 2);
    ml_json_kv_double(out, "started_s", ml_program_started(), 2);
    ml_json_kv_str(out, "socket", a->socket_path);
    ml_json_key(out, "monitoring");
    ml_monitors_write_status(out);
    write_signal(a, out);
    ml_json_key(out, "hooks");
    ml_json_begin_array(out); /* of the allocator and the collector */
    if (ml_birth_running()) {
        ml_json_str(out, ml_birth_words());
    }
    ml_json_end_array(out);
    ml_json_kv_str(out, "config_file", a->config_file[0] != '\0' ? a->config_file : NULL);
    ml_json_kv_str(out, "report_directory", a->report_directory);
    write_last_sweep(a, out);
    write_sweeps(&a->sweeps, out);
    write_next_sweep(a, out);
    ml_json_key(out, "triggers");
    ml_trigger_write_status(&a->trigger, &a->settings, ml_clock_seconds(), out);
    ml_json_kv_str(out, "last_report", a->last_report[0] != '\0' ? a->last_report : NULL);
    ml_json_kv_uint(out, "own_memory", ml_agent_own_memory(a));
    ml_json_kv_uint(out, "clients", ml_server_clients(a->server));
    ml_json_kv_uint(out, "rss", ml_program_rss());
    ml_json_key(out, "command");
    ml_program_write_command(out);
    write_messages(a, out);
    ml_json_end_object(out);
    return ML_OK;
}
