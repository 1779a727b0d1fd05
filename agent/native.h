/* SPDX-License-Identifier: MIT
 *
 * Who in native code holds an object: a search of the process's memory for words that
 * are its address. What is asked for are objects with more references than the heap
 * shows; what comes back is, for each, how many of those references were found, and
 * where.
 *
 *   data    a library's or the program's own variables: "_speedups.so cache+0x40"
 *   object  a Python object that does not show what it holds to the collector
 *   stack   the stack of a thread, above its stack pointer where that is known
 *   heap    memory that malloc gave out: no name, and it may be a stale word
 *
 * in this order: what holds for sure explains references first, and nothing is said of
 * words beyond the number of references that want explaining.
 *
 *   native_image   the files that are mapped: where their variables are, ELF symbols
 *   native_scan    one pass over writable memory, words against a filter of addresses
 *   native_search  what the hits mean
 *
 * No libc malloc, no dlopen, no dladdr (the lock it takes may be another thread's), no
 * Python.h. Thread: the sweep process's only one. GIL: not needed.
 */
#ifndef ML_AGENT_NATIVE_H
#define ML_AGENT_NATIVE_H

#include <stdbool.h>

#include "alloc.h"
#include "cancel.h"
#include "error.h"
#include "maps.h"
#include "sweep_guard.h"

enum ml_native_kind {
    ML_NATIVE_DATA,
    ML_NATIVE_OBJECT,
    ML_NATIVE_STACK,
    ML_NATIVE_HEAP,
};

/* "data", "object", "stack", "heap". */
const char *ml_native_kind_name(enum ml_native_kind kind);

/* One object: its address and how many of its references nobody has explained. */
struct ml_native_wanted {
    uint64_t address;
    uint32_t references;
};

/* Memory from `from` to `to`. */
struct ml_native_range {
    uint64_t from, to;
};

/* A thread that Python knows. `handle` is its pthread_t, an address in its stack (of the
 * main thread: in its thread-local storage); `stack` its stack pointer, 0: not known. */
struct ml_native_thread {
    uint64_t handle;
    uint64_t native_id;
    uint64_t stack;
    bool is_main;
};

/* What a word in dynamic memory is, asked for each hit there. */
enum ml_native_word {
    ML_NATIVE_WORD_FREE,    /* in memory that is not in use: stale */
    ML_NATIVE_WORD_SHOWN,   /* a reference that the heap shows: counted already */
    ML_NATIVE_WORD_OBJECT,  /* in an object that does not show it: *owner */
    ML_NATIVE_WORD_UNKNOWN, /* anybody's */
};

#define ML_NATIVE_LARGEST ((uint64_t)64 << 30)

struct ml_native_query {
    const struct ml_native_wanted *wanted;
    size_t count;
    const struct ml_native_thread *threads;
    size_t thread_count;
    const struct ml_native_range *skip; /* words here say nothing: caches, our own memory */
    size_t skip_count;
    /* May be NULL: then every word in dynamic memory is anybody's. */
    enum ml_native_word (*judge)(void *ctx, uint64_t at, size_t wanted, uint64_t *owner);
    void *ctx;
    const struct ml_maps *maps; /* what is the program's; NULL: read now */
    struct ml_guard *guard;     /* for memory that is not there after all; NULL: none */
    uint64_t main_id;           /* native id of the program's first thread */
    uint64_t largest; /* mappings beyond this are tables that are reserved in whole and
                         hardly touched; 0: ML_NATIVE_LARGEST */
    bool no_heap; /* leave dynamic memory out: quicker, and weak anyway */
};

struct ml_native_holder {
    enum ml_native_kind kind;
    uint32_t references; /* words in a row or of one kind that say the same */
    uint64_t at;         /* address of the (first) word */
    const char *library; /* data: the file's base name; NULL otherwise */
    const char *path;    /* data: the whole name, as /proc/self/maps has it */
    const char *symbol;  /* data: a variable's or a section's name; NULL: unknown */
    uint64_t offset;     /* of the word in it; without a symbol, in the file's memory */
    uint64_t thread;     /* stack: native id, 0: not known */
    uint64_t handle;     /* stack: the thread's, 0: one that Python does not know */
    bool main_thread;    /* stack: of the program's first thread */
    uint64_t owner;      /* object: its address */
};

struct ml_native_text;

/* Of one wanted object. */
struct ml_native_answer {
    uint32_t references; /* as wanted */
    uint32_t explained;  /* of them; never more */
    uint32_t first, count; /* in `holder`, strongest first */
};

struct ml_native_result {
    struct ml_native_answer *answer; /* [count], as wanted */
    size_t count;
    struct ml_native_holder *holder;
    size_t holder_count, holder_cap;
    struct ml_native_text *texts; /* what library, path and symbol point into */
    uint64_t scanned;  /* bytes */
    const struct ml_alloc *a;
};

/* Searches once for all that is wanted. `cancel` may be NULL. 0, ML_ENOMEM, ML_EIO (no
 * list of mappings) or ML_ECANCELLED; `out` is empty then. */
int ml_native_search(const struct ml_native_query *q, const struct ml_alloc *a,
                     const struct ml_cancel *cancel, struct ml_native_result *out,
                     struct ml_error *err);
void ml_native_result_fini(struct ml_native_result *r);

#endif
