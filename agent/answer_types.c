/* SPDX-License-Identifier: MIT
 *
 * `types`: live objects by type, what they weigh, what would go with all of them.
 */
#include "answers.h"

#define DEFAULT_LIMIT 20

static void
sift(const struct ml_kind_sum *sums, uint32_t *heap, uint32_t n, uint32_t i)
{
    for (;;) { /* a binary heap with the least retained on top */
        uint32_t least = i, l = 2 * i + 1, r = 2 * i + 2;
        if (l < n && sums[heap[l]].retained < sums[heap[least]].retained) {
            least = l;
        }
        if (r < n && sums[heap[r]].retained < sums[heap[least]].retained) {
            least = r;
        }
        if (least == i) {
            return;
        }
        uint32_t swap = heap[i];
        heap[i] = heap[least];
        heap[least] = swap;
        i = least;
    }
}

/* Sorts all kinds by retained bytes, largest first (heap sort: no libc qsort, which may
 * call malloc). */
static void
sort_kinds(const struct ml_kind_sum *sums, uint32_t *order, uint32_t n)
{
    for (uint32_t i = n / 2; i-- > 0;) {
        sift(sums, order, n, i);
    }
    for (uint32_t end = n; end > 1; end--) {
        uint32_t swap = order[0];
        order[0] = order[end - 1];
        order[end - 1] = swap;
        sift(sums, order, end - 1, 0);
    }
}

static void
write_rows(const struct sweep_view *v, const struct ml_kind_sum *sums,
           const uint32_t *order, uint32_t n, int limit, struct ml_json *j)
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
    int rc = sums == NULL || order == NULL
                 ? ml_error_nomem(err)
                 : ml_retained_by_kind(&v->take.graph, &v->dominator, &v->retained, n, sums,
                                       v->a, err);
    if (rc == ML_OK) {
        for (uint32_t i = 0; i < n; i++) {
            order[i] = i;
        }
        sort_kinds(sums, order, n);
        ml_json_begin_object(j);
        write_rows(v, sums, order, n, r->limit == ML_REQUEST_UNSET ? DEFAULT_LIMIT : r->limit,
                   j);
        describe_totals(v, j);
        describe_sweep(v, j);
        ml_json_end_object(j);
    }
    ml_alloc_free_array(v->a, order, n, sizeof(*order));
    ml_alloc_free_array(v->a, sums, n, sizeof(*sums));
    return rc;
}
