/* SPDX-License-Identifier: MIT
 *
 * See buf.h.
 */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h> /* vsnprintf only */
#include <string.h>

void
ml_buf_init(struct ml_buf *b, const struct ml_alloc *a)
{
    memset(b, 0, sizeof(*b));
    b->a = a;
}

void
ml_buf_fini(struct ml_buf *b)
{
    if (b->a != NULL) {
        ml_alloc_free_array(b->a, b->data, b->cap, 1);
    }
    memset(b, 0, sizeof(*b));
}

static bool
room_for(struct ml_buf *b, size_t more)
{
    size_t need;
    if (b->failed || !ml_size_add(b->len, more, &need) ||
        (b->limit != 0 && need > b->limit)) {
        b->failed = true;
        return false;
    }
    if (need <= b->cap) {
        return true;
    }
    size_t cap = b->cap < 256 ? 256 : b->cap;
    while (cap < need) {
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    }
    char *data = ml_alloc_resize_array(b->a, b->data, b->cap, cap, 1);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void
ml_buf_append(struct ml_buf *b, const void *bytes, size_t len)
{
    if (len > 0 && room_for(b, len)) {
        memcpy(b->data + b->len, bytes, len);
        b->len += len;
    }
}

void
ml_buf_puts(struct ml_buf *b, const char *text)
{
    ml_buf_append(b, text, strlen(text));
}

void
ml_buf_putc(struct ml_buf *b, char c)
{
    ml_buf_append(b, &c, 1);
}

void
ml_buf_printf(struct ml_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0 || !room_for(b, (size_t)n + 1)) {
        b->failed = true;
        return;
    }
    va_start(ap, fmt);
    vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
}

void
ml_buf_consume(struct ml_buf *b, size_t count)
{
    if (count >= b->len) {
        b->len = 0;
        return;
    }
    memmove(b->data, b->data + count, b->len - count);
    b->len -= count;
}

const char *
ml_buf_str(struct ml_buf *b)
{
    if (b->failed || !room_for(b, 1)) {
        return "";
    }
    b->data[b->len] = '\0';
    return b->data;
}
