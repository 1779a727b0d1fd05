/* SPDX-License-Identifier: MIT
 *
 * See anatomy.h: how each part is found out.
 */
#include "anatomy.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "cgroup.h"
#include "human.h"
#include "maps.h"

#define POOLS 64       /* samples by which the arenas are found */
#define TRIES_EACH 64  /* nodes looked at for each */
#define FAULTS 1000    /* that the search for them survives */

/* glibc 2.33 and later; the C library that it was built with may be older. */
struct malloc_figures {
    size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks,
        keepcost;
};
extern struct malloc_figures mallinfo2(void) __attribute__((weak));

/* -- guarded calls ----------------------------------------------------------------- */

static bool
guarded(struct ml_guard *guard, void (*call)(void *), void *ctx)
{
    if (guard != NULL && ML_GUARD_ENTER(guard) != 0) {
        return false;
    }
    ml_guard_arm(guard);
    call(ctx);
    ml_guard_disarm(guard);
    return true;
}

/* -- malloc ------------------------------------------------------------------------ */

static void
call_mallinfo(void *ctx)
{
    *(struct malloc_figures *)ctx = mallinfo2();
}

static uint64_t
library_of(const struct ml_maps *maps, uintptr_t function)
{
    const struct ml_mapping *p = ml_maps_at(maps, function);
    return p != NULL ? p->inode : 0;
}

/* A program that was not linked to be position independent and somewhere takes malloc's
 * address has a stub of its own for it, which is then malloc's address everywhere. Whose
 * malloc it calls shows in the functions that come with it: the same library's. */
static bool
family_is_libcs(const struct ml_maps *maps, uint64_t library)
{
    const uintptr_t family[] = {(uintptr_t)malloc, (uintptr_t)calloc, (uintptr_t)realloc,
                                (uintptr_t)free, (uintptr_t)posix_memalign};
    uint64_t program = library_of(maps, getauxval(AT_PHDR));
    unsigned agree = 0;
    for (size_t i = 0; i < sizeof(family) / sizeof(family[0]); i++) {
        uint64_t whose = library_of(maps, family[i]);
        if (whose != library && whose != program) {
            return false;
        }
        agree += whose == library;
    }
    return agree > 0;
}

/* A malloc that was put in front of libc's (jemalloc, tcmalloc) tells mallinfo2
 * nothing. */
static bool
malloc_is_libcs(const struct ml_maps *maps)
{
    uint64_t library = mallinfo2 != NULL ? library_of(maps, (uintptr_t)mallinfo2) : 0;
    return library != 0 && (library == library_of(maps, (uintptr_t)malloc) ||
                            family_is_libcs(maps, library));
}

static void
ask_malloc(const struct sweep_view *v, const struct ml_maps *maps, struct anatomy *out)
{
    struct malloc_figures figures;
    memset(&figures, 0, sizeof(figures));
    if (malloc_is_libcs(maps) && guarded(v->take.guard, call_mallinfo, &figures)) {
        out->malloc_known = true;
        out->malloc_used = figures.uordblks + figures.hblkhd;
        out->malloc_free = figures.fordblks;
    }
}

/* -- Python's arenas --------------------------------------------------------------- */

struct arena_question {
    const struct sweep_view *v;
    struct compat_memory memory;
    uintptr_t pools[POOLS];
    size_t count;
    volatile uintptr_t at; /* how far the search has come */
    struct compat_arenas counted;
    bool known;
};

static bool
readable(void *ctx, uintptr_t from, size_t len)
{
    return ml_maps_readable(ctx, from, len);
}

static void
data_around(void *ctx, uintptr_t address, uintptr_t *from, uintptr_t *to)
{
    uint64_t low, high;
    ml_maps_data_around(ctx, address, &low, &high);
    *from = (uintptr_t)low;
    *to = (uintptr_t)high;
}

