/* SPDX-License-Identifier: MIT
 *
 * Bytes that grow: what is about to be sent or written.
 *
 * Appending after an allocation failed does nothing and keeps `failed` set, so that
 * a writer of many small pieces checks once, at the end.
 */
#ifndef ML_BASE_BUF_H
#define ML_BASE_BUF_H

#include "alloc.h"

struct ml_buf {
    const struct ml_alloc *a;
    char *data; /* not terminated; see ml_buf_str */
    size_t len;
    size_t cap;
    size_t limit; /* most bytes it may hold, 0: none */
    bool failed;  /* an allocation failed or the limit was reached */
};

void ml_buf_init(struct ml_buf *b, const struct ml_alloc *a);
void ml_buf_fini(struct ml_buf *b);
void ml_buf_append(struct ml_buf *b, const void *bytes, size_t len);
void ml_buf_puts(struct ml_buf *b, const char *text);
void ml_buf_putc(struct ml_buf *b, char c);
void ml_buf_printf(struct ml_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Drops `count` bytes from the front (they have been sent). */
void ml_buf_consume(struct ml_buf *b, size_t count);
/* Terminates and returns the text, borrowed; "" when it failed or is empty. */
const char *ml_buf_str(struct ml_buf *b);

#endif
