/* SPDX-License-Identifier: MIT
 *
 * How an object reads, made in C without running anything: built-in types by their
 * contents, everything else by type and address. Strings are read in place and turned
 * into UTF-8 here (PyUnicode_AsUTF8 would allocate and cache).
 */
#include "take.h"

#include <string.h>

#include "compat/compat.h"

#define NESTED_ITEMS 10
#define NESTED_DEPTH 3

static void
put_utf8(Py_UCS4 c, struct ml_buf *out)
{
    char b[4];
    size_t n = 0;
    if (c < 0x80) {
        b[n++] = (char)c;
    }
    else if (c < 0x800) {
        b[n++] = (char)(0xC0 | (c >> 6));
        b[n++] = (char)(0x80 | (c & 0x3F));
    }
    else if (c < 0x10000) { /* a lone surrogate comes out broken and is replaced later */
        b[n++] = (char)(0xE0 | (c >> 12));
        b[n++] = (char)(0x80 | ((c >> 6) & 0x3F));
        b[n++] = (char)(0x80 | (c & 0x3F));
    }
    else {
        b[n++] = (char)(0xF0 | (c >> 18));
        b[n++] = (char)(0x80 | ((c >> 12) & 0x3F));
        b[n++] = (char)(0x80 | ((c >> 6) & 0x3F));
        b[n++] = (char)(0x80 | (c & 0x3F));
    }
    ml_buf_append(out, b, n);
}

/* Length, kind and characters of a str, also of a legacy one without characters. */
static const void *
str_data(PyObject *str, int *kind, Py_ssize_t *len)
{
    PyASCIIObject *ascii = (PyASCIIObject *)str;
    *kind = (int)ascii->state.kind;
    *len = ascii->length;
    if (!ascii->state.compact) {
        const void *data = ((PyUnicodeObject *)str)->data.any;
        *len = data != NULL ? *len : 0;
        return data;
    }
    return ascii->state.ascii ? (const void *)(ascii + 1)
                              : (const void *)((PyCompactUnicodeObject *)str + 1);
}

static Py_UCS4
character(const void *data, int kind, Py_ssize_t i)
{
    return kind == 1   ? ((const Py_UCS1 *)data)[i]
           : kind == 2 ? ((const Py_UCS2 *)data)[i]
                       : ((const Py_UCS4 *)data)[i];
}

void
take_str_text(PyObject *str, size_t max, struct ml_buf *out)
{
    int kind;
    Py_ssize_t len;
    const void *data = str_data(str, &kind, &len);
    Py_ssize_t n = (size_t)len > max ? (Py_ssize_t)max : len;
    for (Py_ssize_t i = 0; i < n; i++) {
        put_utf8(character(data, kind, i), out);
    }
    if (n < len) {
        ml_buf_puts(out, "…");
    }
}

static void
put_escaped(Py_UCS4 c, Py_UCS4 quote, struct ml_buf *out)
{
    if (c == quote || c == '\\') {
        ml_buf_putc(out, '\\');
        ml_buf_putc(out, (char)c);
    }
    else if (c == '\n') {
        ml_buf_puts(out, "\\n");
    }
    else if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
        ml_buf_printf(out, "\\x%02x", (unsigned)c);
    }
    else if (c >= 0xD800 && c < 0xE000) {
        ml_buf_printf(out, "\\u%04x", (unsigned)c);
    }
    else {
        put_utf8(c, out);
    }
}

/* Double quotes where the text has single ones and no double ones, as repr does. */
void
take_str_repr(PyObject *str, size_t max, struct ml_buf *out)
{
    int kind;
    Py_ssize_t len;
    const void *data = str_data(str, &kind, &len);
    Py_ssize_t n = (size_t)len > max ? (Py_ssize_t)max : len;
    bool one = false, two = false;
    for (Py_ssize_t i = 0; i < n; i++) {
        one = one || character(data, kind, i) == '\'';
        two = two || character(data, kind, i) == '"';
    }
    char quote = one && !two ? '"' : '\'';
    ml_buf_putc(out, quote);
    for (Py_ssize_t i = 0; i < n; i++) {
        put_escaped(character(data, kind, i), (Py_UCS4)quote, out);
    }
    ml_buf_puts(out, n < len ? "…" : "");
    ml_buf_putc(out, quote);
}

bool
take_str_starts(PyObject *str, const char *ascii)
{
    int kind;
    Py_ssize_t len;
    const void *data = str_data(str, &kind, &len);
    size_t n = strlen(ascii);
    return kind == 1 && (size_t)len >= n && memcmp(data, ascii, n) == 0;
}

bool
take_str_is(PyObject *str, const char *ascii)
{
    return str != NULL && PyUnicode_Check(str) &&
           (size_t)((PyASCIIObject *)str)->length == strlen(ascii) &&
           take_str_starts(str, ascii);
}

