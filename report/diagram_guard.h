/* SPDX-License-Identifier: MIT
 *
 * Draws in a process of its own. Graphviz ends the process when memory is short, has
 * crashed on graphs that others survive, and may think about a dense one for hours:
 * none of that may cost the report that the diagram belongs to.
 */
#ifndef ML_REPORT_DIAGRAM_GUARD_H
#define ML_REPORT_DIAGRAM_GUARD_H

#include "report.h"

/* ml_diagram_write in a child that has `seconds`. */
int ml_diagram_write_guarded(const json_t *graph, const char *title, const char *format,
                             int max_nodes, const char *path, int seconds,
                             struct ml_error *err);

#endif
