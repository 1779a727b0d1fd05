/* SPDX-License-Identifier: MIT
 *
 * See name_text.h: an allocator over an array, so that the functions that write texts
 * into growing buffers serve here too.
 */
#include "name_text.h"

#include <string.h>

static void *
text_alloc(void *ctx, size_t size)
{
    struct name_text *f = ctx;
    if (f->taken || size > sizeof(f->room)) {
        return NULL;
    }
    f->taken = true;
    return f->room;
}

static void *
text_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    (void)old_size;
    return new_size <= sizeof(((struct name_text *)ctx)->room) ? ptr : NULL;
}

static void
text_release(void *ctx, void *ptr, size_t size)
{
    (void)ctx, (void)ptr, (void)size;
}

struct ml_buf *
name_text_start(struct name_text *f)
{
    memset(f, 0, sizeof(*f));
    f->alloc = (struct ml_alloc){text_alloc, text_resize, text_release, f};
    ml_buf_init(&f->buf, &f->alloc);
    return &f->buf;
}

void
name_text_copy(struct name_text *f, char *out, size_t cap)
{
    size_t n = f->buf.len < cap - 1 ? f->buf.len : cap - 1;
    if (f->buf.data != NULL) {
        memcpy(out, f->buf.data, n);
    }
    out[n] = '\0';
}

void
name_of_str(PyObject *str, size_t max, char *out, size_t cap)
{
    struct name_text f;
    struct ml_buf *b = name_text_start(&f);
    if (str != NULL && PyUnicode_Check(str)) {
        take_str_text(str, max, b);
    }
    name_text_copy(&f, out, cap);
}

void
name_of_type(PyTypeObject *type, char *out, size_t cap)
{
    struct name_text f;
    take_type_short_name(type, name_text_start(&f));
    name_text_copy(&f, out, cap);
}
