/* SPDX-License-Identifier: MIT
 *
 * The last touch on an SVG from Graphviz: a page with rounded corners, colours for
 * dark mode, tooltips that every viewer shows, a width that fits where it is put.
 *
 * Works on the text, by patterns that Graphviz has written the same way for many
 * years; where one of them is not found, that part of the picture stays as it is.
 */
#ifndef ML_REPORT_DIAGRAM_SVG_H
#define ML_REPORT_DIAGRAM_SVG_H

#include "buf.h"

void ml_svg_finish(struct ml_buf *out, const char *svg, size_t len);

#endif
