/* SPDX-License-Identifier: MIT
 *
 * The analysed heap: what every answer is written from. Built once per sweep, read
 * only afterwards.
 */
#ifndef ML_AGENT_SWEEP_VIEW_H
#define ML_AGENT_SWEEP_VIEW_H

#include "analysis.h"
#include "finding.h"
#include "sweep_job.h"
#include "take.h"

struct sweep_totals {
    uint64_t live_objects, live_size;
    uint64_t garbage_objects, garbage_size;
    uint64_t furniture_objects, furniture_size;
    uint64_t own_objects;
    uint64_t named_objects;   /* alive by a root that has a name */
    uint64_t outside_objects; /* alive only by references that nothing explains */
};

/* The program's memory, read from /proc. Bytes. */
struct sweep_memory {
    uint64_t rss, swap, peak_rss, files, shared, host_total; /* files: mapped ones */
};

struct call_texts;
struct native_holders;

/* What an answer leaves behind for the agent, besides its JSON. */
struct sweep_after {
    bool has_figures, has_tallies;
    struct ml_sweep_figures figures;
    struct ml_tally types, places;
};

struct sweep_view {
    struct take take;
    struct ml_reverse reverse;
    struct ml_reach reach;
    struct ml_path_tree paths;
    size_t naming_roots; /* the last of the graph's roots: of tasks, for paths alone */
    struct ml_dominator dominator;
    struct ml_retained retained;
    struct sweep_totals totals;
    struct sweep_memory memory;
    const struct sweep_job *job;
    const struct ml_watch *watch; /* of the question, when it looks for suspects */
    struct sweep_after *after;    /* of the answer being written */
    const struct ml_alloc *a;
    const struct ml_cancel *cancel;
    uint64_t peak; /* bytes the analysis needed */
    struct native_holders *native; /* asked by native_holders.h; NULL: nothing found */
    struct call_texts *texts; /* objects' own, of the answer being written */
};

int sweep_view_build(struct sweep_view *v, const struct sweep_job *job,
                     const struct ml_alloc *a, const struct ml_cancel *cancel,
                     struct ml_guard *guard, struct ml_error *err);
void sweep_view_fini(struct sweep_view *v);

/* Whether a node is alive by references alone that no root with a name explains. */
static inline bool
sweep_view_outside(const struct sweep_view *v, uint32_t node)
{
    return ml_bitset_has(&v->reach.alive, node) && !ml_bitset_has(&v->reach.named, node) &&
           !ml_bitset_has(&v->reach.in_hand, node);
}

#endif
