/* SPDX-License-Identifier: MIT
 *
 * What a diagram shows: paths drawn together, each object once. Instances' own dicts and
 * cells are left out and the reference through them takes their label. The last object of
 * each path is what leaks.
 */
#include "answers.h"

#include <stdio.h>
#include <string.h>

#include "human.h"

#define MAX_DRAWN 512

struct drawing {
    const struct sweep_view *v;
    struct ml_json *j;
    uint32_t nodes[MAX_DRAWN]; /* heap node, or ML_NO_NODE for a root's own box */
    char roots[8][128];        /* names of roots drawn */
    uint32_t root_ids[8];
    uint32_t root_count;
    uint32_t count;
};

static const char *
node_kind(const struct sweep_view *v, uint32_t node, bool leaked)
{
    if (leaked) {
        return "leaked";
    }
    switch ((enum take_shape)take_kind_of(&v->take, node)->shape) {
    case SHAPE_MODULE:
        return "module";
    case SHAPE_TYPE:
        return "class";
    case SHAPE_LIST:
    case SHAPE_TUPLE:
    case SHAPE_DICT:
    case SHAPE_SET:
    case SHAPE_DEQUE:
        return "container";
    default:
        return "instance";
    }
}

static const char *
root_kind(const struct object_path *p)
{
    if (p->root == ML_PATH_OUTSIDE || p->root == ML_NO_NODE) {
        return "native";
    }
    return strcmp(p->root_name.kind, "module") == 0   ? "module"
           : strcmp(p->root_name.kind, "thread") == 0 ? "frame"
           : strcmp(p->root_name.kind, "task") == 0   ? "frame"
           : strcmp(p->root_name.kind, "type") == 0   ? "class"
                                                      : "root";
}

static void
root_text(const struct object_path *p, char *out, size_t cap)
{
    const struct take_root_name *r = &p->root_name;
    if (p->root == ML_PATH_OUTSIDE || p->root == ML_NO_NODE) {
        bool known = strcmp(r->expr, "<native>") != 0;
        const char *name = known ? r->owner : "native code";
        snprintf(out, cap, "%.120s", p->root == ML_NO_NODE ? "nobody" : name);
    }
    else if (r->function[0] != '\0') {
        snprintf(out, cap, "%.80s()", r->function);
    }
    else {
        snprintf(out, cap, "%.120s", r->owner[0] != '\0' ? r->owner : r->kind);
    }
}

/* "thread worker-3 (4711), line 12" */
static void
owner_text(const struct take_root_name *r, char *out, size_t cap)
{
    char number[32] = "", interpreter[40] = "";
    if (r->kind != NULL && strcmp(r->kind, "thread") == 0 && r->native_id != 0) {
        snprintf(number, sizeof(number), " (%lu)", r->native_id);
    }
    if (r->interp != 0) {
        snprintf(interpreter, sizeof(interpreter), " of interpreter %u", r->interp);
    }
    snprintf(out, cap, "%s %.80s%s%s, line %d", r->kind != NULL ? r->kind : "", r->owner,
             number, interpreter, r->line);
}

static uint32_t
draw_root(struct drawing *d, const struct object_path *p)
{
    char name[128], text[200];
    root_text(p, name, sizeof(name));
    for (uint32_t i = 0; i < d->root_count; i++) {
        if (strcmp(d->roots[i], name) == 0) {
            return d->root_ids[i];
        }
    }
    uint32_t id = d->count;
    d->nodes[d->count++] = ML_NO_NODE;
    if (d->root_count < 8) {
        memcpy(d->roots[d->root_count], name, sizeof(name));
        d->root_ids[d->root_count++] = id;
    }
    bool in_frame = p->root_name.function[0] != '\0';
    owner_text(&p->root_name, text, sizeof(text));
    struct ml_json *j = d->j;
    ml_json_begin_object(j);
    ml_json_kv_uint(j, "id", id);
    ml_json_kv_str(j, "kind", root_kind(p));
    ml_json_kv_str(j, "name", name);
    ml_json_kv_str(j, "type", in_frame ? "function call"
                              : p->root_name.kind != NULL ? p->root_name.kind
                                                          : "native");
    ml_json_kv_str(j, "text", in_frame ? text : NULL);
    ml_json_kv_null(j, "size");
    ml_json_kv_null(j, "retained");
    ml_json_kv_uint(j, "count", 1);
    ml_json_kv_null(j, "address");
    ml_json_end_object(j);
    return id;
}

/* "48 211 entries" for containers, the object's text otherwise. */
static void
node_text(const struct sweep_view *v, uint32_t node, struct ml_json *j)
{
    int64_t n = describe_length(v, node);
    ml_json_key(j, "text");
    if (n < 0) {
        describe_text(v, node, j);
        return;
    }
    struct ml_buf text;
    ml_buf_init(&text, v->a);
    ml_human_count(&text, (uint64_t)n);
    ml_buf_puts(&text, n == 1 ? " entry" : " entries");
    ml_json_strn(j, text.data, text.len);
    ml_buf_fini(&text);
}

