/* SPDX-License-Identifier: MIT
 *
 * Objects one by one, each with the tree of what holds it: from the object (left) over
 * its holders to the roots (right), as the original tool prints it.
 *
 *   MemalotObject (object)
 *   └─ list index=1
 *      └─ list (object)
 *         └─ create_leaks.cache (local)  root
 *
 * The graph in a report may have cycles and shared parts, and may be anything at all
 * when the report is somebody else's: every node is unfolded once, where it is nearest
 * to the object (going deep first would hang whole modules below their first closure),
 * other meetings refer to it; lines and depth are limited. The walk keeps its own stack.
 */
#include <stdlib.h>
#include <string.h>

#include "render.h"
#include "text_format.h"

#define INDENT 2
#define MAX_LINES 400 /* of one tree */
#define MAX_DEPTH 200
#define MAX_NODES 5000

enum state { UNSEEN, OPEN, DONE };

struct tree {
    const json_t *nodes;
    size_t count;
    int *first;    /* referrers of node n: list[first[n] .. first[n + 1]] */
    int *list;
    int *parent;   /* below which a node is unfolded: breadth first; -1: none */
    char *state;
    char *is_root;
    int lines;
};

struct level {
    int node, next, end; /* next referrer to show */
};

static int
index_of(const struct tree *t, const json_t *id)
{
    const json_t *nodes = t->nodes;
    size_t n = t->count;
    json_int_t guess = json_integer_value(id);
    if (!json_is_integer(id)) {
        return -1;
    }
    if (guess >= 0 && (size_t)guess < n &&
        json_equal(json_object_get(json_array_get(nodes, (size_t)guess), "id"), id)) {
        return (int)guess;
    }
    for (size_t i = 0; i < n; i++) {
        if (json_equal(json_object_get(json_array_get(nodes, i), "id"), id)) {
            return (int)i;
        }
    }
    return -1;
}

/* Referents in the file, referrers here: counted, then filled in, in file order. */
static bool
reverse(struct tree *t)
{
    size_t total = 0;
    for (size_t n = 0; n < t->count; n++) {
        total += json_array_size(
            json_object_get(json_array_get(t->nodes, n), "referent_ids"));
    }
    t->list = calloc(total + 1, sizeof(*t->list));
    if (t->list == NULL) {
        return false;
    }
    for (int pass = 0; pass < 2; pass++) {
        for (size_t n = 0; n < t->count; n++) {
            const json_t *ids =
                json_object_get(json_array_get(t->nodes, n), "referent_ids");
            for (size_t i = 0; i < json_array_size(ids); i++) {
                int to = index_of(t, json_array_get(ids, i));
                if (to >= 0 && pass == 0) {
                    t->first[to + 1]++;
                }
                else if (to >= 0) {
                    t->list[t->first[to]++] = (int)n;
                }
            }
        }
        for (size_t n = 0; pass == 0 && n < t->count; n++) {
            t->first[n + 1] += t->first[n];
        }
    }
    for (size_t n = t->count; n > 0; n--) { /* filling moved every start by one node */
        t->first[n] = t->first[n - 1];
    }
    t->first[0] = 0;
    return true;
}

static bool
open_tree(struct tree *t, const json_t *graph)
{
    const json_t *roots = json_object_get(graph, "root_ids");
    memset(t, 0, sizeof(*t));
    t->nodes = json_object_get(graph, "graph_nodes");
    t->count = json_array_size(t->nodes);
    t->count = t->count > MAX_NODES ? MAX_NODES : t->count;
    t->first = calloc(t->count + 2, sizeof(*t->first));
    t->parent = calloc(t->count + 1, sizeof(*t->parent));
    t->state = calloc(t->count + 1, 1);
    t->is_root = calloc(t->count + 1, 1);
    if (t->first == NULL || t->parent == NULL || t->state == NULL ||
        t->is_root == NULL || !reverse(t)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(roots); i++) {
        int n = index_of(t, json_array_get(roots, i));
        if (n >= 0) {
            t->is_root[n] = 1;
        }
    }
    return true;
}

static void
close_tree(struct tree *t)
{
    free(t->first);
    free(t->list);
    free(t->parent);
    free(t->state);
    free(t->is_root);
}

/* Gives every node that the target reaches, and no target before did, its place. */
static bool
place(struct tree *t, int target)
{
    int *queue = calloc(t->count + 1, sizeof(*queue));
    size_t done = 0, len = 0;
    if (queue == NULL) {
        return false;
    }
    for (size_t n = 0; n < t->count; n++) {
        t->parent[n] = -1;
    }
    queue[len++] = target;
    while (done < len) {
        int n = queue[done++];
        for (int i = t->first[n]; i < t->first[n + 1]; i++) {
            int holder = t->list[i];
            if (holder != target && t->parent[holder] < 0 &&
                t->state[holder] == UNSEEN) {
                t->parent[holder] = n;
                queue[len++] = holder;
            }
        }
    }
    free(queue);
    return true;
}

/* Indentation and branch for a line below `depth` open levels. When the tree has grown
 * too far to the right, only its depth is told. */
static void
paint_branch(struct ml_paint *p, int indent, const struct level *stack, int depth)
{
    ml_paint_pad(p, indent);
    if (depth == 0) {
        return;
    }
    int fits = (ml_paint_indent_limit(p) - indent) / 3;
    int from = depth > fits ? depth - 3 : 1;
    from = from < 1 ? 1 : from;
    if (from > 1) {
        ml_paint_printf(p, ML_DIM, "(%d) ", depth);
        ml_paint_pad(p, indent + 6);
    }
    for (int d = from; d < depth; d++) {
        if (stack[d - 1].next < stack[d - 1].end) {
            ml_paint_mark(p, ML_GLYPH_DOWN);
        }
        else {
            ml_paint_pad(p, p->at + 3);
        }
    }
    ml_paint_mark(p, stack[depth - 1].next < stack[depth - 1].end ? ML_GLYPH_BRANCH
                                                                  : ML_GLYPH_LAST);
}

