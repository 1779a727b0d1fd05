/* SPDX-License-Identifier: MIT
 *
 * The second half of json_read.h: what tokens say. Strings and numbers are converted
 * here, one at a time and with a limit, from a text that has been checked already.
 */
#include "json_read.h"

#include <string.h>

static uint32_t
hex_unit(const char *p)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        uint32_t c = (unsigned char)p[i];
        value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static size_t
put_utf8(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* One character from *p, which moves on; at most 4 bytes into `out`. The text has been
 * checked: escapes are complete and surrogates come in pairs. */
static size_t
take_character(const char **p, char out[4])
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *s = *p;
    if (*s != '\\') {
        out[0] = *s;
        *p = s + 1;
        return 1;
    }
    if (s[1] != 'u') {
        out[0] = to[strchr(from, s[1]) - from];
        *p = s + 2;
        return 1;
    }
    uint32_t c = hex_unit(s + 2);
    s += 6;
    if (c >= 0xD800 && c <= 0xDBFF) {
        c = 0x10000 + ((c - 0xD800) << 10) + (hex_unit(s + 2) - 0xDC00);
        s += 6;
    }
    *p = s;
    return put_utf8(c, out);
}

int
ml_json_copy_string(const struct ml_json_doc *doc, uint32_t token, char *out,
                    size_t cap)
{
    const struct ml_json_tok *t = &doc->tok[token];
    if (t->type != ML_JSON_STRING) {
        return ML_EFORMAT;
    }
    const char *p = doc->text + t->start, *end = doc->text + t->end;
    size_t used = 0;
    while (p < end) {
        char c[4];
        size_t n = take_character(&p, c);
        if (n == 1 && c[0] == '\0') {
            return ML_EFORMAT;
        }
        if (n >= cap - used) {
            return ML_ELIMIT;
        }
        memcpy(out + used, c, n);
        used += n;
    }
    out[used] = '\0';
    return ML_OK;
}

bool
ml_json_is(const struct ml_json_doc *doc, uint32_t token, const char *text)
{
    const struct ml_json_tok *t = &doc->tok[token];
    if (t->type != ML_JSON_STRING) {
        return false;
    }
    const char *p = doc->text + t->start, *end = doc->text + t->end;
    while (p < end) {
        char c[4];
        size_t n = take_character(&p, c);
        if (strncmp(text, c, n) != 0 || (n == 1 && c[0] == '\0')) {
            return false;
        }
        text += n;
    }
    return *text == '\0';
}

uint32_t
ml_json_member(const struct ml_json_doc *doc, uint32_t object, const char *key)
{
    const struct ml_json_tok *o = &doc->tok[object];
    if (o->type != ML_JSON_OBJECT) {
        return 0;
    }
    uint32_t at = object + 1;
    for (uint32_t i = 0; i < o->size; i++) {
        if (ml_json_is(doc, at, key)) {
            return at + 1;
        }
        at = doc->tok[at + 1].next;
    }
    return 0;
}

/* Digits only; more than 18 of them are refused rather than checked for overflow. */
static int
whole_number(const char *p, const char *end, int64_t *out)
{
    bool negative = *p == '-';
    p += negative;
    if (end - p > 18) {
        return ML_EFORMAT;
    }
    int64_t value = 0;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9') {
            return ML_EFORMAT;
        }
        value = value * 10 + (*p - '0');
    }
    *out = negative ? -value : value;
    return ML_OK;
}

int
ml_json_copy_int(const struct ml_json_doc *doc, uint32_t token, int64_t *out)
{
    const struct ml_json_tok *t = &doc->tok[token];
    if (t->type != ML_JSON_NUMBER) {
        return ML_EFORMAT;
    }
    /* Some languages write every number with a point: 20.0 is 20. */
    const char *p = doc->text + t->start, *end = doc->text + t->end;
    const char *point = memchr(p, '.', (size_t)(end - p));
    if (point != NULL) {
        for (const char *z = point + 1; z < end; z++) {
            if (*z != '0') {
                return ML_EFORMAT;
            }
        }
        end = point;
    }
    return whole_number(p, end, out);
}
