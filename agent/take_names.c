/* SPDX-License-Identifier: MIT
 *
 * How a reference is called. Looked up only for references that are shown, by asking
 * the holder again where it keeps the thing: first what is special about its shape,
 * then the fields its type declares (slots and C members alike), then its place among
 * what its traverse shows.
 */
#include "name_edge.h"

#include <stdio.h>
#include <string.h>
#include <structmember.h>

#include "compat/compat.h"

/* -- dicts ------------------------------------------------------------------------- */

/* What can stand behind a dot; letters that are not ASCII are taken for what they are. */
static bool
is_identifier(PyObject *key)
{
    if (!PyUnicode_Check(key) || !PyUnicode_IS_READY(key) ||
        PyUnicode_GET_LENGTH(key) == 0 || PyUnicode_GET_LENGTH(key) > 100) {
        return false;
    }
    for (Py_ssize_t i = 0; i < PyUnicode_GET_LENGTH(key); i++) {
        Py_UCS4 c = PyUnicode_READ_CHAR(key, i);
        bool letter = c == '_' || ((c | 32) >= 'a' && (c | 32) <= 'z') || c > 0xBF;
        if (!letter && (i == 0 || c < '0' || c > '9')) {
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
    name_set(out, EDGE_KEY, spread);
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

/* A threading.local keeps a dict of one dict for each thread, whose attributes are in it:
 * by a weak reference to something of the thread, from 3.13 on by that itself. */
static bool
is_of_threads(PyObject *op)
{
    Py_ssize_t pos = 0;
    PyObject *key, *value;
    if (!PyDict_CheckExact(op) || !PyDict_Next(op, &pos, &key, &value)) {
        return false;
    }
    PyTypeObject *type = PyWeakref_Check(key)
                             ? Py_TYPE(((PyWeakReference *)key)->wr_object)
                             : Py_TYPE(key);
    return strcmp(type->tp_name, "_thread._localdummy") == 0;
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
    if (is_of_threads(op)) {
        snprintf(owner, cap, "local");
        return "thread's attribute";
    }
    if (compat_instance_dict(op) == dict ||
        (kind->shape == SHAPE_FUNCTION && ((PyFunctionObject *)op)->func_dict == dict)) {
        name_of_type(Py_TYPE(op), owner, cap);
        return "instance attribute";
    }
    return NULL;
}

/* o.x stands for o.__dict__['x']; what is no name says it in full. */
static void
say_namespace(struct take_name *out)
{
    static const char dict[] = ".__dict__";
    size_t len = strlen(out->expr), room = sizeof(out->expr) - sizeof(dict);
    len = len < room ? len : room;
    memmove(out->expr + sizeof(dict) - 1, out->expr, len);
    out->expr[sizeof(dict) - 1 + len] = '\0';
    memcpy(out->expr, dict, sizeof(dict) - 1);
}

/* Behind f.__globals__ stands a dict. */
static bool
is_attribute_of(const char *what)
{
    return what != NULL && strcmp(what, "global") != 0;
}

/* The value under `key` of the dict `from`. */
static void
name_value(const struct take *t, uint32_t from, PyObject *key, const char *owner,
           const char *what, struct take_name *out)
{
    if (what == NULL || !is_identifier(key)) {
        key_name(t, key, (t->graph.flags[from] & ML_NODE_SPREAD) != 0, out);
        if (is_attribute_of(what)) {
            say_namespace(out);
        }
        return;
    }
    char attr[112];
    name_of_str(key, 100, attr, sizeof(attr));
    name_attr(out, owner, attr, what);
    if (!is_attribute_of(what)) {
        snprintf(out->expr, sizeof(out->expr), "['%s']", attr);
    }
}

static bool
name_in_dict(const struct take *t, uint32_t before, uint32_t from, PyObject *to,
             struct take_name *out)
{
    PyObject *dict = take_object(t, from);
    Py_ssize_t pos = 0;
    PyObject *key, *value;
    char owner[96];
    const char *what = namespace_owner(t, before, dict, owner, sizeof(owner));
    while (PyDict_Next(dict, &pos, &key, &value)) {
        if (value == to && is_of_threads(dict)) {
            name_internal(out, dict, "<thread's dict>");
            out->expr[0] = '\0';
            return true;
        }
        if (value == to) {
            name_value(t, from, key, owner, what, out);
            return true;
        }
    }
    pos = 0;
    while (PyDict_Next(dict, &pos, &key, &value)) {
        if (key == to) {
            name_key(out);
            if (is_attribute_of(what)) {
                say_namespace(out);
            }
            return true;
        }
    }
    return false;
}

/* -- sequences --------------------------------------------------------------------- */

static bool
name_in_list(PyObject *list, PyObject *to, struct take_name *out)
{
    for (Py_ssize_t i = 0; i < Py_SIZE(list); i++) {
        if (((PyListObject *)list)->ob_item[i] == to) {
            name_index(out, "list", i, true);
            return true;
        }
    }
    return false;
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
                name_namespace(out, from);
            }
            else {
                name_internal(out, from, fields[i].name);
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
                name_namespace(out, (PyObject *)type);
            }
            else {
                name_internal(out, (PyObject *)type, names[i]);
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
        name_internal(out, from, s.name);
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
    name_set(out, EDGE_LOCAL, false);
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
        name_internal(out, from, name);
        out->kind = EDGE_ATTR;
    }
    return name != NULL;
}

bool
name_in_members(PyObject *from, PyObject *to, struct take_name *out)
{
    char owner[96];
    for (PyTypeObject *type = Py_TYPE(from); type != NULL; type = type->tp_base) {
        for (PyMemberDef *m = type->tp_members; m != NULL && m->name != NULL; m++) {
            if ((m->type == T_OBJECT_EX || m->type == T_OBJECT) &&
                *(PyObject **)((char *)from + m->offset) == to) {
                name_of_type(Py_TYPE(from), owner, sizeof(owner));
                name_attr(out, owner, m->name, "instance attribute");
                return true;
            }
        }
    }
    return false;
}

static bool
name_in_instance(const struct take *t, PyObject *from, PyObject *to,
                 struct take_name *out)
{
    Py_ssize_t pos = 0;
    PyObject *key, *value;
    char owner[96], attr[112];
    name_of_type(Py_TYPE(from), owner, sizeof(owner));
    while (compat_instance_next(from, &pos, &key, &value)) {
        if (value == to) {
            if (!is_identifier(key)) {
                key_name(t, key, false, out);
                say_namespace(out);
                return true;
            }
            name_of_str(key, 100, attr, sizeof(attr));
            name_attr(out, owner, attr, "instance attribute");
            return true;
        }
    }
    if (compat_instance_dict(from) == to) {
        name_namespace(out, from);
        return true;
    }
    if ((PyObject *)Py_TYPE(from) == to) {
        name_internal(out, from, "__class__");
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
    name_internal(out, from, m->im_self == to ? "__self__" : "__func__");
    out->kind = EDGE_ATTR;
    return true;
}

/* A variable's cell is the variable; one that is kept as an object is not. */
static bool
name_in_cell(const struct take *t, uint32_t before, struct take_name *out)
{
    uint8_t shape = before != ML_NO_NODE ? take_kind_of(t, before)->shape : SHAPE_TUPLE;
    name_set(out, EDGE_CLOSURE, false);
    if (shape == SHAPE_DICT || shape == SHAPE_LIST || shape == SHAPE_INSTANCE) {
        snprintf(out->expr, sizeof(out->expr), ".cell_contents");
    }
    snprintf(out->words, sizeof(out->words), "cell (closure)");
    return true;
}

/* An instance of a class derived from set may hold it as an attribute instead. */
static bool
name_member_of_set(PyObject *set, PyObject *to, struct take_name *out)
{
    const setentry *table = ((PySetObject *)set)->table;
    for (Py_ssize_t i = 0; i <= ((PySetObject *)set)->mask; i++) {
        if (table[i].key == to) {
            name_set(out, EDGE_MEMBER, true);
            snprintf(out->expr, sizeof(out->expr), "{*}");
            snprintf(out->words, sizeof(out->words), "set member");
            return true;
        }
    }
    return false;
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
        return name_in_list(op, to, out);
    case SHAPE_TUPLE:
        return name_in_tuple(t, before, op, to, spread, out);
    case SHAPE_SET:
        return name_member_of_set(op, to, out);
    case SHAPE_FUNCTION:
        return name_in_function(op, to, out);
    case SHAPE_TYPE:
        return name_in_type((PyTypeObject *)op, to, out);
    case SHAPE_CODE:
        return name_in_code(op, to, out);
    case SHAPE_METHOD:
        return name_in_method(op, to, out);
    case SHAPE_CELL:
        return name_in_cell(t, before, out);
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
        name_namespace(out, holder);
        return;
    }
    if (name_in_instance(t, holder, held, out) ||
        name_in_fields(take_kind_of(t, from)->fields, holder, held, out)) {
        return;
    }
    name_by_place(holder, held, out);
    out->spread = (t->graph.flags[from] & ML_NODE_SPREAD) != 0;
}
