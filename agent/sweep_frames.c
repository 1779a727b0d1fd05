/* SPDX-License-Identifier: MIT
 *
 * What the sweep process says, frame by frame (sweep_job.h), turned into callbacks. The
 * stream comes from a process that may have met wild pointers: lengths and indices are
 * checked.
 */
#include "sweep_state.h"

#include <string.h>

#define FRAME_LIMIT ((uint64_t)1 << 30)

static void
on_error_frame(struct ml_sweep *s, const struct sweep_frame *f, const char *data)
{
    struct sweep_error_frame frame;
    struct ml_error err = {0};
    if (f->length != sizeof(frame)) {
        return;
    }
    memcpy(&frame, data, sizeof(frame));
    frame.message[sizeof(frame.message) - 1] = '\0';
    ml_error_set(&err, frame.code, "%s", frame.message);
    if (f->type == FRAME_FAULT) {
        s->why = err;
        return;
    }
    if (s->why.code == 0 && err.code != ML_ENOTFOUND) {
        s->why = err;
    }
    s->answered[f->index] = true;
    s->to.error(s->to.ctx, s->job->questions[f->index].token, &err);
}

static void
on_result_frame(struct ml_sweep *s, const struct sweep_frame *f, const char *data)
{
    s->answered[f->index] = true;
    s->to.result(s->to.ctx, s->job->questions[f->index].token, data, f->length);
}

/* In place the writer is started here, after the GIL was given back. A report that cannot
 * be stored is answered all the same, and says why. */
static void
on_store_frame(struct ml_sweep *s, const struct sweep_frame *f, const char *data)
{
    struct sweep_store_frame store;
    struct ml_buf reply, whole;
    struct ml_error err = {0};
    memcpy(&store, data, sizeof(store)); /* our own frame: its lengths are right */
    const char *iteration = data + sizeof(store), *line = iteration + store.iteration;
    ml_buf_init(&reply, &ml_alloc_libc);
    ml_buf_init(&whole, &ml_alloc_libc);
    sweep_writer_store(s->job, line, f->length - (size_t)(line - data), &reply, &err);
    bool watched = s->job->questions[f->index].watch != NULL;
    sweep_stored_answer(&reply, &err, iteration, watched ? 0 : store.iteration, &whole);
    if (whole.failed) {
        ml_error_nomem(&err);
    }
    else {
        s->answered[f->index] = true;
        s->to.result(s->to.ctx, s->job->questions[f->index].token, whole.data, whole.len);
    }
    s->why = err;
    ml_buf_fini(&whole);
    ml_buf_fini(&reply);
}

static void
on_progress_frame(struct ml_sweep *s, const struct sweep_frame *f, const char *data)
{
    float done;
    char step[80];
    if (f->length < sizeof(done) || f->length - sizeof(done) >= sizeof(step)) {
        return;
    }
    memcpy(&done, data, sizeof(done));
    memcpy(step, data + sizeof(done), f->length - sizeof(done));
    step[f->length - sizeof(done)] = '\0';
    for (size_t i = 0; i < s->job->question_count; i++) {
        if (s->job->questions[i].request.progress && !s->answered[i]) {
            s->to.progress(s->to.ctx, s->job->questions[i].token, step, done);
        }
    }
}

static void
on_figures_frame(struct ml_sweep *s, const struct sweep_frame *f, const char *data)
{
    struct ml_sweep_figures figures;
    if (f->length == sizeof(figures)) {
        memcpy(&figures, data, sizeof(figures));
        s->to.figures(s->to.ctx, s->job->questions[f->index].token, &figures);
    }
}

static void
on_tally_frame(struct ml_sweep *s, const struct sweep_frame *f, const char *data)
{
    struct sweep_tally_frame head;
    if (f->length < sizeof(head)) {
        return;
    }
    memcpy(&head, data, sizeof(head));
    uint64_t bytes = f->length - sizeof(head);
    if (head.count > SWEEP_TALLY_ROWS ||
        bytes != head.count * (uint64_t)sizeof(struct ml_tally_row)) {
        return;
    }
    struct ml_tally_row *rows = ml_alloc_array(&ml_alloc_libc, head.count, sizeof(*rows));
    if (rows == NULL) {
        return; /* then it is as if nobody had looked */
    }
    memcpy(rows, data + sizeof(head), bytes); /* the input is not aligned */
    struct ml_sweep_tally tally = {head.places != 0, head.at, rows, head.count};
    s->to.tally(s->to.ctx, s->job->questions[f->index].token, &tally);
    ml_alloc_free_array(&ml_alloc_libc, rows, head.count, sizeof(*rows));
}

static void
on_frame(struct ml_sweep *s, const struct sweep_frame *f, const char *data)
{
    switch ((enum sweep_frame_type)f->type) {
    case FRAME_PROGRESS:
        on_progress_frame(s, f, data);
        break;
    case FRAME_RESULT:
        on_result_frame(s, f, data);
        break;
    case FRAME_STORE:
        on_store_frame(s, f, data);
        break;
    case FRAME_FIGURES:
        on_figures_frame(s, f, data);
        break;
    case FRAME_TALLY:
        on_tally_frame(s, f, data);
        break;
    case FRAME_ERROR:
    case FRAME_FAULT:
        on_error_frame(s, f, data);
        break;
    case FRAME_DONE:
        s->done = f->length == sizeof(s->result);
        if (s->done) {
            memcpy(&s->result, data, sizeof(s->result));
        }
        break;
    }
}

/* Takes whole frames off the input; false when the stream makes no sense. */
bool
sweep_take_frames(struct ml_sweep *s)
{
    size_t at = 0;
    bool good = true;
    while (good && s->input.len - at >= sizeof(struct sweep_frame)) {
        struct sweep_frame f;
        memcpy(&f, s->input.data + at, sizeof(f));
        good = f.type >= FRAME_PROGRESS && f.type <= FRAME_DONE &&
               f.length <= FRAME_LIMIT && f.index < s->job->question_count;
        if (!good || s->input.len - at - sizeof(f) < f.length) {
            break;
        }
        on_frame(s, &f, s->input.data + at + sizeof(f));
        at += sizeof(f) + f.length;
    }
    ml_buf_consume(&s->input, at);
    return good && !s->input.failed;
}
