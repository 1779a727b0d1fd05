/* SPDX-License-Identifier: MIT
 *
 * The search for native holders, from the question to the answer; see native.h. Data and
 * stacks are searched first; dynamic memory, which is most of all, only when references
 * are left that those do not explain. Then each object's hits are gone through, strongest
 * first, until its references are explained: a word more than that is a stale one.
 */
#define _GNU_SOURCE
#include "native_parts.h"

#include <string.h>

#include "heap_sort.h"

/* Variables that are named at once, by one reading of a file's symbols. */
#define NAMES_AT_ONCE 256

struct search {
    const struct ml_native_query *q;
    const struct ml_alloc *a;
    struct ml_maps own; /* when the query has none */
    const struct ml_maps *maps;
    struct native_image_vec images;
    struct native_segment_vec segments;
    struct native_scan scan;
    struct ml_native_result *out;
};

/* A hit with what it means. */
struct meant {
    uint64_t at, owner;
    uint32_t wanted, segment;
    uint32_t kind;
};

struct ml_native_text {
    struct ml_native_text *next;
    size_t size;
    char text[];
};

const char *
ml_native_kind_name(enum ml_native_kind kind)
{
    static const char *const names[] = {[ML_NATIVE_DATA] = "data",
                                        [ML_NATIVE_OBJECT] = "object",
                                        [ML_NATIVE_STACK] = "stack",
                                        [ML_NATIVE_HEAP] = "heap"};
    return names[kind];
}

/* -- texts ------------------------------------------------------------------------- */

/* A copy that belongs to the result; NULL for "" and without memory. */
static const char *
keep_text(struct ml_native_result *r, const char *text)
{
    size_t len = strlen(text);
    struct ml_native_text *t;
    if (len == 0) {
        return NULL;
    }
    for (t = r->texts; t != NULL; t = t->next) { /* mostly the one before */
        if (strcmp(t->text, text) == 0) {
            return t->text;
        }
    }
    t = ml_alloc_array(r->a, 1, sizeof(*t) + len + 1);
    if (t == NULL) {
        return NULL;
    }
    t->size = sizeof(*t) + len + 1;
    memcpy(t->text, text, len + 1);
    t->next = r->texts;
    r->texts = t;
    return t->text;
}

/* -- what a hit means --------------------------------------------------------------- */

static bool
judge(const struct search *s, struct meant *m)
{
    uint64_t owner = 0;
    if (m->kind != ML_NATIVE_HEAP || s->q->judge == NULL) {
        return true;
    }
    switch (s->q->judge(s->q->ctx, m->at, m->wanted, &owner)) {
    case ML_NATIVE_WORD_OBJECT:
        m->kind = ML_NATIVE_OBJECT;
        m->owner = owner;
        return true;
    case ML_NATIVE_WORD_UNKNOWN:
        return true;
    default:
        return false;
    }
}

static bool
comes_after(const void *ctx, const void *x, const void *y)
{
    const struct meant *a = x, *b = y;
    (void)ctx;
    if (a->wanted != b->wanted) {
        return a->wanted > b->wanted;
    }
    if (a->kind != b->kind) {
        return a->kind > b->kind;
    }
    return a->at > b->at;
}

/* Whether the two are told in one line: of memory without a name, and of one owner. */
static bool
says_the_same(const struct search *s, const struct ml_native_holder *h,
              const struct meant *m, uint32_t segment)
{
    if (h->kind != m->kind) {
        return false;
    }
    switch (h->kind) {
    case ML_NATIVE_OBJECT:
        return h->owner == m->owner;
    case ML_NATIVE_STACK:
        return s->segments.data[segment].owner == s->segments.data[m->segment].owner &&
               s->segments.data[segment].owner != NATIVE_NOBODY;
    case ML_NATIVE_HEAP:
        return true;
    default:
        return false;
    }
}

static struct ml_native_holder
describe(const struct search *s, const struct meant *m)
{
    const struct native_segment *segment = &s->segments.data[m->segment];
    struct ml_native_holder h = {.kind = m->kind, .references = 1, .at = m->at,
                                 .owner = m->owner};
    if (m->kind == ML_NATIVE_DATA) {
        const char *path = s->images.data[segment->owner].path;
        const char *slash = strrchr(path, '/');
        h.path = keep_text(s->out, path);
        h.library = keep_text(s->out, slash != NULL ? slash + 1 : path);
        h.offset = m->at - s->images.data[segment->owner].bias;
    }
    else if (m->kind == ML_NATIVE_STACK && segment->owner != NATIVE_NOBODY) {
        const struct ml_native_thread *t = &s->q->threads[segment->owner];
        h.thread = t->native_id;
        h.handle = t->handle;
        h.main_thread = t->is_main;
    }
    return h;
}

