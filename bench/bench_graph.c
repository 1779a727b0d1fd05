/* SPDX-License-Identifier: MIT
 *
 * Processor time of each step of the analysis on a heap as a web application leaves it
 * behind:
 *
 *   SESSIONS (dict) ──> Session ──> dict ──> 3 interned keys, 2 strings, list
 *                          │                                               │ x2
 *                        type <─────────────────── Item <──────────────────┘
 *                                                   └──> string, every other: Session
 *
 *     bench_graph [nodes in millions] [how much is out of order, percent]
 *
 * Objects stand in the order in which they were made, and strings apart, as the walk
 * finds them; the second argument exchanges that many with others at random, as in a
 * program that ran for weeks. Memory comes from an arena, as in a sweep.
 */
#include "addr_map.h"
#include "analysis.h"
#include "arena.h"
#include "cycle.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define UNIT_TRACKED 5u /* Session, dict, list, 2 Items */
#define UNIT_NODES 9u   /* and 4 strings */
#define HEAD 1024u      /* SESSIONS, types, interned strings */
#define TYPES 3u
#define KEYS 200u

enum kind { KIND_DICT, KIND_TYPE, KIND_SESSION, KIND_LIST, KIND_ITEM, KIND_STR };

struct heap {
    uint32_t units, count;
    uint32_t *place; /* logical node -> index */
    uint32_t *what;  /* index -> logical node */
    uint64_t seed;
};

static uint64_t
throw_dice(struct heap *h, uint64_t below)
{
    h->seed = h->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (h->seed >> 33) % below;
}

static double
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* others may be at work too */
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static void
order_nodes(struct heap *h, unsigned percent)
{
    h->place = malloc(h->count * sizeof(uint32_t));
    h->what = malloc(h->count * sizeof(uint32_t));
    for (uint32_t n = 0; n < h->count; n++) {
        h->what[n] = n;
    }
    for (uint32_t n = 0; n < h->count; n++) {
        if (throw_dice(h, 100) < percent) {
            uint32_t with = (uint32_t)throw_dice(h, h->count), keep = h->what[n];
            h->what[n] = h->what[with];
            h->what[with] = keep;
        }
    }
    for (uint32_t n = 0; n < h->count; n++) {
        h->place[h->what[n]] = n;
    }
}

static uint32_t
tracked(uint32_t unit, uint32_t which)
{
    return HEAD + unit * UNIT_TRACKED + which;
}

static uint32_t
string(const struct heap *h, uint32_t unit, uint32_t which)
{
    return HEAD + h->units * UNIT_TRACKED + unit * (UNIT_NODES - UNIT_TRACKED) + which;
}

/* References of a node of a unit; logical numbers. */
static size_t
unit_edges(const struct heap *h, uint32_t unit, uint32_t which, uint32_t *to)
{
    switch (which) {
    case 0:
        to[0] = 1;
        to[1] = tracked(unit, 1);
        return 2;
    case 1:
        for (uint32_t i = 0; i < 3; i++) {
            to[2 * i] = TYPES + 1 + (unit % 7 + i) % KEYS;
        }
        to[1] = string(h, unit, 0);
        to[3] = string(h, unit, 1);
        to[5] = tracked(unit, 2);
        return 6;
    case 2:
        to[0] = tracked(unit, 3);
        to[1] = tracked(unit, 4);
        return 2;
    default:
        to[0] = 2;
        to[1] = string(h, unit, which - 1);
        to[2] = tracked(unit, 0);
        return which == 3 ? 3 : 2;
    }
}

static size_t
edges_of(const struct heap *h, uint32_t n, uint32_t *to, uint32_t *kind)
{
    *kind = KIND_STR;
    if (n == 0) {
        *kind = KIND_DICT;
        for (uint32_t u = 0; u < h->units; u++) {
            to[u] = tracked(u, 0);
        }
        return h->units;
    }
    if (n < HEAD) {
        *kind = n <= TYPES ? KIND_TYPE : KIND_STR;
        to[0] = n == 1 ? 3 : TYPES + n;
        return n <= TYPES ? 1 : 0;
    }
    n -= HEAD;
    if (n >= h->units * UNIT_TRACKED) {
        return 0;
    }
    static const uint32_t kinds[] = {KIND_SESSION, KIND_DICT, KIND_LIST, KIND_ITEM,
                                     KIND_ITEM};
    *kind = kinds[n % UNIT_TRACKED];
    return unit_edges(h, n / UNIT_TRACKED, n % UNIT_TRACKED, to);
}

