/* SPDX-License-Identifier: MIT
 *
 * `paths`: who keeps it alive. For each object asked for, its shortest path, and the
 * shortest paths through others that refer to it.
 */
#include "answers.h"

#include <string.h>

#include "compat/compat.h"
#include "native_holders.h"

#define DEFAULT_LIMIT 5   /* objects, when asked for by type */
#define MAX_PATHS 4       /* for one object */
#define MAX_TARGETS 100

struct targets {
    uint32_t node[MAX_TARGETS];
    uint32_t count, limit;
    uint64_t matched;
};

static bool
kind_matches(const struct sweep_view *v, uint32_t kind, const char *type)
{
    struct ml_buf name;
    ml_buf_init(&name, v->a);
    take_type_name(v->take.kinds.data[kind].type, &name);
    bool matches = strstr(ml_buf_str(&name), type) != NULL;
    ml_buf_fini(&name);
    return matches;
}

static int
find_by_type(const struct sweep_view *v, const char *type, struct targets *out,
             struct ml_error *err)
{
    size_t kinds = v->take.kinds.len;
    uint8_t *match = ml_alloc_array(v->a, kinds, 1);
    if (match == NULL) {
        return ml_error_nomem(err);
    }
    for (uint32_t k = 0; k < kinds; k++) {
        match[k] = kind_matches(v, k, type);
    }
    const struct ml_heap_graph *g = &v->take.graph;
    for (uint32_t n = 0; n < g->node_count; n++) {
        if (match[g->kind[n]] && !(g->flags[n] & ML_NODE_OWN) &&
            ml_bitset_has(&v->reach.alive, n)) {
            out->matched++;
            if (out->count < out->limit) {
                out->node[out->count++] = n;
            }
        }
    }
    ml_alloc_free_array(v->a, match, kinds, 1);
    return out->matched > 0 ? ML_OK
                            : ml_error_set(err, ML_ENOTFOUND,
                                           "no live object has a type with '%s' in its name",
                                           type);
}

static int
find_targets(const struct sweep_view *v, const struct ml_sweep_request *r,
             struct targets *out, struct ml_error *err)
{
    int limit = r->limit == ML_REQUEST_UNSET ? DEFAULT_LIMIT : r->limit;
    out->limit = limit < 1 ? 1 : limit > MAX_TARGETS ? MAX_TARGETS : (uint32_t)limit;
    if (r->address == 0) {
        return find_by_type(v, r->type, out, err);
    }
    uint32_t node = ml_addr_map_get(v->take.map, r->address);
    if (node == ML_NO_NODE) {
        return ml_error_set(err, ML_ENOTFOUND, "no object at 0x%llx",
                            (unsigned long long)r->address);
    }
    out->node[out->count++] = node;
    out->matched = 1;
    return ML_OK;
}

/* Something that certainly holds it and is no Python: not what may be a stale word. */
static bool
is_held_natively_too(const struct sweep_view *v, uint32_t node)
{
    struct native_found found;
    return v->paths.root[node] != ML_PATH_OUTSIDE && native_holders_of(v, node, &found) &&
           found.count > 0 && found.holder[0].kind <= ML_NATIVE_OBJECT;
}

static const struct take_root *
root_of(const struct sweep_view *v, uint32_t node)
{
    uint32_t at = v->paths.root[node];
    return at < v->take.graph.roots.len
               ? &v->take.roots.data[v->take.graph.roots.data[at].name]
               : NULL;
}

/* A context's own tree, in the context that the root names: the thread holds it, from
 * 3.14 on its Thread, too. */
static bool
is_in_context(const struct sweep_view *v, const struct take_root *root, uint32_t from)
{
    const struct take_root *other = root_of(v, from);
    return root->kind == ROOT_CONTEXT_VAR && other != NULL &&
           (other->kind == ROOT_THREAD_REF || other->kind == ROOT_LOCAL) &&
           other->owner == root->owner &&
           compat_context_is_part(take_object(&v->take, from));
}

/* The frame object (3.10), or the coroutine, whose variable the root names. */
static bool
is_in_frame(const struct sweep_view *v, const struct take_root *root, uint32_t node,
            uint32_t from)
{
    PyObject *holder = take_object(&v->take, from);
    if (root->kind != ROOT_LOCAL) {
        return false;
    }
    if (root->task != 0 && take_kind_of(&v->take, from)->shape == SHAPE_GENERATOR) {
        return compat_generator_local(holder, take_object(&v->take, node)) == root->name;
    }
    return compat_frame_code(holder) == root->code;
}

