/* SPDX-License-Identifier: MIT
 *
 * Immediate dominators by semi-dominators and nearest common ancestors: SNCA
 * (Georgiadis, "Linear-Time Algorithms for Dominators and Related Problems", 2005),
 * with two changes for heaps.
 *
 * 1. Nodes without references (strings, numbers: most of a heap) never enter it. They
 *    lie on no way to another node, so in the end the dominator of such a leaf is the
 *    nearest common ancestor of its referrers' in the finished tree.
 * 2. SNCA climbs the tree under construction one step at a time, which is quadratic
 *    for a long linked list whose last node leads to many objects that are also known
 *    elsewhere. Each node here has a jump pointer as well (Myers, "An applicative
 *    random-access stack", 1983): climbing takes logarithmic time.
 *
 * Everything works on preorder numbers of a depth-first search (0 is the virtual
 * root), so that a loop over the numbers walks the arrays in order and a node's
 * parent is mostly its neighbour. Nothing is recursive.
 *
 * O((nodes + edges) log nodes), in practice linear. Beside the result 16 bytes for
 * each node that has references, none for leaves.
 */
#include "analysis.h"
#include "step.h"

#include <string.h>

/* Forest for path compression, later the same memory serves the jumps. */
struct link {
    uint32_t up;    /* ancestor; a tree's root has an `up` that is not linked yet */
    uint32_t label; /* least semi-dominator on the way to it, itself included */
};

struct jump {
    uint32_t to;
    uint32_t depth;
};

struct dom {
    const struct ml_heap_graph *g;
    const struct ml_reverse *r;
    const struct ml_cancel *cancel;
    struct ml_bitset entry; /* the virtual root refers to these */
    uint32_t count;         /* numbers 1..count are in use */
    uint32_t *num;          /* node -> number; SKIP for leaves and garbage. Becomes
                               the result, see finish() */
    uint32_t *order;        /* node of number v at v - 1; the head of the result */
    uint32_t *semi;         /* by number, as all that follows */
    uint32_t *idom;         /* first the depth-first parent */
    union {
        struct link *link;
        struct jump *jump;
        uint32_t *cursor; /* two words each are more than the search needs */
    } u;
};

#define SKIP UINT32_MAX

static inline uint32_t
node_of(const struct dom *d, uint32_t v)
{
    return d->order[v - 1];
}

/* -- numbering ------------------------------------------------------------------ */

/* What only our own hands keep alive takes no part: it must not stand between a cache
 * and what the cache retains. */
static bool
is_held(const struct ml_reach *reach, uint32_t node)
{
    return ml_bitset_has(&reach->alive, node) && !ml_bitset_has(&reach->in_hand, node);
}

static bool
is_entry(const struct ml_heap_graph *g, size_t root)
{
    return g->roots.data[root].rank != ML_ROOT_OWN;
}

/* Entries to the graph, and which nodes take part; returns how many do. */
static uint32_t
sort_out(struct dom *d, const struct ml_reach *reach)
{
    const struct ml_heap_graph *g = d->g;
    uint32_t inner = 0;
    memcpy(d->entry.words, reach->outside.words, (d->entry.bits / 64 + 1) * 8);
    for (size_t i = 0; i < g->roots.len; i++) {
        if (is_entry(g, i)) {
            ml_bitset_add(&d->entry, g->roots.data[i].node);
        }
    }
    for (uint32_t n = 0; n < g->node_count; n++) {
        bool takes_part =
            is_held(reach, n) && g->first_edge[n] != g->first_edge[n + 1];
        d->num[n] = takes_part ? 0 : SKIP;
        inner += takes_part;
    }
    return inner;
}

static inline void
enter(struct dom *d, uint32_t node, uint32_t parent)
{
    uint32_t v = ++d->count;
    d->num[node] = v;
    d->order[v - 1] = node;
    d->idom[v] = parent;
    uint32_t first = d->g->first_edge[node], last = d->g->first_edge[node + 1];
    d->u.cursor[v] = first;
    for (uint32_t e = first; e < last && e < first + STEP_AHEAD; e++) {
        __builtin_prefetch(&d->num[d->g->edge[e]], 1);
        __builtin_prefetch(&d->g->first_edge[d->g->edge[e]]);
    }
}