/* Pools that objects lie in, taken evenly from the whole heap. */
static size_t
sample_pools(const struct sweep_view *v, const struct compat_memory *m,
             uintptr_t pools[POOLS])
{
    const struct ml_heap_graph *g = &v->take.graph;
    size_t count = 0, step = g->node_count / (POOLS * TRIES_EACH) + 1;
    size_t share = g->node_count / POOLS + 1;
    for (size_t n = 0; n < g->node_count && count < POOLS; n += step) {
        uintptr_t pool = compat_arenas_pool(m, (const void *)(uintptr_t)g->address[n]);
        if (pool != 0) {
            pools[count++] = pool;
            n = (n / share + 1) * share; /* one of each part */
        }
    }
    return count;
}

static void
take_pools(void *ctx)
{
    struct arena_question *q = ctx;
    q->count = sample_pools(q->v, &q->memory, q->pools);
}

static void
count_arenas(void *ctx)
{
    struct arena_question *q = ctx;
    q->known = compat_arenas_count(&q->memory, q->pools, q->count, &q->at, &q->counted);
}

static void
ask_arenas(const struct sweep_view *v, const struct ml_maps *maps, struct anatomy *out)
{
    struct arena_question q = {.v = v,
                               .memory = {(void *)maps, readable, data_around}};
    bool through = guarded(v->take.guard, take_pools, &q);
    for (int faults = 0; through && faults < FAULTS; faults++) {
        if (guarded(v->take.guard, count_arenas, &q)) {
            break;
        }
    }
    if (q.known) {
        out->arenas_known = true;
        out->arenas = q.counted;
    }
}

/* -- putting it together ----------------------------------------------------------- */

static void
ask_limit(const struct sweep_view *v, struct anatomy *out)
{
    struct ml_cgroup_memory group;
    ml_cgroup_memory(&group);
    bool grouped = group.limit > 0 && group.limit < v->memory.host_total;
    out->limit = grouped ? group.limit : v->memory.host_total;
    out->limit_used = grouped ? group.used : v->memory.rss;
}

/* What is left over is "other"; what is too much was never touched or is swapped. */
static void
balance(struct anatomy *m)
{
    uint64_t python = m->python_live + m->python_garbage;
    uint64_t allocated = m->malloc_used + m->arenas.used + m->arenas.overhead;
    m->native = m->malloc_known && allocated > python ? allocated - python : 0;
    uint64_t sum = python + m->native + m->arenas.free + m->malloc_free + m->files +
                   m->shared + m->stacks;
    m->other = m->rss > sum ? m->rss - sum : 0;
    m->not_resident = sum > m->rss ? sum - m->rss : 0;
}

void
anatomy_take(const struct sweep_view *v, struct anatomy *out)
{
    struct ml_maps maps;
    memset(out, 0, sizeof(*out));
    out->rss = v->memory.rss;
    out->swap = v->memory.swap;
    out->peak_rss = v->memory.peak_rss;
    out->files = v->memory.files;
    out->shared = v->memory.shared;
    out->python_live = v->totals.live_size;
    out->python_garbage = v->totals.garbage_size;
    ask_limit(v, out);
    if (ml_maps_read(&maps, v->a, NULL) == ML_OK) {
        out->mappings = maps.list.len;
        out->stacks = ml_maps_stacks(&maps);
        ask_arenas(v, &maps, out);
        ask_malloc(v, &maps, out);
        ml_maps_fini(&maps);
    }
    balance(out);
}

/* -- in words ---------------------------------------------------------------------- */

static void
say(struct ml_buf *text, bool worth_it, const char *before, uint64_t bytes,
    const char *after)
{
    if (worth_it) {
        ml_buf_puts(text, before);
        ml_human_bytes(text, bytes);
        ml_buf_puts(text, after);
    }
}