/* A module's variable is a root, and its module's dict refers to it: the same thing. So
 * are a function's variable and its frame object, a variable of a context and the
 * context's tree. */
static bool
is_own_namespace(const struct sweep_view *v, uint32_t node, uint32_t from)
{
    const struct take_root *root =
        v->paths.parent[node] == ML_NO_NODE ? root_of(v, node) : NULL;
    if (root == NULL) {
        return false;
    }
    if (root->kind == ROOT_MODULE_VAR) {
        return v->take.modules.data[root->owner].dict == take_object(&v->take, from);
    }
    return is_in_context(v, root, from) || is_in_frame(v, root, node, from);
}

/* The shortest path first, then paths through other referrers, and native code. */
static uint32_t
paths_of(const struct sweep_view *v, uint32_t node, struct object_path *out)
{
    describe_path(v, node, &out[0]);
    uint32_t count = 1;
    const uint8_t skip = ML_NODE_OWN;
    for (uint32_t e = v->reverse.first[node];
         e < v->reverse.first[node + 1] && count < MAX_PATHS; e++) {
        uint32_t from = v->reverse.from[e];
        bool again = e > v->reverse.first[node] && v->reverse.from[e - 1] == from;
        if (again || from == v->paths.parent[node] || from == node ||
            v->paths.root[from] == ML_NO_NODE || (v->take.graph.flags[from] & skip) ||
            is_own_namespace(v, node, from)) {
            continue;
        }
        bool through_itself = false;
        for (uint32_t up = from; up != ML_NO_NODE; up = v->paths.parent[up]) {
            through_itself = through_itself || up == node;
        }
        if (!through_itself) {
            describe_path(v, from, &out[count]);
            describe_extend(v, &out[count], node);
            count++;
        }
    }
    if (is_held_natively_too(v, node)) {
        count -= count == MAX_PATHS;
        describe_native_path(v, node, &out[count++]);
    }
    return count;
}

static void
write_target(const struct sweep_view *v, uint32_t node, const struct object_path *paths,
             uint32_t count, struct ml_json *j)
{
    struct ml_buf text;
    ml_buf_init(&text, v->a);
    ml_json_begin_object(j);
    describe_object_keys(v, node, j);
    ml_json_key(j, "paths");
    ml_json_begin_array(j);
    for (uint32_t i = 0; i < count; i++) {
        text.len = 0;
        describe_expression(&paths[i], false, &text);
        ml_json_begin_object(j);
        ml_json_key(j, "expression");
        ml_json_strn(j, text.data, text.len);
        ml_json_kv_str(j, "held_by", describe_held_by(v, &paths[i]));
        describe_native(v, &paths[i], j);
        ml_json_key(j, "root");
        describe_root(&paths[i], j);
        ml_json_key(j, "nodes");
        describe_path_nodes(v, &paths[i], j);
        ml_json_end_object(j);
    }
    ml_json_end_array(j);
    ml_json_end_object(j);
    ml_buf_fini(&text);
}

int
answer_paths(const struct sweep_view *v, const struct ml_sweep_request *r,
             struct ml_json *j, struct ml_error *err)
{
    struct targets targets = {.count = 0};
    int rc = find_targets(v, r, &targets, err);
    if (rc < 0) {
        return rc;
    }
    size_t room = (size_t)targets.count * MAX_PATHS;
    struct object_path *paths = ml_alloc_array(v->a, room, sizeof(*paths));
    if (paths == NULL) {
        return ml_error_nomem(err);
    }
    uint32_t drawn = 0;
    native_holders_want(v, targets.node, targets.count);
    ml_json_begin_object(j);
    ml_json_key(j, "targets");
    ml_json_begin_array(j);
    for (uint32_t i = 0; i < targets.count; i++) {
        uint32_t n = paths_of(v, targets.node[i], paths + drawn);
        write_target(v, targets.node[i], paths + drawn, n, j);
        drawn += n;
    }
    ml_json_end_array(j);
    ml_json_key(j, "graph");
    rc = describe_graph(v, paths, drawn, 1, j);
    ml_json_kv_uint(j, "matched", targets.matched);
    describe_sweep(v, j);
    ml_json_end_object(j);
    ml_alloc_free_array(v->a, paths, room, sizeof(*paths));
    return rc < 0 ? ml_error_nomem(err) : ML_OK;
}
