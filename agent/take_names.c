/* SPDX-License-Identifier: MIT
 *
 * How a reference is called. Looked up only for references that are shown, by asking
 * the holder again where it keeps the thing: first what is special about its shape,
 * then the fields its type declares (slots and C members alike), then its place among
 * what its traverse shows.
 */
#include "name_text.h"

#include <stdio.h>
#include <string.h>
#include <structmember.h>

#include "compat/compat.h"

static void
set_name(struct take_name *out, enum take_edge_kind kind, bool spread)
{
    out->kind = kind;
    out->spread = spread;
}

static void
attr_name(struct take_name *out, const char *owner, const char *attr, const char *what)
{
    set_name(out, EDGE_ATTR, false);
    snprintf(out->expr, sizeof(out->expr), ".%s", attr);
    snprintf(out->words, sizeof(out->words), "%.90s.%.60s (%s)", owner, attr, what);
}

static void
internal_name(struct take_name *out, PyObject *from, const char *attr)
{
    char type[96];
    name_of_type(Py_TYPE(from), type, sizeof(type));
    set_name(out, EDGE_INTERNAL, false);
    snprintf(out->expr, sizeof(out->expr), ".%s", attr);
    snprintf(out->words, sizeof(out->words), "%s.%s (internal)", type, attr);
}

/* o.x, not o.__dict__.x; but a path to the dict itself says so. */
static void
namespace_name(struct take_name *out, PyObject *from)
{
    internal_name(out, from, "__dict__");
    out->expr[0] = '\0';
    out->last = ".__dict__";
}

static void
index_name(struct take_name *out, const char *container, Py_ssize_t i, bool spread)
{
    set_name(out, EDGE_INDEX, spread);
    snprintf(out->expr, sizeof(out->expr), "[%zd]", i);
    snprintf(out->words, sizeof(out->words), "%s index=%zd", container, i);
}

/* -- dicts ------------------------------------------------------------------------- */

static bool
is_identifier(PyObject *key)
{
    if (!PyUnicode_Check(key) || !PyUnicode_IS_COMPACT_ASCII(key) ||
        PyUnicode_GET_LENGTH(key) == 0 || PyUnicode_GET_LENGTH(key) > 100) {
        return false;
    }
    const char *p = (const char *)PyUnicode_1BYTE_DATA(key);
    for (Py_ssize_t i = 0; i < PyUnicode_GET_LENGTH(key); i++) {
        bool letter = p[i] == '_' || ((p[i] | 32) >= 'a' && (p[i] | 32) <= 'z');
        if (!letter && (i == 0 || p[i] < '0' || p[i] > '9')) {
            return false;
        }
    }
    return true;
}

static void
key_name(const struct take *t, PyObject *key, bool spread, struct take_name *out)
{
    struct name_text f;
    struct ml_buf *b = name_text_start(&f);
    set_name(out, EDGE_KEY, spread);
    if (t->redact == ML_REDACT_NAMES) {
        snprintf(out->expr, sizeof(out->expr), "[*]");
        snprintf(out->words, sizeof(out->words), "dict key");
        return;
    }
    char text[150];
    bool is_str = PyUnicode_Check(key);
    (is_str ? take_str_repr(key, 60, b) : take_object_text(t, key, 60, b));
    name_text_copy(&f, text, sizeof(text));
    snprintf(out->expr, sizeof(out->expr), "[%s]", text);
    b = name_text_start(&f);
    (is_str ? take_str_text(key, 60, b) : take_object_text(t, key, 60, b));
    name_text_copy(&f, text, sizeof(text));
    snprintf(out->words, sizeof(out->words), "dict key=%s", text);
}

