/* SPDX-License-Identifier: MIT
 *
 * Native holders in words and as JSON. A library is called by what its source would call
 * it: "_speedups.so", without the tag of the interpreter and without versions, so that
 * the same leak reads the same everywhere; the whole file name stands in the JSON.
 */
#include "native_holders.h"

#include <string.h>

#include "human.h"

static void
put_library(const struct ml_native_holder *h, struct ml_buf *out)
{
    const char *name = h->library != NULL ? h->library : "?";
    const char *so = strstr(name, ".so");
    const char *tag = strstr(name, ".cpython-");
    tag = tag != NULL ? tag : strstr(name, ".abi3.");
    if (so == NULL) {
        ml_buf_puts(out, name);
        return;
    }
    ml_buf_append(out, name, (size_t)((tag != NULL && tag < so ? tag : so) - name));
    ml_buf_puts(out, ".so");
}

static const struct take_thread *
thread_of(const struct sweep_view *v, const struct ml_native_holder *h)
{
    for (size_t i = 0; i < v->take.threads.len; i++) {
        const struct take_thread *t = &v->take.threads.data[i];
        if (h->handle != 0 && t->ident == h->handle) {
            return t;
        }
    }
    return NULL;
}

/* The thread's name, or its number. */
static void
put_thread(const struct sweep_view *v, const struct ml_native_holder *h, struct ml_buf *out)
{
    const struct take_thread *t = thread_of(v, h);
    if (t != NULL && t->name != NULL) {
        take_str_text(t->name, 60, out);
    }
    else if (h->main_thread) {
        ml_buf_puts(out, "MainThread");
    }
    else {
        uint64_t id = h->thread != 0 ? h->thread : h->handle;
        ml_buf_printf(out, "%llu", (unsigned long long)id);
    }
}

static void
put_data(const struct ml_native_holder *h, bool abstract, struct ml_buf *out)
{
    put_library(h, out);
    if (h->symbol != NULL && !(abstract && h->symbol[0] == '.')) {
        ml_buf_putc(out, ' ');
        ml_buf_puts(out, h->symbol);
    }
    if (!abstract && (h->offset != 0 || h->symbol == NULL)) {
        ml_buf_printf(out, "+0x%llx", (unsigned long long)h->offset);
    }
}

static void
put_object(const struct ml_native_holder *h, bool abstract, struct ml_buf *out)
{
    PyObject *owner = (PyObject *)(uintptr_t)h->owner;
    take_type_short_name(Py_TYPE(owner), out);
    ml_buf_puts(out, " object");
    if (!abstract) {
        ml_buf_printf(out, " at 0x%llx", (unsigned long long)h->owner);
    }
}

void
native_holder_words(const struct sweep_view *v, const struct ml_native_holder *h,
                    bool abstract, struct ml_buf *out)
{
    switch (h->kind) {
    case ML_NATIVE_DATA:
        put_data(h, abstract, out);
        return;
    case ML_NATIVE_OBJECT:
        put_object(h, abstract, out);
        return;
    case ML_NATIVE_STACK:
        if (abstract) {
            return;
        }
        if (h->handle == 0) {
            ml_buf_puts(out, "the stack of a thread that Python does not know");
            return;
        }
        ml_buf_puts(out, "the C stack of thread \"");
        put_thread(v, h, out);
        ml_buf_putc(out, '"');
        return;
    case ML_NATIVE_HEAP:
        ml_buf_puts(out, abstract ? "" : "memory that malloc gave out");
        return;
    }
}

/* -- several ----------------------------------------------------------------------- */

static void
put_share(uint64_t part, uint64_t whole, struct ml_buf *out)
{
    ml_human_count(out, part);
    ml_buf_puts(out, " of ");
    ml_human_count(out, whole);
    ml_buf_puts(out, " references are held ");
}

/* Those that certainly hold; returns how many references they have. */
static uint64_t
put_sure(const struct sweep_view *v, const struct native_sum *sum, struct ml_buf *out)
{
    uint64_t sure = 0;
    uint32_t lines = sum->lines;
    while (lines > 0 && sum->line[lines - 1].holder.kind == ML_NATIVE_HEAP) {
        lines--; /* the weakest come last */
    }
    for (uint32_t i = 0; i < lines; i++) {
        bool last = i + 1 == lines && sum->other == 0;
        ml_buf_puts(out, i == 0 ? "held by " : last ? " and " : ", ");
        native_holder_words(v, &sum->line[i].holder, false, out);
        if (sum->line[i].objects > 1) {
            ml_buf_puts(out, " (");
            ml_human_count(out, sum->line[i].objects);
            ml_buf_puts(out, " objects)");
        }
        sure += sum->line[i].references;
    }
    ml_buf_puts(out, sum->other > 0 ? " and others" : "");
    return sure + sum->other;
}

