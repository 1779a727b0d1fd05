/* SPDX-License-Identifier: MIT
 *
 * See yaml_text.h. The set of allowed characters is YAML 1.1's, section 5.1, which is
 * also what libyaml accepts.
 */
#include "yaml_text.h"

#include <string.h>

size_t
ml_yaml_decode(const char *p, size_t left, uint32_t *out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *u = (const unsigned char *)p;
    size_t n = u[0] < 0x80   ? 1
               : u[0] < 0xC0 ? 0
               : u[0] < 0xE0 ? 2
               : u[0] < 0xF0 ? 3
                             : 4;
    if (n == 0 || n > left || u[0] >= 0xF8) {
        return 0;
    }
    uint32_t c = n == 1 ? u[0] : u[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((u[i] & 0xC0) != 0x80) {
            return 0;
        }
        c = c << 6 | (u[i] & 0x3F);
    }
    if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
        return 0;
    }
    *out = c;
    return n;
}

static bool
is_printable(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c <= 0x7E) ||
           c == 0x85 || (c >= 0xA0 && c <= 0xD7FF) ||
           (c >= 0xE000 && c <= 0xFFFD && c != 0xFEFF) ||
           (c >= 0x10000 && c <= 0x10FFFF);
}

size_t
ml_yaml_check(const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        uint32_t c;
        size_t n = ml_yaml_decode(text + at, len - at, &c);
        if (n == 0 || !is_printable(c)) {
            return at;
        }
        at += n;
    }
    return len;
}

void
ml_yaml_position(const char *text, size_t offset, int *line, int *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            ++*line;
            *column = 1;
        }
        else if (((unsigned char)text[i] & 0xC0) != 0x80) {
            ++*column;
        }
    }
}

bool
ml_yaml_has_controls(const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        uint32_t c;
        size_t n = ml_yaml_decode(text + at, len - at, &c);
        if (n == 0 || c < 0x20 || (c >= 0x7F && c < 0xA0)) {
            return true;
        }
        at += n;
    }
    return false;
}

/* Letters, digits and what stands in paths and dotted names; the first one a letter,
 * '_', '/' or "~/". Everything else, and every word that some reader of YAML takes for
 * something other than a text, is quoted. */
static bool
may_stand_plain(const char *text)
{
    static const char *const words[] = {"null", "true", "false", "yes", "no",
                                        "on",   "off",  "y",     "n"};
    size_t len = strlen(text), ok = 0;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t k = 0;
        while (k < len && words[i][k] != '\0' && (text[k] | 0x20) == words[i][k]) {
            k++;
        }
        if (k == len && words[i][k] == '\0') {
            return false;
        }
    }
    for (; ok < len; ok++) {
        char c = text[ok];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool later =
            (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == '%';
        bool home = c == '~' && ok == 0 && text[1] == '/';
        if (!letter && c != '/' && !home && !(later && ok > 0)) {
            break;
        }
    }
    return len > 0 && ok == len;
}

static void
write_character(struct ml_buf *out, const char *at, size_t n, uint32_t c)
{
    if (c == '"' || c == '\\') {
        ml_buf_putc(out, '\\');
        ml_buf_putc(out, (char)c);
    }
    else if (!is_printable(c) || c < 0x20 || c == 0x85 || c == 0x2028 || c == 0x2029) {
        ml_buf_printf(out, "\\u%04X", (unsigned)c); /* line breaks would be folded */
    }
    else {
        ml_buf_append(out, at, n);
    }
}

void
ml_yaml_write_text(struct ml_buf *out, const char *text)
{
    if (may_stand_plain(text)) {
        ml_buf_puts(out, text);
        return;
    }
    ml_buf_putc(out, '"');
    for (size_t at = 0, len = strlen(text); at < len;) {
        uint32_t c;
        size_t n = ml_yaml_decode(text + at, len - at, &c);
        if (n == 0) {
            ml_buf_puts(out, "\xEF\xBF\xBD");
        }
        else {
            write_character(out, text + at, n, c);
        }
        at += n > 0 ? n : 1;
    }
    ml_buf_putc(out, '"');
}