/* Whose namespace a dict is: an instance's, a module's, a class's. */
static const char *
namespace_owner(const struct take *t, uint32_t before, PyObject *dict, char *owner,
                size_t cap)
{
    for (size_t i = 0; before == ML_NO_NODE && i < t->modules.len; i++) {
        if (t->modules.data[i].dict == dict) {
            name_of_str(t->modules.data[i].name, 80, owner, cap);
            return "module variable";
        }
    }
    if (before == ML_NO_NODE) {
        return NULL;
    }
    PyObject *op = take_object(t, before);
    const struct take_kind *kind = take_kind_of(t, before);
    if (kind->shape == SHAPE_MODULE && PyModule_Check(op) && PyModule_GetDict(op) == dict) {
        name_of_str(take_dict_get(dict, "__name__"), 80, owner, cap);
        return "module variable";
    }
    if (kind->shape == SHAPE_TYPE && compat_type_dict((PyTypeObject *)op) == dict) {
        name_of_type((PyTypeObject *)op, owner, cap);
        return "class attribute";
    }
    if (kind->shape == SHAPE_FUNCTION && ((PyFunctionObject *)op)->func_globals == dict) {
        name_of_str(take_dict_get(dict, "__name__"), 80, owner, cap);
        return "global";
    }
    if (compat_instance_dict(op) == dict ||
        (kind->shape == SHAPE_FUNCTION && ((PyFunctionObject *)op)->func_dict == dict)) {
        name_of_type(Py_TYPE(op), owner, cap);
        return "instance attribute";
    }
    return NULL;
}

static bool
name_in_dict(const struct take *t, uint32_t before, uint32_t from, PyObject *to,
             struct take_name *out)
{
    PyObject *dict = take_object(t, from);
    Py_ssize_t pos = 0;
    PyObject *key, *value;
    while (PyDict_Next(dict, &pos, &key, &value)) {
        if (value == to) {
            char owner[96], attr[112];
            const char *what = namespace_owner(t, before, dict, owner, sizeof(owner));
            if (what != NULL && is_identifier(key)) {
                name_of_str(key, 100, attr, sizeof(attr));
                attr_name(out, owner, attr, what);
                if (strcmp(what, "global") == 0) { /* behind f.__globals__, a dict */
                    snprintf(out->expr, sizeof(out->expr), "['%s']", attr);
                }
            }
            else {
                key_name(t, key, (t->graph.flags[from] & ML_NODE_SPREAD) != 0, out);
            }
            return true;
        }
    }
    pos = 0;
    while (PyDict_Next(dict, &pos, &key, &value)) {
        if (key == to) {
            set_name(out, EDGE_KEY, true);
            snprintf(out->expr, sizeof(out->expr), ".keys()[*]");
            snprintf(out->words, sizeof(out->words), "dict key");
            return true;
        }
    }
    return false;
}

/* -- sequences --------------------------------------------------------------------- */

static bool
name_in_items(PyObject *const *items, Py_ssize_t n, PyObject *to, const char *container,
              bool spread, struct take_name *out)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        if (items[i] == to) {
            index_name(out, container, i, spread);
            return true;
        }
    }
    return false;
}

/* A closure's cells are called by the function's free variables. */
static bool
name_in_closure(const struct take *t, uint32_t before, PyObject *tuple, PyObject *to,
                struct take_name *out)
{
    if (before == ML_NO_NODE || take_kind_of(t, before)->shape != SHAPE_FUNCTION) {
        return false;
    }
    PyFunctionObject *f = (PyFunctionObject *)take_object(t, before);
    if (f->func_closure != tuple) {
        return false;
    }
    char function[96], variable[64];
    name_of_str(f->func_qualname, 80, function, sizeof(function));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++) {
        if (PyTuple_GET_ITEM(tuple, i) == to) {
            name_of_str(compat_code_free_name((PyCodeObject *)f->func_code, i), 60, variable,
                     sizeof(variable));
            set_name(out, EDGE_CLOSURE, false);
            snprintf(out->expr, sizeof(out->expr), ".%s", variable);
            snprintf(out->words, sizeof(out->words), "%s.%s (closure)", function, variable);
            return true;
        }
    }
    return false;
}

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

/* Place among what the traverse shows, the type itself not counted; -1: not shown. */
static Py_ssize_t
ordinal_of(PyObject *from, PyObject *to)
{
    struct ordinal o = {to, (PyObject *)Py_TYPE(from), 0, 0, -1};
    traverseproc traverse = Py_TYPE(from)->tp_traverse;
    if (traverse != NULL && PyObject_IS_GC(from)) {
        traverse(from, count_until, &o);
    }
    return o.at;
}

/* -- objects with fields ----------------------------------------------------------- */

