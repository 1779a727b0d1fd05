/* SPDX-License-Identifier: MIT
 *
 * See json_read.h. One pass with an explicit stack of open containers, so that no
 * input decides how deep the C stack gets. Each byte is looked at once.
 */
#include "json_read.h"

#include <string.h>

struct reader {
    const char *text;
    size_t len;
    size_t at;
    struct ml_json_doc *doc; /* NULL: check only */
    struct {
        bool is_object;
        uint32_t token;
        uint32_t size;
    } open[ML_JSON_MAX_DEPTH];
    int depth;
    struct ml_error *err;
};

static int
wrong(const struct reader *r, const char *what)
{
    return ml_error_set(r->err, ML_EFORMAT, "broken JSON: %s at byte %zu", what,
                        r->at + 1);
}

static int
peek(const struct reader *r)
{
    return r->at < r->len ? (unsigned char)r->text[r->at] : -1;
}

static void
skip_space(struct reader *r)
{
    while (r->at < r->len && (r->text[r->at] == ' ' || r->text[r->at] == '\t' ||
                              r->text[r->at] == '\n' || r->text[r->at] == '\r')) {
        r->at++;
    }
}

static int
add_token(struct reader *r, enum ml_json_type type, size_t start, size_t end,
          uint32_t *index)
{
    struct ml_json_doc *doc = r->doc;
    *index = 0;
    if (doc == NULL) {
        return ML_OK;
    }
    if (doc->count == ML_JSON_MAX_TOKENS) {
        return ml_error_set(r->err, ML_ELIMIT, "more than %d JSON values",
                            ML_JSON_MAX_TOKENS);
    }
    if (doc->count == doc->cap) {
        size_t cap = doc->cap == 0 ? 32 : doc->cap * 2;
        void *tok =
            ml_alloc_resize_array(doc->a, doc->tok, doc->cap, cap, sizeof(*doc->tok));
        if (tok == NULL) {
            return ml_error_nomem(r->err);
        }
        doc->tok = tok;
        doc->cap = cap;
    }
    *index = doc->count++;
    doc->tok[*index] = (struct ml_json_tok){.type = type,
                                            .start = (uint32_t)start,
                                            .end = (uint32_t)end,
                                            .next = doc->count};
    return ML_OK;
}

