/* SPDX-License-Identifier: MIT
 *
 * The sweep process, from the clone to its end; see sweep_job.h. Everything that was the
 * program's is put down first: descriptors (a connection that the program closes must be
 * closed for its peer at once), signal handlers, priority. Then the heap is analysed and
 * every question answered.
 *
 * No libc malloc, no stdio streams, no locks: other threads of the program may have held
 * them at the moment of the clone. Memory comes from an arena; Python's own allocators
 * are led there too, for the few C functions that return a new int.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answers.h"
#include "arena.h"
#include "call_text.h"
#include "compat/compat.h"
#include "watch.h"
#include "clock.h"

#define PROGRESS_EVERY 0.1 /* seconds */

struct child {
    struct sweep_job *job;
    struct ml_arena arena;
    struct ml_guard guard;
    struct ml_cancel cancel;
    double last_progress;
    double deadline;
    struct sweep_done_frame done;
    struct call_texts texts; /* of the question being answered */
};

/* -- frames ------------------------------------------------------------------------ */

static void
put(struct child *c, const void *data, size_t len)
{
    if (c->job->in_place != NULL) {
        ml_buf_append(c->job->in_place, data, len);
    }
    else if (!sweep_write_all(SWEEP_OUT, data, len)) {
        _exit(1); /* nobody reads any more: the agent or the program has gone */
    }
}

static void
send_frame(struct child *c, enum sweep_frame_type type, uint32_t index, const void *data,
           size_t len)
{
    struct sweep_frame frame = {type, index, len};
    put(c, &frame, sizeof(frame));
    put(c, data, len);
}

static void
send_error(struct child *c, enum sweep_frame_type type, uint32_t index,
           const struct ml_error *err)
{
    struct sweep_error_frame frame = {.code = err->code};
    memcpy(frame.message, err->message, sizeof(frame.message));
    send_frame(c, type, index, &frame, sizeof(frame));
}

/* -- watching ---------------------------------------------------------------------- */

static bool
ask(void *ctx, const char *step, double done)
{
    struct child *c = ctx;
    double now = ml_clock_seconds();
    if (now - c->last_progress < PROGRESS_EVERY) {
        return false;
    }
    c->last_progress = now;
    if (c->job->in_place == NULL) {
        if (getppid() != c->job->pid) {
            _exit(1); /* the program has ended */
        }
        char text[80];
        float fraction = (float)done;
        memcpy(text, &fraction, sizeof(fraction));
        snprintf(text + sizeof(fraction), sizeof(text) - sizeof(fraction), "%s", step);
        send_frame(c, FRAME_PROGRESS, 0, text,
                   sizeof(fraction) + strlen(text + sizeof(fraction)));
    }
    return now > c->deadline;
}

static void
on_fatal(void *ctx, int signal)
{
    struct child *c = ctx;
    struct ml_error err;
    ml_error_set(&err, ML_EIO, "the sweep ended in %s of its own (signal %d)",
                 ml_guard_reason(signal), signal);
    send_error(c, FRAME_FAULT, 0, &err);
    _exit(2);
}

static void
send_tally(struct child *c, uint32_t index, bool places, struct ml_tally *tally)
{
    struct ml_buf whole;
    ml_buf_init(&whole, &c->arena.alloc);
    ml_tally_close(tally, SWEEP_TALLY_ROWS);
    struct sweep_tally_frame frame = {places, tally->count, c->job->started};
    ml_buf_append(&whole, &frame, sizeof(frame));
    ml_buf_append(&whole, tally->row, tally->count * sizeof(*tally->row));
    if (!whole.failed) {
        send_frame(c, FRAME_TALLY, index, whole.data, whole.len);
    }
    ml_buf_fini(&whole);
}

/* What the agent keeps of an answer for the next one. */
static void
send_after(struct child *c, uint32_t index, struct sweep_after *after)
{
    if (after->has_figures) {
        send_frame(c, FRAME_FIGURES, index, &after->figures, sizeof(after->figures));
    }
    if (after->has_tallies) {
        send_tally(c, index, false, &after->types);
        send_tally(c, index, true, &after->places);
    }
    ml_tally_fini(&after->types);
    ml_tally_fini(&after->places);
}