static uint32_t
draw_node(struct drawing *d, uint32_t node, bool leaked, uint32_t count)
{
    for (uint32_t i = 0; i < d->count; i++) {
        if (d->nodes[i] == node) {
            return i;
        }
    }
    uint32_t id = d->count;
    d->nodes[d->count++] = node;
    struct ml_json *j = d->j;
    struct ml_buf name;
    ml_buf_init(&name, d->v->a);
    take_type_short_name(take_kind_of(&d->v->take, node)->type, &name);
    ml_json_begin_object(j);
    ml_json_kv_uint(j, "id", id);
    ml_json_kv_str(j, "kind", node_kind(d->v, node, leaked));
    ml_json_key(j, "name");
    ml_json_strn(j, name.data, name.len);
    ml_json_key(j, "type");
    describe_type(d->v, node, j);
    node_text(d->v, node, j);
    ml_json_kv_uint(j, "size", ml_heap_graph_size(&d->v->take.graph, node));
    ml_json_kv_uint(j, "retained", d->v->retained.bytes[node]);
    ml_json_kv_uint(j, "count", count);
    ml_json_kv_hex(j, "address", d->v->take.graph.address[node]);
    ml_json_end_object(j);
    ml_buf_fini(&name);
    return id;
}

struct drawn_edge {
    uint32_t from, to, count;
    char label[200];
    const char *kind;
};

struct edges {
    struct drawn_edge *edge;
    uint32_t count;
};

static void
connect(struct edges *e, uint32_t from, uint32_t to, const char *label, const char *kind,
        uint32_t count)
{
    for (uint32_t i = 0; i < e->count; i++) {
        if (e->edge[i].from == from && e->edge[i].to == to) {
            return;
        }
    }
    if (e->count < MAX_DRAWN) {
        struct drawn_edge *x = &e->edge[e->count++];
        x->from = from;
        x->to = to;
        x->count = count;
        x->kind = kind;
        snprintf(x->label, sizeof(x->label), "%s", label);
    }
}

/* A variable's own name is the label between its root and its value. */
static const char *
root_label(const struct object_path *p)
{
    const char *expr = p->root_name.expr;
    const char *dot = strrchr(expr, '.'), *space = strrchr(expr, ' ');
    if (p->root_name.kind == NULL) {
        return "";
    }
    return p->root_name.function[0] != '\0' ? (space != NULL ? space + 1 : "")
           : strcmp(p->root_name.kind, "module") == 0 && dot != NULL ? dot
                                                                     : "";
}

static void
draw_path(struct drawing *d, struct edges *e, const struct object_path *p,
          uint32_t leaked_count)
{
    char label[200];
    if (d->count >= MAX_DRAWN) {
        return;
    }
    uint32_t from = draw_root(d, p);
    snprintf(label, sizeof(label), "%s", root_label(p));
    const char *kind = p->root_name.function[0] != '\0' ? "local" : "global";
    for (uint32_t i = 0; i < p->count && d->count < MAX_DRAWN; i++) {
        const struct path_step *s = &p->step[i];
        bool last = i + 1 == p->count;
        if (i > 0) {
            const char *piece = s->name.spread && last && leaked_count > 1 ? "[*]"
                                                                           : s->name.expr;
            size_t used = strlen(label);
            snprintf(label + used, sizeof(label) - used, "%s", piece);
            kind = describe_edge_kind(s->name.kind);
        }
        if (!last && (d->v->take.graph.flags[s->node] & ML_NODE_FOLD)) {
            continue;
        }
        uint32_t count = last ? leaked_count : 1;
        uint32_t to = draw_node(d, s->node, last, count);
        connect(e, from, to, label, kind, count);
        from = to;
        label[0] = '\0';
    }
}

int
describe_graph(const struct sweep_view *v, const struct object_path *paths, size_t count,
               uint32_t leaked_count, struct ml_json *j)
{
    struct drawing *d = ml_alloc_array(v->a, 1, sizeof(*d));
    struct edges e = {ml_alloc_array(v->a, MAX_DRAWN, sizeof(struct drawn_edge)), 0};
    int rc = d != NULL && e.edge != NULL ? ML_OK : ML_ENOMEM;
    ml_json_begin_object(j);
    ml_json_key(j, "nodes");
    ml_json_begin_array(j);
    if (rc == ML_OK) {
        d->v = v;
        d->j = j;
        for (size_t i = 0; i < count; i++) {
            draw_path(d, &e, &paths[i], leaked_count);
        }
    }
    ml_json_end_array(j);
    ml_json_key(j, "edges");
    ml_json_begin_array(j);
    for (uint32_t i = 0; i < e.count; i++) {
        ml_json_begin_object(j);
        ml_json_kv_uint(j, "from", e.edge[i].from);
        ml_json_kv_uint(j, "to", e.edge[i].to);
        ml_json_kv_str(j, "label", e.edge[i].label);
        ml_json_kv_str(j, "kind", e.edge[i].kind);
        ml_json_kv_uint(j, "count", e.edge[i].count);
        ml_json_end_object(j);
    }
    ml_json_end_array(j);
    ml_json_end_object(j);
    ml_alloc_free_array(v->a, e.edge, MAX_DRAWN, sizeof(struct drawn_edge));
    ml_alloc_free_array(v->a, d, 1, sizeof(*d));
    return rc;
}
