/* SPDX-License-Identifier: MIT
 *
 * A finding in words: what it is, who holds it, its fingerprint.
 */
#include "snapshot.h"

#include <stdio.h>
#include <string.h>

#include "compat/compat.h"
#include "human.h"
#include "hash.h"

/* `interpreter 2: `, `thread "worker-3" (4711): `, `task "fetch-7": ` in front of a
 * variable: another worker's is the same leak. */
static size_t
skip_number(const char *text, size_t at)
{
    while (text[at] >= '0' && text[at] <= '9') {
        at++;
    }
    return at;
}

static size_t
skip_owner(const char *text, size_t at, const char *owner)
{
    size_t n = strlen(owner);
    const char *end = NULL;
    if (strncmp(text + at, owner, n) == 0) {
        end = strchr(text + at + n, '"');
    }
    if (end == NULL) {
        return at;
    }
    size_t next = (size_t)(end - text) + 1;
    if (strncmp(text + next, " (", 2) == 0) {
        next = skip_number(text, next + 2) + 1;
    }
    return strncmp(text + next, ": ", 2) == 0 ? next + 2 : at;
}

static size_t
skip_owners(const char *text)
{
    static const char interpreter[] = "interpreter ";
    size_t at = 0;
    if (strncmp(text, interpreter, sizeof(interpreter) - 1) == 0) {
        at = skip_number(text, sizeof(interpreter) - 1);
        at = strncmp(text + at, ": ", 2) == 0 ? at + 2 : 0;
    }
    at = skip_owner(text, at, "thread \"");
    return skip_owner(text, at, "task \"");
}

void
snapshot_fingerprint(struct snapshot *s, const struct shown *f, char out[24])
{
    struct ml_buf name;
    ml_buf_init(&name, s->v->a);
    describe_type_name(s->v, f->example[0], &name);
    ml_buf_putc(&name, '|');
    if (f->finding->accumulation != ML_NO_NODE) {
        describe_type_name(s->v, f->finding->accumulation, &name);
    }
    ml_buf_putc(&name, '|');
    uint64_t h = ml_hash_bytes(ML_HASH_START, name.data, name.len);
    ml_buf_fini(&name);
    size_t skip = skip_owners(ml_buf_str(&s->text));
    h = ml_hash_bytes(h, s->text.data + skip, s->text.len - skip);
    snprintf(out, 24, "%016llx", (unsigned long long)h);
}

/* Steps of the path up to and including `node`; 0 when it is not on it. */
static uint32_t
steps_to(const struct object_path *path, uint32_t node)
{
    for (uint32_t i = 0; i < path->count; i++) {
        if (path->step[i].node == node) {
            return i + 1;
        }
    }
    return 0;
}

/* The accumulation point's own expression: the path cut behind it. */
static void
holder_expression(struct snapshot *s, const struct ml_finding *f)
{
    uint32_t whole = s->path->count, until = steps_to(s->path, f->accumulation);
    s->holder.len = 0;
    s->path->count = until > 0 ? until : whole;
    describe_expression(s->path, true, &s->holder);
    s->path->count = whole;
}

void
snapshot_look_at(struct snapshot *s, const struct shown *f)
{
    describe_path(s->v, f->example[0], s->path);
    s->text.len = 0;
    describe_expression(s->path, true, &s->text);
    holder_expression(s, f->finding);
}

uint64_t
snapshot_entries(const struct snapshot *s, const struct ml_finding *f)
{
    int64_t n = describe_length(s->v, f->accumulation);
    return n >= 0 ? (uint64_t)n : f->entries;
}

/* A function or method says more by its own name than by its type; but only when all
 * examples agree. */
static PyObject *
common_function(const struct snapshot *s, const struct shown *f)
{
    PyObject *name = NULL;
    for (uint32_t i = 0; i < f->example_count; i++) {
        PyObject *op = take_object(&s->v->take, f->example[i]);
        uint8_t shape = take_kind_of(&s->v->take, f->example[i])->shape;
        PyObject *function = shape == SHAPE_METHOD ? ((PyMethodObject *)op)->im_func : op;
        if (shape == SHAPE_METHOD && !PyFunction_Check(function)) {
            return NULL;
        }
        if (shape != SHAPE_METHOD && shape != SHAPE_FUNCTION) {
            return NULL;
        }
        PyObject *code = ((PyFunctionObject *)function)->func_code;
        PyObject *qualname = compat_code_name((PyCodeObject *)code);
        if (name != NULL && name != qualname) {
            return NULL;
        }
        name = qualname;
    }
    return name;
}

