/* SPDX-License-Identifier: MIT
 *
 * What functions that have stopped keep: frames, generators and what stands around them,
 * tracebacks, contexts of context variables. Running functions are roots, not fields.
 *
 *   Context -> hamt -> hamt_bitmap_node -> hamt_array_node -> ... a tree by hash, of which
 *                      a path shows no more than the variable: context[<ContextVar 'v'>]
 */
#include "compat_core.h"

#include "fields.h"

#define ATTR COMPAT_FIELD_ATTR
#define INTERNAL COMPAT_FIELD_INTERNAL
#define PART COMPAT_FIELD_PART

/* -- frames and generators --------------------------------------------------------- */

/* Names of one kind's fields, the attributes of Python where there are such. */
struct generator_words {
    const char *frame, *locals, *value, *function, *code, *waits, *exception;
};

struct frame_walk {
    const struct compat_field_visitor *v;
    const struct generator_words *words;
    PyObject *top;      /* the last of these */
};

static bool
enter(void *ctx, const struct compat_frame *frame)
{
    (void)ctx, (void)frame;
    return true;
}

static void
tell_local(void *ctx, enum compat_local_kind kind, PyObject *name, PyObject *op)
{
    struct frame_walk *w = ctx;
    struct compat_field field = {w->words->locals, name, -1, COMPAT_FIELD_LOCAL, false};
    switch ((int)kind & ~COMPAT_BORROWED) {
    case COMPAT_LOCAL:
    case COMPAT_FREE:
        w->v->field(w->v->ctx, &field, op);
        break;
    case COMPAT_STACK:
        compat_field_tell(w->v, op, w->words->value, INTERNAL);
        break;
    case COMPAT_CODE:
        compat_field_tell(w->v, op, w->words->code, ATTR);
        break;
    case COMPAT_FUNCTION:
        compat_field_tell(w->v, op, w->words->function, INTERNAL);
        break;
    case COMPAT_NAMESPACE:
        compat_field_tell(w->v, op, "f_locals", ATTR);
        break;
    case COMPAT_FRAME:
        compat_field_tell(w->v, op, w->words->frame, ATTR);
        break;
    default:
        break;
    }
}

static void
find_top(void *ctx, enum compat_local_kind kind, PyObject *name, PyObject *op)
{
    (void)name;
    if (((int)kind & ~COMPAT_BORROWED) == COMPAT_STACK) {
        ((struct frame_walk *)ctx)->top = op;
    }
}

static void
each_frame(PyObject *op, const struct compat_field_visitor *v)
{
    PyFrameObject *f = (PyFrameObject *)op;
    static const struct generator_words words = {
        .locals = "f_locals", .value = "<value in use>", .function = "f_func",
        .code = "f_code"};
    struct frame_walk w = {v, &words, NULL};
    struct compat_frame_visitor frame = {&w, enter, tell_local};
    compat_frame_object(op, &frame);
    compat_field_tell(v, (PyObject *)f->f_back, "f_back", ATTR);
    compat_field_tell(v, f->f_trace, "f_trace", ATTR);
#if ML_PY_310
    compat_field_tell(v, f->f_globals, "f_globals", ATTR);
    compat_field_tell(v, f->f_builtins, "f_builtins", ATTR);
#endif
}

static void
each_of(PyObject *op, const struct compat_field_visitor *v,
        const struct generator_words *words)
{
    PyGenObject *gen = (PyGenObject *)op;
    struct frame_walk w = {v, words, NULL};
    struct compat_frame_visitor top = {&w, enter, find_top};
    compat_generator_frame(op, &top);
    if (w.top != NULL && compat_generator_waits(op)) {
        compat_field_tell(v, w.top, words->waits, ATTR);
    }
    struct compat_frame_visitor all = {&w, enter, tell_local};
    compat_generator_frame(op, &all);
    compat_generator_parts(op, &all);
    compat_field_tell(v, gen->gi_exc_state.exc_value, words->exception, INTERNAL);
}

