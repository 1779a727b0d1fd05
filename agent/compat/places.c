/* SPDX-License-Identifier: MIT
 *
 * See places.h. Three ways lead to a field, in this order:
 *
 *   told     the interpreter itself says where it is, 3.13 on (told.c)
 *   anchors  its value is known from elsewhere (sys.modules, the dict of the module sys):
 *            where that value stands, nearest to the expected place, the field is
 *   between  the next anchor on either side has moved by the same distance: so have the
 *            fields between them. Its content must be of the right type, or NULL
 *
 *            gc   sysdict  modules  codecs.*  dict  warnings  atexit  types  interned
 *   moved:   +0     +24      +24     (+24)    +24     +24     (+24)    +40     +40
 *
 * 3.14.0, 3.14.4 and 3.14.10 differ in such a way. A field between anchors that have
 * moved by different distances has moved by one of the two: where only one of them shows
 * a list or dict, as it must be, it is that; else it remains unknown. To guess would be to
 * follow a pointer that is none.
 */
#define _GNU_SOURCE
#include "places.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal/pycore_runtime.h"

#define UNKNOWN SIZE_MAX
#define NEAR 4096 /* bytes; no release has moved a field further */

enum content { ANY, LIST, DICT, OBJECT };

struct field {
    size_t compiled; /* offset */
    enum content content;
};

#define FIELD(member, content) {offsetof(PyInterpreterState, member), content}

/* Offset 0 is no field of a version. */
static const struct field fields[PLACE_COUNT] = {
    [PLACE_GC_GARBAGE] = FIELD(gc.garbage, LIST),
    [PLACE_GC_CALLBACKS] = FIELD(gc.callbacks, LIST),
    [PLACE_SYS_DICT] = FIELD(sysdict, DICT),
    [PLACE_BUILTINS] = FIELD(builtins, DICT),
    [PLACE_DICT] = FIELD(dict, DICT),
    [PLACE_BUILTINS_COPY] = FIELD(builtins_copy, DICT),
    [PLACE_FORK_BEFORE] = FIELD(before_forkers, LIST),
    [PLACE_FORK_PARENT] = FIELD(after_forkers_parent, LIST),
    [PLACE_FORK_CHILD] = FIELD(after_forkers_child, LIST),
    [PLACE_WARNINGS_FILTERS] = FIELD(warnings.filters, LIST),
    [PLACE_WARNINGS_ONCE] = FIELD(warnings.once_registry, DICT),
    [PLACE_WARNINGS_ACTION] = FIELD(warnings.default_action, OBJECT),
    [PLACE_AUDIT_HOOKS] = FIELD(audit_hooks, LIST),
#if PY_VERSION_HEX >= 0x030E0000
    [PLACE_ATEXIT] = FIELD(atexit.callbacks, LIST),
    [PLACE_COMMON_CONSTS] = FIELD(common_consts, OBJECT),
#else
    [PLACE_ATEXIT] = FIELD(atexit, ANY),
#endif
#if PY_VERSION_HEX >= 0x030D0000
    [PLACE_CODEC_PATH] = FIELD(codecs.search_path, LIST),
    [PLACE_CODEC_CACHE] = FIELD(codecs.search_cache, DICT),
    [PLACE_CODEC_ERRORS] = FIELD(codecs.error_registry, DICT),
    [PLACE_OBJECT_STATE] = FIELD(object_state, ANY),
#else
    [PLACE_CODEC_PATH] = FIELD(codec_search_path, LIST),
    [PLACE_CODEC_CACHE] = FIELD(codec_search_cache, DICT),
    [PLACE_CODEC_ERRORS] = FIELD(codec_error_registry, DICT),
#endif
#if PY_VERSION_HEX >= 0x030C0000
    [PLACE_MODULES] = FIELD(imports.modules, DICT),
    [PLACE_MODULES_BY_INDEX] = FIELD(imports.modules_by_index, LIST),
    [PLACE_IMPORTLIB] = FIELD(imports.importlib, OBJECT),
    [PLACE_IMPORT_FUNC] = FIELD(imports.import_func, OBJECT),
    [PLACE_SYS_DICT_COPY] = FIELD(sysdict_copy, DICT),
    [PLACE_STATIC_TYPES] = FIELD(types, ANY),
    [PLACE_MONITORING] = FIELD(monitoring_callables, OBJECT),
    [PLACE_INTERNED] = FIELD(cached_objects.interned_strings, DICT),
#else
    [PLACE_MODULES] = FIELD(modules, DICT),
    [PLACE_MODULES_BY_INDEX] = FIELD(modules_by_index, LIST),
    [PLACE_IMPORTLIB] = FIELD(importlib, OBJECT),
    [PLACE_IMPORT_FUNC] = FIELD(import_func, OBJECT),
#endif
};

