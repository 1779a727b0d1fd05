/* SPDX-License-Identifier: MIT
 *
 * See call_run.h. The only code of ours that runs Python code in a copy, and what has to
 * be done before: out of everybody's reach (call_seal), memory that is nobody else's
 * (call_heap), a thread state that waits for nobody (compat_run_alone).
 */
#include "call_run.h"

#include <string.h>
#include <unistd.h>

#include "call_heap.h"
#include "call_helper.h"
#include "call_seal.h"
#include "compat/compat.h"

#define HEAP_SIZE ((size_t)1 << 30) /* of addresses; what is touched counts */
#define MESSAGE_LENGTH 200          /* characters of an exception's own text */
#define STACK_LEFT (CALL_HELPER_STACK - ((size_t)1 << 20)) /* whoever called us has some */

static void *
heap_alloc(void *ctx, size_t size)
{
    return call_heap_alloc(ctx, size);
}

static void *
heap_zeroed(void *ctx, size_t count, size_t size)
{
    return call_heap_zeroed(ctx, count, size);
}

static void *
heap_resize(void *ctx, void *ptr, size_t size)
{
    return call_heap_resize(ctx, ptr, size);
}

static void
heap_free(void *ctx, void *ptr)
{
    call_heap_free(ctx, ptr);
}

static int
use_own_heap(uint64_t limit, struct ml_error *err)
{
    static struct call_heap heap; /* in this process's own copy of the page */
    size_t size = limit > 0 && limit < HEAP_SIZE ? (size_t)limit : HEAP_SIZE;
    int rc = call_heap_init(&heap, size, err);
    if (rc == ML_OK) {
        PyMemAllocatorEx to = {&heap, heap_alloc, heap_zeroed, heap_resize, heap_free};
        PyMem_SetAllocator(PYMEM_DOMAIN_RAW, &to);
        PyMem_SetAllocator(PYMEM_DOMAIN_MEM, &to);
        PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &to);
    }
    return rc;
}

static int
prepare(const struct call_work *w, int out, struct ml_error *err)
{
    int rc = call_seal(out, err);
    if (rc == ML_OK) {
        rc = use_own_heap(w->v->job->memory_limit, err);
    }
    if (rc == ML_OK && !compat_run_alone(STACK_LEFT)) {
        rc = ml_error_set(err, ML_ESTATE, "this thread has no Python of its own");
    }
    return rc;
}

/* "ValueError: bad"; the message may be Python code's too, and fail again. */
static void
put_exception(struct ml_buf *out)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    take_type_short_name((PyTypeObject *)type, out);
    PyObject *text = value != NULL ? PyObject_Str(value) : NULL;
    if (text != NULL && PyUnicode_GET_LENGTH(text) > 0) {
        ml_buf_puts(out, ": ");
        take_str_text(text, MESSAGE_LENGTH, out);
    }
    PyErr_Clear();
}

static enum call_status
ask(const struct call_work *w, uint32_t node, struct ml_buf *out)
{
    PyObject *op = take_object(&w->v->take, node), *text;
    int max = w->v->job->settings.report.str_max_length;
    if (w->str_func != NULL) {
        text = PyObject_CallFunction(w->str_func, "Oi", op, max);
    }
    else {
        text = PyObject_Str(op);
    }
    if (text == NULL) {
        put_exception(out);
        return CALL_RAISED;
    }
    if (!PyUnicode_Check(text)) {
        take_type_name(Py_TYPE(text), out);
        return CALL_NO_STR;
    }
    take_str_text(text, (size_t)max, out);
    Py_DECREF(text);
    return CALL_TEXT;
}

void
call_run(void *ctx, int out)
{
    const struct call_work *w = ctx;
    struct ml_error err = {0};
    struct ml_buf text;
    if (prepare(w, out, &err) < 0) {
        call_helper_send(out, w->from, CALL_REFUSED, err.message, strlen(err.message));
        return;
    }
    ml_buf_init(&text, w->v->a);
    for (uint32_t i = w->from; i < w->count; i++) {
        text.len = 0;
        enum call_status status = ask(w, w->nodes[i], &text);
        call_helper_send(out, i, status, text.data, text.len);
    }
}
