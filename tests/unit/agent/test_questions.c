/* SPDX-License-Identifier: MIT
 *
 * Questions wait together for the next sweep, up to a limit, and the agent's own only
 * once.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "questions.h"

Test(questions, are_kept_in_order_with_their_tokens)
{
    struct ml_questions q;
    struct ml_sweep_request request = {.kind = ML_SWEEP_TYPES, .limit = 7};
    ml_questions_init(&q, &ml_alloc_libc);
    for (uint64_t token = 1; token <= 40; token++) {
        request.limit = (int)token;
        cr_assert_eq(ml_questions_add(&q, &request, token, NULL), ML_OK);
    }
    cr_assert_eq(q.waiting.len, 40);
    for (size_t i = 0; i < 40; i++) {
        cr_assert_eq(q.waiting.data[i].token, i + 1);
        cr_assert_eq(q.waiting.data[i].request.limit, (int)i + 1);
    }
    ml_questions_drop(&q, 38);
    cr_assert_eq(q.waiting.len, 2);
    cr_assert_eq(q.waiting.data[0].token, 39);
    cr_assert_eq(q.waiting.data[1].token, 40);
    ml_questions_drop(&q, 2);
    cr_assert_eq(q.waiting.len, 0);
    ml_questions_fini(&q);
}

Test(questions, the_agents_own_waits_only_once)
{
    struct ml_questions q;
    ml_questions_init(&q, &ml_alloc_libc);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(ml_questions_add_own(&q, NULL), ML_OK);
    }
    cr_assert_eq(q.waiting.len, 1);
    const struct ml_sweep_question *own = &q.waiting.data[0];
    cr_assert_eq(own->token, ML_TOKEN_OWN);
    cr_assert_eq(own->request.kind, ML_SWEEP_SNAPSHOT);
    cr_assert(own->request.save);
    cr_assert_eq(own->request.max_object_details, ML_REQUEST_UNSET);
    cr_assert_eq(own->request.include[0][0], '\0');
    ml_questions_fini(&q);
}

Test(questions, too_many_are_refused)
{
    struct ml_questions q;
    struct ml_sweep_request request = {.kind = ML_SWEEP_TYPES};
    struct ml_error err;
    ml_questions_init(&q, &ml_alloc_libc);
    for (uint64_t token = 1; token <= ML_QUESTIONS_MAX; token++) {
        cr_assert_eq(ml_questions_add(&q, &request, token, NULL), ML_OK);
    }
    cr_assert_eq(ml_questions_add(&q, &request, 999, &err), ML_ELIMIT);
    cr_assert_eq(q.waiting.len, ML_QUESTIONS_MAX);
    ml_questions_fini(&q);
}

static void *
refuse(void *ctx, size_t size)
{
    return NULL;
}

static void *
refuse_more(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    return NULL;
}

Test(questions, a_failed_allocation_leaves_the_queue_as_it_was)
{
    struct ml_alloc broken = ml_alloc_libc;
    struct ml_sweep_request request = {.kind = ML_SWEEP_TYPES};
    struct ml_questions q;
    struct ml_error err;
    broken.alloc = refuse;
    broken.resize = refuse_more;
    ml_questions_init(&q, &broken);
    cr_assert_eq(ml_questions_add(&q, &request, 1, &err), ML_ENOMEM);
    cr_assert_eq(q.waiting.len, 0);
    ml_questions_fini(&q);
}
