/* SPDX-License-Identifier: MIT
 *
 * The key `referrer_graph` of one object: its shortest path, and beside it who else holds
 * it or one of its holders, as far as referrers.single_object_limit allows. In the shape
 * that the original tool's readers know:
 *
 *   0 "Session (object)" ◄── 1 "dict key=k" ◄── 2 "dict (object)" ◄── 3 "shop.S (global)"
 *
 * each entry says what it refers to. Instances' own dicts and cells are passed through;
 * a module's variable stands for the module's dict. Classes, functions and the like are
 * drawn with their shortest path only: everything refers to them.
 */
#include "snapshot.h"
#include "clock.h"

#include <stdio.h>
#include <string.h>

#define NO_LIMIT 1000 /* of what is drawn, when referrers.single_object_limit is null */

struct entry {
    char *name;
    size_t len;
    uint64_t address;
    struct ml_u32vec to; /* ids */
};

ML_VEC(entry_vec, struct entry)

struct drawn {
    uint32_t node, id, depth;
};

ML_VEC(drawn_vec, struct drawn)

struct referrers {
    struct snapshot *s;
    struct entry_vec entry;
    struct drawn_vec drawn; /* objects, nearest first */
    struct ml_u32vec roots; /* ids */
    uint32_t limit, depth;
    double deadline; /* monotonic; 0: none */
    bool cut, late, failed;
};

static uint32_t
add_entry(struct referrers *r, const char *name, size_t len, uint64_t address)
{
    const struct ml_alloc *a = r->s->v->a;
    struct entry e = {ml_alloc_array(a, len, 1), len, address, {0}};
    if (e.name == NULL || entry_vec_push(&r->entry, a, e) < 0) {
        r->failed = true;
        return 0;
    }
    memcpy(e.name, name, len);
    return (uint32_t)r->entry.len - 1;
}

static void
link_entry(struct referrers *r, uint32_t from, uint32_t to)
{
    if (!r->failed && ml_u32vec_push(&r->entry.data[from].to, r->s->v->a, to) < 0) {
        r->failed = true;
    }
}

static uint32_t
add_reference(struct referrers *r, const char *words, uint32_t holder, uint32_t to)
{
    const struct ml_heap_graph *g = &r->s->v->take.graph;
    uint32_t id = add_entry(r, words, strlen(words), g->address[holder]);
    link_entry(r, id, to);
    return id;
}

static const struct drawn *
find_drawn(const struct referrers *r, uint32_t node)
{
    for (size_t i = 0; i < r->drawn.len; i++) {
        if (r->drawn.data[i].node == node) {
            return &r->drawn.data[i];
        }
    }
    return NULL;
}

static uint32_t
add_object(struct referrers *r, uint32_t node, uint32_t depth)
{
    const struct sweep_view *v = r->s->v;
    struct ml_buf *text = &r->s->text;
    text->len = 0;
    take_type_short_name(take_kind_of(&v->take, node)->type, text);
    ml_buf_puts(text, " (object)");
    struct drawn d = {node, add_entry(r, text->data, text->len, v->take.graph.address[node]),
                      depth};
    if (drawn_vec_push(&r->drawn, v->a, d) < 0) {
        r->failed = true;
    }
    return d.id;
}

static void
add_root_entry(struct referrers *r, const char *words, uint32_t node, uint32_t to)
{
    uint32_t id = add_reference(r, words, node, to);
    if (!r->failed && ml_u32vec_push(&r->roots, r->s->v->a, id) < 0) {
        r->failed = true;
    }
}

/* -- the shortest path ------------------------------------------------------------- */

static const char *
root_words(const struct object_path *p)
{
    return p->root_name.words[0] == '\0'
               ? "native code"
               : p->root_name.words;
}

/* The object, then for each holder the reference and the holder itself, then the root. */
static void
draw_path(struct referrers *r, uint32_t node)
{
    const struct sweep_view *v = r->s->v;
    const struct object_path *p = r->s->path;
    describe_path(v, node, r->s->path);
    uint32_t last = add_object(r, node, 0), depth = 0;
    for (uint32_t i = p->count; i-- > 0 && depth < r->depth && !r->failed;) {
        bool folded = i + 1 < p->count && (v->take.graph.flags[p->step[i].node] & ML_NODE_FOLD);
        if (folded && i > 0) {
            continue;
        }
        if (!folded && i + 1 < p->count) {
            uint32_t id = add_object(r, p->step[i].node, ++depth);
            link_entry(r, id, last);
            last = id;
        }
        if (i == 0) {
            add_root_entry(r, root_words(p), p->step[0].node, last);
        }
        else {
            last = add_reference(r, p->step[i].name.words, p->step[i - 1].node, last);
        }
    }
}