#define GENERATOR(prefix, awaited)                                                       \
    static void each_##prefix(PyObject *op, const struct compat_field_visitor *v)        \
    {                                                                                    \
        static const struct generator_words words = {                                    \
            #prefix "_frame", #prefix "_frame.f_locals",                                 \
            #prefix "_frame.<value in use>", #prefix "_frame.f_func", #prefix "_code",   \
            awaited, #prefix "_exc_state.exc_value"};                                    \
        each_of(op, v, &words);                                                          \
    }

GENERATOR(gi, "gi_yieldfrom")
GENERATOR(cr, "cr_await")
GENERATOR(ag, "ag_await")

/* -- contexts ---------------------------------------------------------------------- */

#define VAR_NAME 16 /* in a ContextVar */

/* Keys and values by turns; where the key is NULL, the value is a deeper node. */
static void
each_pair(PyObject **array, Py_ssize_t n, const struct compat_field_visitor *v)
{
    for (Py_ssize_t i = 0; i + 1 < n; i += 2) {
        PyObject *key = array[i], *value = array[i + 1];
        if (key == NULL) {
            compat_field_tell(v, value, ".<node>", PART);
            continue;
        }
        bool is_variable = Py_TYPE(key) == &PyContextVar_Type;
        PyObject *name = is_variable ? *(PyObject **)((char *)key + VAR_NAME) : NULL;
        struct compat_field field = {"", name, -1, COMPAT_FIELD_VARIABLE, false};
        v->field(v->ctx, &field, value);
        compat_field_tell(v, key, "", COMPAT_FIELD_KEY);
    }
}

/* Bitmap and collision nodes: a head with a size, one word, the pairs. */
static void
each_hamt_pairs(PyObject *op, const struct compat_field_visitor *v)
{
    each_pair((PyObject **)((char *)op + 32), Py_SIZE(op), v);
}

static void
each_hamt_array(PyObject *op, const struct compat_field_visitor *v)
{
    PyObject **array = (PyObject **)((char *)op + 16);
    for (int i = 0; i < 32; i++) {
        compat_field_tell(v, array[i], ".<node>", PART);
    }
}

#if PY_VERSION_HEX >= 0x030F0000
#define THROWN {"agt_gen", 16, INTERNAL, false}, {"agt_typ", 24, INTERNAL, false}
#else
#define THROWN {"agt_gen", 16, INTERNAL, false}, {"agt_args", 24, INTERNAL, false}
#endif

const struct compat_fields compat_fields_frames[] = {
    {"frame", {{NULL, 0, 0, false}}, each_frame},
    {"generator", {{NULL, 0, 0, false}}, each_gi},
    {"coroutine", {{NULL, 0, 0, false}}, each_cr},
    {"async_generator", {{NULL, 0, 0, false}}, each_ag},
    {"coroutine_wrapper", {{"cw_coroutine", 16, INTERNAL, false}}, NULL},
    {"async_generator_asend",
     {{"ags_gen", 16, INTERNAL, false}, {"ags_sendval", 24, INTERNAL, false}},
     NULL},
    {"async_generator_athrow", {THROWN}, NULL},
    {"async_generator_wrapped_value", {{"agw_val", 16, INTERNAL, false}}, NULL},
    {"anext_awaitable",
     {{"wrapped", 16, INTERNAL, false}, {"default_value", 24, INTERNAL, false}},
     NULL},
    {"traceback", {{"tb_next", 16, ATTR, false}, {"tb_frame", 24, ATTR, false}}, NULL},
    {"builtin_function_or_method",
     {{"__self__", 24, ATTR, false}, {"__module__", 32, ATTR, false}},
     NULL},
    {"mappingproxy", {{".mapping", 16, PART, false}}, NULL},
    {"memoryview", {{".mbuf", 24, PART, false}}, NULL},
    {"managedbuffer", {{"obj", 40, ATTR, false}}, NULL},
    {"_contextvars.Context",
     {{".ctx_vars", 24, PART, false}, {"ctx_prev", 16, INTERNAL, false}},
     NULL},
    {"hamt", {{".h_root", 16, PART, false}}, NULL},
    {"hamt_bitmap_node", {{NULL, 0, 0, false}}, each_hamt_pairs},
    {"hamt_collision_node", {{NULL, 0, 0, false}}, each_hamt_pairs},
    {"hamt_array_node", {{NULL, 0, 0, false}}, each_hamt_array},
    {"_contextvars.ContextVar", {{"var_default", 24, INTERNAL, false}}, NULL},
    {"_contextvars.Token",
     {{"tok_ctx", 16, INTERNAL, false},
      {"var", 24, ATTR, false},
      {"old_value", 32, ATTR, false}},
     NULL},
    {NULL, {{NULL, 0, 0, false}}, NULL}};
