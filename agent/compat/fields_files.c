/* SPDX-License-Identifier: MIT
 *
 * What objects of the standard library's C modules keep: files, parsers, picklers,
 * connections, dates. Some of them hide part of it from the collector; which do, and on
 * which release, is asked of the object (compat_field_hidden).
 */
#include "compat_core.h"

#include "fields.h"

#define ATTR COMPAT_FIELD_ATTR
#define INTERNAL COMPAT_FIELD_INTERNAL

static PyObject *
at(PyObject *op, size_t offset)
{
    return *(PyObject **)((char *)op + offset);
}

static void *
struct_at(PyObject *op, size_t offset)
{
    return (void *)at(op, offset);
}

static void
tell_hidden(const struct compat_field_visitor *v, PyObject *op, size_t offset,
            const char *name, enum compat_field_form form)
{
    PyObject *part = at(op, offset);
    if (part != NULL) {
        struct compat_field field = {name, NULL, -1, form, compat_field_hidden(op, part)};
        v->field(v->ctx, &field, part);
    }
}

/* -- files ------------------------------------------------------------------------- */

static void
each_buffered_pair(PyObject *op, const struct compat_field_visitor *v)
{
    tell_hidden(v, op, 16, "reader", INTERNAL);
    tell_hidden(v, op, 24, "writer", INTERNAL);
}

static void
each_newline_decoder(PyObject *op, const struct compat_field_visitor *v)
{
    tell_hidden(v, op, 16, "decoder", INTERNAL);
    tell_hidden(v, op, 24, "errors", INTERNAL);
}

/* -- pickle ------------------------------------------------------------------------ */

#define MOST_MEMO (1 << 28) /* entries; more are not believed */

static void
tell_item(const struct compat_field_visitor *v, const char *name, Py_ssize_t i,
          PyObject *op, bool hidden)
{
    struct compat_field field = {name, NULL, i, COMPAT_FIELD_ITEM, hidden};
    v->field(v->ctx, &field, op);
}

static void
each_pickler(PyObject *op, const struct compat_field_visitor *v)
{
    const struct memo {
        size_t mask, used, allocated;
        struct {
            PyObject *key;
            Py_ssize_t value;
        } *entries;
    } *memo = struct_at(op, 16);
    int known = -1;
    for (size_t i = 0; memo != NULL && i < memo->allocated && i < MOST_MEMO; i++) {
        PyObject *key = memo->entries[i].key;
        if (key != NULL) {
            known = known >= 0 ? known : compat_field_hidden(op, key);
            tell_item(v, "memo", memo->entries[i].value, key, known != 0);
        }
    }
}

static void
each_unpickler(PyObject *op, const struct compat_field_visitor *v)
{
    PyObject **memo = struct_at(op, 24);
    size_t size = (size_t)at(op, 32);
    int known = -1;
    for (size_t i = 0; memo != NULL && i < size && i < MOST_MEMO; i++) {
        if (memo[i] != NULL) {
            known = known >= 0 ? known : compat_field_hidden(op, memo[i]);
            tell_item(v, "memo", (Py_ssize_t)i, memo[i], known != 0);
        }
    }
}

#if PY_VERSION_HEX < 0x030D0000
#define WRITE 56
#define READ 184
#define PICKLER {"persistent_id", 24, ATTR, false}, {"dispatch_table", 40, ATTR, false}
#define UNPICKLER {"persistent_load", 48, ATTR, false}
#elif PY_VERSION_HEX < 0x030E0000
#define WRITE 48
#define READ 176
#define PICKLER {"persistent_id", 24, ATTR, false}, {"dispatch_table", 32, ATTR, false}
#define UNPICKLER {"persistent_load", 48, ATTR, false}
#else
#define WRITE 56
#define READ (PY_VERSION_HEX < 0x030F0000 ? 200 : 208)
#define PICKLER                                                                          \
    {"persistent_id", 24, ATTR, false}, {"persistent_id", 32, ATTR, false},              \
        {"dispatch_table", 40, ATTR, false}
#define UNPICKLER                                                                        \
    {"persistent_load", 48, ATTR, false}, {"persistent_load", 56, ATTR, false},          \
        {"persistent_load", PY_VERSION_HEX < 0x030F0000 ? 56 : 64, ATTR, false}
