/* SPDX-License-Identifier: MIT
 *
 * See native_holders.h. Each search is a batch: its nodes in order, and the answers in the
 * same order. The first one is for all that only native code keeps alive, with whatever
 * was asked for.
 */
#include "native_holders.h"

#include <string.h>

#include "arena.h"
#include "compat/compat.h"
#include "heap_sort.h"
#include "native_parts.h"
#include "watch.h"

#define MOST_WANTED 200000 /* of one search */
#define ARENA_CHUNK ((uint64_t)256 * 1024) /* see arena.h */

struct batch {
    struct batch *next;
    uint32_t *node; /* ascending */
    size_t count, room;
    struct ml_native_result result;
    uint32_t *elsewhere;  /* [count] words that the heap still explains */
    uint8_t *known;       /* [count] elsewhere is filled in */
};

ML_VEC(range_vec, struct ml_native_range)

struct native_holders {
    const struct ml_alloc *a;
    struct ml_maps maps;
    uint64_t arena; /* the chunk of ours that is among them */
    struct batch *batches;
    struct ml_native_thread *threads;
    size_t thread_count, thread_room;
    struct range_vec skip;
    bool prepared, all_asked;
};

struct native_holders *
native_holders_new(const struct sweep_view *v)
{
    struct native_holders *h = ml_alloc_array(v->a, 1, sizeof(*h));
    if (h == NULL) {
        return NULL;
    }
    h->a = v->a;
    h->arena = (uint64_t)(uintptr_t)((const struct ml_arena *)v->a->ctx)->chunk;
    if (ml_maps_read(&h->maps, v->a, NULL) < 0) {
        ml_alloc_free_array(v->a, h, 1, sizeof(*h));
        return NULL;
    }
    return h;
}

static void
batch_free(const struct native_holders *h, struct batch *b)
{
    ml_native_result_fini(&b->result);
    ml_alloc_free_array(h->a, b->known, b->count, 1);
    ml_alloc_free_array(h->a, b->elsewhere, b->count, sizeof(*b->elsewhere));
    ml_alloc_free_array(h->a, b->node, b->room, sizeof(*b->node));
    ml_alloc_free_array(h->a, b, 1, sizeof(*b));
}

void
native_holders_free(struct native_holders *h)
{
    if (h == NULL) {
        return;
    }
    while (h->batches != NULL) {
        struct batch *b = h->batches;
        h->batches = b->next;
        batch_free(h, b);
    }
    range_vec_free(&h->skip, h->a);
    ml_alloc_free_array(h->a, h->threads, h->thread_room, sizeof(*h->threads));
    ml_maps_fini(&h->maps);
    ml_alloc_free_array(h->a, h, 1, sizeof(*h));
}

/* -- what the search has to know ------------------------------------------------------ */

static void
skip(void *ctx, uintptr_t from, uintptr_t to)
{
    struct native_holders *h = ctx;
    range_vec_push(&h->skip, h->a, (struct ml_native_range){from, to});
}

/* Our own library's variables. */
static void
skip_own_data(struct native_holders *h)
{
    static char here;
    uint64_t at = (uint64_t)(uintptr_t)&here;
    struct native_image_vec images = {0};
    struct native_segment_vec data = {0};
    native_images_find(&h->maps, h->a, &images, &data);
    uint32_t own = NATIVE_NOBODY;
    for (size_t i = 0; i < data.len; i++) {
        own = at >= data.data[i].from && at < data.data[i].to ? data.data[i].owner : own;
    }
    for (size_t i = 0; i < data.len; i++) {
        if (data.data[i].owner == own) {
            skip(h, data.data[i].from, data.data[i].to);
        }
    }
    native_segment_vec_free(&data, h->a);
    native_image_vec_free(&images, h->a);
}

/* Besides, what the arena had taken when the mappings were read, and
 * the words of the interpreter that say nothing. */
static void
find_skips(const struct sweep_view *v, struct native_holders *h)
{
    skip_own_data(h);
    skip(h, h->arena, h->arena + ARENA_CHUNK);
    skip(h, (uintptr_t)v->job, (uintptr_t)(v->job + 1));
    const struct ml_watch *watch = v->take.watch;
    skip(h, (uintptr_t)watch, watch != NULL ? (uintptr_t)(watch + 1) : 0);
    PyInterpreterState *interp = NULL;
    while ((interp = compat_interp_next(interp)) != NULL) {
        compat_stale_each(interp, skip, h);
    }
}

