/* SPDX-License-Identifier: MIT
 *
 * What a root is called: a module's variable, a function's local, a field of a thread or
 * of an interpreter. The main interpreter and the main thread are not mentioned.
 */
#define _GNU_SOURCE /* sigabbrev_np */
#include "name_text.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "compat/compat.h"

/* -- who ---------------------------------------------------------------------------- */

static void
set_interp(struct take_root_name *out, uint32_t interp)
{
    out->interp = interp;
    if (interp != 0) {
        snprintf(out->expr, sizeof(out->expr), "interpreter %u: ", interp);
    }
}

/* Behind what the expression already says: "interpreter 2: ". */
static void
say(struct take_root_name *out, const char *text)
{
    size_t used = strlen(out->expr);
    snprintf(out->expr + used, sizeof(out->expr) - used, "%s", text);
}

static void
thread_owner(const struct take_thread *thread, struct take_root_name *out)
{
    out->kind = "thread";
    out->thread = thread->ident;
    out->native_id = thread->native_id;
    set_interp(out, thread->interp);
    name_of_str(thread->name, 100, out->owner, sizeof(out->owner));
    if (out->owner[0] == '\0') {
        snprintf(out->owner, sizeof(out->owner), thread->is_main ? "MainThread" : "%lu",
                 thread->native_id != 0 ? thread->native_id : thread->ident);
    }
}

/* `thread "worker-3"`, with its number where another one is called the same. */
static void
say_thread(const struct take_thread *thread, struct take_root_name *out)
{
    char text[176], number[32] = "";
    if (thread->namesake) {
        snprintf(number, sizeof(number), " (%lu)",
                 thread->native_id != 0 ? thread->native_id : thread->ident);
    }
    snprintf(text, sizeof(text), "thread \"%s\"%s", out->owner, number);
    say(out, text);
}

/* Those of an unnamed task are all called the same. */
static void
task_owner(const struct take *t, uint32_t task, struct take_root_name *out)
{
    char text[160];
    out->kind = "task";
    take_task_name(&t->tasks.data[task - 1], out->owner, sizeof(out->owner));
    snprintf(text, sizeof(text), out->owner[0] != '\0' ? "task \"%s\"" : "task", out->owner);
    say(out, text);
}

/* -- what --------------------------------------------------------------------------- */

/* The main thread's variables stand for themselves. */
static void
frame_owner(const struct take *t, const struct take_root *root, struct take_root_name *out)
{
    const struct take_thread *thread =
        root->owner != TAKE_NO_OWNER ? &t->threads.data[root->owner] : NULL;
    if (thread != NULL) {
        thread_owner(thread, out);
    }
    if (root->task != 0) {
        task_owner(t, root->task, out);
        say(out, ": ");
    }
    else if (thread != NULL && !thread->is_main) {
        say_thread(thread, out);
        say(out, ": ");
    }
}

static void
name_frame_root(const struct take *t, const struct take_root *root,
                struct take_root_name *out)
{
    char variable[64], text[160];
    frame_owner(t, root, out);
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
    snprintf(text, sizeof(text), "%.80s() %.40s", out->function, variable);
    say(out, text);
    snprintf(out->words, sizeof(out->words), "%s.%s (local)", out->function, variable);
}

/* "context of thread "x": var NAME" */
static void
name_context_root(const struct take *t, const struct take_root *root,
                  struct take_root_name *out)
{
    char variable[100], text[128];
    const struct take_thread *thread = &t->threads.data[root->owner];
    thread_owner(thread, out);
    say(out, "context of ");
    say_thread(thread, out);
    name_of_str(root->name, 90, variable, sizeof(variable));
    snprintf(text, sizeof(text), ": var %s", variable);
    say(out, text);
    snprintf(out->words, sizeof(out->words), "%s (context variable)", variable);
}

static void
name_loop_root(const struct take *t, const struct take_root *root,
               struct take_root_name *out)
{
    const struct take_thread *thread = &t->threads.data[root->owner];
    thread_owner(thread, out);
    say(out, "event loop of ");
    say_thread(thread, out);
    snprintf(out->words, sizeof(out->words), "event loop (thread)");
}

static void
name_thread_root(const struct take *t, const struct take_root *root,
                 struct take_root_name *out)
{
    const struct take_thread *thread = &t->threads.data[root->owner];
    thread_owner(thread, out);
    say_thread(thread, out);
    say(out, ": ");
    say(out, root->text);
    snprintf(out->words, sizeof(out->words), "%s (thread)", root->text);
}

static void
set_interpreter(struct take_root_name *out, uint32_t interp, const char *text)
{
    out->kind = "interpreter";
    set_interp(out, interp);
    if (interp != 0) {
        snprintf(out->owner, sizeof(out->owner), "%u", interp);
    }
    say(out, interp == 0 ? "interpreter: " : "");
    say(out, text);
    snprintf(out->words, sizeof(out->words), "%.150s (interpreter)", text);
}

/* A hook that is a plain function is best known by its name. */
static void
name_interp_root(const struct take *t, const struct take_root *root, uint32_t node,
                 struct take_root_name *out)
{
    char text[160], function[96] = "";
    PyObject *op = take_object(t, node);
    if (PyFunction_Check(op)) {
        name_of_str(compat_code_name((PyCodeObject *)((PyFunctionObject *)op)->func_code),
                    80, function, sizeof(function));
    }
    snprintf(text, sizeof(text), function[0] != '\0' ? "%.60s %s()" : "%.60s", root->text,
             function);
    set_interpreter(out, root->owner, text);
}

static void
name_signal_root(const struct take_root *root, struct take_root_name *out)
{
    char text[64];
    const char *name = sigabbrev_np(root->line);
    if (name != NULL) {
        snprintf(text, sizeof(text), "signal handler for SIG%s", name);
    }
    else {
        snprintf(text, sizeof(text), "signal handler for signal %d", root->line);
    }
    set_interpreter(out, 0, text);
}

static void
name_module_root(const struct take *t, const struct take_root *root,
                 struct take_root_name *out)
{
    char variable[100];
    const struct take_module *module = &t->modules.data[root->owner];
    out->kind = "module";
    set_interp(out, module->interp);
    name_of_str(module->name, 120, out->owner, sizeof(out->owner));
    say(out, out->owner);
    if (root->kind == ROOT_MODULE) {
        snprintf(out->words, sizeof(out->words), "%.120s (module)", out->owner);
        return;
    }
    name_of_str(root->name, 90, variable, sizeof(variable));
    say(out, ".");
    say(out, variable);
    snprintf(out->words, sizeof(out->words), "%s.%s (global)", out->owner, variable);
}

static void
name_type_root(const struct take *t, uint32_t node, struct take_root_name *out)
{
    out->kind = "type";
    name_of_type((PyTypeObject *)take_object(t, node), out->owner, sizeof(out->owner));
    say(out, out->owner);
    snprintf(out->words, sizeof(out->words), "%s (type)", out->owner);
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
        name_thread_root(t, root, out);
        break;
    case ROOT_LOOP:
        name_loop_root(t, root, out);
        break;
    case ROOT_CONTEXT_VAR:
        name_context_root(t, root, out);
        break;
    case ROOT_INTERP:
        name_interp_root(t, root, at->node, out);
        break;
    case ROOT_SIGNAL:
        name_signal_root(root, out);
        break;
    case ROOT_STATIC_TYPE:
        name_type_root(t, at->node, out);
        break;
    }
}
