/* SPDX-License-Identifier: MIT
 *
 * How wide a text will be drawn, where no font can be asked: in a wheel, which brings
 * no font libraries, and on servers, which have no fonts.
 *
 * The figures are those of DejaVu Sans, the widest of the fonts that stand in for
 * Helvetica on one system or another: with others a box has a little room to spare.
 */
#ifndef ML_REPORT_TEXT_WIDTH_H
#define ML_REPORT_TEXT_WIDTH_H

#include <stdbool.h>

/* Of UTF-8 `text` in a font of `size` points, in points. */
double ml_text_width(const char *text, double size, bool bold);

#endif