/* -- answers ----------------------------------------------------------------------- */

static int
answer(const struct sweep_view *v, const struct ml_sweep_request *r, struct ml_json *j,
       struct ml_error *err)
{
    switch (r->kind) {
    case ML_SWEEP_SNAPSHOT:
        return answer_snapshot(v, r, j, err);
    case ML_SWEEP_TYPES:
        return answer_types(v, r, j, err);
    case ML_SWEEP_RETAINED:
        return answer_retained(v, r, j, err);
    case ML_SWEEP_PATHS:
        return answer_paths(v, r, j, err);
    case ML_SWEEP_REFS:
        return answer_refs(v, r, j, err);
    case ML_SWEEP_GARBAGE:
        return answer_garbage(v, r, j, err);
    case ML_SWEEP_MEMORY:
        return answer_memory(v, r, j, err);
    case ML_SWEEP_GROWTH:
        return answer_growth(v, r, j, err);
    case ML_SWEEP_REFCOUNTS:
        return answer_refcounts(v, r, j, err);
    }
    return ml_error_set(err, ML_EINVAL, "an unknown kind of question");
}

static void
remember_report(struct child *c, const struct ml_buf *reply)
{
    static const char key[] = "\"report_id\":";
    const char *at = memmem(reply->data, reply->len, key, sizeof(key) - 1);
    const char *quote = at != NULL ? strchr(at + sizeof(key) - 1, '"') : NULL;
    if (quote != NULL) {
        size_t n = strcspn(quote + 1, "\"");
        n = n < sizeof(c->done.report_id) - 1 ? n : sizeof(c->done.report_id) - 1;
        memcpy(c->done.report_id, quote + 1, n);
        c->done.stored = 1;
    }
}

/* In place the agent does it, after the GIL was given back. */
static void
leave_to_agent(struct child *c, uint32_t index, const struct ml_buf *iteration,
               const struct ml_buf *line)
{
    struct sweep_store_frame frame = {iteration->len};
    struct ml_buf whole;
    ml_buf_init(&whole, &c->arena.alloc);
    ml_buf_append(&whole, &frame, sizeof(frame));
    ml_buf_append(&whole, iteration->data, iteration->len);
    ml_buf_append(&whole, line->data, line->len);
    if (whole.failed) {
        struct ml_error err = {0};
        ml_error_nomem(&err);
        send_error(c, FRAME_ERROR, index, &err);
    }
    else {
        send_frame(c, FRAME_STORE, index, whole.data, whole.len);
    }
    ml_buf_fini(&whole);
}

static void
store_now(struct child *c, uint32_t index, const struct ml_buf *iteration,
          const struct ml_buf *line)
{
    struct ml_buf reply, whole;
    struct ml_error err = {0};
    ml_buf_init(&reply, &c->arena.alloc);
    ml_buf_init(&whole, &c->arena.alloc);
    ask(c, "writing the report", 0.95);
    sweep_writer_store(c->job, line->data, line->len, &reply, &err);
    bool watched = c->job->questions[index].watch != NULL;
    sweep_stored_answer(&reply, &err, iteration->data, watched ? 0 : iteration->len, &whole);
    if (err.code == ML_OK) {
        ml_buf_putc(&reply, '\0');
        remember_report(c, &reply);
    }
    else {
        memcpy(c->done.message, err.message, sizeof(c->done.message));
    }
    send_frame(c, FRAME_RESULT, index, whole.data, whole.len);
    ml_buf_fini(&whole);
    ml_buf_fini(&reply);
}

static void
store(struct child *c, uint32_t index, const struct ml_buf *iteration)
{
    struct ml_buf line;
    ml_buf_init(&line, &c->arena.alloc);
    sweep_writer_line(c->job, c->job->questions[index].watch, iteration, &line);
    if (c->job->in_place != NULL) {
        leave_to_agent(c, index, iteration, &line);
    }
    else {
        store_now(c, index, iteration, &line);
    }
    ml_buf_fini(&line);
}

