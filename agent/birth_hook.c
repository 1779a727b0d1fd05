/* SPDX-License-Identifier: MIT
 *
 * See birth_hook.h. Three rules make the hook safe whatever others do:
 *
 * 1. A hook once installed is never bound to anything else below. Somebody may have
 *    saved it and put it back a day later; if it then called another allocator with the
 *    context of the first, or itself, the program would be gone. So there are several
 *    layers, each with functions and a `below` of its own, and one is used again only
 *    where exactly its `below` is on top.
 * 2. Whether a layer is in the chain is not asked of addresses but tried: an object is
 *    allocated and the layer says whether it was passed through.
 * 3. It leaves only when it is on top; otherwise it stays and hands everything on.
 *
 * Context and free function are those of what is below, so the two words that cannot be
 * exchanged together (PyMem_SetAllocator copies a struct, and interpreters with another
 * GIL may be reading it) fit each other in any mixture.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "birth_hook.h"

#include <string.h>

#include "birth_epochs.h"
#include "birth_table.h"

#define LAYERS 8

struct layer {
    PyMemAllocatorEx below; /* never changes once `used` */
    bool used;              /* GIL */
};

_Atomic uint8_t ml_birth_present;

static struct layer layers[LAYERS];
static _Atomic uint32_t passed; /* layers that a probe went through */
static atomic_bool probing;

/* -- the hot path ------------------------------------------------------------------ */

__attribute__((noinline, cold)) static void *
pass_silently(unsigned layer, void *block)
{
    if (atomic_load(&probing)) {
        atomic_fetch_or(&passed, UINT32_C(1) << layer);
    }
    return block;
}

/* Both rare ways out are calls in tail position: the hot one saves no register. */
static inline void *
stamped(unsigned layer, void *block)
{
    uint8_t epoch = atomic_load_explicit(&ml_birth_present, memory_order_relaxed);
    if (__builtin_expect(epoch == 0, 0)) {
        return pass_silently(layer, block);
    }
    return (void *)ml_birth_table_put((uintptr_t)block, epoch);
}

static inline void *
hook_malloc(unsigned layer, void *ctx, size_t size)
{
    return stamped(layer, layers[layer].below.malloc(ctx, size));
}

static inline void *
hook_calloc(unsigned layer, void *ctx, size_t count, size_t size)
{
    return stamped(layer, layers[layer].below.calloc(ctx, count, size));
}

/* The block has moved: its stamp goes with it. A merge may be replacing that stamp, and
 * may have passed the new place already: then it is looked up once more behind it. */
static void
carry_stamp(void *to, uint8_t old)
{
    ml_birth_table_put((uintptr_t)to, old);
    atomic_thread_fence(memory_order_seq_cst);
    uint8_t now = ml_birth_epochs_forward(old);
    if (now != old) {
        ml_birth_table_put((uintptr_t)to, now);
    }
}

static inline void *
hook_realloc(unsigned layer, void *ctx, void *block, size_t size)
{
    uint8_t epoch = atomic_load_explicit(&ml_birth_present, memory_order_relaxed);
    uint8_t old = block != NULL ? ml_birth_table_get((uintptr_t)block) : epoch;
    void *to = layers[layer].below.realloc(ctx, block, size);
    if (epoch == 0 || block == NULL) {
        return stamped(layer, to);
    }
    if (to != block && to != NULL) {
        carry_stamp(to, old);
    }
    return to;
}

/* -- layers ------------------------------------------------------------------------ */

#define LAYER(n)                                                                         \
    static void *malloc_##n(void *ctx, size_t size)                                      \
    {                                                                                    \
        return hook_malloc(n, ctx, size);                                                \
    }                                                                                    \
    static void *calloc_##n(void *ctx, size_t count, size_t size)                        \
    {                                                                                    \
        return hook_calloc(n, ctx, count, size);                                         \
    }                                                                                    \
    static void *realloc_##n(void *ctx, void *block, size_t size)                        \
    {                                                                                    \
        return hook_realloc(n, ctx, block, size);                                        \
    }
LAYER(0)
LAYER(1)
LAYER(2)
LAYER(3)
LAYER(4)
LAYER(5)
LAYER(6)
LAYER(7)

static const struct {
    void *(*malloc)(void *ctx, size_t size);
    void *(*calloc)(void *ctx, size_t count, size_t size);
    void *(*realloc)(void *ctx, void *block, size_t size);
} functions[LAYERS] = {
    {malloc_0, calloc_0, realloc_0}, {malloc_1, calloc_1, realloc_1},
    {malloc_2, calloc_2, realloc_2}, {malloc_3, calloc_3, realloc_3},
    {malloc_4, calloc_4, realloc_4}, {malloc_5, calloc_5, realloc_5},
    {malloc_6, calloc_6, realloc_6}, {malloc_7, calloc_7, realloc_7},
};

static PyMemAllocatorEx
layer_allocator(unsigned layer)
{
    const PyMemAllocatorEx *below = &layers[layer].below;
    PyMemAllocatorEx ours = {below->ctx, functions[layer].malloc, functions[layer].calloc,
                             functions[layer].realloc, below->free};
    return ours;
}

static bool
same(const PyMemAllocatorEx *a, const PyMemAllocatorEx *b)
{
    return a->ctx == b->ctx && a->malloc == b->malloc && a->calloc == b->calloc
           && a->realloc == b->realloc && a->free == b->free;
}

/* The layer that is on top of the chain; LAYERS: none of ours. */
static unsigned
layer_on_top(void)
{
    PyMemAllocatorEx top;
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &top);
    for (unsigned i = 0; i < LAYERS && layers[i].used; i++) {
        PyMemAllocatorEx ours = layer_allocator(i);
        if (same(&top, &ours)) {
            return i;
        }
    }
    return LAYERS;
}

/* An object is allocated while the hook is silent: does one of the layers see it? */
static bool
arrives(void)
{
    uint8_t epoch = atomic_exchange(&ml_birth_present, 0);
    atomic_store(&passed, 0);
    atomic_store(&probing, true);
    PyObject_Free(PyObject_Malloc(32));
    atomic_store(&probing, false);
    atomic_store(&ml_birth_present, epoch);
    return atomic_load(&passed) != 0;
}

/* One that was made for exactly this below, or the next unused one. */
static unsigned
layer_for(const PyMemAllocatorEx *below)
{
    for (unsigned i = 0; i < LAYERS; i++) {
        if (!layers[i].used || same(&layers[i].below, below)) {
            return i;
        }
    }
    return LAYERS;
}

int
ml_birth_hook_install(struct ml_error *err)
{
    PyMemAllocatorEx top, ours;
    if (layer_on_top() < LAYERS || arrives()) {
        return ML_OK;
    }
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &top);
    unsigned i = layer_for(&top);
    if (i == LAYERS) {
        return ml_error_set(err, ML_EUNSUPPORTED,
                            "other tools have pushed the allocator hook out %d times",
                            LAYERS);
    }
    layers[i].below = top;
    layers[i].used = true;
    ours = layer_allocator(i);
    PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &ours);
    return ML_OK;
}

bool
ml_birth_hook_keep(void)
{
    return layer_on_top() < LAYERS || arrives() || ml_birth_hook_install(NULL) == ML_OK;
}

/* One below the other, when a foreign hook between them has gone. */
bool
ml_birth_hook_remove(void)
{
    for (unsigned i = layer_on_top(); i < LAYERS; i = layer_on_top()) {
        PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &layers[i].below);
    }
    return !arrives();
}

bool
ml_birth_hook_covered(void)
{
    return layer_on_top() == LAYERS;
}
