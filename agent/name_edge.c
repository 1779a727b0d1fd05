/* SPDX-License-Identifier: MIT
 *
 * See name_edge.h: the pieces of text that a named reference consists of.
 */
#include "name_edge.h"

#include <stdio.h>

void
name_set(struct take_name *out, enum take_edge_kind kind, bool spread)
{
    out->kind = kind;
    out->spread = spread;
}

void
name_attr(struct take_name *out, const char *owner, const char *attr, const char *what)
{
    name_set(out, EDGE_ATTR, false);
    snprintf(out->expr, sizeof(out->expr), ".%s", attr);
    snprintf(out->words, sizeof(out->words), "%.90s.%.60s (%s)", owner, attr, what);
}

void
name_internal(struct take_name *out, PyObject *from, const char *attr)
{
    char type[96];
    name_of_type(Py_TYPE(from), type, sizeof(type));
    name_set(out, EDGE_INTERNAL, false);
    snprintf(out->expr, sizeof(out->expr), ".%s", attr);
    snprintf(out->words, sizeof(out->words), "%s.%s (internal)", type, attr);
}

void
name_namespace(struct take_name *out, PyObject *from)
{
    name_internal(out, from, "__dict__");
    out->expr[0] = '\0';
    out->last = ".__dict__";
}

void
name_key(struct take_name *out)
{
    name_set(out, EDGE_KEY, true);
    snprintf(out->expr, sizeof(out->expr), ".keys()[*]");
    snprintf(out->words, sizeof(out->words), "dict key");
}

void
name_index(struct take_name *out, const char *container, Py_ssize_t i, bool spread)
{
    name_set(out, EDGE_INDEX, spread);
    snprintf(out->expr, sizeof(out->expr), "[%zd]", i);
    snprintf(out->words, sizeof(out->words), "%s index=%zd", container, i);
}