static void
answer_question(struct child *c, struct sweep_view *v, uint32_t index)
{
    struct sweep_after after = {0};
    const struct ml_sweep_request *r = &c->job->questions[index].request;
    struct ml_error err = {0};
    struct ml_buf out;
    struct ml_json j;
    ml_buf_init(&out, &c->arena.alloc);
    ml_json_init(&j, &out);
    ml_tally_init(&after.types, &c->arena.alloc);
    ml_tally_init(&after.places, &c->arena.alloc);
    v->after = &after;
    const struct ml_watch *watch = c->job->questions[index].watch;
    bool bare = r->kind == ML_SWEEP_SNAPSHOT && !r->save && watch == NULL;
    call_texts_init(v->texts, &c->arena.alloc, watch != NULL ? watch->str_func : NULL);
    ml_buf_puts(&out, bare ? "{\"report_id\":null,\"iteration\":" : "");
    int rc = answer(v, r, &j, &err);
    call_texts_fini(v->texts);
    ml_buf_puts(&out, bare ? "}" : "");
    if (rc == ML_OK && out.failed) {
        rc = ml_error_nomem(&err);
    }
    if (rc == ML_OK) {
        send_after(c, index, &after);
    }
    if (rc < 0) {
        send_error(c, FRAME_ERROR, index, &err);
    }
    else if (r->kind == ML_SWEEP_SNAPSHOT && (r->save || watch != NULL)) {
        store(c, index, &out);
    }
    else {
        send_frame(c, FRAME_RESULT, index, out.data, out.len);
    }
    ml_buf_fini(&out);
}

static void
explain(struct child *c, struct ml_error *err)
{
    if (err->code == ML_ENOMEM && c->arena.limit != 0) {
        ml_error_set(err, ML_ENOMEM,
                     "the sweep needs more memory than sweep.max_extra_memory leaves it "
                     "(%llu MiB)",
                     (unsigned long long)(c->arena.limit >> 20));
    }
    else if (err->code == ML_ECANCELLED) {
        ml_error_set(err, ML_ECANCELLED, "the sweep took longer than sweep.timeout (%.0f s)",
                     c->job->settings.sweep.timeout);
    }
}

static void
run(struct child *c)
{
    struct sweep_view *v = c->arena.alloc.alloc(c->arena.alloc.ctx, sizeof(*v));
    struct ml_error err = {0};
    struct ml_guard *guard = c->job->in_place == NULL ? &c->guard : NULL;
    int rc = v == NULL ? ml_error_nomem(&err)
                       : sweep_view_build(v, c->job, &c->arena.alloc, &c->cancel, guard, &err);
    if (rc < 0) {
        explain(c, &err);
        for (uint32_t i = 0; i < c->job->question_count; i++) {
            send_error(c, FRAME_ERROR, i, &err);
        }
    }
    else {
        v->peak = c->arena.peak;
        v->texts = &c->texts;
        c->done.objects = v->take.graph.node_count;
        for (uint32_t i = 0; i < c->job->question_count; i++) {
            answer_question(c, v, i);
        }
    }
    send_frame(c, FRAME_DONE, 0, &c->done, sizeof(c->done));
    if (v != NULL && c->job->in_place != NULL) {
        sweep_view_fini(v);
    }
}

static void
start(struct child *c, struct sweep_job *job)
{
    memset(c, 0, sizeof(*c));
    c->job = job;
    c->last_progress = job->started;
    c->deadline = job->started + job->settings.sweep.timeout;
    c->cancel = (struct ml_cancel){ask, c};
    ml_arena_init(&c->arena, job->memory_limit);
}

void
sweep_child_in_place(struct sweep_job *job)
{
    struct child c;
    start(&c, job);
    run(&c);
    ml_arena_fini(&c.arena);
}

/* -- its life ---------------------------------------------------------------------- */

static void *
arena_for_python(void *ctx, size_t size)
{
    const struct ml_alloc *a = ctx;
    return a->alloc(a->ctx, size);
}

void
sweep_child_main(struct sweep_job *job)
{
    static struct child c; /* in this process's own copy of the page */
    sweep_drop_descriptors(job);
    sweep_reset_signals();
    sweep_become_humble(job);
    start(&c, job);
    c.guard.fatal = on_fatal;
    c.guard.ctx = &c;
    ml_guard_install(&c.guard);
    sweep_unblock_signals();
    compat_redirect_allocators(&c.arena.alloc, arena_for_python);
    run(&c);
    _exit(0);
}
