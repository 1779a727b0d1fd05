/* SPDX-License-Identifier: MIT
 *
 * See clean_text.h. One pass: every character becomes a piece (itself or its escape)
 * with a width; the place where an ellipsis would still fit is remembered, so that a
 * text that turns out too long is cut there without looking back.
 */
#define _GNU_SOURCE
#include "clean_text.h"

#include <pthread.h>
#include <stdio.h> /* snprintf only */
#include <string.h>
#include <wchar.h>

/* More marks than this on one letter only serve to paint over the lines around. */
#define MAX_COMBINING 4

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t utf8_locale;

static void
make_locale(void)
{
    static const char *const names[] = {"C.UTF-8", "C.utf8", "en_US.UTF-8"};
    for (size_t i = 0; i < 3 && utf8_locale == (locale_t)0; i++) {
        utf8_locale = newlocale(LC_CTYPE_MASK, names[i], (locale_t)0);
    }
}

locale_t
ml_clean_enter_utf8(void)
{
    pthread_once(&once, make_locale);
    return uselocale(utf8_locale);
}

void
ml_clean_leave_utf8(locale_t old)
{
    uselocale(old);
}

size_t
ml_clean_decode(const char *text, size_t len, uint32_t *cp)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)text;
    *cp = p[0];
    if (p[0] < 0x80) {
        return 1;
    }
    size_t n = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    *cp = UINT32_MAX;
    if (p[0] < 0xC2 || p[0] > 0xF4 || n > len) {
        return 1;
    }
    uint32_t value = p[0] & (0x7F >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 1;
        }
        value = value << 6 | (p[i] & 0x3F);
    }
    if (value < smallest[n] || value > 0x10FFFF || (value >> 11) == 0x1B) {
        return 1;
    }
    *cp = value;
    return n;
}

/* Characters that are not shown as they are, although a terminal would take them:
 * they turn the direction of what follows, break lines, or are invisible. */
static bool
is_deceptive(uint32_t cp)
{
    return (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069) ||
           cp == 0x200E || cp == 0x200F || cp == 0x061C || cp == 0x2028 ||
           cp == 0x2029 || cp == 0xFEFF || cp == 0x00AD || (cp & 0xFFFE) == 0xFFFE ||
           (cp >= 0xE0000 && cp <= 0xE0FFF) || (cp >= 0xFFF9 && cp <= 0xFFFB);
}

/* Columns of a printable character, -1 for one that must be escaped. */
static int
width_of(uint32_t cp)
{
    if (cp < 0x80) {
        return cp >= 0x20 && cp < 0x7F ? 1 : -1;
    }
    if (cp < 0xA0 || is_deceptive(cp)) {
        return -1;
    }
    if (utf8_locale == (locale_t)0) {
        return 1; /* no UTF-8 locale on this machine: nobody can tell */
    }
    return wcwidth((wchar_t)cp);
}

static int
escape(char out[16], unsigned char byte, uint32_t cp)
{
    if (cp == '\n' || cp == '\t' || cp == '\r') {
        return snprintf(out, 16, "\\%c", cp == '\n' ? 'n' : cp == '\t' ? 't' : 'r');
    }
    if (cp == UINT32_MAX || cp < 0x100) {
        return snprintf(out, 16, "\\x%02x", cp == UINT32_MAX ? byte : (unsigned)cp);
    }
    return snprintf(out, 16, cp < 0x10000 ? "\\u%04x" : "\\U%08x", cp);
}

struct piece {
    const char *bytes;
    size_t len, taken; /* bytes out, bytes in */
    int width;
};

static struct piece
next_piece(const char *text, size_t len, int flags, int *combining, char room[16])
{
    uint32_t cp;
    size_t taken = ml_clean_decode(text, len, &cp);
    int width = cp == UINT32_MAX ? -1 : width_of(cp);
    *combining = width == 0 ? *combining + 1 : 0;
    if (width >= 0 && cp >= 0x80 && (flags & ML_CLEAN_ASCII)) {
        width = -1;
    }
    if (width == 0 && *combining > MAX_COMBINING) {
        return (struct piece){text, 0, taken, 0};
    }
    if (width >= 0) {
        return (struct piece){text, taken, taken, width};
    }
    int n = escape(room, (unsigned char)text[0], cp);
    return (struct piece){room, (size_t)n, taken, n};
}

static int
append_all(struct ml_buf *out, const char *text, size_t len, int columns, int flags)
{
    const char *dots = flags & ML_CLEAN_ASCII ? "..." : "…";
    int dots_width = flags & ML_CLEAN_ASCII ? 3 : 1;
    int width = 0, width_at_cut = 0, combining = 0;
    size_t cut = out->len;
    char room[16];
    for (size_t i = 0; i < len;) {
        struct piece piece = next_piece(text + i, len - i, flags, &combining, room);
        if (columns > 0 && width + piece.width > columns) {
            if (out->failed || columns < dots_width) {
                return width;
            }
            out->len = cut;
            ml_buf_puts(out, dots);
            return width_at_cut + dots_width;
        }
        ml_buf_append(out, piece.bytes, piece.len);
        width += piece.width;
        if (width + dots_width <= columns) {
            cut = out->len;
            width_at_cut = width;
        }
        i += piece.taken;
    }
    return width;
}

/* Cleans the whole text aside, then drops characters from its front. */
static int
append_end(struct ml_buf *out, const char *text, size_t len, int columns, int flags)
{
    struct ml_buf whole;
    ml_buf_init(&whole, out->a);
    int dots_width = flags & ML_CLEAN_ASCII ? 3 : 1;
    int width =
        append_all(&whole, text, len, columns > dots_width ? 0 : columns, flags);
    size_t from = 0;
    if (width > columns) {
        while (from < whole.len && width > columns - dots_width) {
            uint32_t cp;
            size_t n = ml_clean_decode(whole.data + from, whole.len - from, &cp);
            width -= ml_clean_columns(whole.data + from, n);
            from += n;
        }
        ml_buf_puts(out, flags & ML_CLEAN_ASCII ? "..." : "…");
        width += dots_width;
    }
    if (whole.len > from) {
        ml_buf_append(out, whole.data + from, whole.len - from);
    }
    out->failed |= whole.failed;
    ml_buf_fini(&whole);
    return width;
}

int
ml_clean_append(struct ml_buf *out, const char *text, size_t len, int columns,
                int flags)
{
    if (text == NULL) {
        return 0;
    }
    locale_t old = ml_clean_enter_utf8();
    int width = columns > 0 && (flags & ML_CLEAN_CUT_LEFT)
                    ? append_end(out, text, len, columns, flags)
                    : append_all(out, text, len, columns, flags);
    ml_clean_leave_utf8(old);
    return width;
}

int
ml_clean_columns(const char *text, size_t len)
{
    locale_t old = ml_clean_enter_utf8();
    int width = 0;
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        i += ml_clean_decode(text + i, len - i, &cp);
        int w = cp == UINT32_MAX ? 1 : width_of(cp);
        width += w > 0 ? w : 0;
    }
    ml_clean_leave_utf8(old);
    return width;
}
