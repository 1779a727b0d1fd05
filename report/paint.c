/* SPDX-License-Identifier: MIT
 *
 * See paint.h.
 */
#include "paint.h"

#include <stdarg.h>
#include <string.h>

#include "clean_text.h"

#define MAX_WHOLE 2000   /* longer paths come from objects that want to be seen */
#define MAX_SENTENCE 800

static const struct {
    const char *unicode, *ascii;
} glyphs[] = {
    [ML_GLYPH_BRANCH] = {"├─ ", "|- "},  [ML_GLYPH_LAST] = {"└─ ", "`- "},
    [ML_GLYPH_DOWN] = {"│  ", "|  "},    [ML_GLYPH_DOT] = {" · ", ", "},
    [ML_GLYPH_TIMES] = {"×", "x"},       [ML_GLYPH_RULE] = {"─", "-"},
    [ML_GLYPH_CYCLE] = {"↺ ", "@ "},     [ML_GLYPH_SHARED] = {"↗ ", "^ "},
    [ML_GLYPH_SIDE] = {"│", "|"},        [ML_GLYPH_TOP_LEFT] = {"╭", "+"},
    [ML_GLYPH_TOP_RIGHT] = {"╮", "+"},   [ML_GLYPH_BOTTOM_LEFT] = {"╰", "+"},
    [ML_GLYPH_BOTTOM_RIGHT] = {"╯", "+"},
};

static const char *const codes[] = {
    [ML_PLAIN] = "",      [ML_BOLD] = "\033[1m", [ML_DIM] = "\033[2m",
    [ML_TITLE] = "\033[1;31m", [ML_PATH] = "\033[36m", [ML_WARN] = "\033[33m",
};

void
ml_paint_init(struct ml_paint *p, FILE *to, const struct ml_text_style *style)
{
    static const struct ml_text_style plain = {0};
    *p = (struct ml_paint){.to = to, .style = style != NULL ? *style : plain};
}

const char *
ml_paint_glyph(const struct ml_paint *p, enum ml_glyph glyph)
{
    return p->style.unicode ? glyphs[glyph].unicode : glyphs[glyph].ascii;
}

static void
put(struct ml_paint *p, enum ml_color color, const char *text, size_t len)
{
    bool painted = p->style.color && color != ML_PLAIN;
    size_t spaces = 0;
    while (spaces < len && text[spaces] == ' ') {
        spaces++;
    }
    if (spaces == len) {
        p->blanks += (int)len;
        return;
    }
    fprintf(p->to, "%*s", p->blanks, "");
    p->blanks = 0;
    if (painted) {
        fputs(codes[color], p->to);
    }
    fwrite(text, 1, len, p->to);
    if (painted) {
        fputs("\033[0m", p->to);
    }
}

void
ml_paint_word(struct ml_paint *p, enum ml_color color, const char *word)
{
    put(p, color, word, strlen(word));
    p->at += ml_clean_columns(word, strlen(word));
}

void
ml_paint_printf(struct ml_paint *p, enum ml_color color, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    ml_paint_word(p, color, text);
}

void
ml_paint_figure(struct ml_paint *p, int indent, enum ml_color color, const char *fmt,
                ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    int columns = 3 + ml_clean_columns(text, strlen(text));
    if (p->at > indent && p->style.width > 0 && p->at + columns > p->style.width) {
        ml_paint_line(p);
        ml_paint_pad(p, indent);
    }
    if (p->at > indent) {
        ml_paint_mark(p, ML_GLYPH_DOT);
    }
    ml_paint_word(p, color, text);
}

void
ml_paint_mark(struct ml_paint *p, enum ml_glyph glyph)
{
    ml_paint_word(p, ML_DIM, ml_paint_glyph(p, glyph));
}

