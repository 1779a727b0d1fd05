/* SPDX-License-Identifier: MIT
 *
 * Text in front of a person: colours, glyphs, lines that end where the terminal does.
 *
 * A line is made of pieces. `ml_paint_text` is the only way for texts of the report to
 * get in; it cleans them (clean_text.h), so that nothing an object says about itself
 * reaches the terminal as a command. In a line that may not be wrapped, pieces beyond
 * the width are dropped and the last one that shows ends in an ellipsis.
 */
#ifndef ML_REPORT_PAINT_H
#define ML_REPORT_PAINT_H

#include <jansson.h>

#include "buf.h"
#include "report.h"

enum ml_color {
    ML_PLAIN,
    ML_BOLD,
    ML_DIM,
    ML_TITLE, /* bold, the leak's colour */
    ML_PATH,  /* what can be pasted */
    ML_WARN,
};

enum ml_glyph {
    ML_GLYPH_BRANCH, /* "├─ " */
    ML_GLYPH_LAST,   /* "└─ " */
    ML_GLYPH_DOWN,   /* "│  " */
    ML_GLYPH_DOT,    /* " · " */
    ML_GLYPH_TIMES,  /* "×" */
    ML_GLYPH_RULE,   /* "─" */
    ML_GLYPH_CYCLE,  /* "↺ " */
    ML_GLYPH_SHARED, /* "↗ " */
    ML_GLYPH_SIDE,   /* "│", of a box; boxes are drawn in Unicode only */
    ML_GLYPH_TOP_LEFT,
    ML_GLYPH_TOP_RIGHT,
    ML_GLYPH_BOTTOM_LEFT,
    ML_GLYPH_BOTTOM_RIGHT,
};

struct ml_paint {
    FILE *to;
    struct ml_text_style style;
    int at;     /* columns of the present line */
    int blanks; /* of them at its end, written when something follows */
};

void ml_paint_init(struct ml_paint *p, FILE *to, const struct ml_text_style *style);
const char *ml_paint_glyph(const struct ml_paint *p, enum ml_glyph glyph);
/* Our own words: never cut. */
void ml_paint_word(struct ml_paint *p, enum ml_color color, const char *word);
void ml_paint_printf(struct ml_paint *p, enum ml_color color, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* One of several figures in a line: separated from the one before, on a new line at
 * `indent` when this one is full. */
void ml_paint_figure(struct ml_paint *p, int indent, enum ml_color color,
                     const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void ml_paint_mark(struct ml_paint *p, enum ml_glyph glyph);
/* A text of the report, at most `columns` wide (0: what the line still takes). */
void ml_paint_text(struct ml_paint *p, enum ml_color color, const json_t *text,
                   int columns);
/* The same, not cut by the width: what is meant to be copied. */
void ml_paint_whole(struct ml_paint *p, enum ml_color color, const json_t *text);
void ml_paint_pad(struct ml_paint *p, int column);
/* A line drawn up to this column. */
void ml_paint_rule(struct ml_paint *p, int column);
void ml_paint_line(struct ml_paint *p);
/* A sentence that starts in this column (the present one) and wraps there. */
void ml_paint_sentence(struct ml_paint *p, enum ml_color color, const char *text,
                       size_t len);

/* Columns a tree may be indented before it starts again at the left. */
int ml_paint_indent_limit(const struct ml_paint *p);

#endif
