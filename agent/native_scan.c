/* SPDX-License-Identifier: MIT
 *
 * One pass over memory: which words are addresses of wanted objects. Nearly all words are
 * turned away by two comparisons: with the range of the addresses, and with a bit of a
 * filter that stays in the second cache; the rest is looked up exactly.
 *
 * Pages that were never touched (a table that is reserved in whole) are passed over: to
 * read them would make page tables for them.
 */
#define _GNU_SOURCE
#include "native_parts.h"

#include <string.h>
#include <sys/mman.h>

#define PAGE ((uint64_t)4096)
#define BLOCK_PAGES 256
#define BLOCK (PAGE * BLOCK_PAGES)
#define FOUND_AT_ONCE 256
#define ASK_EVERY 64 /* blocks */

struct found {
    uint64_t at;
    uint32_t wanted;
};

/* -- the filter -------------------------------------------------------------------- */

static size_t
hash(uint64_t address, unsigned bits)
{
    return (size_t)(((address >> 3) * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - bits));
}

static void
enter(struct native_scan *s, uint32_t index)
{
    uint64_t address = s->wanted[index].address;
    size_t bit = hash(address, s->filter_bits);
    s->filter[bit / 64] |= (uint64_t)1 << (bit % 64);
    size_t mask = ((size_t)1 << s->slot_bits) - 1, i = hash(address, s->slot_bits);
    while (s->slot[i] != 0) {
        i = (i + 1) & mask;
    }
    s->slot[i] = index + 1;
}

static uint32_t
look_up(const struct native_scan *s, uint64_t address)
{
    size_t mask = ((size_t)1 << s->slot_bits) - 1, i = hash(address, s->slot_bits);
    for (; s->slot[i] != 0; i = (i + 1) & mask) {
        if (s->wanted[s->slot[i] - 1].address == address) {
            return s->slot[i] - 1;
        }
    }
    return NATIVE_NOBODY;
}

int
native_scan_init(struct native_scan *s, const struct ml_native_query *q,
                 const struct ml_alloc *a, const struct ml_cancel *cancel)
{
    memset(s, 0, sizeof(*s));
    s->wanted = q->wanted;
    s->count = q->count;
    s->a = a;
    s->cancel = cancel;
    s->guard = q->guard;
    s->slot_bits = 4;
    while (((size_t)1 << s->slot_bits) < q->count * 2) {
        s->slot_bits++;
    }
    s->filter_bits = s->slot_bits + 4;
    s->filter = ml_alloc_array(a, ((size_t)1 << s->filter_bits) / 64, sizeof(uint64_t));
    s->slot = ml_alloc_array(a, (size_t)1 << s->slot_bits, sizeof(uint32_t));
    s->hits_of = ml_alloc_array(a, q->count, sizeof(uint32_t));
    if (s->filter == NULL || s->slot == NULL || s->hits_of == NULL) {
        native_scan_fini(s);
        return ML_ENOMEM;
    }
    uint64_t high = 0;
    s->low = UINT64_MAX;
    for (size_t i = 0; i < q->count; i++) {
        s->low = q->wanted[i].address < s->low ? q->wanted[i].address : s->low;
        high = q->wanted[i].address > high ? q->wanted[i].address : high;
        enter(s, (uint32_t)i);
    }
    s->span = high - s->low;
    return ML_OK;
}

void
native_scan_fini(struct native_scan *s)
{
    if (s->a == NULL) {
        return;
    }
    ml_alloc_free_array(s->a, s->hits_of, s->count, sizeof(uint32_t));
    ml_alloc_free_array(s->a, s->slot, (size_t)1 << s->slot_bits, sizeof(uint32_t));
    ml_alloc_free_array(s->a, s->filter, ((size_t)1 << s->filter_bits) / 64,
                        sizeof(uint64_t));
    native_hit_vec_free(&s->hits, s->a);
    s->a = NULL;
}

/* -- the pass ---------------------------------------------------------------------- */

