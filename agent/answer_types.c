/* SPDX-License-Identifier: MIT
 *
 * `types`: live objects by type, what they weigh, what would go with all of them.
 */
#include "answers.h"
#include "heap_sort.h"

#define DEFAULT_LIMIT 20

/* Largest retained first. */
static bool
is_after(const void *ctx, const void *a, const void *b)
{
    const struct ml_kind_sum *sums = ctx;
    return sums[*(const uint32_t *)a].retained < sums[*(const uint32_t *)b].retained;
}

static void
count_outside(const struct sweep_view *v, uint32_t *outside)
{
    const struct ml_heap_graph *g = &v->take.graph;
    for (uint32_t node = 0; node < g->node_count; node++) {
        bool own = (g->flags[node] & ML_NODE_OWN) != 0;
        outside[g->kind[node]] += !own && sweep_view_outside(v, node);
    }
}

static void
write_rows(const struct sweep_view *v, const struct ml_kind_sum *sums,
           const uint32_t *outside, const uint32_t *order, uint32_t n, int limit,
           struct ml_json *j)
{
    struct ml_buf name;
    ml_buf_init(&name, v->a);
    ml_json_key(j, "types");
    ml_json_begin_array(j);
    for (uint32_t i = 0; i < n && (limit <= 0 || i < (uint32_t)limit); i++) {
        const struct ml_kind_sum *sum = &sums[order[i]];
        if (sum->count == 0) {
            continue;
        }
        name.len = 0;
        take_type_name(v->take.kinds.data[order[i]].type, &name);
        ml_json_begin_object(j);
        ml_json_key(j, "type");
        ml_json_strn(j, name.data, name.len);
        ml_json_kv_uint(j, "count", sum->count);
        ml_json_kv_uint(j, "shallow_size", sum->shallow);
        ml_json_kv_uint(j, "retained_size", sum->retained);
        ml_json_kv_uint(j, "outside", outside[order[i]]);
        ml_json_end_object(j);
    }
    ml_json_end_array(j);
    ml_buf_fini(&name);
}

int
answer_types(const struct sweep_view *v, const struct ml_sweep_request *r,
             struct ml_json *j, struct ml_error *err)
{
    uint32_t n = (uint32_t)v->take.kinds.len;
    struct ml_kind_sum *sums = ml_alloc_array(v->a, n, sizeof(*sums));
    uint32_t *order = ml_alloc_array(v->a, n, sizeof(*order));
    uint32_t *outside = ml_alloc_array(v->a, n, sizeof(*outside));
    int rc = sums == NULL || order == NULL || outside == NULL
                 ? ml_error_nomem(err)
                 : ml_retained_by_kind(&v->take.graph, &v->dominator, &v->retained, n, sums,
                                       v->a, err);
    if (rc == ML_OK) {
        for (uint32_t i = 0; i < n; i++) {
            order[i] = i;
        }
        ml_heap_sort(order, n, sizeof(*order), is_after, sums);
        ml_json_begin_object(j);
        count_outside(v, outside);
        write_rows(v, sums, outside, order, n,
                   r->limit == ML_REQUEST_UNSET ? DEFAULT_LIMIT : r->limit, j);
        describe_totals(v, j);
        describe_sweep(v, j);
        ml_json_end_object(j);
    }
    ml_alloc_free_array(v->a, outside, n, sizeof(*outside));
    ml_alloc_free_array(v->a, order, n, sizeof(*order));
    ml_alloc_free_array(v->a, sums, n, sizeof(*sums));
    return rc;
}
