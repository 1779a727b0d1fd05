/* SPDX-License-Identifier: MIT
 *
 * What waiting work keeps: asyncio's futures and tasks, queues between threads, data of
 * each thread. The structs are those of Modules/_asynciomodule.c, _queuemodule.c and
 * _threadmodule.c; a future's first callback stands beside the list of the others.
 */
#include "compat_core.h"

#include "fields.h"

#define ATTR COMPAT_FIELD_ATTR
#define INTERNAL COMPAT_FIELD_INTERNAL
#define PART COMPAT_FIELD_PART

/* Where a task's own fields begin, behind those that it has as a future. */
#if ML_PY_310
#define TASK 152
#elif PY_VERSION_HEX < 0x030D0000
#define TASK 128
#elif PY_VERSION_HEX < 0x030E0000
#define TASK 112
#else
#define TASK 120
#endif

#define FUTURE                                                                           \
    {"_loop", 16, ATTR, false}, {"_callbacks[0][0]", 24, ATTR, false},                   \
        {"_callbacks[0][1]", 32, ATTR, false}, {"fut_callbacks", 40, INTERNAL, false},   \
        {"_exception", 48, ATTR, false}, {"_result", 64, ATTR, false} WAITED_FOR

/* Who waits for it: a task or a set of them. */
#if PY_VERSION_HEX >= 0x030E0000
#define WAITED_FOR , {"fut_awaited_by", 96, INTERNAL, false}
#else
#define WAITED_FOR
#endif

#define TASK_FIELDS                                                                      \
    {"_fut_waiter", TASK, ATTR, false}, {"_coro", TASK + 8, ATTR, false},                \
        {"task_name", TASK + 16, INTERNAL, false},                                       \
        {"task_context", TASK + 24, INTERNAL, false}

#if PY_VERSION_HEX >= 0x030D0000

/* A ring of items. */
static void
each_simple_queue(PyObject *op, const struct compat_field_visitor *v)
{
    const struct queue {
        PyObject_HEAD
        bool has_threads_waiting;
        Py_ssize_t put_at, get_at;
        PyObject **items;
        Py_ssize_t room, count;
    } *q = (const struct queue *)op;
    for (Py_ssize_t i = 0; q->items != NULL && i < q->count && q->count <= q->room; i++) {
        struct compat_field field = {"", NULL, i, COMPAT_FIELD_ITEM, false};
        v->field(v->ctx, &field, q->items[(q->get_at + i) % q->room]);
    }
}

#define SIMPLE_QUEUE {{NULL, 0, 0, false}}, each_simple_queue
#define LOCAL                                                                            \
    {"<args>", 16, INTERNAL, false}, {"<kwargs>", 24, INTERNAL, false},                  \
        {".<dicts>", 40, PART, false}
#else
#define SIMPLE_QUEUE {{".lst", 32, PART, false}}, NULL
#define LOCAL                                                                            \
    {"<args>", 24, INTERNAL, false}, {"<kwargs>", 32, INTERNAL, false},                  \
        {".<dicts>", 48, PART, false}
#endif

const struct compat_fields compat_fields_tasks[] = {
    {"_asyncio.Future", {FUTURE}, NULL},
    {"_asyncio.Task", {FUTURE, TASK_FIELDS}, NULL},
    {"_asyncio.FutureIter", {{"future", 16, INTERNAL, false}}, NULL},
    {"TaskStepMethWrapper",
     {{"__self__", 16, ATTR, false}, {"sw_arg", 24, INTERNAL, false}},
     NULL},
    {"_asyncio.TaskStepMethWrapper",
     {{"__self__", 16, ATTR, false}, {"sw_arg", 24, INTERNAL, false}},
     NULL},
    {"_queue.SimpleQueue", SIMPLE_QUEUE},
    {"_thread._local", {LOCAL}, NULL},
    {NULL, {{NULL, 0, 0, false}}, NULL}};
