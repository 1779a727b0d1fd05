/* SPDX-License-Identifier: MIT
 *
 * Names of references that stand in structs of C types: by the records of known types,
 * else by place.
 */
#include "name_edge.h"

#include <stdio.h>
#include <string.h>

struct ordinal {
    PyObject *to, *type;
    Py_ssize_t seen, types, at;
};

static int
count_until(PyObject *op, void *arg)
{
    struct ordinal *o = arg;
    if (op == o->to && o->at < 0) {
        o->at = o->seen - o->types;
    }
    o->types += op == o->type ? 1 : 0;
    o->seen++;
    return 0;
}

Py_ssize_t
name_ordinal(PyObject *from, PyObject *to)
{
    struct ordinal o = {to, (PyObject *)Py_TYPE(from), 0, 0, -1};
    traverseproc traverse = Py_TYPE(from)->tp_traverse;
    if (traverse != NULL && PyObject_IS_GC(from)) {
        traverse(from, count_until, &o);
    }
    return o.at;
}

struct field_search {
    PyObject *from, *to;
    struct take_name *out;
    bool found;
};

static void
match_compat_field(void *ctx, const struct compat_field *field, PyObject *op)
{
    struct field_search *s = ctx;
    if (op != s->to || s->found) {
        return;
    }
    s->found = true;
    char owner[96], variable[64];
    name_of_type(Py_TYPE(s->from), owner, sizeof(owner));
    switch ((enum compat_field_form)field->form) {
    case COMPAT_FIELD_ATTR:
        name_attr(s->out, owner, field->name, "attribute");
        break;
    case COMPAT_FIELD_INTERNAL:
        name_internal(s->out, s->from, field->name);
        break;
    case COMPAT_FIELD_LOCAL:
        name_of_str(field->label, 60, variable, sizeof(variable));
        name_set(s->out, EDGE_LOCAL, false);
        snprintf(s->out->expr, sizeof(s->out->expr), ".%s['%s']", field->name, variable);
        snprintf(s->out->words, sizeof(s->out->words), "%s.%s (local)", owner, variable);
        break;
    case COMPAT_FIELD_ITEM:
        name_index(s->out, owner, field->index, true);
        if (field->name[0] != '\0') {
            snprintf(s->out->expr, sizeof(s->out->expr), ".%s[%zd]", field->name,
                     field->index);
        }
        break;
    case COMPAT_FIELD_PART:
        name_internal(s->out, s->from, field->name + 1);
        s->out->expr[0] = '\0';
        s->out->last = field->name;
        break;
    case COMPAT_FIELD_VARIABLE:
        name_of_str(field->label, 60, variable, sizeof(variable));
        name_set(s->out, EDGE_KEY, false);
        snprintf(s->out->expr, sizeof(s->out->expr), "[<ContextVar '%s'>]", variable);
        snprintf(s->out->words, sizeof(s->out->words), "context variable %s", variable);
        break;
    case COMPAT_FIELD_KEY:
        name_key(s->out);
        break;
    }
}

bool
name_in_fields(const struct compat_fields *fields, PyObject *from, PyObject *to,
               struct take_name *out)
{
    struct field_search s = {from, to, out, false};
    if (fields != NULL) {
        struct compat_field_visitor v = {&s, match_compat_field};
        compat_fields_each(fields, from, &v);
    }
    return s.found;
}

void
name_by_place(PyObject *from, PyObject *to, struct take_name *out)
{
    char field[32];
    Py_ssize_t size = Py_TYPE(from)->tp_basicsize;
    for (Py_ssize_t at = sizeof(PyObject); at + (Py_ssize_t)sizeof(to) <= size;
         at += sizeof(to)) {
        if (memcmp((char *)from + at, &to, sizeof(to)) == 0) {
            snprintf(field, sizeof(field), "<+%zd>", at);
            name_internal(out, from, field);
            return;
        }
    }
    snprintf(field, sizeof(field), "ref#%zd", name_ordinal(from, to));
    name_internal(out, from, field);
}
