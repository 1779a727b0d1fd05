/* SPDX-License-Identifier: MIT
 *
 * asyncio's tasks and the variables of their coroutines.
 *
 * asyncio's own registries are weak, and differ in every version; so do the layouts of
 * its tasks written in C. But a task is a tracked object whose class is or derives from
 * one of two, and its coroutine and name are neighbours in it:
 *
 *   _asyncio.Task ... | coroutine | name | ...     name: str, or the int of "Task-12"
 *   asyncio.tasks.Task                             attributes _coro and _name
 *
 * So the struct is searched for a word that is a tracked coroutine. That works for every
 * loop (uvloop's too) and for eager tasks.
 *
 *   task ── coroutine ──waits for──> coroutine ──waits for──> future
 *             locals                    locals
 *
 * A task is alive in a loop when something else holds it; its coroutine has locals as
 * long as it has not ended. What tasks show is no root for reachability or retained
 * sizes: nothing begins to live because a task is named.
 */
#include <stdio.h>
#include <string.h>

#include "analysis.h"
#include "compat/compat.h"
#include "name_text.h"
#include "take_ranks.h"

#define MAX_WAITING 1000 /* coroutines that wait for one another */

enum take_task_kind
take_task_kind(PyTypeObject *type)
{
    for (; type != NULL; type = type->tp_base) {
        if (strcmp(type->tp_name, "_asyncio.Task") == 0) {
            return TASK_IN_C;
        }
        if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE) || strcmp(type->tp_name, "Task") != 0) {
            continue;
        }
        PyObject *dict = compat_type_dict(type);
        PyObject *module = dict != NULL ? take_dict_get(dict, "__module__") : NULL;
        if (module != NULL && PyUnicode_Check(module) && take_str_is(module, "asyncio.tasks")) {
            return TASK_IN_PYTHON;
        }
    }
    return TASK_NONE;
}

/* -- finding them ------------------------------------------------------------------ */

static bool
is_coroutine(const struct take *t, uint64_t word)
{
    uint32_t node = (word & 7) == 0 ? ml_addr_map_get(t->map, word) : ML_NO_NODE;
    return node != ML_NO_NODE && take_kind_of(t, node)->shape == SHAPE_GENERATOR;
}

/* Subclasses begin with the same struct. */
static size_t
struct_words(PyTypeObject *type)
{
    while (strcmp(type->tp_name, "_asyncio.Task") != 0) {
        type = type->tp_base;
    }
    return (size_t)type->tp_basicsize / sizeof(PyObject *);
}

static void
look_into_c(const struct take *t, struct take_task *task)
{
    PyObject **word = (PyObject **)task->task;
    size_t words = struct_words(Py_TYPE(task->task));
    for (size_t i = sizeof(PyObject) / sizeof(*word); i + 1 < words; i++) {
        if (is_coroutine(t, (uint64_t)(uintptr_t)word[i])) {
            task->coro = word[i];
            task->name = word[i + 1];
            return;
        }
    }
}

static void
look_into_python(const struct take *t, struct take_task *task)
{
    PyObject *coro = take_attribute(task->task, "_coro");
    if (coro != NULL && is_coroutine(t, (uint64_t)(uintptr_t)coro)) {
        task->coro = coro;
        task->name = take_attribute(task->task, "_name");
    }
}

void
take_tasks_find(struct take *t)
{
    for (uint32_t node = 0; node < t->graph.node_count && !t->failed; node++) {
        const struct take_kind *kind = take_kind_of(t, node);
        struct take_task task = {.task = take_object(t, node)};
        if (kind->task == TASK_NONE) {
            continue;
        }
        (kind->task == TASK_IN_C ? look_into_c : look_into_python)(t, &task);
        if (task.coro != NULL && take_task_vec_push(&t->tasks, t->a, task) < 0) {
            t->failed = true;
        }
    }
}

uint32_t
take_task_of(const struct take *t, PyObject *coro)
{
    for (size_t i = 0; i < t->tasks.len; i++) {
        if (t->tasks.data[i].coro == coro) {
            return (uint32_t)i + 1;
        }
    }
    return 0;
}

void
take_task_name(const struct take_task *task, char *out, size_t cap)
{
    out[0] = '\0';
    if (task->name != NULL && PyUnicode_Check(task->name)) {
        name_of_str(task->name, 100, out, cap);
    }
    else if (task->name != NULL && PyLong_Check(task->name)) {
        snprintf(out, cap, "Task-%lu", PyLong_AsUnsignedLongMask(task->name));
    }
}

/* -- their variables --------------------------------------------------------------- */

struct task_walk {
    struct take *t;
    const struct ml_reach *reach;
    struct compat_frame frame;
    uint32_t task;
    PyObject *top; /* the last value on the stack: what is waited for */
};

static bool
enter_frame(void *ctx, const struct compat_frame *frame)
{
    struct task_walk *w = ctx;
    w->frame = *frame;
    w->top = NULL;
    return true;
}

static bool
is_alive(const struct task_walk *w, PyObject *op)
{
    uint32_t node = ml_addr_map_get(w->t->map, (uint64_t)(uintptr_t)op);
    return node != ML_NO_NODE && ml_bitset_has(&w->reach->alive, node);
}

static void
add_path_root(struct task_walk *w, PyObject *op, uint32_t rank, const struct take_root *root)
{
    if (is_alive(w, op)) { /* what has no node here, the walk did not see either */
        take_add_root(w->t, op, rank, root, false);
    }
}

