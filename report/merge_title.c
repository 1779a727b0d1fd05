/* SPDX-License-Identifier: MIT
 *
 * See merge_title.h.
 */
#include "merge_title.h"

#include <string.h>

#include "human.h"
#include "text_format.h"

#define NAMED 3 /* processes that are told one by one */

static void
put_count(struct ml_buf *out, long long n)
{
    ml_human_count(out, n > 0 ? (uint64_t)n : 0);
}

/* "Session objects", "Page.on_change bound methods": what the agent calls them, else the
 * type's short name. */
static void
put_noun(struct ml_buf *out, const json_t *f)
{
    const char *noun = ml_json_text(f, "noun");
    const char *type = ml_json_text(f, "type");
    const char *dot = type != NULL ? strrchr(type, '.') : NULL;
    if (noun != NULL) {
        ml_buf_puts(out, noun);
    }
    else {
        ml_buf_printf(out, "%s objects", dot != NULL ? dot + 1 : type != NULL ? type : "");
    }
}

/* "shop.SESSIONS", "_speedups.so cache" for "<_speedups.so cache>", "native code". */
static void
put_holder(struct ml_buf *out, const json_t *f)
{
    const char *text = ml_json_text(json_object_get(f, "accumulation"), "path");
    if (text == NULL || text[0] == '\0') {
        text = ml_json_text(f, "path");
    }
    size_t len = text != NULL ? strlen(text) : 0;
    if (len == 0 || strncmp(text, "<native>", 8) == 0) {
        ml_buf_puts(out, "native code");
    }
    else if (len > 2 && text[0] == '<' && text[len - 1] == '>') {
        ml_buf_append(out, text + 1, len - 2);
    }
    else {
        ml_buf_append(out, text, len);
    }
}

static void
put_growth(struct ml_buf *out, const json_t *f)
{
    long long growth = ml_json_diff(f, "count", "count_before");
    if (ml_json_has_number(f, "count_before") && growth > 0) {
        ml_buf_puts(out, " (+");
        put_count(out, growth);
        ml_buf_putc(out, ')');
    }
}

static size_t
count_inherited(const json_t *parts)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(parts); i++) {
        n += json_is_true(json_object_get(json_array_get(parts, i), "inherited"));
    }
    return n;
}

/* ": 40 000 in 4711, from which 4 others have them by fork" */
static void
put_inheritance(struct ml_buf *out, const json_t *parts)
{
    size_t n = json_array_size(parts), i = 0;
    while (json_is_true(json_object_get(json_array_get(parts, i), "inherited"))) {
        i++;
    }
    const json_t *source = json_array_get(parts, i);
    ml_buf_puts(out, ": ");
    put_count(out, ml_json_integer(json_object_get(source, "row"), "count"));
    ml_buf_printf(out, " in %lld, from which ", ml_json_integer(source, "pid"));
    ml_buf_printf(out, n == 2 ? "the other has" : "%zu others have", n - 1);
    ml_buf_puts(out, " them by fork");
}

/* ": 6 012 in 4711, 6 010 in 4712 and 12 000 in 2 others" */
static void
put_processes(struct ml_buf *out, const json_t *parts, long long left)
{
    size_t n = json_array_size(parts), named = n > NAMED + 1 ? NAMED : n;
    for (size_t i = 0; i < named; i++) {
        const json_t *part = json_array_get(parts, i);
        long long count = ml_json_integer(json_object_get(part, "row"), "count");
        ml_buf_puts(out, i == 0 ? ": " : i + 1 == n ? " and " : ", ");
        put_count(out, count);
        ml_buf_printf(out, " in %lld", ml_json_integer(part, "pid"));
        left -= count;
    }
    if (named < n) {
        ml_buf_puts(out, " and ");
        put_count(out, left);
        ml_buf_printf(out, " in %zu others", n - named);
    }
}

static void
put_title(struct ml_buf *out, const json_t *f, const json_t *parts)
{
    double retained = ml_json_number(f, "retained_size");
    put_count(out, ml_json_integer(f, "count"));
    ml_buf_putc(out, ' ');
    put_noun(out, f);
    put_growth(out, f);
    if (json_array_size(parts) > 1) {
        ml_buf_printf(out, " in %zu processes", json_array_size(parts));
    }
    ml_buf_puts(out, " held by ");
    put_holder(out, f);
    ml_buf_puts(out, " retain ");
    ml_human_bytes(out, retained > 0 ? (uint64_t)retained : 0);
}

static void
put_where(struct ml_buf *out, const json_t *f, const json_t *parts, size_t answers)
{
    size_t n = json_array_size(parts);
    if (n == 1 && answers > 1) {
        ml_buf_printf(out, ", in %lld only",
                      ml_json_integer(json_array_get(parts, 0), "pid"));
    }
    else if (n > 1 && count_inherited(parts) + 1 == n) {
        put_inheritance(out, parts);
    }
    else if (n > 1) {
        put_processes(out, parts, ml_json_integer(f, "count"));
    }
}

json_t *
ml_merge_title(const json_t *f, const json_t *parts, size_t answers)
{
    struct ml_buf text;
    json_t *title = NULL;
    const json_t *own = json_object_get(f, "title");
    bool one = json_array_size(parts) == 1 &&
               json_object_get(json_array_get(parts, 0), "several") == NULL;
    ml_buf_init(&text, &ml_alloc_libc);
    if (one && json_string_length(own) > 0) {
        ml_buf_append(&text, json_string_value(own), json_string_length(own));
    }
    else {
        put_title(&text, f, parts);
    }
    put_where(&text, f, parts, answers);
    if (!text.failed) {
        title = json_stringn_nocheck(ml_buf_str(&text), text.len);
    }
    ml_buf_fini(&text);
    return title;
}