/* Live objects always; of the rest what is a large share. */
static void
put_verdict(const struct anatomy *m, struct ml_buf *text)
{
    uint64_t idle = m->arenas.free + m->malloc_free;
    uint64_t large = m->rss / 4;
    say(text, true, "RSS ", m->rss, "");
    if (m->python_live == 0) {
        return; /* a monitor's warm-up does not look at the heap */
    }
    say(text, true, ": live Python objects explain ", m->python_live, " of it");
    say(text, m->python_garbage > m->rss / 20,
        ", garbage that waits for the collector ", m->python_garbage, "");
    say(text, idle > large, ", memory that is free but not given back ", idle, "");
    say(text, m->native > large, ", the interpreter and native code ", m->native, "");
    say(text, m->files + m->shared > m->rss / 2, ", files and shared memory ",
        m->files + m->shared, "");
    say(text, m->other > large, ", memory of no allocator we know ", m->other, "");
    say(text, m->not_resident > large, "; not resident are ", m->not_resident,
        " of what is allocated");
}

static void
write_part(struct ml_json *j, const char *key, uint64_t size, bool known)
{
    ml_json_begin_object(j);
    ml_json_kv_str(j, "key", key);
    if (known) {
        ml_json_kv_uint(j, "size", size);
    }
    else {
        ml_json_kv_null(j, "size");
    }
    ml_json_end_object(j);
}

static void
write_parts(const struct anatomy *m, struct ml_json *j)
{
    ml_json_key(j, "parts");
    ml_json_begin_array(j);
    write_part(j, "python_live", m->python_live, true);
    write_part(j, "python_garbage", m->python_garbage, true);
    write_part(j, "native", m->native, m->malloc_known);
    write_part(j, "arenas_free", m->arenas.free, m->arenas_known);
    write_part(j, "malloc_free", m->malloc_free, m->malloc_known);
    write_part(j, "files", m->files, true);
    write_part(j, "shared", m->shared, true);
    write_part(j, "stacks", m->stacks, true);
    write_part(j, "other", m->other, true);
    ml_json_end_array(j);
}

static void
write_allocators(const struct anatomy *m, struct ml_json *j)
{
    ml_json_key(j, "arenas");
    if (m->arenas_known) {
        ml_json_begin_object(j);
        ml_json_kv_uint(j, "count", m->arenas.arenas);
        ml_json_kv_uint(j, "size", m->arenas.size);
        ml_json_kv_uint(j, "used", m->arenas.used);
        ml_json_kv_uint(j, "free", m->arenas.free);
        ml_json_end_object(j);
    }
    else {
        ml_json_null(j);
    }
    ml_json_key(j, "malloc");
    if (m->malloc_known) {
        ml_json_begin_object(j);
        ml_json_kv_uint(j, "used", m->malloc_used);
        ml_json_kv_uint(j, "free", m->malloc_free);
        ml_json_end_object(j);
    }
    else {
        ml_json_null(j);
    }
}

void
anatomy_write(const struct sweep_view *v, const struct anatomy *m, struct ml_json *j)
{
    struct ml_buf text;
    ml_buf_init(&text, v->a);
    put_verdict(m, &text);
    ml_json_begin_object(j);
    ml_json_key(j, "verdict");
    ml_json_strn(j, text.data, text.len);
    ml_json_kv_uint(j, "rss", m->rss);
    ml_json_kv_uint(j, "peak_rss", m->peak_rss);
    ml_json_kv_uint(j, "swap", m->swap);
    ml_json_kv_uint(j, "limit", m->limit);
    ml_json_kv_uint(j, "limit_used", m->limit_used);
    ml_json_kv_uint(j, "python_live", m->python_live);
    ml_json_kv_uint(j, "python_garbage", m->python_garbage);
    write_parts(m, j);
    write_allocators(m, j);
    ml_json_kv_uint(j, "not_resident", m->not_resident);
    ml_json_kv_uint(j, "mappings", m->mappings);
    ml_json_end_object(j);
    ml_buf_fini(&text);
}