static int32_t *
build(struct heap *h, struct ml_heap_graph *g, uint32_t mega, unsigned percent)
{
    h->units = mega * 1000000u / UNIT_NODES;
    h->count = HEAD + h->units * UNIT_NODES;
    h->seed = 1;
    order_nodes(h, percent);
    uint32_t *to = malloc((h->units + 16) * sizeof(uint32_t));
    int32_t *refs = calloc(h->count, sizeof(*refs));
    int rc = ML_OK;
    for (uint32_t n = 0; n < h->count && rc == ML_OK; n++) {
        struct ml_node_info info = {.address = 0x7f0000000000 + 64 * (uint64_t)n,
                                    .size = 64};
        size_t count = edges_of(h, h->what[n], to, &info.kind);
        for (size_t i = 0; i < count; i++) {
            to[i] = h->place[to[i]];
            refs[to[i]]++;
        }
        rc = ml_heap_graph_add_node(g, &info);
        rc = rc < 0 ? rc : ml_heap_graph_add_edges(g, n, to, count);
    }
    for (uint32_t n = 0; n < HEAD && rc == ML_OK; n++) { /* interned strings are too */
        rc = ml_heap_graph_add_root(g, h->place[n], n <= TYPES ? 0 : 5, n);
    }
    rc = rc < 0 ? rc : ml_heap_graph_freeze(g, NULL);
    free(to);
    if (rc < 0) {
        fprintf(stderr, "building: %s\n", ml_error_name(rc));
        exit(1);
    }
    return refs;
}

static double total;

static void
tell(const char *step, double *since, int rc)
{
    double t = now();
    if (rc < 0) {
        fprintf(stderr, "%s: %s\n", step, ml_error_name(rc));
        exit(1);
    }
    printf("  %-22s %8.1f ms\n", step, t - *since);
    total += t - *since;
    *since = now();
}

/* What a sweep does for every reference: look the target up. */
static void
bench_map(const struct ml_heap_graph *g, const struct ml_alloc *a)
{
    struct ml_addr_map *m = ml_addr_map_new(a);
    uint32_t found, known = 0;
    double t = now();
    for (uint32_t n = 0; n < g->node_count; n++) {
        known += ml_addr_map_get_or_put(m, g->address[n], n, &found) == 0;
    }
    tell("map: enter all nodes", &t, ML_OK);
    for (uint32_t e = 0; e < g->edge_count; e++) {
        if (e + 16 < g->edge_count) {
            ml_addr_map_prefetch(m, g->address[g->edge[e + 16]]);
        }
        known += ml_addr_map_get_or_put(m, g->address[g->edge[e]], 0, &found) == 0;
    }
    tell("map: find all targets", &t, known == g->edge_count ? ML_OK : ML_ESTATE);
    ml_addr_map_free(m);
}

static void
bench_analysis(const struct ml_heap_graph *g, const int32_t *refs,
               const struct ml_alloc *a)
{
    struct ml_reverse r;
    struct ml_reach reach;
    struct ml_path_tree path;
    struct ml_dominator dom;
    struct ml_retained kept;
    struct ml_kind_sum kinds[16];
    struct ml_cycle_groups cycles;
    double t = now();
    tell("reverse", &t, ml_reverse_build(g, a, NULL, &r, NULL));
    tell("reach", &t, ml_reach_compute(g, &r, refs, a, NULL, &reach, NULL));
    tell("path", &t, ml_path_tree_build(g, &reach, a, NULL, &path, NULL));
    tell("dominator", &t, ml_dominator_build(g, &r, &reach, a, NULL, &dom, NULL));
    tell("retained", &t, ml_retained_compute(g, &dom, a, &kept, NULL));
    tell("retained by kind", &t,
         ml_retained_by_kind(g, &dom, &kept, 16, kinds, a, NULL));
    tell("cycle", &t, ml_cycle_groups_build(g, &reach, a, NULL, &cycles, NULL));
    printf("  alive %u, garbage %u, sessions retain %llu\n", reach.alive_count,
           reach.garbage_count, (unsigned long long)kinds[KIND_SESSION].retained);
    ml_cycle_groups_fini(&cycles);
    ml_retained_fini(&kept, a);
    ml_dominator_fini(&dom, a);
    ml_path_tree_fini(&path, a);
    ml_reach_fini(&reach, a);
    ml_reverse_fini(&r, a);
}

int
main(int argc, char **argv)
{
    struct ml_arena arena, work;
    struct ml_heap_graph g;
    struct heap h;
    ml_arena_init(&arena, 0);
    ml_arena_init(&work, 0);
    ml_heap_graph_init(&g, &arena.alloc);
    int32_t *refs = build(&h, &g, argc > 1 ? (uint32_t)atoi(argv[1]) : 5,
                          argc > 2 ? (unsigned)atoi(argv[2]) : 0);
    printf("%u nodes, %u references\n", g.node_count, g.edge_count);
    bench_map(&g, &work.alloc);
    total = 0;
    work.peak = work.mapped;
    bench_analysis(&g, refs, &work.alloc);
    printf("  %-22s %8.1f ms, %.1f bytes a node at most\n", "all but the map", total,
           (double)work.peak / g.node_count);
    free(refs);
    free(h.place);
    free(h.what);
    ml_heap_graph_fini(&g);
    ml_arena_fini(&work);
    ml_arena_fini(&arena);
    return 0;
}