static int
push_holder(struct ml_native_result *r, const struct ml_native_holder *h)
{
    if (r->holder_count == r->holder_cap) {
        size_t to = ml_grown(r->holder_cap, 16);
        struct ml_native_holder *holder = ml_alloc_resize_array(
            r->a, r->holder, r->holder_cap, to, sizeof(*holder));
        if (holder == NULL) {
            return ML_ENOMEM;
        }
        r->holder = holder;
        r->holder_cap = to;
    }
    r->holder[r->holder_count++] = *h;
    return ML_OK;
}

/* `meant` in order; explains until all references are. */
static int
explain(struct search *s, const struct meant *meant, size_t count)
{
    struct ml_native_result *r = s->out;
    uint32_t segment = 0; /* of the last holder */
    for (size_t i = 0; i < count; i++) {
        struct ml_native_answer *answer = &r->answer[meant[i].wanted];
        if (answer->explained >= answer->references) {
            continue;
        }
        answer->explained++;
        if (answer->count > 0 &&
            says_the_same(s, &r->holder[r->holder_count - 1], &meant[i], segment)) {
            r->holder[r->holder_count - 1].references++;
            continue;
        }
        struct ml_native_holder h = describe(s, &meant[i]);
        answer->first = answer->count++ > 0 ? answer->first : (uint32_t)r->holder_count;
        segment = meant[i].segment;
        if (push_holder(r, &h) < 0) {
            return ML_ENOMEM;
        }
    }
    return ML_OK;
}

static int
judge_all(struct search *s)
{
    struct native_hit_vec *hits = &s->scan.hits;
    struct meant *meant = ml_alloc_array(s->a, hits->len + 1, sizeof(*meant));
    size_t count = 0;
    if (meant == NULL) {
        return ML_ENOMEM;
    }
    for (size_t i = 0; i < hits->len; i++) {
        const struct native_hit *h = &hits->data[i];
        struct meant m = {h->at, 0, h->wanted, h->segment,
                          s->segments.data[h->segment].kind};
        if (judge(s, &m)) {
            meant[count++] = m;
        }
    }
    ml_heap_sort(meant, count, sizeof(*meant), comes_after, NULL);
    int rc = explain(s, meant, count);
    ml_alloc_free_array(s->a, meant, hits->len + 1, sizeof(*meant));
    return rc;
}

/* -- names ------------------------------------------------------------------------- */

static bool
is_behind(const void *ctx, const void *x, const void *y)
{
    const struct ml_native_result *r = ctx;
    return r->holder[*(const uint32_t *)x].at > r->holder[*(const uint32_t *)y].at;
}

/* Names the holders listed in `which`, all in one file. */
static void
name_some(struct search *s, const struct native_image *image, const uint32_t *which,
          size_t count, struct native_symbol *symbols)
{
    struct ml_native_result *r = s->out;
    for (size_t i = 0; i < count; i++) {
        symbols[i].address = r->holder[which[i]].at;
    }
    native_symbols_name(image, symbols, count);
    for (size_t i = 0; i < count; i++) {
        r->holder[which[i]].symbol = keep_text(r, symbols[i].name);
        r->holder[which[i]].offset = symbols[i].offset;
    }
}

static bool
is_in(const struct search *s, uint64_t at, uint32_t image)
{
    for (size_t i = 0; i < s->segments.len; i++) {
        const struct native_segment *p = &s->segments.data[i];
        if (p->kind == ML_NATIVE_DATA && p->owner == image && at >= p->from && at < p->to) {
            return true;
        }
    }
    return false;
}