/* A depth-first search waits for memory at each step down; what can be asked for while
 * it is below reference `e` are the nodes beside that. */
static inline void
prefetch_siblings(const struct dom *d, uint32_t e, uint32_t last)
{
    const uint32_t *edge = d->g->edge, *first_edge = d->g->first_edge;
    if (e + STEP_AHEAD < last) {
        __builtin_prefetch(&d->num[edge[e + STEP_AHEAD]], 1);
        __builtin_prefetch(&first_edge[edge[e + STEP_AHEAD]]);
    }
    if (e + 4 < last) {
        __builtin_prefetch(&edge[first_edge[edge[e + 4]]]);
    }
    else if (e + 1 < last) {
        __builtin_prefetch(&edge[first_edge[edge[e + 1]]]);
    }
}

/* Depth first from one entry. The parents make the stack, the cursors say where each
 * of them goes on. */
static int
search_from(struct dom *d, uint32_t node, struct ml_error *err)
{
    const struct ml_heap_graph *g = d->g;
    if (d->num[node] != 0) {
        return ML_OK;
    }
    enter(d, node, 0);
    for (uint32_t v = d->count; v != 0;) {
        uint32_t e = d->u.cursor[v], last = g->first_edge[node_of(d, v) + 1];
        while (e < last && d->num[g->edge[e]] != 0) {
            e++;
        }
        d->u.cursor[v] = e + 1;
        if (e >= last) {
            v = d->idom[v];
            continue;
        }
        prefetch_siblings(d, e, last);
        enter(d, g->edge[e], v);
        v = d->count;
        int rc = step_ask(d->cancel, "numbering objects", v, g->node_count, err);
        if (rc < 0) {
            return rc;
        }
    }
    return ML_OK;
}