static void
put_clean(struct ml_paint *p, enum ml_color color, const json_t *text, int columns)
{
    struct ml_buf clean;
    ml_buf_init(&clean, &ml_alloc_libc);
    p->at += ml_clean_append(&clean, json_string_value(text), json_string_length(text),
                             columns, p->style.unicode ? 0 : ML_CLEAN_ASCII);
    if (clean.len > 0) {
        put(p, color, clean.data, clean.len);
    }
    ml_buf_fini(&clean);
}

void
ml_paint_text(struct ml_paint *p, enum ml_color color, const json_t *text, int columns)
{
    if (p->style.width > 0) {
        int left = p->style.width - p->at;
        if (left <= 0) {
            return;
        }
        columns = columns == 0 || columns > left ? left : columns;
    }
    put_clean(p, color, text, columns);
}

void
ml_paint_whole(struct ml_paint *p, enum ml_color color, const json_t *text)
{
    put_clean(p, color, text, MAX_WHOLE);
}

void
ml_paint_pad(struct ml_paint *p, int column)
{
    p->blanks += column > p->at ? column - p->at : 0;
    p->at = column > p->at ? column : p->at;
}

void
ml_paint_rule(struct ml_paint *p, int column)
{
    const char *glyph = ml_paint_glyph(p, ML_GLYPH_RULE);
    struct ml_buf line;
    ml_buf_init(&line, &ml_alloc_libc);
    for (; p->at < column; p->at++) {
        ml_buf_puts(&line, glyph);
    }
    put(p, ML_DIM, ml_buf_str(&line), line.len);
    ml_buf_fini(&line);
}

void
ml_paint_line(struct ml_paint *p)
{
    fputc('\n', p->to);
    p->at = p->blanks = 0;
}

/* Whether a line may end at the space text[at]: not inside "48 211" or "1.2 GiB". */
static bool
may_break(const char *text, size_t len, size_t at)
{
    const char *next = text + at + 1;
    size_t left = len - at - 1;
    if (at == 0 || left == 0 || text[at - 1] < '0' || text[at - 1] > '9') {
        return true;
    }
    bool digit = next[0] >= '0' && next[0] <= '9';
    bool unit = (left >= 3 && strchr("KMGTPE", next[0]) != NULL && next[1] == 'i' &&
                 next[2] == 'B') ||
                (next[0] == 'B' && (left == 1 || next[1] == ' '));
    return !digit && !unit;
}

void
ml_paint_sentence(struct ml_paint *p, enum ml_color color, const char *text, size_t len)
{
    struct ml_buf clean;
    int start = p->at, room = p->style.width > 0 ? p->style.width - start : 0;
    room = room > 0 && room < 20 ? 20 : room;
    ml_buf_init(&clean, &ml_alloc_libc);
    ml_clean_append(&clean, text, len, MAX_SENTENCE,
                    p->style.unicode ? 0 : ML_CLEAN_ASCII);
    for (size_t i = 0; i < clean.len;) {
        size_t end = i, at = i;
        int columns = 0;
        while (at < clean.len) {
            uint32_t cp;
            size_t n = ml_clean_decode(clean.data + at, clean.len - at, &cp);
            columns += ml_clean_columns(clean.data + at, n);
            if (room > 0 && columns > room) {
                break;
            }
            bool gap = cp == ' ' && may_break(clean.data, clean.len, at);
            at += n;
            end = gap ? at : end;
        }
        end = at == clean.len || end == i ? at : end;
        size_t shown =
            end > i && end < clean.len && clean.data[end - 1] == ' ' ? end - 1 : end;
        put(p, color, clean.data + i, shown - i);
        p->at += ml_clean_columns(clean.data + i, shown - i);
        i = end;
        if (i < clean.len) {
            ml_paint_line(p);
            ml_paint_pad(p, start);
        }
    }
    ml_buf_fini(&clean);
}

int
ml_paint_indent_limit(const struct ml_paint *p)
{
    return p->style.width > 0 ? p->style.width / 2 : 90;
}
