/* SPDX-License-Identifier: MIT
 *
 * The answers of the analysis, got stupidly: each one follows its definition word for
 * word, with tables of all pairs and no cleverness that could share a mistake with the
 * real thing. For graphs of a few dozen nodes.
 */
#ifndef ML_TESTS_ORACLE_H
#define ML_TESTS_ORACLE_H

#include "analysis.h"

#define ORACLE_NODES 64

struct oracle {
    const struct ml_heap_graph *g;
    bool named[ORACLE_NODES], alive[ORACLE_NODES], outside[ORACLE_NODES];
    bool firm[ORACLE_NODES]; /* alive without roots of our own */
    /* dominates[a][b]: a and b are firm, and without a nothing leads to b any more */
    bool dominates[ORACLE_NODES][ORACLE_NODES];
    uint32_t idom[ORACLE_NODES];
    uint64_t distance[ORACLE_NODES]; /* UINT64_MAX: unreached */
    uint32_t root[ORACLE_NODES], parent[ORACLE_NODES];
    /* garbage on one cycle; [a][a]: on any */
    bool together[ORACLE_NODES][ORACLE_NODES];
};

void oracle_ask(struct oracle *o, const struct ml_heap_graph *g, const int32_t *refs);

/* Bytes and objects of what at least one of the members dominates. */
void oracle_retained(const struct oracle *o, const bool *members, uint64_t *bytes,
                     uint64_t *objects);

#endif