/* Other people's memory: what lies between their variables is read, too. */
__attribute__((no_sanitize_address)) static uint64_t
scan_words(const struct native_scan *s, uint64_t from, uint64_t to, struct found *found,
           size_t *count)
{
    const uint64_t *p = (const uint64_t *)(uintptr_t)from;
    const uint64_t *end = (const uint64_t *)(uintptr_t)to;
    for (; p < end && *count < FOUND_AT_ONCE; p++) {
        uint64_t word = *p;
        if (__builtin_expect(word - s->low > s->span, 1)) {
            continue;
        }
        size_t bit = hash(word, s->filter_bits);
        if (!((s->filter[bit / 64] >> (bit % 64)) & 1)) {
            continue;
        }
        uint32_t wanted = look_up(s, word);
        if (wanted != NATIVE_NOBODY) {
            found[(*count)++] = (struct found){(uint64_t)(uintptr_t)p, wanted};
        }
    }
    return (uint64_t)(uintptr_t)p;
}

static int
keep(struct native_scan *s, const struct found *found, size_t count, uint32_t segment)
{
    for (size_t i = 0; i < count; i++) {
        if (s->hits_of[found[i].wanted]++ >= NATIVE_MOST_HITS) {
            continue;
        }
        struct native_hit hit = {found[i].at, found[i].wanted, segment};
        if (native_hit_vec_push(&s->hits, s->a, hit) < 0) {
            return ML_ENOMEM;
        }
    }
    return ML_OK;
}

/* Guarded in pieces, so that nothing is allocated while a fault may jump out. */
static int
scan_run(struct native_scan *s, uint64_t from, uint64_t to, uint32_t segment)
{
    struct found found[FOUND_AT_ONCE];
    volatile uint64_t at = from;
    if (s->guard != NULL && ML_GUARD_ENTER(s->guard) != 0) {
        return ML_OK; /* not there after all */
    }
    while (at < to) {
        size_t count = 0;
        ml_guard_arm(s->guard);
        at = scan_words(s, at, to, found, &count);
        ml_guard_disarm(s->guard);
        if (keep(s, found, count, segment) < 0) {
            return ML_ENOMEM;
        }
    }
    s->scanned += to - from;
    return ML_OK;
}

/* A block of at most BLOCK bytes that begins in a page of its own: what is resident. */
static int
scan_block(struct native_scan *s, uint64_t from, uint64_t to, uint32_t segment)
{
    unsigned char resident[BLOCK_PAGES];
    uint64_t first = from & ~(PAGE - 1);
    if (mincore((void *)(uintptr_t)first, to - first, resident) < 0) {
        return ML_OK;
    }
    uint64_t at = from;
    while (at < to) {
        uint64_t run = at;
        while (run < to && (resident[(run - first) / PAGE] & 1)) {
            run = (run & ~(PAGE - 1)) + PAGE;
        }
        run = run < to ? run : to;
        if (run > at && scan_run(s, at, run, segment) < 0) {
            return ML_ENOMEM;
        }
        at = run > at ? run : (at & ~(PAGE - 1)) + PAGE;
    }
    return ML_OK;
}

static int
scan_segment(struct native_scan *s, const struct native_segment *segment, uint32_t index)
{
    uint64_t from = (segment->from + 7) & ~(uint64_t)7, to = segment->to & ~(uint64_t)7;
    int rc = ML_OK;
    unsigned blocks = 0;
    if (segment->kind == ML_NATIVE_DATA) { /* a file's pages are there when asked for */
        return from < to ? scan_run(s, from, to, index) : ML_OK;
    }
    while (from < to && rc == ML_OK) {
        uint64_t end = (from & ~(PAGE - 1)) + BLOCK;
        end = end < to ? end : to;
        rc = scan_block(s, from, end, index);
        from = end;
        if (++blocks % ASK_EVERY == 0 &&
            ml_cancel_ask(s->cancel, "searching native memory", 0.9)) {
            rc = ML_ECANCELLED;
        }
    }
    return rc;
}

int
native_scan_kind(struct native_scan *s, const struct native_segment_vec *segments,
                 enum ml_native_kind kind)
{
    int rc = ML_OK;
    memset(s->hits_of, 0, s->count * sizeof(*s->hits_of));
    for (size_t i = 0; i < segments->len && rc == ML_OK; i++) {
        if (segments->data[i].kind == kind) {
            rc = scan_segment(s, &segments->data[i], (uint32_t)i);
        }
    }
    return rc;
}
