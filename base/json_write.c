/* SPDX-License-Identifier: MIT
 *
 * See json_write.h.
 */
#include "json_write.h"

#include <assert.h>
#include <string.h>

void
ml_json_init(struct ml_json *j, struct ml_buf *out)
{
    memset(j, 0, sizeof(*j));
    j->out = out;
}

/* Before every value: the comma, unless a key has just been written. */
static void
separate(struct ml_json *j)
{
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    uint64_t bit = (uint64_t)1 << j->depth;
    if (j->has_items & bit) {
        ml_buf_putc(j->out, ',');
    }
    j->has_items |= bit;
}

static void
open_container(struct ml_json *j, char c)
{
    separate(j);
    ml_buf_putc(j->out, c);
    assert(j->depth < 63);
    j->depth++;
    j->has_items &= ~((uint64_t)1 << j->depth);
}

static void
close_container(struct ml_json *j, char c)
{
    assert(j->depth > 0 && !j->after_key);
    j->depth--;
    ml_buf_putc(j->out, c);
}

void
ml_json_begin_object(struct ml_json *j)
{
    open_container(j, '{');
}

void
ml_json_end_object(struct ml_json *j)
{
    close_container(j, '}');
}

void
ml_json_begin_array(struct ml_json *j)
{
    open_container(j, '[');
}

void
ml_json_end_array(struct ml_json *j)
{
    close_container(j, ']');
}

/* Length of the UTF-8 sequence at p (1 to 4), or 0 when it is not well-formed:
 * overlong forms, surrogates and values past U+10FFFF are refused (RFC 3629). */
static size_t
utf8_length(const unsigned char *p, size_t left)
{
    static const unsigned char low[] = {0xE0, 0xA0, 0xED, 0x80, 0xF0, 0x90, 0xF4, 0x80};
    size_t n = p[0] < 0x80                    ? 1
               : p[0] >= 0xC2 && p[0] <= 0xDF ? 2
               : p[0] >= 0xE0 && p[0] <= 0xEF ? 3
               : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4
                                              : 0;
    if (n == 0 || n > left) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    if ((p[0] == low[0] && p[1] < low[1]) || (p[0] == low[2] && p[1] > 0x9F) ||
        (p[0] == low[4] && p[1] < low[5]) || (p[0] == low[6] && p[1] > 0x8F)) {
        return 0;
    }
    return n;
}

static void
put_string(struct ml_buf *out, const char *text, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *p = (const unsigned char *)text;
    ml_buf_putc(out, '"');
    for (size_t i = 0; i < len;) {
        size_t start = i;
        while (i < len && p[i] >= 0x20 && p[i] < 0x7F && p[i] != '"' && p[i] != '\\') {
            i++;
        }
        ml_buf_append(out, p + start, i - start);
        if (i == len) {
            break;
        }
        size_t n = utf8_length(p + i, len - i);
        if (p[i] == '"' || p[i] == '\\') {
            ml_buf_putc(out, '\\');
            ml_buf_putc(out, (char)p[i]);
        }
        else if (p[i] == '\n') {
            ml_buf_puts(out, "\\n");
        }
        else if (p[i] == '\t') {
            ml_buf_puts(out, "\\t");
        }
        else if (p[i] < 0x20 || p[i] == 0x7F) {
            char escape[] = {'\\', 'u', '0', '0', hex[p[i] >> 4], hex[p[i] & 15]};
            ml_buf_append(out, escape, sizeof(escape));
        }
        else if (n == 0) {
            ml_buf_puts(out, "\xEF\xBF\xBD");
        }
        else {
            ml_buf_append(out, p + i, n);
        }
        i += n > 0 ? n : 1;
    }
    ml_buf_putc(out, '"');
}

void
ml_json_key(struct ml_json *j, const char *name)
{
    assert(!j->after_key);
    separate(j);
    put_string(j->out, name, strlen(name));
    ml_buf_putc(j->out, ':');
    j->after_key = true;
}

void
ml_json_null(struct ml_json *j)
{
    separate(j);
    ml_buf_puts(j->out, "null");
}

void
ml_json_bool(struct ml_json *j, bool value)
{
    separate(j);
    ml_buf_puts(j->out, value ? "true" : "false");
}

void
ml_json_int(struct ml_json *j, int64_t value)
{
    separate(j);
    ml_buf_printf(j->out, "%lld", (long long)value);
}

void
ml_json_uint(struct ml_json *j, uint64_t value)
{
    separate(j);
    ml_buf_printf(j->out, "%llu", (unsigned long long)value);
}

void
ml_json_double(struct ml_json *j, double value, int decimals)
{
    if (!(value > -9e15 && value < 9e15)) {
        ml_json_null(j);
        return;
    }
    separate(j);
    double magnitude = value < 0 ? -value : value;
    uint64_t scale = 1;
    decimals = decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
    for (int i = 0; i < decimals; i++) {
        scale *= 10;
    }
    uint64_t whole = (uint64_t)magnitude;
    uint64_t part = (uint64_t)((magnitude - (double)whole) * (double)scale + 0.5);
    if (part >= scale) {
        whole++;
        part -= scale;
    }
    ml_buf_printf(j->out, "%s%llu", value < 0 && (whole | part) != 0 ? "-" : "",
                  (unsigned long long)whole);
    if (decimals > 0) {
        ml_buf_printf(j->out, ".%0*llu", decimals, (unsigned long long)part);
    }
}

void
ml_json_strn(struct ml_json *j, const char *text, size_t len)
{
    separate(j);
    put_string(j->out, text, len);
}

void
ml_json_str(struct ml_json *j, const char *text)
{
    if (text == NULL) {
        ml_json_null(j);
        return;
    }
    ml_json_strn(j, text, strlen(text));
}

void
ml_json_hex(struct ml_json *j, uint64_t value)
{
    separate(j);
    ml_buf_printf(j->out, "\"0x%llx\"", (unsigned long long)value);
}

void
ml_json_raw(struct ml_json *j, const char *json, size_t len)
{
    separate(j);
    ml_buf_append(j->out, json, len);
}

void
ml_json_kv_str(struct ml_json *j, const char *key, const char *value)
{
    ml_json_key(j, key);
    ml_json_str(j, value);
}

void
ml_json_kv_int(struct ml_json *j, const char *key, int64_t value)
{
    ml_json_key(j, key);
    ml_json_int(j, value);
}

void
ml_json_kv_uint(struct ml_json *j, const char *key, uint64_t value)
{
    ml_json_key(j, key);
    ml_json_uint(j, value);
}

void
ml_json_kv_bool(struct ml_json *j, const char *key, bool value)
{
    ml_json_key(j, key);
    ml_json_bool(j, value);
}

void
ml_json_kv_double(struct ml_json *j, const char *key, double value, int decimals)
{
    ml_json_key(j, key);
    ml_json_double(j, value, decimals);
}

void
ml_json_kv_hex(struct ml_json *j, const char *key, uint64_t value)
{
    ml_json_key(j, key);
    ml_json_hex(j, value);
}

void
ml_json_kv_null(struct ml_json *j, const char *key)
{
    ml_json_key(j, key);
    ml_json_null(j);
}
