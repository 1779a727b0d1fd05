/* SPDX-License-Identifier: MIT
 *
 * See graph_dsl.h.
 */
#include "graph_dsl.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct drawing {
    struct dsl *d;
    struct ml_node_info info[DSL_NODES];
    struct ml_u32vec to[DSL_NODES];
    int32_t refs[DSL_NODES];
    bool has_refs[DSL_NODES];
};

static uint32_t
find_or_add(struct drawing *w, const char *name)
{
    struct dsl *d = w->d;
    for (uint32_t n = 0; n < d->count; n++) {
        if (strcmp(d->name[n], name) == 0) {
            return n;
        }
    }
    uint32_t n = d->count++;
    cr_assert(n < DSL_NODES && strlen(name) < DSL_NAME, "too many or too long: %s",
              name);
    snprintf(d->name[n], DSL_NAME, "%s", name);
    w->info[n] = (struct ml_node_info){.address = 0x1000 + 16 * (uint64_t)n, .size = 1};
    return n;
}

static void
read_property(struct drawing *w, uint32_t n, const char *word)
{
    long long value = 0;
    char key[16];
    cr_assert_eq(sscanf(word, "%15[a-z]=%lld", key, &value), 2, "what is '%s'?", word);
    if (strcmp(key, "size") == 0) {
        w->info[n].size = (uint64_t)value;
    }
    else if (strcmp(key, "kind") == 0) {
        w->info[n].kind = (uint32_t)value;
    }
    else if (strcmp(key, "flags") == 0) {
        w->info[n].flags = (uint8_t)value;
    }
    else {
        cr_assert_str_eq(key, "refs", "what is '%s'?", word);
        w->refs[n] = (int32_t)value;
        w->has_refs[n] = true;
    }
}

static void
read_statement(struct drawing *w, char *text)
{
    char *save, *word = strtok_r(text, " \t", &save);
    if (word == NULL) {
        return;
    }
    if (strcmp(word, "root") == 0) {
        uint32_t n = find_or_add(w, strtok_r(NULL, " \t", &save));
        const char *rank = strtok_r(NULL, " \t", &save);
        uint32_t number = rank == NULL               ? 0
                          : strcmp(rank, "own") == 0 ? ML_ROOT_OWN
                                                     : (uint32_t)atoll(rank);
        cr_assert_eq(ml_heap_graph_add_root(&w->d->g, n, number, n), ML_OK);
        return;
    }
    size_t len = strlen(word);
    bool edges = word[len - 1] == ':';
    word[len - edges] = '\0';
    uint32_t n = find_or_add(w, word);
    while ((word = strtok_r(NULL, " \t", &save)) != NULL) {
        if (edges) {
            uint32_t to = find_or_add(w, word);
            cr_assert_eq(ml_u32vec_push(&w->to[n], &ml_alloc_libc, to), ML_OK);
        }
        else {
            read_property(w, n, word);
        }
    }
}

static void
build(struct drawing *w)
{
    struct dsl *d = w->d;
    d->refs = calloc(d->count + 1, sizeof(*d->refs));
    for (uint32_t n = 0; n < d->count; n++) {
        cr_assert_eq(ml_heap_graph_add_node(&d->g, &w->info[n]), ML_OK);
    }
    for (uint32_t n = 0; n < d->count; n++) {
        cr_assert_eq(ml_heap_graph_add_edges(&d->g, n, w->to[n].data, w->to[n].len),
                     ML_OK);
        for (size_t i = 0; i < w->to[n].len; i++) {
            d->refs[w->to[n].data[i]]++;
        }
    }
    for (uint32_t n = 0; n < d->count; n++) {
        d->refs[n] = w->has_refs[n] ? w->refs[n] : d->refs[n];
        ml_u32vec_free(&w->to[n], &ml_alloc_libc);
    }
}

void
dsl_read(struct dsl *d, const char *text)
{
    struct drawing w = {.d = d};
    char *copy = strdup(text), *save;
    memset(d, 0, sizeof(*d));
    ml_heap_graph_init(&d->g, &ml_alloc_libc);
    for (char *s = strtok_r(copy, ";\n", &save); s; s = strtok_r(NULL, ";\n", &save)) {
        read_statement(&w, s);
    }
    free(copy);
    build(&w);
    struct ml_error err = {0};
    cr_assert_eq(ml_heap_graph_freeze(&d->g, &err), ML_OK, "%s", err.message);
    cr_assert_eq(ml_heap_graph_validate(&d->g, &err), ML_OK, "%s", err.message);
}

void
dsl_fini(struct dsl *d)
{
    ml_heap_graph_fini(&d->g);
    free(d->refs);
}

