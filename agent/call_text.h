/* SPDX-License-Identifier: MIT
 *
 * Objects' own texts: what str(object), or the user's str_func(object, length), gives
 * for the objects that a report shows. Python code of the program runs for it, and
 * therefore not in the program and not in the sweep process either, but in a helper: a
 * further copy that can neither write nor send, with a time limit. An object whose code
 * hangs, crashes, exits or raises keeps the text that take_text.c makes of it.
 *
 *   sweep process ──clone──► helper: seal, own memory, str(a), str(b), str(c) hangs
 *        ◄── texts of a, b ──┘
 *        └──clone──► helper: str(d), …
 *
 * Thread: the sweep process's. Never in place: there is no copy then.
 */
#ifndef ML_AGENT_CALL_TEXT_H
#define ML_AGENT_CALL_TEXT_H

#include "sweep_view.h"
#include "vec.h"

struct call_text {
    uint32_t node;
    size_t from, length; /* in call_texts.bytes */
};

ML_VEC(call_text_vec, struct call_text)

/* Belongs to one answer; describe_text() looks into it. */
struct call_texts {
    const struct ml_alloc *a;
    PyObject *str_func; /* borrowed; NULL: str(object) */
    struct call_text_vec of;
    struct ml_buf bytes;
    struct ml_buf warnings; /* sentences, each ended by a newline */
};

void call_texts_init(struct call_texts *t, const struct ml_alloc *a, PyObject *str_func);
void call_texts_fini(struct call_texts *t);

/* The text of a node, not terminated, or NULL. */
const char *call_texts_find(const struct call_texts *t, uint32_t node, size_t *length);

/* Asks those of `nodes` that have a text of their own (with `str_func`: all of them) and
 * fills `out`. What went wrong with single objects is a sentence in out->warnings and no
 * error; so is a system that refuses the helper. Nothing is asked in place, with
 * report.call_str off (unless there is a str_func) or with report.redact.
 * ML_ENOMEM. */
int call_text_all(const struct sweep_view *v, const uint32_t *nodes, size_t count,
                  PyObject *str_func, struct call_texts *out, struct ml_error *err);

#endif
