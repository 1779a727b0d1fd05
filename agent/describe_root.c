/* SPDX-License-Identifier: MIT
 *
 * Where a path begins, in words: a named root, native code, nobody; see answers.h. Of many
 * tasks that run the same function each path names its own, an abstract one none.
 */
#include "answers.h"

#include <stdio.h>
#include <string.h>

#include "native_holders.h"

/* Tasks that run the same function share a root in the tree: the one meant is that of
 * the path's first object. */
static void
name_named_root(const struct sweep_view *v, struct object_path *path)
{
    size_t all = v->take.graph.roots.len, first = all - v->naming_roots;
    uint32_t shared = path->root;
    if (shared >= first) {
        path->root = take_task_root(&v->take, first, shared, path->step[0].node);
    }
    take_name_root(&v->take, path->root, &path->root_name);
    for (size_t i = first; shared >= first && i < all && !path->root_name.alike; i++) {
        path->root_name.alike = i != path->root && take_task_root_alike(&v->take, i, shared);
    }
}

static void
copy_text(struct ml_buf *text, char *out, size_t cap)
{
    snprintf(out, cap, "%s", ml_buf_str(text));
    text->len = 0;
}

/* The strongest holder speaks for all. Nobody that could be seen, or only memory without
 * a name, where the word may be a stale one: "<native>". */
static void
name_native_root(const struct sweep_view *v, struct object_path *p)
{
    struct native_found found;
    struct ml_buf text;
    p->root_name.kind = "native";
    snprintf(p->root_name.owner, sizeof(p->root_name.owner), "unexplained references");
    snprintf(p->root_name.expr, sizeof(p->root_name.expr), "<native>");
    snprintf(p->root_name.words, sizeof(p->root_name.words), "native code (native)");
    if (!native_holders_of(v, p->step[0].node, &found) || found.count == 0 ||
        found.holder[0].kind == ML_NATIVE_HEAP) {
        return;
    }
    ml_buf_init(&text, v->a);
    native_holder_words(v, &found.holder[0], true, &text);
    copy_text(&text, p->native_abstract, sizeof(p->native_abstract));
    native_holder_words(v, &found.holder[0], false, &text);
    copy_text(&text, p->root_name.owner, sizeof(p->root_name.owner));
    snprintf(p->root_name.expr, sizeof(p->root_name.expr), "<%s>", p->root_name.owner);
    snprintf(p->root_name.words, sizeof(p->root_name.words), "%s (native)",
             p->root_name.owner);
    ml_buf_fini(&text);
}

void
describe_name_root(const struct sweep_view *v, struct object_path *path)
{
    if (path->root == ML_PATH_OUTSIDE) {
        name_native_root(v, path);
    }
    else if (path->root != ML_NO_NODE) {
        name_named_root(v, path);
    }
}

void
describe_native_path(const struct sweep_view *v, uint32_t node, struct object_path *out)
{
    memset(out, 0, sizeof(*out));
    out->root = ML_PATH_OUTSIDE;
    out->count = 1;
    out->step[0].node = node;
    name_native_root(v, out);
}

void
describe_native(const struct sweep_view *v, const struct object_path *path,
                struct ml_json *j)
{
    struct native_sum sum = {0};
    if (path->root == ML_PATH_OUTSIDE) {
        native_sum_add(v, path->step[0].node, &sum);
        ml_json_key(j, "native");
        native_sum_write(v, &sum, j);
    }
}

static void
put_native_root(const struct object_path *path, bool abstract, struct ml_buf *out)
{
    if (path->root == ML_NO_NODE) {
        ml_buf_puts(out, "<garbage>");
    }
    else if (!abstract) {
        ml_buf_puts(out, path->root_name.expr);
    }
    else {
        const char *name = path->native_abstract;
        ml_buf_printf(out, "<%s>", name[0] != '\0' ? name : "native");
    }
}

/* Of many alike no task is named. */
static void
put_named_root(const struct object_path *path, bool abstract, struct ml_buf *out)
{
    static const char task[] = "task \"";
    const struct take_root_name *name = &path->root_name;
    size_t before = sizeof(task) - 1, owner = strlen(name->owner);
    if (abstract && name->alike && strncmp(name->expr, task, before) == 0) {
        ml_buf_puts(out, "task \"*");
        ml_buf_puts(out, name->expr + before + owner);
        return;
    }
    ml_buf_puts(out, name->expr);
}

void
describe_put_root(const struct object_path *path, bool abstract, struct ml_buf *out)
{
    bool named = path->root != ML_PATH_OUTSIDE && path->root != ML_NO_NODE;
    (named ? put_named_root : put_native_root)(path, abstract, out);
}

void
describe_root(const struct object_path *path, struct ml_json *j)
{
    const struct take_root_name *name = &path->root_name;
    ml_json_begin_object(j);
    if (path->root == ML_NO_NODE) {
        ml_json_kv_str(j, "kind", "native");
        ml_json_kv_str(j, "name", "nobody");
    }
    else {
        ml_json_kv_str(j, "kind", name->kind);
        ml_json_kv_str(j, "name", name->owner);
        if (name->thread != 0) {
            ml_json_kv_uint(j, "thread", name->thread);
            ml_json_kv_uint(j, "native_id", name->native_id);
        }
        if (name->interp != 0) {
            ml_json_kv_uint(j, "interpreter", name->interp);
        }
        if (name->function[0] != '\0') {
            ml_json_kv_str(j, "function", name->function);
            ml_json_kv_str(j, "file", name->file);
            ml_json_kv_int(j, "line", name->line);
        }
    }
    ml_json_end_object(j);
}

/* Interpreters whose heap would have come out torn. */
void
describe_left_out(const struct sweep_view *v, struct ml_json *j)
{
    char text[160];
    const struct sweep_job *job = v->job;
    uint32_t named = job->left_out_count < SWEEP_LEFT_OUT ? job->left_out_count
                                                          : SWEEP_LEFT_OUT;
    for (uint32_t i = 0; i < named; i++) {
        snprintf(text, sizeof(text),
                 "interpreter %u has a GIL of its own and %s: its objects are not in this "
                 "report",
                 job->left_out[i],
                 job->in_place != NULL ? "the sweep was made in place" : "was busy");
        ml_json_str(j, text);
    }
    if (job->left_out_count > named) {
        snprintf(text, sizeof(text),
                 "%u more interpreters with a GIL of their own are not in this report",
                 job->left_out_count - named);
        ml_json_str(j, text);
    }
}