/* -- who else ---------------------------------------------------------------------- */

static bool
room_left(struct referrers *r)
{
    r->cut = r->cut || r->drawn.len + r->roots.len >= r->limit;
    return !r->cut && !r->failed;
}

static bool
is_preferred(const struct snapshot *s, const struct take_root *root)
{
    const struct ml_text_list *prefixes = &s->v->job->settings.referrers.module_prefixes;
    if (root->kind != ROOT_MODULE_VAR) {
        return false;
    }
    for (int i = 0; i < prefixes->count; i++) {
        if (take_str_starts(s->v->take.modules.data[root->owner].name, prefixes->item[i])) {
            return true;
        }
    }
    return false;
}

/* All variables it is the value of: those of the modules that are asked for first. */
static void
draw_roots(struct referrers *r, const struct drawn *d)
{
    const struct sweep_view *v = r->s->v;
    const struct ml_heap_graph *g = &v->take.graph;
    struct take_root_name name;
    uint32_t shown = v->paths.parent[d->node] == ML_NO_NODE ? v->paths.root[d->node]
                                                            : ML_NO_NODE;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < g->roots.len; i++) {
            const struct ml_root *root = &g->roots.data[i];
            if (root->node != d->node || root->rank == ML_ROOT_OWN || i == shown ||
                is_preferred(r->s, &v->take.roots.data[root->name]) != (pass == 0)) {
                continue;
            }
            if (!room_left(r)) {
                return;
            }
            take_name_root(&v->take, i, &name);
            add_root_entry(r, name.words, d->node, d->id);
        }
    }
}

/* What a user would call the holder. */
static uint32_t
solid_holder(const struct sweep_view *v, uint32_t node)
{
    while ((v->take.graph.flags[node] & ML_NODE_FOLD) &&
           v->paths.parent[node] != ML_NO_NODE) {
        node = v->paths.parent[node];
    }
    return node;
}

static bool
is_module_dict(const struct take *t, uint32_t node)
{
    PyObject *op = take_object(t, node);
    for (size_t i = 0; (t->graph.flags[node] & ML_NODE_FOLD) && i < t->modules.len; i++) {
        if (t->modules.data[i].dict == op) {
            return true;
        }
    }
    return false;
}

/* Our own, what no path reaches, and what a root already stands for: the dict of a module,
 * a frame (3.10's are objects) whose variable it is. */
static bool
is_passed_over(const struct snapshot *s, uint32_t holder, uint32_t solid, uint32_t node)
{
    const struct sweep_view *v = s->v;
    if (v->paths.root[holder] == ML_NO_NODE || holder == v->paths.parent[node] ||
        is_module_dict(&v->take, holder)) {
        return true;
    }
    bool folded = (v->take.graph.flags[solid] & ML_NODE_FOLD) != 0;
    const struct take_kind *kind = take_kind_of(&v->take, solid);
    return folded || kind->shape == SHAPE_MODULE ||
           (strcmp(kind->type->tp_name, "frame") == 0 && ml_bitset_has(&s->rooted, node));
}

static void
draw_holder(struct referrers *r, struct drawn d, uint32_t holder)
{
    const struct sweep_view *v = r->s->v;
    struct take_name name;
    uint32_t solid = solid_holder(v, holder);
    if (is_passed_over(r->s, holder, solid, d.node) || d.depth >= r->depth) {
        return;
    }
    const struct drawn *seen = find_drawn(r, solid);
    if (seen == NULL && !room_left(r)) {
        return;
    }
    uint32_t before = holder != solid ? v->paths.parent[holder] : ML_NO_NODE;
    take_name_edge(&v->take, before, holder, d.node, &name);
    uint32_t id = add_reference(r, name.words, solid, d.id);
    uint32_t from = seen != NULL ? seen->id : add_object(r, solid, d.depth + 1);
    link_entry(r, from, id);
}

static bool
is_searched(const struct sweep_view *v, uint32_t node, bool first)
{
    return first || !(v->take.graph.flags[node] & ML_NODE_FURNITURE);
}

