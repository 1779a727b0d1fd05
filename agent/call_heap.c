/* SPDX-License-Identifier: MIT
 *
 * See call_heap.h. A block's class is never changed: growing within it costs nothing,
 * growing beyond it copies. Pages of large free blocks are given back to the system.
 */
#define _GNU_SOURCE
#include "call_heap.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEAD ((size_t)16)
#define SMALLEST_CLASS 5 /* 32 bytes, head included */
#define LEAST_SIZE ((size_t)8 << 20)
#define LARGE_CLASS 16   /* 64 KiB: worth a system call when freed */
#define PAGE ((size_t)4096)

int
call_heap_init(struct call_heap *h, size_t size, struct ml_error *err)
{
    memset(h, 0, sizeof(*h));
    for (size = size < LEAST_SIZE ? LEAST_SIZE : size; size >= LEAST_SIZE; size /= 2) {
        size &= ~(PAGE - 1);
        void *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base != MAP_FAILED) {
            h->base = base;
            h->size = size;
            return ML_OK;
        }
    }
    return ml_error_nomem(err);
}

void
call_heap_fini(struct call_heap *h)
{
    if (h->base != NULL) {
        munmap(h->base, h->size);
    }
    h->base = NULL;
}

static void
lock(struct call_heap *h)
{
    while (atomic_flag_test_and_set_explicit(&h->busy, memory_order_acquire)) {
        sched_yield();
    }
}

static void
unlock(struct call_heap *h)
{
    atomic_flag_clear_explicit(&h->busy, memory_order_release);
}

/* The class whose blocks hold `size` bytes beside the head; 0: none does. */
static unsigned
class_for(const struct call_heap *h, size_t size)
{
    if (size > h->size - HEAD) {
        return 0;
    }
    unsigned class = SMALLEST_CLASS;
    while (((size_t)1 << class) < size + HEAD) {
        class++;
    }
    return class;
}

static bool
is_ours(const struct call_heap *h, const void *ptr)
{
    uintptr_t at = (uintptr_t)ptr, base = (uintptr_t)h->base;
    return at >= base && at - base < h->size;
}

static unsigned
class_of(const void *ptr)
{
    return *(const unsigned *)((const char *)ptr - HEAD);
}

/* A block off the free list (`*used_before`), or a new one off the end. */
static void *
take_block(struct call_heap *h, unsigned class, bool *used_before)
{
    void *ptr = h->free[class];
    *used_before = ptr != NULL;
    if (ptr != NULL) {
        h->free[class] = *(void **)ptr;
        return ptr;
    }
    size_t bytes = (size_t)1 << class;
    if (bytes > h->size - h->used) {
        return NULL;
    }
    char *head = h->base + h->used;
    h->used += bytes;
    *(unsigned *)head = class;
    return head + HEAD;
}

static void *
take(struct call_heap *h, size_t size, bool *used_before)
{
    unsigned class = class_for(h, size);
    if (class == 0) {
        return NULL;
    }
    lock(h);
    void *ptr = take_block(h, class, used_before);
    unlock(h);
    return ptr;
}

void *
call_heap_alloc(struct call_heap *h, size_t size)
{
    bool used_before;
    return take(h, size, &used_before);
}

void *
call_heap_zeroed(struct call_heap *h, size_t count, size_t size)
{
    bool used_before = false;
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return NULL;
    }
    void *ptr = take(h, bytes, &used_before);
    if (ptr != NULL && used_before) {
        memset(ptr, 0, bytes);
    }
    return ptr;
}

/* How long a block from before is, nobody says: it is at least what is wanted of it, or
 * what follows it is copied along, up to the first page that is not there. */
static void
copy_readable(void *to, void *from, size_t size)
{
    struct iovec local = {to, size}, remote = {from, size};
    if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) < 0) {
        memcpy(to, from, size); /* the system refuses to look first */
    }
}

void *
call_heap_resize(struct call_heap *h, void *ptr, size_t size)
{
    bool ours = ptr != NULL && is_ours(h, ptr);
    size_t room = ours ? ((size_t)1 << class_of(ptr)) - HEAD : size;
    if (ours && size <= room) {
        return ptr;
    }
    void *to = call_heap_alloc(h, size);
    if (to == NULL || ptr == NULL) {
        return to;
    }
    if (ours) {
        memcpy(to, ptr, room);
        call_heap_free(h, ptr);
    }
    else {
        copy_readable(to, ptr, size);
    }
    return to;
}

static void
give_pages_back(char *ptr, size_t bytes)
{
    char *from = (char *)(((uintptr_t)ptr + sizeof(void *) + PAGE - 1) & ~(PAGE - 1));
    char *to = (char *)((uintptr_t)(ptr + bytes) & ~(PAGE - 1));
    if (to > from) {
        madvise(from, (size_t)(to - from), MADV_DONTNEED);
    }
}

void
call_heap_free(struct call_heap *h, void *ptr)
{
    if (ptr == NULL || !is_ours(h, ptr)) {
        return;
    }
    unsigned class = class_of(ptr);
    if (class >= LARGE_CLASS) {
        give_pages_back(ptr, ((size_t)1 << class) - HEAD);
    }
    lock(h);
    *(void **)ptr = h->free[class];
    h->free[class] = ptr;
    unlock(h);
}