static bool
name_in_function(PyObject *from, PyObject *to, struct take_name *out)
{
    PyFunctionObject *f = (PyFunctionObject *)from;
    const struct {
        PyObject *field;
        const char *name;
    } fields[] = {{f->func_closure, "__closure__"},   {f->func_defaults, "__defaults__"},
                  {f->func_kwdefaults, "__kwdefaults__"}, {f->func_dict, "__dict__"},
                  {f->func_globals, "__globals__"},   {f->func_code, "__code__"},
                  {f->func_annotations, "__annotations__"}, {f->func_name, "__name__"},
                  {f->func_qualname, "__qualname__"}, {f->func_doc, "__doc__"},
                  {f->func_module, "__module__"},     {f->func_builtins, "__builtins__"}};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (fields[i].field == to) {
            if (to == f->func_dict) {
                namespace_name(out, from);
            }
            else {
                internal_name(out, from, fields[i].name);
            }
            return true;
        }
    }
    return false;
}

static bool
name_in_type(PyTypeObject *type, PyObject *to, struct take_name *out)
{
    PyObject *fields[] = {compat_type_dict(type), type->tp_mro, type->tp_bases,
                          (PyObject *)type->tp_base, compat_type_subclasses(type)};
    static const char *const names[] = {"__dict__", "__mro__", "__bases__", "__base__",
                                        "__subclasses__()"};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (fields[i] == to) {
            if (i == 0) {
                namespace_name(out, (PyObject *)type);
            }
            else {
                internal_name(out, (PyObject *)type, names[i]);
            }
            return true;
        }
    }
    return false;
}

struct code_search {
    PyObject *to;
    const char *name;
};

static void
match_field(void *ctx, const char *name, PyObject *op)
{
    struct code_search *s = ctx;
    if (op == s->to) {
        s->name = name;
    }
}

static bool
name_in_code(PyObject *from, PyObject *to, struct take_name *out)
{
    struct code_search s = {to, NULL};
    compat_code_each((PyCodeObject *)from, match_field, &s);
    if (s.name != NULL) {
        internal_name(out, from, s.name);
    }
    return s.name != NULL;
}

static bool
name_in_generator(PyObject *from, PyObject *to, struct take_name *out)
{
    PyObject *variable = compat_generator_local(from, to);
    if (variable == NULL) {
        return false;
    }
    const char *frame = PyCoro_CheckExact(from)       ? "cr_frame"
                        : PyAsyncGen_CheckExact(from) ? "ag_frame"
                                                      : "gi_frame";
    char name[64], function[96];
    name_of_str(variable, 60, name, sizeof(name));
    name_of_str(compat_generator_name(from), 80, function, sizeof(function));
    set_name(out, EDGE_LOCAL, false);
    snprintf(out->expr, sizeof(out->expr), ".%s.f_locals['%s']", frame, name);
    snprintf(out->words, sizeof(out->words), "%s.%s (local)", function, name);
    return true;
}

static bool
name_in_exception(PyObject *from, PyObject *to, struct take_name *out)
{
    PyBaseExceptionObject *e = (PyBaseExceptionObject *)from;
    const char *name = e->args == to        ? "args"
                       : e->traceback == to ? "__traceback__"
                       : e->cause == to     ? "__cause__"
                       : e->context == to   ? "__context__"
                                            : NULL;
    if (name != NULL) {
        internal_name(out, from, name);
        out->kind = EDGE_ATTR;
    }
    return name != NULL;
}

/* Slots of classes and fields that C types declare, base classes included. */
static bool
name_in_members(PyObject *from, PyObject *to, struct take_name *out)
{
    char owner[96];
    for (PyTypeObject *type = Py_TYPE(from); type != NULL; type = type->tp_base) {
        for (PyMemberDef *m = type->tp_members; m != NULL && m->name != NULL; m++) {
            if ((m->type == T_OBJECT_EX || m->type == T_OBJECT) &&
                *(PyObject **)((char *)from + m->offset) == to) {
                name_of_type(Py_TYPE(from), owner, sizeof(owner));
                attr_name(out, owner, m->name, "instance attribute");
                return true;
            }
        }
    }
    return false;
}