uint32_t
dsl_node(const struct dsl *d, const char *name)
{
    for (uint32_t n = 0; n < d->count; n++) {
        if (strcmp(d->name[n], name) == 0) {
            return n;
        }
    }
    cr_assert_fail("no node %s", name);
    return ML_NO_NODE;
}

const char *
dsl_name(const struct dsl *d, uint32_t node)
{
    return node < d->count ? d->name[node] : "-";
}

uint64_t
dice_throw(struct dice *dice, uint64_t below)
{
    uint64_t z = dice->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (z ^ z >> 31) % below;
}

static int
add_random_node(struct ml_heap_graph *g, struct dice *dice)
{
    struct ml_node_info info = {
        .address = 0x1000 + 16 * (uint64_t)g->node_count,
        .size = dice_throw(dice, 40) == 0 ? UINT64_C(5) << 32 : dice_throw(dice, 100),
        .kind = (uint32_t)dice_throw(dice, 5),
        .flags = dice_throw(dice, 12) == 0 ? ML_NODE_OWN : 0,
    };
    return ml_heap_graph_add_node(g, &info);
}

/* Mostly to the neighbourhood, sometimes anywhere: chains, joins and loops. */
static int
add_random_edges(struct ml_heap_graph *g, struct dice *dice, uint32_t n, uint32_t dense,
                 int32_t *refs)
{
    uint32_t to[8], count = (uint32_t)dice_throw(dice, dense + 1);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t near = n + dice_throw(dice, 4);
        bool far = dice_throw(dice, 3) == 0 || near >= g->node_count;
        to[i] = far ? (uint32_t)dice_throw(dice, g->node_count) : (uint32_t)near;
        refs[to[i]]++;
    }
    return ml_heap_graph_add_edges(g, n, to, count);
}

static void
throw_refs(const struct ml_heap_graph *g, struct dice *dice, int32_t *refs)
{
    for (uint32_t n = 0; n < g->node_count; n++) {
        uint64_t throw = dice_throw(dice, 20);
        if (throw == 0) {
            refs[n] += 1 + (int32_t)dice_throw(dice, 3);
        }
        else if (throw == 1) {
            refs[n] = ML_REFS_UNKNOWN;
        }
        else if (throw == 2) {
            refs[n] -= 1;
        }
    }
}

int
dsl_random(struct ml_heap_graph *g, int32_t **refs, uint64_t seed, uint32_t max_nodes,
           const struct ml_alloc *a)
{
    struct dice dice = {seed};
    uint32_t nodes = 1 + (uint32_t)dice_throw(&dice, max_nodes);
    uint32_t dense = 1 + (uint32_t)dice_throw(&dice, 4);
    int rc = ML_OK;
    ml_heap_graph_init(g, a);
    *refs = calloc(nodes, sizeof(**refs));
    for (uint32_t n = 0; n < nodes && rc == ML_OK; n++) {
        rc = add_random_node(g, &dice);
    }
    for (uint32_t n = 0; n < nodes && rc == ML_OK; n++) {
        rc = add_random_edges(g, &dice, n, dense, *refs);
    }
    for (uint64_t i = dice_throw(&dice, 4); i > 0 && rc == ML_OK; i--) {
        uint32_t rank = (uint32_t)dice_throw(&dice, 5);
        rc = ml_heap_graph_add_root(g, (uint32_t)dice_throw(&dice, nodes),
                                    rank < 4 ? rank : ML_ROOT_OWN, i);
    }
    rc = rc < 0 ? rc : ml_heap_graph_freeze(g, NULL);
    if (rc < 0) {
        ml_heap_graph_fini(g);
        free(*refs);
        *refs = NULL;
        return rc;
    }
    throw_refs(g, &dice, *refs);
    return ML_OK;
}

int
analysed_build(struct analysed *s, const struct ml_heap_graph *g, const int32_t *refs,
               const struct ml_alloc *a, const struct ml_cancel *cancel,
               struct ml_error *err)
{
    memset(s, 0, sizeof(*s));
    int rc = ml_reverse_build(g, a, cancel, &s->reverse, err);
    if (rc == ML_OK) {
        rc = ml_reach_compute(g, &s->reverse, refs, a, cancel, &s->reach, err);
    }
    if (rc == ML_OK) {
        rc = ml_path_tree_build(g, &s->reach, a, cancel, &s->path, err);
    }
    if (rc == ML_OK) {
        rc = ml_dominator_build(g, &s->reverse, &s->reach, a, cancel, &s->dom, err);
    }
    return rc < 0 ? rc : ml_retained_compute(g, &s->dom, a, &s->retained, err);
}

void
analysed_fini(struct analysed *s, const struct ml_alloc *a)
{
    ml_retained_fini(&s->retained, a);
    ml_dominator_fini(&s->dom, a);
    ml_path_tree_fini(&s->path, a);
    ml_reach_fini(&s->reach, a);
    ml_reverse_fini(&s->reverse, a);
}
