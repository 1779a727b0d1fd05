/* SPDX-License-Identifier: MIT
 *
 * `refs`: what one object refers to, each with what it is called and what it retains.
 */
#include "answers.h"

#include <stdio.h>

#define DEFAULT_LIMIT 100
#define DRAWN 30

static void
write_object(const struct sweep_view *v, uint32_t node, const struct object_path *path,
             struct ml_json *j)
{
    struct ml_buf text;
    ml_buf_init(&text, v->a);
    describe_expression(path, false, &text);
    ml_json_key(j, "object");
    ml_json_begin_object(j);
    describe_object_keys(v, node, j);
    ml_json_key(j, "path");
    ml_json_strn(j, text.data, text.len);
    describe_native(v, path, j);
    ml_json_end_object(j);
    ml_buf_fini(&text);
}

static void
write_reference(const struct sweep_view *v, uint32_t before, uint32_t from, uint32_t to,
                struct ml_json *j)
{
    struct take_name name;
    take_name_edge(&v->take, before, from, to, &name);
    ml_json_begin_object(j);
    ml_json_kv_str(j, "label", name.expr[0] != '\0' ? name.expr : name.words);
    ml_json_kv_str(j, "kind", describe_edge_kind(name.kind));
    describe_object_keys(v, to, j);
    ml_json_end_object(j);
}

int
answer_refs(const struct sweep_view *v, const struct ml_sweep_request *r,
            struct ml_json *j, struct ml_error *err)
{
    uint32_t node = ml_addr_map_get(v->take.map, r->address), count;
    if (r->address == 0 || node == ML_NO_NODE) {
        return ml_error_set(err, ML_ENOTFOUND, "no object at 0x%llx",
                            (unsigned long long)r->address);
    }
    const uint32_t *to = ml_heap_graph_edges(&v->take.graph, node, &count);
    uint32_t limit = r->limit == ML_REQUEST_UNSET ? DEFAULT_LIMIT : (uint32_t)r->limit;
    struct object_path *paths = ml_alloc_array(v->a, DRAWN + 1, sizeof(*paths));
    if (paths == NULL) {
        return ml_error_nomem(err);
    }
    describe_path(v, node, &paths[0]);
    ml_json_begin_object(j);
    write_object(v, node, &paths[0], j);
    uint32_t before = v->paths.parent[node], drawn = 0;
    ml_json_key(j, "references");
    ml_json_begin_array(j);
    for (uint32_t i = 0; i < count && i < limit; i++) {
        write_reference(v, before, node, to[i], j);
        if (drawn < DRAWN) {
            paths[1 + drawn] = paths[0];
            describe_extend(v, &paths[1 + drawn++], to[i]);
        }
    }
    ml_json_end_array(j);
    ml_json_kv_uint(j, "total", count);
    ml_json_key(j, "graph");
    int rc = describe_graph(v, drawn > 0 ? paths + 1 : paths, drawn > 0 ? drawn : 1, 1, j);
    describe_sweep(v, j);
    ml_json_end_object(j);
    ml_alloc_free_array(v->a, paths, DRAWN + 1, sizeof(*paths));
    return rc < 0 ? ml_error_nomem(err) : ML_OK;
}