static int
name_all(struct search *s)
{
    struct ml_native_result *r = s->out;
    uint32_t *which = ml_alloc_array(s->a, r->holder_count + 1, sizeof(*which));
    struct native_symbol *symbols =
        ml_alloc_array(s->a, NAMES_AT_ONCE, sizeof(*symbols));
    size_t room = r->holder_count + 1;
    for (uint32_t image = 0; which != NULL && symbols != NULL && image < s->images.len;
         image++) {
        size_t count = 0;
        for (uint32_t i = 0; i < r->holder_count; i++) {
            if (r->holder[i].kind == ML_NATIVE_DATA && is_in(s, r->holder[i].at, image)) {
                which[count++] = i;
            }
        }
        ml_heap_sort(which, count, sizeof(*which), is_behind, r);
        for (size_t at = 0; at < count; at += NAMES_AT_ONCE) {
            size_t n = count - at < NAMES_AT_ONCE ? count - at : NAMES_AT_ONCE;
            name_some(s, &s->images.data[image], which + at, n, symbols);
        }
    }
    int rc = which != NULL && symbols != NULL ? ML_OK : ML_ENOMEM;
    ml_alloc_free_array(s->a, symbols, NAMES_AT_ONCE, sizeof(*symbols));
    ml_alloc_free_array(s->a, which, room, sizeof(*which));
    return rc;
}

/* -- the whole --------------------------------------------------------------------- */

static bool
is_all_explained(const struct search *s)
{
    uint32_t *found = ml_alloc_array(s->a, s->q->count, sizeof(*found));
    bool all = found != NULL;
    for (size_t i = 0; all && i < s->scan.hits.len; i++) {
        found[s->scan.hits.data[i].wanted]++;
    }
    for (size_t i = 0; all && i < s->q->count; i++) {
        all = found[i] >= s->q->wanted[i].references;
    }
    ml_alloc_free_array(s->a, found, s->q->count, sizeof(*found));
    return all;
}

static int
find_hits(struct search *s, const struct ml_cancel *cancel)
{
    int rc = native_images_find(s->maps, s->a, &s->images, &s->segments);
    rc = rc == ML_OK ? native_segments_find(s->q, s->maps, s->a, &s->segments) : rc;
    rc = rc == ML_OK ? native_scan_init(&s->scan, s->q, s->a, cancel) : rc;
    rc = rc == ML_OK ? native_scan_kind(&s->scan, &s->segments, ML_NATIVE_DATA) : rc;
    rc = rc == ML_OK ? native_scan_kind(&s->scan, &s->segments, ML_NATIVE_STACK) : rc;
    if (rc == ML_OK && !s->q->no_heap && !is_all_explained(s)) {
        rc = native_scan_kind(&s->scan, &s->segments, ML_NATIVE_HEAP);
    }
    s->out->scanned = s->scan.scanned;
    return rc;
}

static int
run(struct search *s, const struct ml_cancel *cancel)
{
    struct ml_native_result *r = s->out;
    r->answer = ml_alloc_array(s->a, s->q->count, sizeof(*r->answer));
    if (r->answer == NULL) {
        return ML_ENOMEM;
    }
    r->count = s->q->count;
    for (size_t i = 0; i < r->count; i++) {
        r->answer[i].references = s->q->wanted[i].references;
    }
    int rc = find_hits(s, cancel);
    rc = rc == ML_OK ? judge_all(s) : rc;
    return rc == ML_OK ? name_all(s) : rc;
}

int
ml_native_search(const struct ml_native_query *q, const struct ml_alloc *a,
                 const struct ml_cancel *cancel, struct ml_native_result *out,
                 struct ml_error *err)
{
    struct search s = {.q = q, .a = a, .maps = q->maps, .out = out};
    int rc = ML_OK;
    memset(out, 0, sizeof(*out));
    out->a = a;
    if (q->count == 0) {
        return ML_OK;
    }
    if (s.maps == NULL) {
        rc = ml_maps_read(&s.own, a, err);
        s.maps = &s.own;
    }
    if (rc == ML_OK && (rc = run(&s, cancel)) < 0) {
        ml_error_set(err, rc, rc == ML_ECANCELLED ? "stopped while searching native memory"
                                                  : "out of memory");
    }
    native_scan_fini(&s.scan);
    native_segment_vec_free(&s.segments, a);
    native_image_vec_free(&s.images, a);
    ml_maps_fini(&s.own);
    if (rc < 0) {
        ml_native_result_fini(out);
    }
    return rc;
}

void
ml_native_result_fini(struct ml_native_result *r)
{
    if (r->a == NULL) {
        return;
    }
    while (r->texts != NULL) {
        struct ml_native_text *t = r->texts;
        r->texts = t->next;
        ml_alloc_free_array(r->a, t, 1, t->size);
    }
    ml_alloc_free_array(r->a, r->holder, r->holder_cap, sizeof(*r->holder));
    ml_alloc_free_array(r->a, r->answer, r->count, sizeof(*r->answer));
    memset(r, 0, sizeof(*r));
}
