/* SPDX-License-Identifier: MIT
 *
 * The helper's work: asking objects for their own text, one after the other, in a
 * sealed copy of the sweep process. Nothing of what happens there comes back but the
 * texts.
 */
#ifndef ML_AGENT_CALL_RUN_H
#define ML_AGENT_CALL_RUN_H

#include "sweep_view.h"

enum call_status {
    CALL_TEXT,    /* the text, UTF-8, cut to its length */
    CALL_RAISED,  /* "ValueError: bad" */
    CALL_NO_STR,  /* it gave something else: the type's name */
    CALL_REFUSED, /* nothing can be run here: why */
};

struct call_work {
    const struct sweep_view *v;
    const uint32_t *nodes;
    uint32_t from, count; /* nodes[from] is the first one asked */
    PyObject *str_func;   /* NULL: str(object) */
};

/* For call_helper_start: `ctx` is a struct call_work. */
void call_run(void *ctx, int out);

#endif