static int
number_nodes(struct dom *d, struct ml_error *err)
{
    for (size_t i = 0; i < d->g->roots.len; i++) {
        int rc = is_entry(d->g, i)
                     ? search_from(d, d->g->roots.data[i].node, err)
                     : ML_OK;
        if (rc < 0) {
            return rc;
        }
    }
    for (size_t w = 0; w <= d->entry.bits / 64; w++) {
        for (uint64_t bits = d->entry.words[w]; bits != 0; bits &= bits - 1) {
            uint32_t n = (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(bits);
            int rc = search_from(d, n, err);
            if (rc < 0) {
                return rc;
            }
        }
    }
    return ML_OK;
}

/* -- semi-dominators ------------------------------------------------------------- */

/* Least label on the way from `w` up to the last ancestor numbered above `v`, and
 * shortens that way. The way up is remembered in the links themselves, reversed. */
static uint32_t
least_label(struct link *link, uint32_t w, uint32_t v)
{
    uint32_t below = 0, x = w;
    while (link[x].up > v) {
        uint32_t up = link[x].up;
        link[x].up = below;
        below = x;
        x = up;
    }
    uint32_t up = link[x].up, label = link[x].label;
    while (below != 0) {
        x = below;
        below = link[x].up;
        if (link[x].label < label) {
            label = link[x].label;
        }
        link[x].label = label;
        link[x].up = up;
    }
    return label;
}

static uint32_t
semi_dominator(struct dom *d, uint32_t v)
{
    uint32_t node = node_of(d, v);
    if (ml_bitset_has(&d->entry, node)) {
        return 0;
    }
    uint32_t semi = d->idom[v]; /* the depth-first parent refers to it */
    uint32_t last = d->r->first[node + 1];
    for (uint32_t e = d->r->first[node]; e < last && semi != 0; e++) {
        uint32_t w = d->num[d->r->from[e]];
        if (w == SKIP) { /* garbage */
            continue;
        }
        uint32_t s = w > v ? least_label(d->u.link, w, v) : w;
        semi = s < semi ? s : semi;
    }
    return semi;
}

/* Three look-ups depend on each other for each node; each is asked for in time. */
static inline void
prefetch_referrers(const struct dom *d, uint32_t v)
{
    if (v > 3 * STEP_AHEAD) {
        __builtin_prefetch(&d->r->first[node_of(d, v - 3 * STEP_AHEAD)]);
        __builtin_prefetch(&d->r->from[d->r->first[node_of(d, v - 2 * STEP_AHEAD)]]);
        uint32_t near = node_of(d, v - STEP_AHEAD);
        uint32_t first = d->r->first[near], last = d->r->first[near + 1];
        for (uint32_t e = first; e < last && e < first + 4; e++) {
            __builtin_prefetch(&d->num[d->r->from[e]]);
        }
    }
}

static int
find_semi_dominators(struct dom *d, struct ml_error *err)
{
    for (uint32_t v = 1; v <= d->count; v++) {
        d->u.link[v] = (struct link){d->idom[v], v};
    }
    for (uint32_t v = d->count; v > 0; v--) {
        int rc = step_ask(d->cancel, "finding dominators", d->count - v, d->count, err);
        if (rc < 0) {
            return rc;
        }
        prefetch_referrers(d, v);
        d->semi[v] = semi_dominator(d, v);
        d->u.link[v].label = d->semi[v];
    }
    return ML_OK;
}

/* -- the tree -------------------------------------------------------------------- */

/* The nearest ancestor of `x`, itself included, that is numbered at most `limit`. */
static inline uint32_t
climb(const struct dom *d, uint32_t x, uint32_t limit)
{
    while (x > limit) {
        uint32_t to = d->u.jump[x].to;
        x = to > limit ? to : d->idom[x];
    }
    return x;
}

/* A dominator is numbered below what it dominates, so when v is placed everything
 * above it stands. Jumps are as in Myers' stack: 1, 1, 3, 1, 1, 3, 7, ... */
static void
place(struct dom *d, uint32_t v)
{
    struct jump *jump = d->u.jump;
    uint32_t up = climb(d, d->idom[v], d->semi[v]);
    uint32_t far = jump[up].to;
    bool joins =
        jump[up].depth - jump[far].depth == jump[far].depth - jump[jump[far].to].depth;
    d->idom[v] = up;
    jump[v].depth = jump[up].depth + 1;
    jump[v].to = joins ? jump[far].to : up;
}

static void
make_tree(struct dom *d)
{
    d->u.jump[0] = (struct jump){0, 0};
    for (uint32_t v = 1; v <= d->count; v++) {
        place(d, v);
    }
}

static uint32_t
common_ancestor(const struct dom *d, uint32_t x, uint32_t y)
{
    const struct jump *jump = d->u.jump;
    while (x != y) {
        if (jump[x].depth < jump[y].depth) {
            uint32_t swap = x;
            x = y;
            y = swap;
        }
        if (jump[x].depth > jump[y].depth) {
            uint32_t to = jump[x].to;
            x = jump[to].depth >= jump[y].depth ? to : d->idom[x];
        }
        else { /* same depth, so their jumps are equally long */
            bool far = jump[x].to != jump[y].to;
            x = far ? jump[x].to : d->idom[x];
            y = far ? jump[y].to : d->idom[y];
        }
    }
    return x;
}

static uint32_t
leaf_dominator(const struct dom *d, uint32_t leaf)
{
    uint32_t at = SKIP;
    if (ml_bitset_has(&d->entry, leaf)) {
        return 0;
    }
    for (uint32_t e = d->r->first[leaf]; e < d->r->first[leaf + 1] && at != 0; e++) {
        uint32_t w = d->num[d->r->from[e]];
        if (w != SKIP) { /* not garbage */
            at = at == SKIP ? w : common_ancestor(d, at, w);
        }
    }
    return at;
}

/* num[] of a leaf is never read (nobody is referred to by one), so it can take the
 * leaf's result. */
static int
hang_leaves(struct dom *d, const struct ml_reach *reach, struct ml_dominator *out,
            struct ml_error *err)
{
    const struct ml_heap_graph *g = d->g;
    for (uint32_t n = 0; n < g->node_count; n++) {
        int rc =
            step_ask(d->cancel, "finding dominators of leaves", n, g->node_count, err);
        if (rc < 0) {
            return rc;
        }
        if (n + STEP_AHEAD < g->node_count && g->edge_count > 0) {
            uint32_t e = d->r->first[n + STEP_AHEAD];
            __builtin_prefetch(&d->num[d->r->from[e < g->edge_count ? e : 0]]);
        }
        if (d->num[n] == SKIP && is_held(reach, n)) {
            uint32_t up = leaf_dominator(d, n);
            d->num[n] = up == 0 || up == SKIP ? ML_NO_NODE : node_of(d, up);
            out->order[out->count++] = n;
        }
    }
    return ML_OK;
}

/* Turns numbers into nodes, and num[] into idom[]: no number is asked for any more. */
static void
finish(struct dom *d, struct ml_dominator *out)
{
    for (uint32_t v = 1; v <= d->count; v++) {
        d->num[node_of(d, v)] = d->idom[v] == 0 ? ML_NO_NODE : node_of(d, d->idom[v]);
    }
    out->idom = d->num;
    d->num = NULL;
}

static int
compute(struct dom *d, const struct ml_reach *reach, struct ml_dominator *out,
        const struct ml_alloc *a, struct ml_error *err)
{
    size_t inner = (size_t)sort_out(d, reach) + 1;
    d->semi = ml_alloc_array(a, inner, sizeof(uint32_t));
    d->idom = ml_alloc_array(a, inner, sizeof(uint32_t));
    d->u.link = ml_alloc_array(a, inner, sizeof(struct link));
    int rc;
    if (d->semi == NULL || d->idom == NULL || d->u.link == NULL) {
        rc = ml_error_nomem(err);
        goto out;
    }
    if ((rc = number_nodes(d, err)) < 0 || (rc = find_semi_dominators(d, err)) < 0) {
        goto out;
    }
    make_tree(d);
    out->count = d->count;
    rc = hang_leaves(d, reach, out, err);
    if (rc == ML_OK) {
        finish(d, out);
    }
out:
    ml_alloc_free_array(a, d->u.link, inner, sizeof(struct link));
    ml_alloc_free_array(a, d->idom, inner, sizeof(uint32_t));
    ml_alloc_free_array(a, d->semi, inner, sizeof(uint32_t));
    return rc;
}

int
ml_dominator_build(const struct ml_heap_graph *g, const struct ml_reverse *r,
                   const struct ml_reach *reach, const struct ml_alloc *a,
                   const struct ml_cancel *cancel, struct ml_dominator *out,
                   struct ml_error *err)
{
    struct dom d = {.g = g, .r = r, .cancel = cancel};
    memset(out, 0, sizeof(*out));
    out->node_count = g->node_count;
    out->order = ml_alloc_array(a, g->node_count, sizeof(uint32_t));
    d.num = ml_alloc_array(a, g->node_count, sizeof(uint32_t));
    bool room = ml_bitset_init(&d.entry, a, g->node_count);
    int rc;
    if (!room || out->order == NULL || d.num == NULL) {
        rc = ml_error_nomem(err);
        goto out;
    }
    d.order = out->order;
    rc = compute(&d, reach, out, a, err);
out:
    ml_bitset_fini(&d.entry, a);
    ml_alloc_free_array(a, d.num, g->node_count, sizeof(uint32_t));
    if (rc < 0) {
        ml_dominator_fini(out, a);
    }
    return rc;
}

void
ml_dominator_fini(struct ml_dominator *d, const struct ml_alloc *a)
{
    ml_alloc_free_array(a, d->idom, d->node_count, sizeof(uint32_t));
    ml_alloc_free_array(a, d->order, d->node_count, sizeof(uint32_t));
    memset(d, 0, sizeof(*d));
}
