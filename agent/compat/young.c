/* SPDX-License-Identifier: MIT
 *
 * What became tracked since the last time, at the cost of just that. The collector
 * appends to its youngest list; a mark of ours at the end of it is where the next walk,
 * from the end backwards, stops.
 *
 *     generation 0:  head ... seen ... mark, new, new, new       (walked: three)
 *     generation 1:  head, fence, older ...
 *
 * When the mark is not there, the list is younger than the mark: a collection has moved
 * all it held, or gc.freeze() has, and every object in it is new. A collection calls us
 * before and after, and changes the order of what it moves; a freeze does neither, but
 * strings the generations together as they are:
 *
 *     permanent:  head ... seen ... mark, new, new, fence, older ...
 */
#include "compat_core.h"

#define NEXT(head) ((PyGC_Head *)((head)->_gc_next & ~(uintptr_t)3))
#define PREV(head) ((PyGC_Head *)((head)->_gc_prev & ~(uintptr_t)3))
#define GC_HEAD(op) ((PyGC_Head *)(op) - 1)
#define OBJECT(head) ((PyObject *)((head) + 1))

PyObject *
compat_gc_callbacks(PyInterpreterState *interp)
{
    return interp->gc.callbacks;
}

#if PY_VERSION_HEX >= 0x030F0000

/* Each collection has a record of its own; the latest counts those before it. */
static int64_t
collections(const struct _gc_runtime_state *gc)
{
    const struct gc_stats *stats = gc->generation_stats;
    int64_t sum = stats->young.items[stats->young.index].collections;
    for (int i = 0; i < NUM_GENERATIONS - 1; i++) {
        sum += stats->old[i].items[stats->old[i].index].collections;
    }
    return sum;
}

#else

static int64_t
collections(const struct _gc_runtime_state *gc)
{
    int64_t sum = 0;
    for (int i = 0; i < NUM_GENERATIONS; i++) {
        sum += gc->generation_stats[i].collections;
    }
    return sum;
}

#endif

/* Tracked from their first moment, and may come from a free list. From 3.14 on that is
 * so of dicts, but of tuples no more (deaths.c). Frames: 3.10 keeps one for each code
 * object too; later ones come from the allocator, and are tracked when their function
 * returns. */
static inline bool
may_be_recycled(PyTypeObject *type)
{
    return type == &PyList_Type || type == &PySlice_Type
#if PY_VERSION_HEX >= 0x030E0000
           || type == &PyDict_Type || type == &PyMethod_Type
           || type == &PyCFunction_Type || type == &PyCMethod_Type
           || type == &PyListIter_Type || type == &PyTupleIter_Type
#else
           || type == &PyTuple_Type
#endif
#if ML_PY_310
           || type == &PyFrame_Type
#endif
           || type == &PyContext_Type || type == &_PyAsyncGenASend_Type
           || (PyObject *)type == PyExc_MemoryError;
}

/* None of those types has anything but the collector's header in front. */
static inline void
tell(PyGC_Head *head, void (*each)(void *ctx, uintptr_t block), void *ctx)
{
    if (may_be_recycled(Py_TYPE(OBJECT(head)))) {
        each(ctx, (uintptr_t)head);
    }
}

/* From the end back to the mark; false when it is not in this list. */
static bool
walk_back(PyGC_Head *list, const struct compat_young *y,
          void (*each)(void *ctx, uintptr_t block), void *ctx)
{
    for (PyGC_Head *head = PREV(list); head != list; head = PREV(head)) {
        if (OBJECT(head) == y->mark) {
            return true;
        }
        tell(head, each, ctx);
    }
    return false;
}

/* Frozen: from the mark on to the fence. The heads of the lists lie in the collector's
 * state; coming across one means that the list ends. */
static void
walk_frozen(struct _gc_runtime_state *gc, const struct compat_young *y,
            void (*each)(void *ctx, uintptr_t block), void *ctx)
{
    char *from = (char *)gc, *to = from + sizeof(*gc);
    for (PyGC_Head *head = NEXT(GC_HEAD(y->mark)); head != NULL; head = NEXT(head)) {
        bool ends = (char *)head >= from && (char *)head < to;
        if (ends || OBJECT(head) == y->fence) {
            return;
        }
        tell(head, each, ctx);
    }
}

/* Not PyObject_GC_Track: that appends to the lists of the interpreter that runs. */
static void
put_between(PyGC_Head *prev, PyGC_Head *head, PyGC_Head *next)
{
    head->_gc_prev = (uintptr_t)prev | (head->_gc_prev & 3);
    head->_gc_next = (uintptr_t)next;
    prev->_gc_next = (uintptr_t)head;
    next->_gc_prev = (uintptr_t)head | (next->_gc_prev & 3);
}

static void
set_marks(struct _gc_runtime_state *gc, struct compat_young *y)
{
    PyGC_Head *young = &gc->generations[0].head, *older = &gc->generations[1].head;
    PyObject_GC_UnTrack(y->mark);
    PyObject_GC_UnTrack(y->fence);
    put_between(PREV(young), GC_HEAD(y->mark), young);
    put_between(older, GC_HEAD(y->fence), NEXT(older));
    y->collections = collections(gc);
}

void
compat_young_each(PyInterpreterState *interp, struct compat_young *young,
                  enum compat_young_when when,
                  void (*each)(void *ctx, uintptr_t block), void *ctx)
{
    struct _gc_runtime_state *gc = &interp->gc;
    bool found = walk_back(&gc->generations[0].head, young, each, ctx);
    bool inside = gc->collecting && when == COMPAT_YOUNG_OTHER;
    if (!found && !inside && young->collections == collections(gc)) {
        walk_frozen(gc, young, each, ctx);
    }
    set_marks(gc, young);
}