static bool
name_in_instance(PyObject *from, PyObject *to, struct take_name *out)
{
    Py_ssize_t pos = 0;
    PyObject *key, *value;
    char owner[96], attr[112];
    name_of_type(Py_TYPE(from), owner, sizeof(owner));
    while (compat_instance_next(from, &pos, &key, &value)) {
        if (value == to) {
            name_of_str(key, 100, attr, sizeof(attr));
            attr_name(out, owner, attr, "instance attribute");
            return true;
        }
    }
    if (compat_instance_dict(from) == to) {
        namespace_name(out, from);
        return true;
    }
    if ((PyObject *)Py_TYPE(from) == to) {
        internal_name(out, from, "__class__");
        return true;
    }
    return name_in_members(from, to, out);
}

static bool
name_in_method(PyObject *from, PyObject *to, struct take_name *out)
{
    PyMethodObject *m = (PyMethodObject *)from;
    if (m->im_self != to && m->im_func != to) {
        return false;
    }
    internal_name(out, from, m->im_self == to ? "__self__" : "__func__");
    out->kind = EDGE_ATTR;
    return true;
}

static bool
name_in_cell(struct take_name *out)
{
    set_name(out, EDGE_CLOSURE, false);
    snprintf(out->words, sizeof(out->words), "cell (closure)");
    return true;
}

static bool
name_member_of_set(struct take_name *out)
{
    set_name(out, EDGE_MEMBER, true);
    snprintf(out->expr, sizeof(out->expr), "{*}");
    snprintf(out->words, sizeof(out->words), "set member");
    return true;
}

static bool
name_in_deque(PyObject *from, PyObject *to, struct take_name *out)
{
    Py_ssize_t at = ordinal_of(from, to);
    if (at >= 0) {
        index_name(out, "deque", at, true);
    }
    return at >= 0;
}

static bool
name_by_shape(const struct take *t, uint32_t before, uint32_t from, PyObject *to,
              struct take_name *out)
{
    PyObject *op = take_object(t, from);
    bool spread = (t->graph.flags[from] & ML_NODE_SPREAD) != 0;
    switch ((enum take_shape)take_kind_of(t, from)->shape) {
    case SHAPE_DICT:
        return name_in_dict(t, before, from, to, out);
    case SHAPE_LIST:
        return name_in_items(((PyListObject *)op)->ob_item, Py_SIZE(op), to, "list", true,
                             out);
    case SHAPE_TUPLE:
        return name_in_closure(t, before, op, to, out) ||
               name_in_items(((PyTupleObject *)op)->ob_item, Py_SIZE(op), to, "tuple",
                             spread, out);
    case SHAPE_SET:
        return to != (PyObject *)Py_TYPE(op) && compat_instance_dict(op) != to &&
               name_member_of_set(out);
    case SHAPE_DEQUE:
        return to != (PyObject *)Py_TYPE(op) && name_in_deque(op, to, out);
    case SHAPE_FUNCTION:
        return name_in_function(op, to, out);
    case SHAPE_TYPE:
        return name_in_type((PyTypeObject *)op, to, out);
    case SHAPE_CODE:
        return name_in_code(op, to, out);
    case SHAPE_METHOD:
        return name_in_method(op, to, out);
    case SHAPE_CELL:
        return name_in_cell(out);
    case SHAPE_GENERATOR:
        return name_in_generator(op, to, out);
    default:
        return false;
    }
}

void
take_name_edge(const struct take *t, uint32_t before, uint32_t from, uint32_t to,
               struct take_name *out)
{
    PyObject *holder = take_object(t, from), *held = take_object(t, to);
    memset(out, 0, sizeof(*out));
    if (name_by_shape(t, before, from, held, out)) {
        return;
    }
    if (PyExceptionInstance_Check(holder) && name_in_exception(holder, held, out)) {
        return;
    }
    if (PyModule_Check(holder) && PyModule_GetDict(holder) == held) {
        namespace_name(out, holder);
        return;
    }
    if (name_in_instance(holder, held, out)) {
        return;
    }
    char field[32];
    snprintf(field, sizeof(field), "ref#%zd", ordinal_of(holder, held));
    internal_name(out, holder, field);
    out->spread = (t->graph.flags[from] & ML_NODE_SPREAD) != 0;
}