PyObject *
take_dict_get(PyObject *dict, const char *ascii)
{
    Py_ssize_t pos = 0;
    PyObject *key, *value;
    if (dict == NULL || !PyDict_Check(dict)) {
        return NULL;
    }
    while (PyDict_Next(dict, &pos, &key, &value)) {
        if (take_str_is(key, ascii)) {
            return value;
        }
    }
    return NULL;
}

/* -- texts ------------------------------------------------------------------------- */

struct text {
    const struct take *t;
    struct ml_buf *out;
    size_t end; /* stop when the buffer is this long */
};

static void put_object(struct text *x, PyObject *op, int depth);

static bool
full(const struct text *x)
{
    return x->out->len >= x->end || x->out->failed;
}

static void
put_int(struct text *x, PyObject *op)
{
    int overflow = 0;
    long long value = PyLong_AsLongLongAndOverflow(op, &overflow);
    if (overflow == 0) {
        ml_buf_printf(x->out, "%lld", value);
    }
    else {
        ml_buf_printf(x->out, "<int of %zu bits>", _PyLong_NumBits(op));
    }
}

/* By CPython's own formatting, which knows no locale. */
static void
put_float(struct text *x, double value)
{
    char *text = PyOS_double_to_string(value, 'r', 0, Py_DTSF_ADD_DOT_0, NULL);
    ml_buf_puts(x->out, text != NULL ? text : "<float>");
    PyMem_Free(text);
}

static void
put_str(struct text *x, PyObject *op, int depth)
{
    size_t room = x->end > x->out->len ? x->end - x->out->len : 0;
    if (x->t->redact != ML_REDACT_NONE) {
        ml_buf_printf(x->out, "<str of %zd characters>", ((PyASCIIObject *)op)->length);
        return;
    }
    if (depth > 0) {
        take_str_repr(op, room, x->out);
    }
    else {
        take_str_text(op, room, x->out);
    }
}

static void
put_bytes(struct text *x, PyObject *op)
{
    Py_ssize_t len = Py_SIZE(op);
    if (x->t->redact != ML_REDACT_NONE) {
        ml_buf_printf(x->out, "<bytes of %zd>", len);
        return;
    }
    ml_buf_puts(x->out, "b'");
    for (Py_ssize_t i = 0; i < len && !full(x); i++) {
        unsigned char c = (unsigned char)PyBytes_AS_STRING(op)[i];
        if (c >= 0x20 && c < 0x7F && c != '\'' && c != '\\') {
            ml_buf_putc(x->out, (char)c);
        }
        else {
            ml_buf_printf(x->out, "\\x%02x", c);
        }
    }
    ml_buf_puts(x->out, full(x) ? "…" : "'");
}

static void
put_items(struct text *x, PyObject *const *items, Py_ssize_t n, int depth)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        if (i > 0) {
            ml_buf_puts(x->out, ", ");
        }
        if (full(x) || (depth > 0 && i >= NESTED_ITEMS)) {
            ml_buf_puts(x->out, "…");
            return;
        }
        put_object(x, items[i], depth + 1);
    }
}

static void
put_dict(struct text *x, PyObject *op, int depth)
{
    Py_ssize_t pos = 0, i = 0;
    PyObject *key, *value;
    ml_buf_putc(x->out, '{');
    while (PyDict_Next(op, &pos, &key, &value)) {
        ml_buf_puts(x->out, i > 0 ? ", " : "");
        if (full(x) || (depth > 0 && i >= NESTED_ITEMS)) {
            ml_buf_puts(x->out, "…");
            break;
        }
        put_object(x, key, depth + 1);
        ml_buf_puts(x->out, ": ");
        put_object(x, value, depth + 1);
        i++;
    }
    ml_buf_putc(x->out, '}');
}

static void
put_set(struct text *x, PyObject *op, int depth)
{
    PySetObject *set = (PySetObject *)op;
    Py_ssize_t shown = 0;
    ml_buf_putc(x->out, '{');
    for (Py_ssize_t i = 0; i <= set->mask; i++) {
        PyObject *key = set->table[i].key;
        if (key == NULL || (set->table[i].hash == -1)) { /* unused, or a dummy */
            continue;
        }
        ml_buf_puts(x->out, shown > 0 ? ", " : "");
        if (full(x) || (depth > 0 && shown >= NESTED_ITEMS)) {
            ml_buf_puts(x->out, "…");
            break;
        }
        put_object(x, key, depth + 1);
        shown++;
    }
    ml_buf_putc(x->out, '}');
}

static void
put_generic(struct text *x, PyObject *op)
{
    ml_buf_putc(x->out, '<');
    take_type_name(Py_TYPE(op), x->out);
    ml_buf_printf(x->out, " object at 0x%llx>", (unsigned long long)(uintptr_t)op);
}

