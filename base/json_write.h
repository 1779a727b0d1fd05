/* SPDX-License-Identifier: MIT
 *
 * Writes JSON into a buffer, piece by piece, commas and escapes included.
 *
 * Whatever bytes come in, valid UTF-8 goes out on one line: control characters are
 * escaped, broken UTF-8 becomes U+FFFD. No tree is built. Errors stay in the buffer
 * (`failed`); nesting mistakes are ours and asserted. Depth is at most 63.
 *
 *     ml_json_begin_object(&j);
 *     ml_json_key(&j, "pid");  ml_json_int(&j, 42);
 *     ml_json_end_object(&j);
 */
#ifndef ML_BASE_JSON_WRITE_H
#define ML_BASE_JSON_WRITE_H

#include "buf.h"

struct ml_json {
    struct ml_buf *out;
    uint64_t has_items; /* bit d: the container at depth d has a member already */
    int depth;
    bool after_key;
};

void ml_json_init(struct ml_json *j, struct ml_buf *out);
void ml_json_begin_object(struct ml_json *j);
void ml_json_end_object(struct ml_json *j);
void ml_json_begin_array(struct ml_json *j);
void ml_json_end_array(struct ml_json *j);
void ml_json_key(struct ml_json *j, const char *name);
void ml_json_null(struct ml_json *j);
void ml_json_bool(struct ml_json *j, bool value);
void ml_json_int(struct ml_json *j, int64_t value);
void ml_json_uint(struct ml_json *j, uint64_t value);
/* `decimals` digits after the point, without libc's floating-point formatting. NaN
 * and infinities become null. */
void ml_json_double(struct ml_json *j, double value, int decimals);
void ml_json_str(struct ml_json *j, const char *text); /* NULL becomes null */
void ml_json_strn(struct ml_json *j, const char *text, size_t len);
/* An address as the string "0x7f...". */
void ml_json_hex(struct ml_json *j, uint64_t value);
/* A ready JSON value on one line. */
void ml_json_raw(struct ml_json *j, const char *json, size_t len);

/* key and value in one call */
void ml_json_kv_str(struct ml_json *j, const char *key, const char *value);
void ml_json_kv_int(struct ml_json *j, const char *key, int64_t value);
void ml_json_kv_uint(struct ml_json *j, const char *key, uint64_t value);
void ml_json_kv_bool(struct ml_json *j, const char *key, bool value);
void ml_json_kv_double(struct ml_json *j, const char *key, double value, int decimals);
void ml_json_kv_hex(struct ml_json *j, const char *key, uint64_t value);
void ml_json_kv_null(struct ml_json *j, const char *key);

#endif