/* The next step of a shortest path, for what is not searched. */
static void
draw_parent(struct referrers *r, struct drawn d)
{
    const struct sweep_view *v = r->s->v;
    uint32_t up = v->paths.parent[d.node];
    if (up == ML_NO_NODE || find_drawn(r, solid_holder(v, up)) != NULL ||
        d.depth >= r->depth) {
        return;
    }
    struct take_name name;
    uint32_t solid = solid_holder(v, up);
    uint32_t before = up != solid ? v->paths.parent[up] : ML_NO_NODE;
    take_name_edge(&v->take, before, up, d.node, &name);
    uint32_t id = add_reference(r, name.words, solid, d.id);
    if (v->take.graph.flags[solid] & ML_NODE_FOLD) {
        return;
    }
    link_entry(r, add_object(r, solid, d.depth + 1), id);
}

static void
draw_holders(struct referrers *r, struct drawn d)
{
    const struct ml_reverse *reverse = &r->s->v->reverse;
    uint32_t last = ML_NO_NODE;
    for (uint32_t e = reverse->first[d.node]; e < reverse->first[d.node + 1]; e++) {
        if (reverse->from[e] != last && !r->cut && !r->late) {
            last = reverse->from[e];
            draw_holder(r, d, last);
            r->late = r->deadline > 0 && ml_clock_seconds() > r->deadline;
        }
    }
}

/* What the reader of the picture has to know: there is more than is drawn. */
static void
say_what_is_missing(struct referrers *r, struct drawn d)
{
    char words[64];
    if (r->late) {
        snprintf(words, sizeof(words), "Timeout of %g seconds exceeded",
                 r->s->v->job->settings.referrers.search_timeout);
    }
    else {
        snprintf(words, sizeof(words), "Referrer limit of %u exceeded", r->limit);
    }
    add_reference(r, words, d.node, d.id);
}

static void
draw_others(struct referrers *r)
{
    for (size_t i = 0; i < r->drawn.len && !r->cut && !r->late && !r->failed; i++) {
        struct drawn d = r->drawn.data[i];
        if (ml_bitset_has(&r->s->rooted, d.node)) {
            draw_roots(r, &d);
        }
        if (!is_searched(r->s->v, d.node, i == 0)) {
            draw_parent(r, d);
            continue;
        }
        draw_holders(r, d);
        if (r->cut || r->late) {
            say_what_is_missing(r, d);
        }
    }
}

/* -- writing ----------------------------------------------------------------------- */

static void
write_ids(struct ml_json *j, const char *key, const struct ml_u32vec *ids)
{
    ml_json_key(j, key);
    ml_json_begin_array(j);
    for (size_t i = 0; i < ids->len; i++) {
        ml_json_uint(j, ids->data[i]);
    }
    ml_json_end_array(j);
}

static void
write_graph(struct referrers *r)
{
    struct ml_json *j = r->s->j;
    ml_json_begin_object(j);
    ml_json_key(j, "target_ids");
    ml_json_raw(j, "[0]", 3);
    ml_json_key(j, "graph_nodes");
    ml_json_begin_array(j);
    for (uint32_t i = 0; i < r->entry.len; i++) {
        const struct entry *e = &r->entry.data[i];
        ml_json_begin_object(j);
        ml_json_kv_uint(j, "id", i);
        ml_json_key(j, "name");
        ml_json_strn(j, e->name, e->len);
        ml_json_kv_uint(j, "object_id", e->address);
        write_ids(j, "referent_ids", &e->to);
        ml_json_end_object(j);
    }
    ml_json_end_array(j);
    write_ids(j, "root_ids", &r->roots);
    ml_json_end_object(j);
}

void
snapshot_write_referrers(struct snapshot *s, uint32_t node)
{
    const struct ml_settings *settings = &s->v->job->settings;
    const struct ml_alloc *a = s->v->a;
    int limit = settings->referrers.single_object_limit;
    int depth = settings->referrers.max_depth;
    struct referrers r = {.s = s,
                          .limit = limit > 0 ? (uint32_t)limit : NO_LIMIT,
                          .depth = depth > 0 ? (uint32_t)depth : UINT32_MAX};
    if (settings->referrers.search_timeout > 0) {
        r.deadline = ml_clock_seconds() + settings->referrers.search_timeout;
    }
    draw_path(&r, node);
    if (!r.failed) {
        draw_others(&r);
    }
    write_graph(&r);
    for (size_t i = 0; i < r.entry.len; i++) {
        ml_alloc_free_array(a, r.entry.data[i].name, r.entry.data[i].len, 1);
        ml_u32vec_free(&r.entry.data[i].to, a);
    }
    entry_vec_free(&r.entry, a);
    drawn_vec_free(&r.drawn, a);
    ml_u32vec_free(&r.roots, a);
}
