/* SPDX-License-Identifier: MIT
 *
 * Reads JSON that somebody else wrote: a request line, or a report from the disk.
 *
 * Strict RFC 8259: UTF-8 is checked (RFC 3629), control characters in strings, lone
 * surrogates, leading zeros, trailing commas and anything after the value are errors,
 * nesting ends at ML_JSON_MAX_DEPTH. The text itself is never changed and nothing is
 * copied: the answer is an array of tokens that point into it,
 *
 *     {"limit": [1, 2]}   ->   object(1) string(limit) array(2) number(1) number(2)
 *
 * children right after their parent. `next` of a token is the first one after
 * everything below it, so that a reader may skip what it does not know. No numbers are
 * converted and no tree is built until somebody asks.
 */
#ifndef ML_CONTROL_JSON_READ_H
#define ML_CONTROL_JSON_READ_H

#include "alloc.h"
#include "error.h"

#define ML_JSON_MAX_DEPTH 32
#define ML_JSON_MAX_TOKENS (256 * 1024)
#define ML_JSON_MAX_TEXT ((size_t)1 << 31)

enum ml_json_type {
    ML_JSON_NULL,
    ML_JSON_FALSE,
    ML_JSON_TRUE,
    ML_JSON_NUMBER,
    ML_JSON_STRING,
    ML_JSON_ARRAY,
    ML_JSON_OBJECT,
};

struct ml_json_tok {
    uint32_t type;  /* enum ml_json_type */
    uint32_t start; /* first byte in the text; strings without their quotes */
    uint32_t end;   /* one past the last byte */
    uint32_t size;  /* values in an array, pairs in an object, else 0 */
    uint32_t next;  /* index of the first token that is not below this one */
};

struct ml_json_doc {
    const char *text;
    struct ml_json_tok *tok;
    uint32_t count;
    size_t cap;
    const struct ml_alloc *a;
};

/* Reads exactly one value; white space around it is fine. The text must outlive the
 * document. ML_EFORMAT with the byte position in the message, ML_ELIMIT when it is
 * too deep or has too many tokens, ML_ENOMEM. On an error `doc` needs no fini. */
int ml_json_read(struct ml_json_doc *doc, const char *text, size_t len,
                 const struct ml_alloc *a, struct ml_error *err);
void ml_json_doc_fini(struct ml_json_doc *doc);

/* The same checks without any token or allocation, for texts that are passed on. */
int ml_json_check(const char *text, size_t len, struct ml_error *err);

/* Removes the white space between the tokens of a checked text, in place: afterwards
 * it fits on one line. Returns the new length. */
size_t ml_json_minify(char *text, size_t len);

/* Value of a member (0-based token index), or 0 when there is none: token 0 is never
 * a member. `object` is the index of an object token. The first of two equal keys. */
uint32_t ml_json_member(const struct ml_json_doc *doc, uint32_t object,
                        const char *key);

/* Whether a string token says `text`, escapes resolved. */
bool ml_json_is(const struct ml_json_doc *doc, uint32_t token, const char *text);

/* Decodes a string token into `out` (terminated). ML_ELIMIT when it does not fit,
 * ML_EFORMAT when it holds a NUL or is no string. */
int ml_json_copy_string(const struct ml_json_doc *doc, uint32_t token, char *out,
                        size_t cap);

/* An integer that fits; ML_EFORMAT for anything else (20.0 is whole, 2e1 is not). */
int ml_json_copy_int(const struct ml_json_doc *doc, uint32_t token, int64_t *out);

#endif
