/* SPDX-License-Identifier: MIT
 *
 * See tally.h.
 */
#include "tally.h"

#include "heap_sort.h"

#include <string.h>

static bool
by_key(const void *ctx, const void *x, const void *y)
{
    const struct ml_tally_row *a = x, *b = y;
    return a->key > b->key;
}

/* Most bytes first; ties by key, so that two looks at the same heap keep the same. */
static bool
by_bytes(const void *ctx, const void *x, const void *y)
{
    const struct ml_tally_row *a = x, *b = y;
    return a->bytes != b->bytes ? a->bytes < b->bytes : a->key > b->key;
}

static void
sort_rows(struct ml_tally *t, ml_is_after after)
{
    ml_heap_sort(t->row, t->count, sizeof(*t->row), after, NULL);
}

void
ml_tally_init(struct ml_tally *t, const struct ml_alloc *a)
{
    memset(t, 0, sizeof(*t));
    t->a = a;
}

void
ml_tally_fini(struct ml_tally *t)
{
    if (t->a != NULL) {
        ml_alloc_free_array(t->a, t->row, t->cap, sizeof(*t->row));
    }
    memset(t, 0, sizeof(*t));
}

static int
make_room(struct ml_tally *t, uint32_t wanted)
{
    if (wanted <= t->cap) {
        return ML_OK;
    }
    size_t cap = ml_grown(t->cap, wanted < 16 ? 16 : wanted);
    cap = cap < UINT32_MAX ? cap : UINT32_MAX;
    struct ml_tally_row *row =
        ml_alloc_resize_array(t->a, t->row, t->cap, cap, sizeof(*row));
    if (row == NULL) {
        return ML_ENOMEM;
    }
    t->row = row;
    t->cap = (uint32_t)cap;
    return ML_OK;
}

int
ml_tally_add(struct ml_tally *t, uint64_t key, uint64_t count, uint64_t bytes)
{
    if (t->count == UINT32_MAX || make_room(t, t->count + 1) < 0) {
        return ML_ENOMEM;
    }
    t->row[t->count++] = (struct ml_tally_row){key, count, bytes};
    return ML_OK;
}

static uint32_t
add_up(struct ml_tally_row *row, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kept > 0 && row[kept - 1].key == row[i].key) {
            row[kept - 1].count += row[i].count;
            row[kept - 1].bytes += row[i].bytes;
        } else {
            row[kept++] = row[i];
        }
    }
    return kept;
}

void
ml_tally_close(struct ml_tally *t, uint32_t max)
{
    sort_rows(t, by_key);
    t->count = add_up(t->row, t->count);
    if (max > 0 && t->count > max) {
        sort_rows(t, by_bytes);
        t->count = max;
        sort_rows(t, by_key);
    }
}

const struct ml_tally_row *
ml_tally_find(const struct ml_tally *t, uint64_t key)
{
    uint32_t low = 0, high = t->count;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (t->row[mid].key == key) {
            return &t->row[mid];
        }
        if (t->row[mid].key < key) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NULL;
}

int
ml_tally_take(struct ml_tally *t, const struct ml_tally_row *rows, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        if (rows[i - 1].key >= rows[i].key) {
            return ML_EFORMAT;
        }
    }
    if (make_room(t, count) < 0) {
        return ML_ENOMEM;
    }
    if (count > 0) {
        memcpy(t->row, rows, count * sizeof(*rows));
    }
    t->count = count;
    return ML_OK;
}