/* 3.10 does not know native ids: then the thread is the one whose stack pointer lies in
 * the same mapping as its handle. */
static void
find_stack(const struct sweep_view *v, struct ml_native_thread *t)
{
    const struct sweep_job *job = v->job;
    const struct ml_mapping *p = ml_maps_at(&v->native->maps, t->handle);
    for (size_t i = 0; i < job->stack_count; i++) {
        const struct ml_thread_stack *s = &job->stacks[i];
        bool same = t->native_id == 0 && p != NULL && s->pointer >= p->from &&
                    s->pointer < p->to;
        if (s->native_id == t->native_id || same) {
            t->native_id = s->native_id;
            t->stack = s->pointer;
            return;
        }
    }
}

static void
find_threads(const struct sweep_view *v, struct native_holders *h)
{
    size_t n = v->take.threads.len;
    h->threads = ml_alloc_array(h->a, n + 1, sizeof(*h->threads));
    h->thread_room = n + 1;
    for (size_t i = 0; h->threads != NULL && i < n; i++) {
        const struct take_thread *t = &v->take.threads.data[i];
        uint64_t id = t->native_id != 0 ? t->native_id
                      : t->is_main      ? (uint64_t)v->job->pid
                                        : 0;
        struct ml_native_thread thread = {t->ident, id, 0, t->is_main};
        h->threads[h->thread_count] = thread;
        find_stack(v, &h->threads[h->thread_count++]);
    }
}

struct judging {
    const struct sweep_view *v;
    struct batch *b;
};

static enum ml_native_word
judge(void *ctx, uint64_t at, size_t wanted, uint64_t *owner)
{
    struct judging *j = ctx;
    struct batch *b = j->b;
    uint32_t node = native_node_at(j->v, at);
    if (!b->known[wanted]) {
        b->known[wanted] = 1;
        b->elsewhere[wanted] = native_shown_elsewhere(j->v, b->node[wanted]);
    }
    if (b->elsewhere[wanted] == UINT32_MAX) {
        return ML_NATIVE_WORD_FREE;
    }
    if (node != ML_NO_NODE) {
        *owner = j->v->take.graph.address[node];
        return native_word_in(j->v, node, b->node[wanted]);
    }
    if (b->elsewhere[wanted] > 0) {
        b->elsewhere[wanted]--;
        return ML_NATIVE_WORD_SHOWN;
    }
    return ML_NATIVE_WORD_UNKNOWN;
}

/* -- searching ----------------------------------------------------------------------- */

static void
search(const struct sweep_view *v, struct native_holders *h, struct batch *b)
{
    const struct ml_alloc *a = h->a;
    struct judging judging = {v, b};
    if (!h->prepared) {
        find_skips(v, h);
        find_threads(v, h);
        h->prepared = true;
    }
    struct ml_native_wanted *wanted = ml_alloc_array(a, b->count, sizeof(*wanted));
    b->elsewhere = ml_alloc_array(a, b->count, sizeof(*b->elsewhere));
    b->known = ml_alloc_array(a, b->count, 1);
    if (wanted == NULL || b->elsewhere == NULL || b->known == NULL) {
        return; /* nothing found, then */
    }
    for (size_t i = 0; i < b->count; i++) {
        wanted[i].address = v->take.graph.address[b->node[i]];
        wanted[i].references = (uint32_t)v->reach.excess[b->node[i]];
    }
    uint64_t all = v->memory.rss + v->memory.swap;
    struct ml_native_query q = {
        .largest = all > ML_NATIVE_LARGEST ? all : ML_NATIVE_LARGEST,
        .wanted = wanted, .count = b->count,
        .threads = h->threads, .thread_count = h->thread_count,
        .skip = h->skip.data, .skip_count = h->skip.len,
        .judge = judge, .ctx = &judging,
        .maps = &h->maps, .guard = v->take.guard,
    };
    ml_native_search(&q, a, v->cancel, &b->result, NULL);
    ml_alloc_free_array(a, wanted, b->count, sizeof(*wanted));
}

static bool
is_behind(const void *ctx, const void *x, const void *y)
{
    (void)ctx;
    return *(const uint32_t *)x > *(const uint32_t *)y;
}

/* Where the node stands in a batch that was searched; NULL: not yet asked. */
static struct batch *
batch_of(const struct native_holders *h, uint32_t node, size_t *index)
{
    for (struct batch *b = h->batches; b != NULL; b = b->next) {
        size_t low = 0, high = b->count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (b->node[middle] < node) {
                low = middle + 1;
            }
            else {
                high = middle;
            }
        }
        if (low < b->count && b->node[low] == node) {
            *index = low;
            return b;
        }
    }
    return NULL;
}