#endif

/* -- XML --------------------------------------------------------------------------- */

/* The lowest bit of the two texts says that they are still lists of pieces. */
static PyObject *
untagged(PyObject *op)
{
    return (PyObject *)((uintptr_t)op & ~(uintptr_t)1);
}

static void
each_element(PyObject *op, const struct compat_field_visitor *v)
{
    const struct extra {
        PyObject *attrib;
        Py_ssize_t length, allocated;
        PyObject **children;
    } *extra = struct_at(op, 40);
    compat_field_tell(v, at(op, 16), "tag", ATTR);
    compat_field_tell(v, untagged(at(op, 24)), "text", ATTR);
    compat_field_tell(v, untagged(at(op, 32)), "tail", ATTR);
    if (extra == NULL) {
        return;
    }
    compat_field_tell(v, extra->attrib, "attrib", ATTR);
    for (Py_ssize_t i = 0; i < extra->length; i++) {
        tell_item(v, "", i, extra->children[i], false);
    }
}

/* In the order of the parser's table (pyexpat.c, handler_info). */
static const char *const expat_handlers[] = {
    "StartElementHandler", "EndElementHandler", "ProcessingInstructionHandler",
    "CharacterDataHandler", "UnparsedEntityDeclHandler", "NotationDeclHandler",
    "StartNamespaceDeclHandler", "EndNamespaceDeclHandler", "CommentHandler",
    "StartCdataSectionHandler", "EndCdataSectionHandler", "DefaultHandler",
    "DefaultHandlerExpand", "NotStandaloneHandler", "ExternalEntityRefHandler",
    "StartDoctypeDeclHandler", "EndDoctypeDeclHandler", "EntityDeclHandler",
    "XmlDeclHandler", "ElementDeclHandler", "AttlistDeclHandler", "SkippedEntityHandler"};

#if PY_VERSION_HEX < 0x030D0000
#define INTERN 56
#elif PY_VERSION_HEX < 0x030E0000
#define INTERN 64
#else
#define INTERN 72
#endif

static void
each_expat(PyObject *op, const struct compat_field_visitor *v)
{
    PyObject **handlers = struct_at(op, INTERN + 8);
    tell_hidden(v, op, INTERN, "intern", ATTR);
    for (size_t i = 0; handlers != NULL && i < Py_ARRAY_LENGTH(expat_handlers); i++) {
        compat_field_tell(v, handlers[i], expat_handlers[i], ATTR);
    }
}

/* -- sqlite3 and ssl --------------------------------------------------------------- */

#if ML_PY_310
#define ROW_FACTORY 112
#elif PY_VERSION_HEX < 0x030C0000
#define ROW_FACTORY 96
#elif PY_VERSION_HEX < 0x030F0000
#define ROW_FACTORY 104
#else
#define ROW_FACTORY 88
#endif

static void
each_connection(PyObject *op, const struct compat_field_visitor *v)
{
    static const char *const names[] = {"trace_ctx", "progress_ctx", "authorizer_ctx"};
    for (size_t i = 0; i < Py_ARRAY_LENGTH(names); i++) {
        PyObject **callback = struct_at(op, ROW_FACTORY + 16 + i * 8);
#if ML_PY_310
        compat_field_tell(v, (PyObject *)callback, names[i], INTERNAL);
#else
        compat_field_tell(v, callback != NULL ? callback[0] : NULL, names[i], INTERNAL);
#endif
    }
#if ML_PY_310
    compat_field_tell(v, at(op, ROW_FACTORY + 40), "collations", INTERNAL);
#endif
}

static void
each_ssl_socket(PyObject *op, const struct compat_field_visitor *v)
{
    tell_hidden(v, op, 32, "context", ATTR);
}

/* -- dates ------------------------------------------------------------------------- */

/* Without a zone the object ends in front of it. */
static void
tell_zone(PyObject *op, size_t offset, const struct compat_field_visitor *v)
{
    if (((char *)op)[24] != 0) { /* hastzinfo */
        tell_hidden(v, op, offset, "tzinfo", ATTR);
    }
}

static void
each_datetime(PyObject *op, const struct compat_field_visitor *v)
{
    tell_zone(op, 40, v);
}