static int
hex_value(int c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Four hex digits at p, or -1. */
static int
hex4(const char *p, size_t left)
{
    int value = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = i < left ? hex_value((unsigned char)p[i]) : -1;
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static bool
is_high_surrogate(int unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool
is_low_surrogate(int unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* `at` stands on the backslash. A surrogate must come with its other half. */
static int
skip_escape(struct reader *r)
{
    r->at++;
    int c = peek(r);
    if (c >= 0 && c != 'u' && strchr("\"\\/bfnrt", c) != NULL && c != '\0') {
        r->at++;
        return ML_OK;
    }
    if (c != 'u') {
        return wrong(r, "unknown escape");
    }
    r->at++;
    int unit = hex4(r->text + r->at, r->len - r->at);
    if (unit < 0) {
        return wrong(r, "\\u needs four hex digits");
    }
    if (is_low_surrogate(unit)) {
        return wrong(r, "half a surrogate pair");
    }
    r->at += 4;
    if (is_high_surrogate(unit)) {
        const char *p = r->text + r->at;
        size_t left = r->len - r->at;
        if (left < 6 || p[0] != '\\' || p[1] != 'u' ||
            !is_low_surrogate(hex4(p + 2, left - 2))) {
            return wrong(r, "half a surrogate pair");
        }
        r->at += 6;
    }
    return ML_OK;
}

/* Skips one character of more than one byte; RFC 3629 section 4. */
static int
skip_utf8(struct reader *r)
{
    const unsigned char *p = (const unsigned char *)r->text + r->at;
    size_t left = r->len - r->at;
    size_t n = p[0] >= 0xC2 && p[0] <= 0xDF   ? 2
               : p[0] >= 0xE0 && p[0] <= 0xEF ? 3
               : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4
                                              : 0;
    bool good = n != 0 && n <= left;
    for (size_t i = 1; good && i < n; i++) {
        good = (p[i] & 0xC0) == 0x80;
    }
    if (!good || (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
        (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F)) {
        return wrong(r, "bytes that are not UTF-8");
    }
    r->at += n;
    return ML_OK;
}

static int
read_string(struct reader *r)
{
    size_t start = ++r->at;
    int rc = ML_OK;
    for (;;) {
        int c = peek(r);
        if (c < 0) {
            return wrong(r, "a string without an end");
        }
        if (c == '"') {
            break;
        }
        if (c < 0x20) {
            return wrong(r, "a control character in a string");
        }
        if (c == '\\') {
            rc = skip_escape(r);
        }
        else if (c >= 0x80) {
            rc = skip_utf8(r);
        }
        else {
            r->at++;
        }
        if (rc < 0) {
            return rc;
        }
    }
    uint32_t index;
    return add_token(r, ML_JSON_STRING, start, r->at++, &index);
}

static bool
skip_digits(struct reader *r)
{
    size_t start = r->at;
    while (peek(r) >= '0' && peek(r) <= '9') {
        r->at++;
    }
    return r->at > start;
}

static int
read_number(struct reader *r)
{
    size_t start = r->at;
    if (peek(r) == '-') {
        r->at++;
    }
    if (peek(r) == '0') {
        r->at++;
    }
    else if (!skip_digits(r)) {
        return wrong(r, "a number without digits");
    }
    if (peek(r) == '.') {
        r->at++;
        if (!skip_digits(r)) {
            return wrong(r, "no digits after the point");
        }
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        r->at++;
        if (peek(r) == '+' || peek(r) == '-') {
            r->at++;
        }
        if (!skip_digits(r)) {
            return wrong(r, "an exponent without digits");
        }
    }
    uint32_t index;
    return add_token(r, ML_JSON_NUMBER, start, r->at, &index);
}

static int
read_word(struct reader *r)
{
    static const struct {
        const char *word;
        enum ml_json_type type;
    } words[] = {
        {"null", ML_JSON_NULL}, {"true", ML_JSON_TRUE}, {"false", ML_JSON_FALSE}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t n = strlen(words[i].word);
        if (r->len - r->at >= n && memcmp(r->text + r->at, words[i].word, n) == 0) {
            uint32_t index;
            r->at += n;
            return add_token(r, words[i].type, r->at - n, r->at, &index);
        }
    }
    return wrong(r,
                 r->at < r->len ? "unexpected character" : "the text ends too early");
}

static int
open_container(struct reader *r, bool is_object)
{
    if (r->depth == ML_JSON_MAX_DEPTH) {
        return ml_error_set(r->err, ML_ELIMIT, "JSON nested deeper than %d",
                            ML_JSON_MAX_DEPTH);
    }
    uint32_t index;
    int rc = add_token(r, is_object ? ML_JSON_OBJECT : ML_JSON_ARRAY, r->at, 0, &index);
    if (rc < 0) {
        return rc;
    }
    r->at++;
    r->open[r->depth].is_object = is_object;
    r->open[r->depth].token = index;
    r->open[r->depth].size = 0;
    r->depth++;
    return ML_OK;
}

static void
close_container(struct reader *r)
{
    r->at++;
    r->depth--;
    if (r->doc != NULL) {
        struct ml_json_tok *t = &r->doc->tok[r->open[r->depth].token];
        t->end = (uint32_t)r->at;
        t->size = r->open[r->depth].size;
        t->next = r->doc->count;
    }
}

static int
read_key(struct reader *r)
{
    if (peek(r) != '"') {
        return wrong(r, "a key in quotes is missing");
    }
    int rc = read_string(r);
    if (rc < 0) {
        return rc;
    }
    skip_space(r);
    if (peek(r) != ':') {
        return wrong(r, "':' is missing");
    }
    r->at++;
    skip_space(r);
    return ML_OK;
}

static int
read_scalar(struct reader *r)
{
    int c = peek(r);
    if (c == '"') {
        return read_string(r);
    }
    return c == '-' || (c >= '0' && c <= '9') ? read_number(r) : read_word(r);
}

/* After a value: closes what ends here; sets `more` when another value follows. */
static int
after_value(struct reader *r, bool *more)
{
    while (r->depth > 0) {
        bool is_object = r->open[r->depth - 1].is_object;
        r->open[r->depth - 1].size++;
        skip_space(r);
        int c = peek(r);
        if (c == ',') {
            r->at++;
            skip_space(r);
            *more = true;
            return is_object ? read_key(r) : ML_OK;
        }
        if (c != (is_object ? '}' : ']')) {
            return wrong(r,
                         is_object ? "',' or '}' is missing" : "',' or ']' is missing");
        }
        close_container(r);
    }
    *more = false;
    return ML_OK;
}

static int
read_value(struct reader *r, bool *more)
{
    int c = peek(r), rc;
    if (c == '{' || c == '[') {
        rc = open_container(r, c == '{');
        skip_space(r);
        if (rc == ML_OK && peek(r) == (c == '{' ? '}' : ']')) {
            close_container(r);
            return after_value(r, more);
        }
        *more = true;
        return rc == ML_OK && c == '{' ? read_key(r) : rc;
    }
    rc = read_scalar(r);
    return rc == ML_OK ? after_value(r, more) : rc;
}

static int
read_text(struct reader *r)
{
    if (r->len >= ML_JSON_MAX_TEXT) {
        return ml_error_set(r->err, ML_ELIMIT, "JSON text longer than %zu bytes",
                            ML_JSON_MAX_TEXT);
    }
    bool more = true;
    skip_space(r);
    while (more) {
        int rc = read_value(r, &more);
        if (rc < 0) {
            return rc;
        }
    }
    skip_space(r);
    return r->at == r->len ? ML_OK : wrong(r, "more text after the value");
}

int
ml_json_read(struct ml_json_doc *doc, const char *text, size_t len,
             const struct ml_alloc *a, struct ml_error *err)
{
    *doc = (struct ml_json_doc){.text = text, .a = a};
    struct reader r = {.text = text, .len = len, .doc = doc, .err = err};
    int rc = read_text(&r);
    if (rc < 0) {
        ml_json_doc_fini(doc);
    }
    return rc;
}

void
ml_json_doc_fini(struct ml_json_doc *doc)
{
    if (doc->a != NULL) {
        ml_alloc_free_array(doc->a, doc->tok, doc->cap, sizeof(*doc->tok));
    }
    memset(doc, 0, sizeof(*doc));
}

int
ml_json_check(const char *text, size_t len, struct ml_error *err)
{
    struct reader r = {.text = text, .len = len, .err = err};
    return read_text(&r);
}

size_t
ml_json_minify(char *text, size_t len)
{
    size_t to = 0;
    bool in_string = false;
    for (size_t from = 0; from < len; from++) {
        char c = text[from];
        if (in_string && c == '\\' && from + 1 < len) {
            text[to++] = c;
            c = text[++from];
        }
        else if (c == '"') {
            in_string = !in_string;
        }
        else if (!in_string && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
            continue;
        }
        text[to++] = c;
    }
    return to;
}
