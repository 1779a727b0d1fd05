/* SPDX-License-Identifier: MIT
 *
 * The variables of a contextvars.Context. It keeps them in a hash array mapped trie; how
 * the trie's nodes are laid out, their records know (fields_frames.c).
 */
#include "compat_core.h"

#include <string.h>

#include "fields.h"

#define MAX_DEPTH 12 /* context, trie, and the trie's own limit of 8 */

struct walk {
    void (*each)(void *ctx, PyObject *name, PyObject *value);
    void *ctx;
    int depth;
};

static void walk_part(struct walk *w, PyObject *part);

static void
take_field(void *ctx, const struct compat_field *field, PyObject *op)
{
    struct walk *w = ctx;
    if (field->form == COMPAT_FIELD_PART) {
        walk_part(w, op);
    }
    else if (field->form == COMPAT_FIELD_VARIABLE && field->label != NULL) {
        w->each(w->ctx, field->label, op);
    }
}

static void
walk_part(struct walk *w, PyObject *part)
{
    const struct compat_fields *fields = compat_fields_of(Py_TYPE(part));
    struct compat_field_visitor v = {w, take_field};
    if (fields != NULL && w->depth < MAX_DEPTH) {
        w->depth++;
        compat_fields_each(fields, part, &v);
        w->depth--;
    }
}

void
compat_context_each(PyObject *context,
                    void (*each)(void *ctx, PyObject *name, PyObject *value), void *ctx)
{
    struct walk w = {each, ctx, 0};
    if (context != NULL && PyContext_CheckExact(context)) {
        walk_part(&w, context);
    }
}

bool
compat_context_is_part(PyObject *op)
{
    return strncmp(Py_TYPE(op)->tp_name, "hamt", 4) == 0;
}