static void
add_local(void *ctx, enum compat_local_kind kind, PyObject *name, PyObject *op)
{
    struct task_walk *w = ctx;
    bool on_stack = (kind & ~COMPAT_BORROWED) == COMPAT_STACK;
    struct take_root root = {.kind = on_stack ? ROOT_STACK : ROOT_LOCAL,
                             .owner = TAKE_NO_OWNER,
                             .name = name,
                             .code = w->frame.code,
                             .line = w->frame.line,
                             .task = w->task};
    w->top = on_stack ? op : w->top;
    add_path_root(w, op, on_stack ? RANK_TASK_STACK : RANK_TASK, &root);
}

static int
note_coroutine(PyObject *op, void *arg)
{
    PyObject **found = arg;
    if (*found == NULL &&
        (PyCoro_CheckExact(op) || PyGen_CheckExact(op) || PyAsyncGen_CheckExact(op))) {
        *found = op;
    }
    return 0;
}

/* The coroutine that is waited for: itself, or behind one of the interpreter's helpers,
 * which hold it (coroutine_wrapper, async_generator_asend). */
static PyObject *
waited_for(PyObject *op)
{
    PyObject *found = NULL;
    if (op != NULL) {
        note_coroutine(op, &found);
    }
    if (found == NULL && op != NULL &&
        (strcmp(Py_TYPE(op)->tp_name, "coroutine_wrapper") == 0 ||
         strncmp(Py_TYPE(op)->tp_name, "async_generator_a", 17) == 0)) {
        Py_TYPE(op)->tp_traverse(op, note_coroutine, &found);
    }
    return found;
}

static void
add_variables(struct task_walk *w, PyObject *coro)
{
    struct compat_frame_visitor v = {w, enter_frame, add_local};
    for (int n = 0; coro != NULL && n < MAX_WAITING && !w->t->failed; n++) {
        if (!is_alive(w, coro) || !compat_generator_frame(coro, &v)) {
            return;
        }
        coro = waited_for(w->top);
    }
}

int
take_task_roots(struct take *t, const struct ml_reach *reach, struct ml_error *err)
{
    struct task_walk w = {.t = t, .reach = reach};
    for (size_t i = 0; i < t->tasks.len && !t->failed; i++) {
        w.task = (uint32_t)i + 1;
        if (is_alive(&w, t->tasks.data[i].task)) {
            add_variables(&w, t->tasks.data[i].coro);
        }
    }
    return t->failed ? ml_error_nomem(err) : ML_OK;
}

/* -- many alike -------------------------------------------------------------------- */

static const struct take_root *
root_at(const struct take *t, size_t i)
{
    return &t->roots.data[t->graph.roots.data[i].name];
}

bool
take_task_root_alike(const struct take *t, size_t i, size_t k)
{
    const struct take_root *a = root_at(t, i), *b = root_at(t, k);
    return a->code == b->code && a->name == b->name && a->kind == b->kind;
}

static size_t
slot_of(const struct take_root *root, size_t mask)
{
    uint64_t h = (uint64_t)(uintptr_t)root->code * 0x9E3779B97F4A7C15u;
    h = (h ^ (uint64_t)(uintptr_t)root->name) * 0x9E3779B97F4A7C15u;
    return (size_t)(h >> 32) & mask;
}

/* same[i]: the first root from `first` on that is like root first + i. */
static void
find_alike(const struct take *t, size_t first, uint32_t *same, uint32_t *slots, size_t mask)
{
    for (size_t i = first; i < t->graph.roots.len; i++) {
        size_t at = slot_of(root_at(t, i), mask);
        while (slots[at] != 0 && !take_task_root_alike(t, slots[at] - 1, i)) {
            at = (at + 1) & mask;
        }
        slots[at] = slots[at] != 0 ? slots[at] : (uint32_t)i + 1;
        same[i - first] = slots[at] - 1;
    }
}

int
take_task_join(const struct take *t, size_t first, struct ml_path_tree *paths,
               struct ml_error *err)
{
    size_t count = t->graph.roots.len - first, room = 16;
    while (room < 2 * count) {
        room *= 2;
    }
    if (count == 0) {
        return ML_OK;
    }
    uint32_t *same = ml_alloc_array(t->a, count, sizeof(*same));
    uint32_t *slots = ml_alloc_array(t->a, room, sizeof(*slots));
    bool good = same != NULL && slots != NULL;
    if (good) {
        find_alike(t, first, same, slots, room - 1);
    }
    for (uint32_t i = 0; good && i < paths->reached; i++) {
        uint32_t *root = &paths->root[paths->order[i]];
        if (*root >= first && *root < t->graph.roots.len) {
            *root = same[*root - first];
        }
    }
    ml_alloc_free_array(t->a, slots, room, sizeof(*slots));
    ml_alloc_free_array(t->a, same, count, sizeof(*same));
    return good ? ML_OK : ml_error_nomem(err);
}

uint32_t
take_task_root(const struct take *t, size_t first, uint32_t root, uint32_t node)
{
    for (size_t i = first; i < t->graph.roots.len; i++) {
        if (t->graph.roots.data[i].node == node && take_task_root_alike(t, i, root)) {
            return (uint32_t)i;
        }
    }
    return root;
}