/* GIL, written once by compat_places_find; the copy inherits them. */
static size_t found[PLACE_COUNT];
static bool found_all, thread_known;

/* -- looking ------------------------------------------------------------------------ */

bool
compat_peek(const void *from, void *to, size_t size)
{
    struct iovec local = {.iov_base = to, .iov_len = size};
    struct iovec remote = {.iov_base = (void *)from, .iov_len = size};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

static void *
word_at(const PyInterpreterState *interp, size_t offset)
{
    void *word = NULL;
    if (offset % sizeof(word) == 0 && offset < compat_place_interp_size()) {
        memcpy(&word, (const char *)interp + offset, sizeof(word));
    }
    return word;
}

bool
compat_place_holds_object(const void *p)
{
    PyObject op;
    PyTypeObject type;
    return (uintptr_t)p % sizeof(void *) == 0 && compat_peek(p, &op, sizeof(op))
           && (uintptr_t)Py_TYPE(&op) % sizeof(void *) == 0
           && compat_peek(Py_TYPE(&op), &type, sizeof(type))
           && (type.tp_flags & Py_TPFLAGS_READY) && type.tp_basicsize > 0
           && type.tp_dealloc != NULL;
}

static bool
content_fits(const PyInterpreterState *interp, size_t offset, enum content content)
{
    void *p = word_at(interp, offset);
    if (content == ANY || p == NULL) {
        return true;
    }
    PyObject op;
    if (!compat_place_holds_object(p) || !compat_peek(p, &op, sizeof(op))) {
        return false;
    }
    return content == OBJECT || Py_TYPE(&op) == (content == LIST ? &PyList_Type
                                                                 : &PyDict_Type);
}

/* -- anchors ------------------------------------------------------------------------ */

/* Up to two words that stand at known distances from the field. */
struct anchor {
    const void *value[2]; /* NULL: not known */
    size_t distance[2];
};

static PyObject *
module_attribute(const char *module, const char *name)
{
    PyObject *m = PyDict_GetItemString(PyImport_GetModuleDict(), module);
    PyObject *dict = m != NULL && PyModule_Check(m) ? PyModule_GetDict(m) : NULL;
    return dict == NULL || name == NULL ? dict : PyDict_GetItemString(dict, name);
}

#if PY_VERSION_HEX >= 0x030C0000

#if ML_PY_312
#define BUILTIN_STATE(i) offsetof(struct types_state, builtins[i].type)
#else
#define BUILTIN_STATE(i) offsetof(struct types_state, builtins.initialized[i].type)
#endif
#define STATE_OF(type) BUILTIN_STATE((size_t)(type)->tp_subclasses - 1)

/* The table of static types names each in the entry that the type says is its own. */
static void
expect_types(struct anchor *a)
{
    a->value[0] = &PyType_Type;
    a->value[1] = &PyDict_Type;
    a->distance[0] = STATE_OF(&PyType_Type);
    a->distance[1] = STATE_OF(&PyDict_Type);
}

#endif

static void
expect(enum compat_place place, PyInterpreterState *interp, struct anchor *a)
{
    switch (place) {
    case PLACE_GC_GARBAGE: a->value[0] = module_attribute("gc", "garbage"); break;
    case PLACE_GC_CALLBACKS: a->value[0] = module_attribute("gc", "callbacks"); break;
    case PLACE_SYS_DICT: a->value[0] = module_attribute("sys", NULL); break;
    case PLACE_BUILTINS: a->value[0] = module_attribute("builtins", NULL); break;
    case PLACE_MODULES: a->value[0] = PyImport_GetModuleDict(); break;
    case PLACE_DICT: a->value[0] = PyInterpreterState_GetDict(interp); break;
    case PLACE_IMPORTLIB:
        a->value[0] = PyDict_GetItemString(PyImport_GetModuleDict(), "_frozen_importlib");
        break;
    case PLACE_WARNINGS_ONCE:
        a->value[0] = module_attribute("_warnings", "_onceregistry");
        break;
#if PY_VERSION_HEX >= 0x030C0000
    case PLACE_STATIC_TYPES: expect_types(a); break;
#endif
#if PY_VERSION_HEX >= 0x030E0000
    case PLACE_COMMON_CONSTS:
        a->value[0] = PyExc_AssertionError;
        a->value[1] = PyExc_NotImplementedError;
        a->distance[1] = sizeof(PyObject *);
        break;
#endif
    default: break;
    }
}

static bool
stands_at(const PyInterpreterState *interp, size_t offset, const struct anchor *a)
{
    for (int i = 0; i < 2; i++) {
        if (a->value[i] != NULL
            && word_at(interp, offset + a->distance[i]) != a->value[i]) {
            return false;
        }
    }
    return true;
}

#if PY_VERSION_HEX >= 0x030C0000
/* The dict that holds this string as its own value is the one of interned strings. */
static bool
is_interned_dict(const PyInterpreterState *interp, size_t offset, PyObject *str)
{
    void *p = word_at(interp, offset);
    return p != NULL && content_fits(interp, offset, DICT)
           && PyDict_GetItemWithError(p, str) == str;
}
#endif

/* Nearest first, outwards from where it was compiled. */
static size_t
find_near(size_t from, bool (*here)(void *, size_t), void *what)
{
    for (size_t d = 0; d <= NEAR; d += sizeof(void *)) {
        if (from + d < compat_place_interp_size() && here(what, from + d)) {
            return from + d;
        }
        if (d <= from && here(what, from - d)) {
            return from - d;
        }
    }
    return UNKNOWN;
}

struct search {
    PyInterpreterState *interp;
    struct anchor anchor;
    PyObject *str;
};

static bool
anchor_here(void *what, size_t offset)
{
    struct search *s = what;
    return stands_at(s->interp, offset, &s->anchor);
}

#if PY_VERSION_HEX >= 0x030C0000
static bool
interned_here(void *what, size_t offset)
{
    struct search *s = what;
    return is_interned_dict(s->interp, offset, s->str);
}
#endif

static void
find_anchors(PyInterpreterState *interp)
{
    for (int place = 0; place < PLACE_COUNT; place++) {
        struct search s = {.interp = interp};
        found[place] = UNKNOWN;
        expect(place, interp, &s.anchor);
        if (fields[place].compiled != 0 && s.anchor.value[0] != NULL) {
            found[place] = find_near(fields[place].compiled, anchor_here, &s);
        }
    }
#if PY_VERSION_HEX >= 0x030C0000
    /* Not one that is immortal: those are in a table of the runtime. */
    struct search s = {.interp = interp, .str = PyUnicode_FromString("memalot's own")};
    if (s.str != NULL) {
        PyUnicode_InternInPlace(&s.str);
        found[PLACE_INTERNED] = find_near(fields[PLACE_INTERNED].compiled, interned_here,
                                          &s);
    }
    Py_XDECREF(s.str);
#endif
    PyErr_Clear();
}

/* -- between ------------------------------------------------------------------------ */

/* How far the nearest anchor below, or above, has moved. The collector's state and the
 * end, both told, are below and above all. */
static ptrdiff_t
moved(const size_t *anchors, size_t compiled, bool below)
{
    size_t best = below ? offsetof(PyInterpreterState, gc) : sizeof(PyInterpreterState);
    size_t at = below ? compat_place_gc_offset() : compat_place_interp_size();
    for (int i = 0; i < PLACE_COUNT; i++) {
        size_t c = fields[i].compiled;
        bool nearer = below ? c <= compiled && c >= best : c >= compiled && c <= best;
        if (anchors[i] != UNKNOWN && nearer) {
            best = c;
            at = anchors[i];
        }
    }
    return (ptrdiff_t)at - (ptrdiff_t)best;
}

/* A list or dict that is there, at one of the two offsets alone; else UNKNOWN. */
static size_t
only_fit(const PyInterpreterState *interp, size_t a, size_t b, enum content content)
{
    bool named = content == LIST || content == DICT;
    bool fits_a = word_at(interp, a) != NULL && content_fits(interp, a, content);
    bool fits_b = word_at(interp, b) != NULL && content_fits(interp, b, content);
    return !named || fits_a == fits_b ? UNKNOWN : fits_a ? a : b;
}

static void
find_between(const PyInterpreterState *interp)
{
    size_t anchors[PLACE_COUNT];
    memcpy(anchors, found, sizeof(anchors));
    for (int i = 0; i < PLACE_COUNT; i++) {
        size_t compiled = fields[i].compiled;
        if (compiled == 0 || found[i] != UNKNOWN) {
            continue;
        }
        size_t low = compiled + (size_t)moved(anchors, compiled, true);
        size_t high = compiled + (size_t)moved(anchors, compiled, false);
        if (low != high) {
            found[i] = only_fit(interp, low, high, fields[i].content);
        }
        else if (content_fits(interp, low, fields[i].content)) {
            found[i] = low;
        }
    }
}

/* -- the thread's own ---------------------------------------------------------------- */

#if PY_VERSION_HEX >= 0x030D0000

static bool
is_ring(const struct llist_node *head)
{
    struct llist_node next;
    return compat_peek(head->next, &next, sizeof(next)) && next.prev == head;
}

/* What stands before and behind the fields is what it must be: the limits of this stack,
 * a list that is closed. */
static bool
thread_fields_stand(const _PyThreadStateImpl *thread)
{
#if PY_VERSION_HEX >= 0x030E0000
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    return thread->c_stack_hard_limit < here && here < thread->c_stack_top
           && is_ring(&thread->asyncio_tasks_head);
#else
    return is_ring(&thread->mem_free_queue);
#endif
}

#endif

bool
compat_place_thread_known(void)
{
    return thread_known;
}

void
compat_places_find(void)
{
    if (!found_all) {
#if PY_VERSION_HEX >= 0x030D0000
        thread_known = thread_fields_stand((_PyThreadStateImpl *)PyThreadState_Get());
#endif
        find_anchors(PyInterpreterState_Main());
        find_between(PyInterpreterState_Main());
        found_all = true;
    }
}

bool
compat_places_unmoved(void)
{
    bool unmoved = found_all && compat_place_interp_size() == sizeof(PyInterpreterState);
    for (int i = 0; i < PLACE_COUNT; i++) {
        unmoved = unmoved && (found[i] == UNKNOWN || found[i] == fields[i].compiled);
    }
    return unmoved;
}

void *
compat_place(PyInterpreterState *interp, enum compat_place place)
{
    bool known = found_all && fields[place].compiled != 0 && found[place] != UNKNOWN;
    return known ? (char *)interp + found[place] : NULL;
}

PyObject *
compat_place_object(PyInterpreterState *interp, enum compat_place place)
{
    PyObject **field = compat_place(interp, place);
    return field != NULL ? *field : NULL;
}
