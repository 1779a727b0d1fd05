/* SPDX-License-Identifier: MIT
 *
 * See box.h. The lines come painted: to know how wide one is, colours are skipped. No
 * other escape sequence is in them, for all foreign texts were cleaned on the way in.
 */
#include "box.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "clean_text.h"

#define SIDES 4      /* "│ " and " │" */
#define NARROWEST 36 /* terminals below get no frames */
#define PLAIN_INDENT 2

void
ml_box_open(struct ml_box *b, struct ml_paint *outer, const char *fmt, ...)
{
    struct ml_text_style style = outer->style;
    va_list ap;
    *b = (struct ml_box){.outer = outer};
    va_start(ap, fmt);
    vsnprintf(b->title, sizeof(b->title), fmt, ap);
    va_end(ap);
    b->framed = style.unicode && (style.width == 0 || style.width >= NARROWEST);
    if (style.width > 0) {
        int taken = b->framed ? SIDES : PLAIN_INDENT;
        style.width = style.width > taken + 1 ? style.width - taken : 1;
    }
    FILE *to = open_memstream(&b->text, &b->len);
    ml_paint_init(&b->inner, to != NULL ? to : outer->to, &style);
}

/* Columns of a line that has colours in it. */
static int
columns_of(const char *line, size_t len)
{
    int columns = 0;
    for (size_t i = 0; i < len;) {
        const char *escape = memchr(line + i, '\033', len - i);
        size_t plain = escape != NULL ? (size_t)(escape - line) - i : len - i;
        columns += ml_clean_columns(line + i, plain);
        i += plain;
        while (i < len && line[i++] != 'm') {
        }
    }
    return columns;
}

/* Between the sides: the widest line, or the title with its blanks. */
static int
columns_inside(const struct ml_box *b)
{
    int widest = ml_clean_columns(b->title, strlen(b->title)) + 2;
    for (const char *line = b->text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        int columns = columns_of(line, len);
        widest = columns > widest ? columns : widest;
        line += len + (line[len] == '\n');
    }
    return widest;
}

static void
frame_line(struct ml_box *b, const char *line, size_t len, int columns)
{
    struct ml_paint *p = b->outer;
    ml_paint_mark(p, ML_GLYPH_SIDE);
    fputc(' ', p->to);
    fwrite(line, 1, len, p->to);
    fprintf(p->to, "%*s ", columns - columns_of(line, len), "");
    ml_paint_mark(p, ML_GLYPH_SIDE);
    ml_paint_line(p);
}

static void
frame(struct ml_box *b)
{
    struct ml_paint *p = b->outer;
    int columns = columns_inside(b), right = columns + SIDES - 1;
    ml_paint_mark(p, ML_GLYPH_TOP_LEFT);
    ml_paint_rule(p, 2);
    ml_paint_printf(p, ML_BOLD, " %s ", b->title);
    ml_paint_rule(p, right);
    ml_paint_mark(p, ML_GLYPH_TOP_RIGHT);
    ml_paint_line(p);
    for (const char *line = b->text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        frame_line(b, line, len, columns);
        line += len + (line[len] == '\n');
    }
    ml_paint_mark(p, ML_GLYPH_BOTTOM_LEFT);
    ml_paint_rule(p, right);
    ml_paint_mark(p, ML_GLYPH_BOTTOM_RIGHT);
    ml_paint_line(p);
}

static void
indent(struct ml_box *b)
{
    struct ml_paint *p = b->outer;
    ml_paint_word(p, ML_BOLD, b->title);
    ml_paint_line(p);
    for (const char *line = b->text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        fprintf(p->to, "%*s", len > 0 ? PLAIN_INDENT : 0, "");
        fwrite(line, 1, len, p->to);
        ml_paint_line(p);
        line += len + (line[len] == '\n');
    }
}

void
ml_box_close(struct ml_box *b)
{
    if (b->inner.to == b->outer->to) {
        return; /* memory was short: the lines stand there already */
    }
    if (fclose(b->inner.to) == 0 && b->text != NULL) {
        int width = b->outer->style.width;
        if (b->framed && (width == 0 || columns_inside(b) + SIDES <= width)) {
            frame(b);
        }
        else {
            indent(b);
        }
    }
    free(b->text);
}