static void
put_named(struct text *x, const char *what, PyObject *name, PyObject *op)
{
    ml_buf_printf(x->out, "<%s ", what);
    if (name != NULL && PyUnicode_Check(name)) {
        take_str_text(name, 200, x->out);
    }
    ml_buf_printf(x->out, " at 0x%llx>", (unsigned long long)(uintptr_t)op);
}

static void
put_class(struct text *x, PyTypeObject *type)
{
    bool builtin = !(type->tp_flags & Py_TPFLAGS_HEAPTYPE) &&
                   strchr(type->tp_name, '.') == NULL;
    ml_buf_puts(x->out, "<class '");
    (builtin ? take_type_short_name : take_type_name)(type, x->out);
    ml_buf_puts(x->out, "'>");
}

/* A method's object may be a method again, any number of times. */
static void
put_method(struct text *x, PyMethodObject *m, int depth)
{
    PyObject *name = PyFunction_Check(m->im_func)
                         ? ((PyFunctionObject *)m->im_func)->func_qualname
                         : NULL;
    ml_buf_puts(x->out, "<bound method ");
    if (name != NULL) {
        take_str_text(name, 200, x->out);
    }
    ml_buf_puts(x->out, " of ");
    if (PyMethod_Check(m->im_self) && depth >= NESTED_DEPTH) {
        put_generic(x, m->im_self);
    }
    else {
        put_object(x, m->im_self, depth < NESTED_DEPTH ? NESTED_DEPTH : depth + 1);
    }
    ml_buf_putc(x->out, '>');
}

static void
put_container(struct text *x, PyObject *op, uint8_t shape, int depth)
{
    if (depth >= NESTED_DEPTH || full(x)) {
        ml_buf_puts(x->out, shape == SHAPE_LIST    ? "[…]"
                            : shape == SHAPE_TUPLE ? "(…)"
                                                   : "{…}");
        return;
    }
    if (shape == SHAPE_LIST) {
        ml_buf_putc(x->out, '[');
        put_items(x, ((PyListObject *)op)->ob_item, Py_SIZE(op), depth);
        ml_buf_putc(x->out, ']');
    }
    else if (shape == SHAPE_TUPLE) {
        ml_buf_putc(x->out, '(');
        put_items(x, ((PyTupleObject *)op)->ob_item, Py_SIZE(op), depth);
        ml_buf_puts(x->out, Py_SIZE(op) == 1 ? ",)" : ")");
    }
    else if (shape == SHAPE_SET) {
        put_set(x, op, depth);
    }
    else {
        put_dict(x, op, depth);
    }
}

static uint8_t
shape_for_text(const struct take *t, PyObject *op)
{
    uint32_t node = ml_addr_map_get(t->map, (uint64_t)(uintptr_t)op);
    return node != ML_NO_NODE ? take_kind_of(t, node)->shape : SHAPE_OTHER;
}

static void
put_object(struct text *x, PyObject *op, int depth)
{
    if (op == NULL) {
        ml_buf_puts(x->out, "<NULL>");
        return;
    }
    uint8_t shape = shape_for_text(x->t, op);
    switch ((enum take_shape)shape) {
    case SHAPE_NONE:
        ml_buf_puts(x->out, op == Py_None ? "None" : "…");
        break;
    case SHAPE_BOOL:
        ml_buf_puts(x->out, op == Py_True ? "True" : "False");
        break;
    case SHAPE_INT:
        put_int(x, op);
        break;
    case SHAPE_FLOAT:
        put_float(x, PyFloat_AS_DOUBLE(op));
        break;
    case SHAPE_STR:
        put_str(x, op, depth);
        break;
    case SHAPE_BYTES:
        put_bytes(x, op);
        break;
    case SHAPE_LIST:
    case SHAPE_TUPLE:
    case SHAPE_DICT:
    case SHAPE_SET:
        put_container(x, op, shape, depth);
        break;
    case SHAPE_FUNCTION:
        put_named(x, "function", ((PyFunctionObject *)op)->func_qualname, op);
        break;
    case SHAPE_METHOD:
        put_method(x, (PyMethodObject *)op, depth);
        break;
    case SHAPE_CODE:
        put_named(x, "code", compat_code_name((PyCodeObject *)op), op);
        break;
    case SHAPE_TYPE:
        put_class(x, (PyTypeObject *)op);
        break;
    default:
        put_generic(x, op);
        break;
    }
}

/* Contents are somebody's secret when texts are redacted: types only. */
void
take_object_text(const struct take *t, PyObject *op, size_t max, struct ml_buf *out)
{
    struct text x = {t, out, out->len + max};
    uint8_t shape = shape_for_text(t, op);
    if (t->redact != ML_REDACT_NONE && shape != SHAPE_STR && shape != SHAPE_BYTES) {
        put_generic(&x, op);
        return;
    }
    put_object(&x, op, 0);
}