static void
each_time(PyObject *op, const struct compat_field_visitor *v)
{
    tell_zone(op, 32, v);
}

static void
each_timezone(PyObject *op, const struct compat_field_visitor *v)
{
    tell_hidden(v, op, 16, "offset", INTERNAL);
    tell_hidden(v, op, 24, "name", INTERNAL);
}

const struct compat_fields compat_fields_files[] = {
    {"_io.TextIOWrapper",
     {{"buffer", 32, ATTR, false},
      {"encoding", 40, ATTR, false},
      {"encoder", 48, INTERNAL, false},
      {"decoder", 56, INTERNAL, false},
      {"errors", 72, ATTR, false},
      {"buffer.raw", 168, ATTR, false}},
     NULL},
    {"_io.BufferedReader", {{"raw", 16, ATTR, false}}, NULL},
    {"_io.BufferedWriter", {{"raw", 16, ATTR, false}}, NULL},
    {"_io.BufferedRandom", {{"raw", 16, ATTR, false}}, NULL},
    {"_io.BufferedRWPair", {{NULL, 0, 0, false}}, each_buffered_pair},
    {"_io.IncrementalNewlineDecoder", {{NULL, 0, 0, false}}, each_newline_decoder},
    {"_pickle.Pickler", {PICKLER, {"write", WRITE, INTERNAL, false}}, each_pickler},
    {"_pickle.Unpickler",
     {UNPICKLER,
      {"read", READ, INTERNAL, false},
      {"readinto", READ + 8, INTERNAL, false},
      {"readline", READ + 16, INTERNAL, false},
      {"peek", READ + 24, INTERNAL, false}},
     each_unpickler},
    {"_csv.writer", {{"write", 16, INTERNAL, false}, {"dialect", 24, ATTR, false}}, NULL},
    {"_csv.reader",
     {{"input_iter", 16, INTERNAL, false},
      {"dialect", 24, ATTR, false},
      {"fields", 32, INTERNAL, false}},
     NULL},
    {"xml.etree.ElementTree.Element", {{NULL, 0, 0, false}}, each_element},
    {"xml.etree.ElementTree.TreeBuilder",
     {{"root", 16, INTERNAL, false},
      {"this", 24, INTERNAL, false},
      {"last", 32, INTERNAL, false},
      {"data", 48, INTERNAL, false},
      {"stack", 56, INTERNAL, false}},
     NULL},
    {"pyexpat.xmlparser", {{NULL, 0, 0, false}}, each_expat},
    {"sqlite3.Connection",
     {{"row_factory", ROW_FACTORY, ATTR, false},
      {"text_factory", ROW_FACTORY + 8, ATTR, false}},
     each_connection},
    {"sqlite3.Cursor",
     {{"connection", 16, ATTR, false}, {"description", 24, ATTR, false}},
     NULL},
    {"SSLContext", {{"sni_callback", 40, ATTR, false}}, NULL},
    {"_ssl._SSLContext", {{"sni_callback", 40, ATTR, false}}, NULL},
    {"_ssl._SSLSocket", {{NULL, 0, 0, false}}, each_ssl_socket},
    {"datetime.datetime", {{NULL, 0, 0, false}}, each_datetime},
    {"datetime.time", {{NULL, 0, 0, false}}, each_time},
    {"datetime.timezone", {{NULL, 0, 0, false}}, each_timezone},
    {"operator.attrgetter", {{"attr", 24, INTERNAL, false}}, NULL},
    {"operator.itemgetter", {{"item", 24, INTERNAL, false}}, NULL},
    {"operator.methodcaller",
     {{"name", 16, INTERNAL, false},
      {"args", 24, INTERNAL, false},
      {"kwds", 32, INTERNAL, false},
#if PY_VERSION_HEX >= 0x030E0000
      {"vectorcall_args", 40, INTERNAL, false},
      {"vectorcall_kwnames", 48, INTERNAL, false}
#endif
     },
     NULL},
    {"functools.KeyWrapper",
     {{"cmp", 16, INTERNAL, false}, {"obj", 24, ATTR, false}},
     NULL},
    {NULL, {{NULL, 0, 0, false}}, NULL}};
