/* SPDX-License-Identifier: MIT
 *
 * `retained`: the objects that keep the most alive. Where one holds another that retains
 * nearly as much (an application object and the cache in it), the inner one is named: its
 * path tells the way. Modules, classes and the like are left out.
 */
#include "answers.h"

#define DEFAULT_LIMIT 20
#define CANDIDATES 512
#define NEARLY 0.9

struct top {
    const struct sweep_view *v;
    uint32_t node[CANDIDATES]; /* most retained first */
    uint32_t count;
};

static void
offer(struct top *top, uint32_t node)
{
    const uint64_t *bytes = top->v->retained.bytes;
    if (top->count == CANDIDATES && bytes[node] <= bytes[top->node[CANDIDATES - 1]]) {
        return;
    }
    uint32_t i = top->count < CANDIDATES ? top->count++ : CANDIDATES - 1;
    for (; i > 0 && bytes[top->node[i - 1]] < bytes[node]; i--) {
        top->node[i] = top->node[i - 1];
    }
    top->node[i] = node;
}

static void
collect(struct top *top)
{
    const struct ml_heap_graph *g = &top->v->take.graph;
    const uint8_t skip = ML_NODE_OWN | ML_NODE_FURNITURE | ML_NODE_FOLD;
    for (uint32_t n = 0; n < g->node_count; n++) {
        if (!(g->flags[n] & skip) && top->v->retained.bytes[n] > 0) {
            offer(top, n);
        }
    }
}

/* Whether a candidate further down the dominator tree retains nearly as much. */
static bool
has_nearly_equal_inside(const struct top *top, uint32_t i)
{
    const struct sweep_view *v = top->v;
    uint64_t enough = (uint64_t)((double)v->retained.bytes[top->node[i]] * NEARLY);
    for (uint32_t k = 0; k < top->count; k++) {
        if (k == i || v->retained.bytes[top->node[k]] < enough) {
            continue;
        }
        uint32_t up = v->dominator.idom[top->node[k]];
        for (int steps = 0; up != ML_NO_NODE && steps < 64; steps++) {
            if (up == top->node[i]) {
                return true;
            }
            up = v->dominator.idom[up];
        }
    }
    return false;
}

static void
write_retainer(const struct sweep_view *v, uint32_t node, struct object_path *path,
               struct ml_json *j)
{
    struct ml_buf text;
    ml_buf_init(&text, v->a);
    describe_path(v, node, path);
    describe_expression(path, false, &text);
    ml_json_begin_object(j);
    ml_json_key(j, "path");
    ml_json_strn(j, text.data, text.len);
    ml_json_key(j, "type");
    describe_type(v, node, j);
    ml_json_kv_hex(j, "address", v->take.graph.address[node]);
    ml_json_kv_uint(j, "size", ml_heap_graph_size(&v->take.graph, node));
    ml_json_kv_uint(j, "retained_size", v->retained.bytes[node]);
    ml_json_kv_uint(j, "objects", v->retained.objects[node]);
    ml_json_end_object(j);
    ml_buf_fini(&text);
}

int
answer_retained(const struct sweep_view *v, const struct ml_sweep_request *r,
                struct ml_json *j, struct ml_error *err)
{
    struct top *top = ml_alloc_array(v->a, 1, sizeof(*top));
    struct object_path *path = ml_alloc_array(v->a, 1, sizeof(*path));
    int limit = r->limit == ML_REQUEST_UNSET ? DEFAULT_LIMIT : r->limit;
    if (top == NULL || path == NULL) {
        return ml_error_nomem(err);
    }
    top->v = v;
    collect(top);
    ml_json_begin_object(j);
    ml_json_key(j, "retainers");
    ml_json_begin_array(j);
    for (uint32_t i = 0, rows = 0; i < top->count && rows < (uint32_t)limit; i++) {
        if (!has_nearly_equal_inside(top, i)) {
            write_retainer(v, top->node[i], path, j);
            rows++;
        }
    }
    ml_json_end_array(j);
    describe_totals(v, j);
    describe_sweep(v, j);
    ml_json_end_object(j);
    ml_alloc_free_array(v->a, path, 1, sizeof(*path));
    ml_alloc_free_array(v->a, top, 1, sizeof(*top));
    return ML_OK;
}
