/* SPDX-License-Identifier: MIT
 *
 * See questions.h.
 */
#include "questions.h"

#include <string.h>

void
ml_questions_init(struct ml_questions *q, const struct ml_alloc *a)
{
    *q = (struct ml_questions){.a = a};
}

void
ml_questions_fini(struct ml_questions *q)
{
    if (q->a != NULL) {
        ml_question_vec_free(&q->waiting, q->a);
    }
}

int
ml_questions_add(struct ml_questions *q, const struct ml_sweep_request *request,
                 uint64_t token, struct ml_error *err)
{
    if (q->waiting.len >= ML_QUESTIONS_MAX) {
        return ml_error_set(err, ML_ELIMIT,
                            "%d questions wait for a sweep already: try again later",
                            ML_QUESTIONS_MAX);
    }
    /* A question is several kilobytes: built in place, not on the small stack. */
    if (ml_question_vec_reserve(&q->waiting, q->a, q->waiting.len + 1) < 0) {
        return ml_error_nomem(err);
    }
    struct ml_sweep_question *question = &q->waiting.data[q->waiting.len++];
    question->request = *request;
    question->token = token;
    question->watch = NULL;
    return ML_OK;
}

int
ml_questions_add_watched(struct ml_questions *q, const struct ml_sweep_request *request,
                         uint64_t token, const struct ml_watch *watch,
                         struct ml_error *err)
{
    int rc = ml_questions_add(q, request, token, err);
    if (rc == ML_OK) {
        q->waiting.data[q->waiting.len - 1].watch = watch;
    }
    return rc;
}

size_t
ml_questions_batch(const struct ml_questions *q, size_t max)
{
    size_t n = 0;
    while (n < q->waiting.len && n < max && q->waiting.data[n].watch == NULL) {
        n++;
    }
    return n == 0 && q->waiting.len > 0 ? 1 : n;
}

void
ml_questions_snapshot(struct ml_sweep_request *out)
{
    memset(out, 0, sizeof(*out));
    out->kind = ML_SWEEP_SNAPSHOT;
    out->limit = ML_REQUEST_UNSET;
    out->max_object_details = ML_REQUEST_UNSET;
    out->referrers = ML_REQUEST_UNSET;
    out->save = true;
}

int
ml_questions_add_own(struct ml_questions *q, struct ml_error *err)
{
    for (size_t i = 0; i < q->waiting.len; i++) {
        if (q->waiting.data[i].token == ML_TOKEN_OWN) {
            return ML_OK;
        }
    }
    struct ml_sweep_request request;
    ml_questions_snapshot(&request);
    return ml_questions_add(q, &request, ML_TOKEN_OWN, err);
}

void
ml_questions_drop(struct ml_questions *q, size_t count)
{
    struct ml_question_vec *waiting = &q->waiting;
    if (count >= waiting->len) {
        ml_questions_clear(q);
        return;
    }
    waiting->len -= count;
    memmove(waiting->data, waiting->data + count, waiting->len * sizeof(*waiting->data));
}

void
ml_questions_clear(struct ml_questions *q)
{
    /* 64 of them are 300 KiB: not kept for the next rush. */
    ml_question_vec_free(&q->waiting, q->a);
}
