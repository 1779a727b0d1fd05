/* SPDX-License-Identifier: MIT
 *
 * What of a graph is drawn, before anything is drawn: which nodes, which edges, what
 * is summed up. Plain arrays over the JSON; knows nothing of Graphviz.
 *
 * When there are more nodes than a person can take in, those stay that lie on the
 * shortest ways from the roots to the leaked objects; all others become one node
 * "more", and the edges from and to them one edge each.
 */
#ifndef ML_REPORT_DIAGRAM_PLAN_H
#define ML_REPORT_DIAGRAM_PLAN_H

#include "report.h"

enum ml_kind {
    ML_KIND_ROOT,
    ML_KIND_MODULE,
    ML_KIND_FRAME,
    ML_KIND_CLASS,
    ML_KIND_CONTAINER,
    ML_KIND_INSTANCE,
    ML_KIND_LEAKED,
    ML_KIND_NATIVE,
    ML_KIND_MORE,
    ML_KIND_COUNT,
};

struct ml_plan_node {
    const json_t *json; /* NULL for our own "more" */
    enum ml_kind kind;
    bool drawn;
    bool has_in, has_out;  /* of the edges that are drawn */
    int from_root, to_leaked; /* steps, INT_MAX: none */
    int row; /* extra ranks downwards, so that many leaves do not make one long row */
};

struct ml_plan_edge {
    int from, to; /* indices of nodes */
    int order;    /* place in the input */
    const json_t *json; /* NULL when several were summed up */
    long long count;
    bool drawn;
};

struct ml_plan {
    struct ml_plan_node *nodes;
    int node_count; /* the last one is "more" */
    struct ml_plan_edge *edges;
    int edge_count;
    int left_out_nodes, left_out_edges;
};

int ml_plan_make(const json_t *graph, int max_nodes, struct ml_plan *out,
                 struct ml_error *err);
void ml_plan_fini(struct ml_plan *plan);

#endif