static void
add(const struct sweep_view *v, struct batch *b, uint32_t node)
{
    size_t index;
    if (v->reach.excess[node] > 0 && b->count < b->room &&
        batch_of(v->native, node, &index) == NULL) {
        b->node[b->count++] = node;
    }
}

/* Everything that only native code keeps alive. */
static void
add_all(const struct sweep_view *v, struct batch *b)
{
    for (uint32_t n = 0; n < v->take.graph.node_count; n++) {
        if (v->paths.root[n] == ML_PATH_OUTSIDE && v->paths.parent[n] == ML_NO_NODE) {
            add(v, b, n);
        }
    }
}

static void
drop_doubles(struct batch *b)
{
    size_t kept = 0;
    ml_heap_sort(b->node, b->count, sizeof(*b->node), is_behind, NULL);
    for (size_t i = 0; i < b->count; i++) {
        if (kept == 0 || b->node[kept - 1] != b->node[i]) {
            b->node[kept++] = b->node[i];
        }
    }
    b->count = kept;
}

void
native_holders_want(const struct sweep_view *v, const uint32_t *nodes, size_t count)
{
    struct native_holders *h = v->native;
    struct batch *b = h != NULL ? ml_alloc_array(h->a, 1, sizeof(*b)) : NULL;
    if (b == NULL) {
        return;
    }
    b->room = h->all_asked ? count : count + MOST_WANTED;
    b->node = ml_alloc_array(h->a, b->room, sizeof(*b->node));
    if (b->node == NULL) {
        ml_alloc_free_array(h->a, b, 1, sizeof(*b));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        add(v, b, nodes[i]);
    }
    if (!h->all_asked) {
        h->all_asked = true;
        add_all(v, b);
    }
    if (b->count == 0) {
        batch_free(h, b);
        return;
    }
    drop_doubles(b);
    b->next = h->batches;
    h->batches = b;
    search(v, h, b);
}

bool
native_holders_of(const struct sweep_view *v, uint32_t node, struct native_found *out)
{
    size_t i = 0;
    memset(out, 0, sizeof(*out));
    if (v->native == NULL || v->reach.excess[node] <= 0) {
        return false;
    }
    out->references = (uint32_t)v->reach.excess[node];
    struct batch *b = batch_of(v->native, node, &i);
    if (b == NULL) {
        native_holders_want(v, &node, 1);
        b = batch_of(v->native, node, &i);
    }
    if (b == NULL || i >= b->result.count) {
        return true;
    }
    const struct ml_native_answer *answer = &b->result.answer[i];
    out->explained = answer->explained;
    out->count = answer->count;
    out->holder = b->result.holder + answer->first;
    return true;
}

/* -- several together ----------------------------------------------------------------- */

static bool
same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static PyTypeObject *
owner_type(const struct ml_native_holder *h)
{
    return h->kind == ML_NATIVE_OBJECT ? Py_TYPE((PyObject *)(uintptr_t)h->owner) : NULL;
}

static bool
is_alike(const struct ml_native_holder *a, const struct ml_native_holder *b)
{
    return a->kind == b->kind && a->thread == b->thread &&
           same_text(a->library, b->library) && same_text(a->symbol, b->symbol) &&
           owner_type(a) == owner_type(b);
}

static void
add_line(struct native_sum *sum, const struct ml_native_holder *h)
{
    for (uint32_t i = 0; i < sum->lines; i++) {
        if (is_alike(&sum->line[i].holder, h)) {
            sum->line[i].references += h->references;
            sum->line[i].objects++;
            return;
        }
    }
    if (sum->lines == NATIVE_LINES) {
        sum->other += h->references;
        return;
    }
    uint32_t at = sum->lines++;
    for (; at > 0 && sum->line[at - 1].holder.kind > h->kind; at--) {
        sum->line[at] = sum->line[at - 1];
    }
    sum->line[at].holder = *h;
    sum->line[at].references = h->references;
    sum->line[at].objects = 1;
}

void
native_sum_add(const struct sweep_view *v, uint32_t node, struct native_sum *sum)
{
    struct native_found found;
    if (!native_holders_of(v, node, &found)) {
        return;
    }
    sum->objects++;
    sum->references += found.references;
    sum->explained += found.explained;
    for (uint32_t i = 0; i < found.count; i++) {
        add_line(sum, &found.holder[i]);
    }
}
