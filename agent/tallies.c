/* SPDX-License-Identifier: MIT
 *
 * See tallies.h.
 */
#include "tallies.h"
#include "hash.h"

#include <string.h>

uint64_t
tallies_type_key(const struct sweep_view *v, uint32_t kind)
{
    return (uint64_t)(uintptr_t)v->take.kinds.data[kind].type;
}

static uint64_t
kind_key(void *ctx, uint32_t kind)
{
    return tallies_type_key(ctx, kind);
}

/* Of the root's expression: "shop.SESSIONS", "handle() request". */
static uint64_t
root_key(void *ctx, uint32_t root)
{
    const struct sweep_view *v = ctx;
    struct take_root_name name;
    uint64_t h = ML_HASH_START;
    if (root == ML_PATH_OUTSIDE || root == ML_NO_NODE) {
        return h;
    }
    take_name_root(&v->take, root, &name);
    return ml_hash_bytes(h, name.expr, strlen(name.expr));
}

void
tallies_options(const struct sweep_view *v, struct ml_suspects_options *o)
{
    o->kind_key = kind_key;
    o->root_key = root_key;
    o->ctx = (void *)(uintptr_t)v;
}

int
tallies_of_types(const struct sweep_view *v, struct ml_tally *out, struct ml_error *err)
{
    uint32_t n = (uint32_t)v->take.kinds.len;
    struct ml_kind_sum *sums = ml_alloc_array(v->a, n, sizeof(*sums));
    int rc = sums == NULL ? ml_error_nomem(err)
                          : ml_retained_by_kind(&v->take.graph, &v->dominator,
                                                &v->retained, n, sums, v->a, err);
    for (uint32_t i = 0; i < n && rc == ML_OK; i++) {
        if (sums[i].count > 0 && ml_tally_add(out, tallies_type_key(v, i), sums[i].count,
                                              sums[i].shallow) < 0) {
            rc = ml_error_nomem(err);
        }
    }
    ml_alloc_free_array(v->a, sums, n, sizeof(*sums));
    return rc;
}

int
tallies_of_places(const struct sweep_view *v, const struct ml_places *places,
                  struct ml_tally *out, struct ml_error *err)
{
    struct ml_suspects_options o = {0};
    uint64_t *key = ml_alloc_array(v->a, places->count, sizeof(*key));
    if (key == NULL) {
        return ml_error_nomem(err);
    }
    tallies_options(v, &o);
    ml_place_keys(places, &o, key);
    int rc = ML_OK;
    for (uint32_t i = 0; i < places->count && rc == ML_OK; i++) {
        const struct ml_place *q = &places->place[i];
        if (ml_tally_add(out, key[i], q->count, q->retained) < 0) {
            rc = ml_error_nomem(err);
        }
    }
    ml_alloc_free_array(v->a, key, places->count, sizeof(*key));
    return rc;
}
