/* SPDX-License-Identifier: MIT
 *
 * What stands on nodes and edges, and in which colours: texts for Graphviz, escaped
 * for the two notations it has (HTML-like labels, and plain strings in which
 * backslashes and entities mean something). Knows nothing of cgraph.
 */
#ifndef ML_REPORT_DIAGRAM_LABEL_H
#define ML_REPORT_DIAGRAM_LABEL_H

#include "buf.h"
#include "diagram_plan.h"

struct ml_kind_look {
    const char *name;  /* in the legend */
    const char *class; /* in the SVG: "ml-leaked" */
    const char *fill, *line;           /* on a light page */
    const char *dark_fill, *dark_line; /* on a dark one */
};
extern const struct ml_kind_look ml_kind_looks[ML_KIND_COUNT];

#define ML_COLOR_PAGE "#fcfcfd"
#define ML_COLOR_TEXT "#111827"
#define ML_COLOR_QUIET "#4b5563"
#define ML_COLOR_EDGE "#64748b"

/* HTML-like: name, ×count, type, sizes, text. */
void ml_label_node(struct ml_buf *out, const struct ml_plan *plan,
                   const struct ml_plan_node *node);
/* HTML-like: the title over a row of the kinds that occur. */
void ml_label_title(struct ml_buf *out, const struct ml_plan *plan, const char *title);
/* Plain: how it is held, with the count when there are several. */
void ml_label_edge(struct ml_buf *out, const struct ml_plan_edge *edge);
/* Plain: all there is to say, for the tooltip. */
void ml_label_node_tip(struct ml_buf *out, const struct ml_plan *plan,
                       const struct ml_plan_node *node);
void ml_label_edge_tip(struct ml_buf *out, const struct ml_plan_edge *edge);

#endif