void
snapshot_noun(const struct snapshot *s, const struct shown *f, bool one,
              struct ml_buf *out)
{
    PyObject *function = common_function(s, f);
    if (function != NULL) {
        take_str_text(function, 100, out);
        bool method = take_kind_of(&s->v->take, f->example[0])->shape == SHAPE_METHOD;
        ml_buf_puts(out, method ? " bound method" : " function");
        ml_buf_puts(out, one ? "" : "s");
        return;
    }
    take_type_short_name(take_kind_of(&s->v->take, f->example[0])->type, out);
    ml_buf_puts(out, one ? " object" : " objects");
}

/* " (+3 870)" since the last look. */
static void
put_growth(const struct shown *f, struct ml_buf *out)
{
    uint64_t now = f->finding->count;
    if (f->compared && now > f->count_before && f->count_before > 0) {
        ml_buf_puts(out, " (+");
        ml_human_count(out, now - f->count_before);
        ml_buf_putc(out, ')');
    }
}

static void
put_companions(const struct shown *f, struct ml_buf *out)
{
    if (f->suspect != NULL && f->finding->companions > 0) {
        ml_buf_puts(out, " and ");
        ml_human_count(out, f->finding->companions);
        ml_buf_puts(out, f->finding->companions == 1 ? " other" : " others");
    }
}

/* ", the oldest 5 min old," */
static void
put_age(const struct shown *f, struct ml_buf *out)
{
    bool one = f->finding->count == 1;
    if (f->suspect == NULL) {
        return;
    }
    if (f->ages.oldest_calls > 0) {
        ml_buf_puts(out, one ? ", it survived " : ", the oldest survived ");
        ml_human_count(out, f->ages.oldest_calls);
        ml_buf_puts(out, f->ages.oldest_calls == 1 ? " call," : " calls,");
    }
    else if (f->ages.oldest_s > 0) {
        ml_buf_puts(out, one ? ", " : ", the oldest ");
        ml_human_seconds(out, f->ages.oldest_s);
        ml_buf_puts(out, " old,");
    }
}

/* "shop.SESSIONS", "_speedups.so cache" for "<_speedups.so cache>", "native code". */
static void
put_holder(const struct snapshot *s, struct ml_buf *out)
{
    const char *text = s->holder.data;
    size_t len = s->holder.len;
    if (len > 2 && text[0] == '<' && text[len - 1] == '>') {
        bool nobody = s->path->root == ML_PATH_OUTSIDE && s->path->native_abstract[0] == '\0';
        text = nobody ? "native code" : text + 1;
        len = nobody ? strlen(text) : len - 2;
    }
    ml_buf_append(out, text, len);
}

void
snapshot_title(struct snapshot *s, const struct shown *f, struct ml_buf *out)
{
    const struct ml_finding *finding = f->finding;
    ml_human_count(out, finding->count);
    ml_buf_putc(out, ' ');
    snapshot_noun(s, f, finding->count == 1, out);
    put_growth(f, out);
    put_companions(f, out);
    ml_buf_puts(out, " held by ");
    put_holder(s, out);
    if (finding->accumulation != ML_NO_NODE && finding->accumulation != f->example[0]) {
        uint64_t entries = snapshot_entries(s, finding);
        ml_buf_puts(out, " (");
        take_type_short_name(take_kind_of(&s->v->take, finding->accumulation)->type, out);
        ml_buf_puts(out, ", ");
        ml_human_count(out, entries);
        ml_buf_puts(out, entries == 1 ? " entry)" : " entries)");
    }
    put_age(f, out);
    bool one = finding->count == 1 && (f->suspect == NULL || finding->companions == 0);
    ml_buf_puts(out, one ? " retains " : " retain ");
    ml_human_bytes(out, finding->retained + (f->suspect != NULL
                                                 ? finding->companions_retained : 0));
}
