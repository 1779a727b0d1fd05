/* SPDX-License-Identifier: MIT
 *
 * What a root is called: a module's variable, a function's local, a field of a thread or
 * of the interpreter.
 */
#include "name_text.h"

#include <stdio.h>
#include <string.h>

#include "compat/compat.h"

static void
thread_owner(const struct take_thread *thread, struct take_root_name *out)
{
    out->kind = "thread";
    name_of_str(thread->name, 100, out->owner, sizeof(out->owner));
    if (out->owner[0] == '\0') {
        snprintf(out->owner, sizeof(out->owner), thread->is_main ? "MainThread" : "%lu",
                 thread->native_id != 0 ? thread->native_id : thread->ident);
    }
}

static void
name_frame_root(const struct take *t, const struct take_root *root,
                struct take_root_name *out)
{
    const struct take_thread *thread = &t->threads.data[root->owner];
    char prefix[160] = "", variable[64];
    thread_owner(thread, out);
    if (!thread->is_main) {
        snprintf(prefix, sizeof(prefix), "thread \"%s\": ", out->owner);
    }
    name_of_str(compat_code_name(root->code), 100, out->function, sizeof(out->function));
    name_of_str(root->code->co_filename, 250, out->file, sizeof(out->file));
    out->line = root->line;
    name_of_str(root->name, 60, variable, sizeof(variable));
    if (root->kind == ROOT_STACK) {
        snprintf(variable, sizeof(variable), "<value in use>");
    }
    else if (root->kind == ROOT_FRAME_PART && strcmp(root->text, "namespace") == 0) {
        snprintf(variable, sizeof(variable), "locals()");
    }
    else if (root->kind == ROOT_FRAME_PART) {
        snprintf(variable, sizeof(variable), "<%s>", root->text);
    }
    snprintf(out->expr, sizeof(out->expr), "%.120s%.80s() %.40s", prefix, out->function,
             variable);
    snprintf(out->words, sizeof(out->words), "%s.%s (local)", out->function, variable);
}

static void
name_module_root(const struct take *t, const struct take_root *root,
                 struct take_root_name *out)
{
    char variable[100];
    out->kind = "module";
    name_of_str(t->modules.data[root->owner].name, 120, out->owner, sizeof(out->owner));
    name_of_str(root->name, 90, variable, sizeof(variable));
    if (root->kind == ROOT_MODULE) {
        snprintf(out->expr, sizeof(out->expr), "%s", out->owner);
        snprintf(out->words, sizeof(out->words), "%.120s (module)", out->owner);
        return;
    }
    snprintf(out->expr, sizeof(out->expr), "%s.%s", out->owner, variable);
    snprintf(out->words, sizeof(out->words), "%s.%s (global)", out->owner, variable);
}

void
take_name_root(const struct take *t, uint32_t root_index, struct take_root_name *out)
{
    memset(out, 0, sizeof(*out));
    const struct ml_root *at = &t->graph.roots.data[root_index];
    const struct take_root *root = &t->roots.data[at->name];
    switch ((enum take_root_kind)root->kind) {
    case ROOT_MODULE_VAR:
    case ROOT_MODULE:
        name_module_root(t, root, out);
        break;
    case ROOT_LOCAL:
    case ROOT_STACK:
    case ROOT_FRAME_PART:
        name_frame_root(t, root, out);
        break;
    case ROOT_THREAD_REF:
        thread_owner(&t->threads.data[root->owner], out);
        snprintf(out->expr, sizeof(out->expr), "thread \"%s\": %s", out->owner, root->text);
        snprintf(out->words, sizeof(out->words), "%s (thread)", root->text);
        break;
    case ROOT_INTERP:
        out->kind = "interpreter";
        snprintf(out->expr, sizeof(out->expr), "interpreter: %s", root->text);
        snprintf(out->words, sizeof(out->words), "%s (interpreter)", root->text);
        break;
    case ROOT_STATIC_TYPE:
        out->kind = "type";
        name_of_type((PyTypeObject *)take_object(t, at->node), out->owner,
                  sizeof(out->owner));
        snprintf(out->expr, sizeof(out->expr), "%s", out->owner);
        snprintf(out->words, sizeof(out->words), "%s (type)", out->owner);
        break;
    }
}