static void
put_perhaps(const struct native_sum *sum, uint64_t perhaps, bool first, struct ml_buf *out)
{
    if (first) {
        ml_buf_puts(out, "held ");
    }
    else {
        ml_buf_puts(out, "; ");
        put_share(perhaps, sum->references, out);
    }
    ml_buf_puts(out, "perhaps by memory that malloc gave out: a structure of native code, "
                     "or a word left behind there");
}

static void
put_nobody(const struct native_sum *sum, bool first, struct ml_buf *out)
{
    uint64_t left = sum->references - sum->explained;
    if (first) {
        ml_buf_puts(out, "held by nobody we can see: ");
        ml_human_count(out, left);
        ml_buf_puts(out, left == 1 ? " reference too many" : " references too many");
    }
    else {
        ml_buf_puts(out, "; ");
        put_share(left, sum->references, out);
        ml_buf_puts(out, "by nobody we can see");
    }
    ml_buf_puts(out, "; a Py_DECREF is missing in native code, or it keeps them where we "
                     "cannot look");
}

void
native_sum_words(const struct sweep_view *v, const struct native_sum *sum,
                 struct ml_buf *out)
{
    uint64_t sure = put_sure(v, sum, out);
    uint64_t perhaps = sum->explained > sure ? sum->explained - sure : 0;
    if (perhaps > 0) {
        put_perhaps(sum, perhaps, sure == 0, out);
    }
    if (sum->explained < sum->references) {
        put_nobody(sum, sum->explained == 0, out);
    }
}

/* -- JSON -------------------------------------------------------------------------- */

static void
kv_text(struct ml_json *j, const char *key, const struct ml_buf *text)
{
    ml_json_key(j, key);
    ml_json_strn(j, text->data, text->len);
}

static void
write_place(const struct sweep_view *v, const struct ml_native_holder *h, struct ml_json *j,
            struct ml_buf *text)
{
    ml_json_kv_str(j, "library", h->library);
    ml_json_kv_str(j, "file", h->path);
    ml_json_kv_str(j, "symbol", h->symbol);
    if (h->kind == ML_NATIVE_DATA) {
        ml_json_kv_uint(j, "offset", h->offset);
    }
    else {
        ml_json_kv_null(j, "offset");
    }
    if (h->kind != ML_NATIVE_STACK) {
        ml_json_kv_null(j, "thread");
        return;
    }
    text->len = 0;
    put_thread(v, h, text);
    ml_json_key(j, "thread");
    ml_json_begin_object(j);
    ml_json_kv_uint(j, "native_id", h->thread);
    kv_text(j, "name", text);
    ml_json_end_object(j);
}

static void
write_owner(const struct sweep_view *v, const struct ml_native_holder *h, struct ml_json *j)
{
    uint32_t owner = ml_addr_map_get(v->take.map, h->owner);
    ml_json_key(j, "object");
    if (h->kind != ML_NATIVE_OBJECT || owner == ML_NO_NODE) {
        ml_json_null(j);
        return;
    }
    struct ml_buf name;
    ml_buf_init(&name, v->a);
    take_type_name(take_kind_of(&v->take, owner)->type, &name);
    ml_json_begin_object(j);
    ml_json_kv_hex(j, "address", h->owner);
    kv_text(j, "type", &name);
    ml_json_end_object(j);
    ml_buf_fini(&name);
}

void
native_sum_write(const struct sweep_view *v, const struct native_sum *sum,
                 struct ml_json *j)
{
    struct ml_buf text;
    ml_buf_init(&text, v->a);
    native_sum_words(v, sum, &text);
    ml_json_begin_object(j);
    ml_json_kv_uint(j, "objects", sum->objects);
    ml_json_kv_uint(j, "references", sum->references);
    ml_json_kv_uint(j, "explained", sum->explained);
    kv_text(j, "text", &text);
    ml_json_key(j, "holders");
    ml_json_begin_array(j);
    for (uint32_t i = 0; i < sum->lines; i++) {
        const struct ml_native_holder *h = &sum->line[i].holder;
        ml_json_begin_object(j);
        ml_json_kv_str(j, "kind", ml_native_kind_name(h->kind));
        ml_json_kv_uint(j, "references", sum->line[i].references);
        ml_json_kv_uint(j, "objects", sum->line[i].objects);
        write_place(v, h, j, &text);
        write_owner(v, h, j);
        ml_json_kv_hex(j, "address", h->at);
        text.len = 0;
        native_holder_words(v, h, false, &text);
        kv_text(j, "text", &text);
        ml_json_end_object(j);
    }
    ml_json_end_array(j);
    ml_json_end_object(j);
    ml_buf_fini(&text);
}
