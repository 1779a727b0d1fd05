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
 *
 * The incremental collector of 3.14.0 to 3.14.4 has a third way: it moves out of the
 * youngest list what the program can reach, and leaves the rest where it was. Nobody
 * refers to the mark, so it stays between what has been seen and what has not. Bit 0 of
 * an object's link says there which of the two old lists it counts as belonging to.
 */
#include "compat_core.h"

#include <string.h>

#include "places.h"

#define NEXT(head) ((PyGC_Head *)((head)->_gc_next & ~(uintptr_t)3))
#define PREV(head) ((PyGC_Head *)((head)->_gc_prev & ~(uintptr_t)3))
#define GC_HEAD(op) ((PyGC_Head *)(op) - 1)
#define OBJECT(head) ((PyObject *)((head) + 1))

#define YOUNG(gc) (&compat_place_generations(gc)[0].head)
#define OLDER(gc) (&compat_place_generations(gc)[1].head)

#if ML_PY_314 && PY_VERSION_HEX < 0x030E0500
#define VISITED_SPACE(gc) ((gc)->visited_space)
#else
#define VISITED_SPACE(gc) ((gc)->dummy2) /* its place, from 3.14.5 on */
#endif

PyObject *
compat_gc_callbacks(PyInterpreterState *interp)
{
    return compat_place_gc(interp)->callbacks;
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

/* What `await future` holds. The type has no name that another module could use; but few
 * types can be sent to. */
static bool
is_future_iterator(const PyTypeObject *type)
{
    return type->tp_as_async != NULL && type->tp_as_async->am_send != NULL &&
           strcmp(type->tp_name, "_asyncio.FutureIter") == 0;
}

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
           || (PyObject *)type == PyExc_MemoryError || is_future_iterator(type);
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

static void
link_to(PyGC_Head *prev, PyGC_Head *next)
{
    prev->_gc_next = (uintptr_t)next | (prev->_gc_next & 3);
    next->_gc_prev = (uintptr_t)prev | (next->_gc_prev & 3);
}

/* Not PyObject_GC_UnTrack and PyObject_GC_Track: those count objects, from 3.14 on, and
 * append to the lists of the interpreter that runs. */
static void
move_between(PyGC_Head *prev, PyGC_Head *head, uintptr_t flag, PyGC_Head *next)
{
    head->_gc_next = flag;
    link_to(prev, head);
    link_to(head, next);
}

static void
take_out(PyGC_Head *head)
{
    if (head->_gc_next != 0) {
        link_to(PREV(head), NEXT(head));
        head->_gc_prev &= _PyGC_PREV_MASK_FINALIZED;
    }
}

/* What bit 0 of a young object's link is. That the collector is the incremental one
 * shows in the mark as the collector itself has tracked it: the bit, or the number that
 * it is made from, is not 0. */
static uintptr_t
young_flag(const struct _gc_runtime_state *gc, struct compat_young *y)
{
#if ML_PY_314
    if (y->collections < 0) {
        y->incremental = (GC_HEAD(y->mark)->_gc_next & 1) != 0 || VISITED_SPACE(gc) != 0;
    }
    return y->incremental ? (uintptr_t)1 ^ (uintptr_t)VISITED_SPACE(gc) : 0;
#else
    return 0;
#endif
}

static void
set_marks(struct _gc_runtime_state *gc, struct compat_young *y)
{
    PyGC_Head *young = YOUNG(gc), *older = OLDER(gc);
    uintptr_t flag = young_flag(gc, y);
    take_out(GC_HEAD(y->mark));
    take_out(GC_HEAD(y->fence));
    move_between(PREV(young), GC_HEAD(y->mark), flag, young);
    move_between(older, GC_HEAD(y->fence), 0, NEXT(older));
    y->collections = collections(gc);
}

void
compat_young_each(PyInterpreterState *interp, struct compat_young *young,
                  enum compat_young_when when,
                  void (*each)(void *ctx, uintptr_t block), void *ctx)
{
    struct _gc_runtime_state *gc = compat_place_gc(interp);
    bool found = walk_back(YOUNG(gc), young, each, ctx);
    bool inside = gc->collecting && when == COMPAT_YOUNG_OTHER;
    if (!found && !inside && young->collections == collections(gc)) {
        walk_frozen(gc, young, each, ctx);
    }
    set_marks(gc, young);
}
