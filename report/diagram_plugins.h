/* SPDX-License-Identifier: MIT
 *
 * Graphviz without looking for anything on the machine: for memalotctl in a wheel.
 *
 * Graphviz usually loads what lays out, measures texts and writes SVG from a directory
 * that its package has filled. A wheel brings its own Graphviz, for which the machine's
 * plugins, of another version, may not even be looked at. So those that SVG needs are
 * linked in, and texts are measured by text_width. There is none for PNG.
 */
#ifndef ML_REPORT_DIAGRAM_PLUGINS_H
#define ML_REPORT_DIAGRAM_PLUGINS_H

#include <graphviz/gvc.h>

/* A context with these plugins and no others; NULL when memory is short. */
GVC_t *ml_diagram_plugins_context(void);

#endif