static void
paint_node(struct ml_paint *p, const struct tree *t, int node, bool target, bool here)
{
    const json_t *name =
        json_object_get(json_array_get(t->nodes, (size_t)node), "name");
    enum ml_color color = target             ? ML_TITLE
                          : t->is_root[node] ? ML_PATH
                                             : ML_PLAIN;
    if (!here) {
        ml_paint_mark(p, t->state[node] == OPEN ? ML_GLYPH_CYCLE : ML_GLYPH_SHARED);
        color = ML_DIM;
    }
    ml_paint_text(p, color, name, 0);
    if (!here) {
        ml_paint_word(p, ML_DIM,
                      t->state[node] == OPEN   ? "  cycle"
                      : t->state[node] == DONE ? "  shown above"
                                               : "  shown below");
    }
    else if (t->is_root[node]) {
        ml_paint_word(p, ML_DIM, "  root");
    }
    ml_paint_line(p);
}

static void
walk(struct ml_paint *p, struct tree *t, int target, int indent)
{
    struct level stack[MAX_DEPTH];
    int depth = 0;
    paint_branch(p, indent, stack, 0);
    paint_node(p, t, target, true, true);
    stack[depth++] = (struct level){target, t->first[target], t->first[target + 1]};
    t->state[target] = OPEN;
    while (depth > 0) {
        struct level *top = &stack[depth - 1];
        if (top->next == top->end) {
            t->state[top->node] = DONE;
            depth--;
            continue;
        }
        int node = t->list[top->next++];
        paint_branch(p, indent, stack, depth);
        if (++t->lines > MAX_LINES || depth == MAX_DEPTH) {
            ml_paint_word(p, ML_DIM, depth == MAX_DEPTH ? "deeper levels are not shown"
                                                        : "the rest is not shown");
            ml_paint_line(p);
            if (depth < MAX_DEPTH) {
                return;
            }
            top->next = top->end;
            continue;
        }
        bool here = t->state[node] == UNSEEN && t->parent[node] == top->node;
        paint_node(p, t, node, false, here);
        if (here) {
            t->state[node] = OPEN;
            stack[depth++] = (struct level){node, t->first[node], t->first[node + 1]};
        }
    }
}

static void
paint_holders(struct ml_paint *p, const json_t *detail, int indent)
{
    const json_t *graph = json_object_get(detail, "referrer_graph");
    const json_t *targets = json_object_get(graph, "target_ids");
    struct tree t;
    bool painted = false;
    if (open_tree(&t, graph)) {
        for (size_t i = 0; i < json_array_size(targets); i++) {
            int target = index_of(&t, json_array_get(targets, i));
            if (target >= 0 && t.state[target] == UNSEEN && place(&t, target)) {
                walk(p, &t, target, indent);
                painted = true;
            }
        }
    }
    close_tree(&t);
    if (!painted) {
        bool checked = json_is_true(json_object_get(detail, "referrers_checked"));
        ml_paint_pad(p, indent);
        ml_paint_word(p, ML_DIM, checked ? "No referrers found."
                                         : "Referrers were not looked for.");
        ml_paint_line(p);
    }
}

/* How old the object is and which finding it belongs to, where a monitor knows. */
static void
paint_birth(struct ml_paint *p, const json_t *detail)
{
    char text[32];
    if (ml_json_has_number(detail, "age_calls")) {
        long long calls = ml_json_integer(detail, "age_calls");
        ml_paint_figure(p, INDENT, ML_DIM, "%s call%s old", ml_text_count(calls, text),
                        calls == 1 ? "" : "s");
    }
    else if (ml_json_has_number(detail, "age_s")) {
        ml_paint_figure(p, INDENT, ML_DIM, "%s old",
                        ml_text_duration(ml_json_number(detail, "age_s"), text));
    }
    if (ml_json_has_number(detail, "finding")) {
        ml_paint_figure(p, INDENT, ML_DIM, "finding %lld",
                        ml_json_integer(detail, "finding"));
    }
}

static void
paint_detail(struct ml_paint *p, const json_t *detail)
{
    char text[32];
    const json_t *size = json_object_get(detail, "deep_size_bytes");
    const json_t *str = json_object_get(detail, "object_str");
    ml_paint_text(p, ML_BOLD, json_object_get(detail, "object_type_name"), 0);
    ml_paint_figure(p, INDENT, ML_DIM, "0x%llx",
                    (unsigned long long)ml_json_integer(detail, "object_id"));
    if (ml_json_has_number(size, "approx_size")) {
        bool bounded = !json_is_false(json_object_get(size, "upper_bound_known"));
        ml_paint_figure(p, INDENT, ML_DIM, "%s%s deep", bounded ? "" : "at least ",
                        ml_text_bytes(ml_json_number(size, "approx_size"), text));
    }
    paint_birth(p, detail);
    ml_paint_line(p);
    if (json_string_length(str) > 0) {
        ml_paint_pad(p, INDENT);
        ml_paint_text(p, ML_PLAIN, str, p->style.width > 0 ? 0 : 200);
        ml_paint_line(p);
    }
    paint_holders(p, detail, INDENT);
    ml_paint_line(p);
}

void
ml_render_details(struct ml_paint *p, const json_t *details, const char *const *types)
{
    for (size_t i = 0; i < json_array_size(details); i++) {
        const json_t *detail = json_array_get(details, i);
        if (ml_render_wanted(ml_json_text(detail, "object_type_name"), types)) {
            paint_detail(p, detail);
        }
    }
}
