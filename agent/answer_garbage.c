/* SPDX-License-Identifier: MIT
 *
 * `garbage`: cycles that nobody can reach and that wait for the collector, grouped by
 * what they are made of; and what the collector gave up on (gc.garbage).
 */
#include "answers.h"

#include <string.h>

#include "cycle.h"

#define DEFAULT_LIMIT 20

static void
write_group(const struct sweep_view *v, const struct ml_cycle_group *group,
            struct ml_json *j)
{
    struct ml_buf name;
    ml_buf_init(&name, v->a);
    ml_json_begin_object(j);
    ml_json_key(j, "types");
    ml_json_begin_array(j);
    for (uint32_t i = 0; i < group->kind_count; i++) {
        name.len = 0;
        take_type_name(v->take.kinds.data[group->kinds[i]].type, &name);
        ml_json_strn(j, name.data, name.len);
    }
    ml_json_end_array(j);
    ml_json_kv_uint(j, "cycles", group->cycles);
    ml_json_kv_uint(j, "objects", group->objects);
    ml_json_kv_uint(j, "size", group->size);
    ml_json_key(j, "example");
    ml_json_begin_object(j);
    ml_json_kv_hex(j, "address", v->take.graph.address[group->example]);
    ml_json_key(j, "str");
    describe_text(v, group->example, j);
    ml_json_end_object(j);
    ml_json_end_object(j);
    ml_buf_fini(&name);
}

/* The list gc.garbage is one of the interpreter's roots. */
static void
write_uncollectable(const struct sweep_view *v, uint32_t limit, struct ml_json *j)
{
    const struct ml_root_vec *roots = &v->take.graph.roots;
    ml_json_key(j, "uncollectable");
    ml_json_begin_array(j);
    for (size_t i = 0; i < roots->len; i++) {
        const struct take_root *root = &v->take.roots.data[roots->data[i].name];
        if (root->kind != ROOT_INTERP || strcmp(root->text, "gc.garbage") != 0) {
            continue;
        }
        uint32_t count;
        const uint32_t *to =
            ml_heap_graph_edges(&v->take.graph, roots->data[i].node, &count);
        for (uint32_t k = 0; k < count && k < limit; k++) {
            ml_json_begin_object(j);
            ml_json_kv_hex(j, "address", v->take.graph.address[to[k]]);
            ml_json_key(j, "type");
            describe_type(v, to[k], j);
            ml_json_key(j, "str");
            describe_text(v, to[k], j);
            ml_json_end_object(j);
        }
    }
    ml_json_end_array(j);
}

int
answer_garbage(const struct sweep_view *v, const struct ml_sweep_request *r,
               struct ml_json *j, struct ml_error *err)
{
    struct ml_cycle_groups groups;
    memset(&groups, 0, sizeof(groups));
    int rc = ml_cycle_groups_build(&v->take.graph, &v->reach, v->a, v->cancel, &groups, err);
    if (rc < 0) {
        return rc;
    }
    uint32_t limit = r->limit == ML_REQUEST_UNSET ? DEFAULT_LIMIT : (uint32_t)r->limit;
    ml_json_begin_object(j);
    ml_json_key(j, "groups");
    ml_json_begin_array(j);
    for (uint32_t i = 0; i < groups.count && i < limit; i++) {
        write_group(v, &groups.group[i], j);
    }
    ml_json_end_array(j);
    write_uncollectable(v, limit, j);
    describe_totals(v, j);
    describe_sweep(v, j);
    ml_json_end_object(j);
    ml_cycle_groups_fini(&groups);
    return ML_OK;
}
