/* SPDX-License-Identifier: MIT
 *
 * See call_text.h: which objects are asked, and one helper after the other until all
 * have answered, failed, or the time is up. What fails is told in one sentence for each
 * way of failing, with the first object it happened to.
 */
#include "call_text.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "call_helper.h"
#include "call_run.h"
#include "clock.h"

#define OBJECT_SECONDS 1.0
#define ALL_SECONDS 5.0
#define HELPERS 16 /* a new one after each that hung or crashed */

enum failure { RAISED, NO_STR, LATE, ENDED, FAILURES };

struct asking {
    struct call_work work;
    struct call_texts *out;
    struct call_helper helper;
    double deadline;
    uint32_t *nodes;            /* work.nodes */
    uint32_t next;              /* the one that is asked now */
    uint32_t total, dropped;
    uint32_t late_kind;         /* type of the last one that did not return */
    uint32_t failed[FAILURES];
    uint32_t first[FAILURES];   /* node */
    struct ml_buf reason[FAILURES]; /* of the first */
    bool mixed;                 /* exceptions of several types */
};

/* -- texts by node ----------------------------------------------------------------- */

void
call_texts_init(struct call_texts *t, const struct ml_alloc *a, PyObject *str_func)
{
    memset(t, 0, sizeof(*t));
    t->a = a;
    t->str_func = str_func;
    ml_buf_init(&t->bytes, a);
    ml_buf_init(&t->warnings, a);
}

void
call_texts_fini(struct call_texts *t)
{
    call_text_vec_free(&t->of, t->a);
    ml_buf_fini(&t->bytes);
    ml_buf_fini(&t->warnings);
    call_texts_init(t, t->a, NULL);
}

/* A report shows a few dozen objects. */
const char *
call_texts_find(const struct call_texts *t, uint32_t node, size_t *length)
{
    for (size_t i = 0; i < t->of.len; i++) {
        if (t->of.data[i].node == node) {
            *length = t->of.data[i].length;
            return *length > 0 ? t->bytes.data + t->of.data[i].from : "";
        }
    }
    return NULL;
}

static int
keep_text(struct call_texts *t, uint32_t node, const struct ml_buf *text)
{
    struct call_text entry = {node, t->bytes.len, text->len};
    ml_buf_append(&t->bytes, text->data, text->len);
    return t->bytes.failed ? ML_ENOMEM : call_text_vec_push(&t->of, t->a, entry);
}

/* -- who is asked ------------------------------------------------------------------ */

/* The builtin type whose text take_text.c makes itself. */
static PyTypeObject *
known_type(uint8_t shape)
{
    switch ((enum take_shape)shape) {
    case SHAPE_BOOL:
        return &PyBool_Type;
    case SHAPE_INT:
        return &PyLong_Type;
    case SHAPE_FLOAT:
        return &PyFloat_Type;
    case SHAPE_STR:
        return &PyUnicode_Type;
    case SHAPE_BYTES:
        return &PyBytes_Type;
    case SHAPE_LIST:
        return &PyList_Type;
    case SHAPE_TUPLE:
        return &PyTuple_Type;
    case SHAPE_DICT:
        return &PyDict_Type;
    case SHAPE_SET:
        return &PySet_Type; /* a frozenset's functions are the same */
    case SHAPE_CODE:
        return &PyCode_Type;
    case SHAPE_TYPE:
        return &PyType_Type;
    case SHAPE_FUNCTION:
        return &PyFunction_Type;
    case SHAPE_METHOD:
        return &PyMethod_Type;
    default:
        return &PyBaseObject_Type; /* type and address */
    }
}

/* None of those in furniture: their text is as good, and there are modules whose own
 * makes them load. */
static bool
has_own_text(const struct take_kind *kind)
{
    const PyTypeObject *known = known_type(kind->shape), *type = kind->type;
    if (kind->bad || kind->shape == SHAPE_NONE || kind->shape == SHAPE_MODULE ||
        type->tp_repr == NULL) {
        return false;
    }
    return type->tp_repr != known->tp_repr || type->tp_str != known->tp_str;
}

/* Into `out`, which has room for all. */
static uint32_t
choose(const struct sweep_view *v, const uint32_t *nodes, size_t count, bool all,
       uint32_t *out)
{
    uint32_t chosen = 0;
    for (size_t i = 0; i < count; i++) {
        const struct take_kind *kind = take_kind_of(&v->take, nodes[i]);
        if (!kind->bad && (all || has_own_text(kind))) {
            out[chosen++] = nodes[i];
        }
    }
    return chosen;
}

/* -- asking ------------------------------------------------------------------------ */

static void
note(struct asking *q, enum failure how, const char *reason, size_t length)
{
    struct ml_buf *first = &q->reason[how];
    if (q->failed[how]++ == 0) {
        q->first[how] = q->work.nodes[q->next];
        ml_buf_append(first, reason, length);
        return;
    }
    size_t name = strcspn(ml_buf_str(first), ":");
    bool same = length >= name && memcmp(reason, first->data, name) == 0 &&
                (length == name || reason[name] == ':');
    q->mixed = q->mixed || (how == RAISED && !same);
}

/* Answers of one helper; q->next is the object at which it stopped. */
static enum call_outcome
collect(struct asking *q, struct ml_buf *text, struct ml_error *err)
{
    while (q->next < q->work.count) {
        struct call_answer a;
        enum call_outcome how =
            call_helper_read(&q->helper, OBJECT_SECONDS, q->deadline, &a, text);
        if (how != CALL_ANSWERED) {
            return how;
        }
        if (a.index != q->next || a.status > CALL_REFUSED) {
            return CALL_GARBLED;
        }
        if (a.status == CALL_REFUSED) {
            ml_error_set(err, ML_EUNSUPPORTED, "%s", ml_buf_str(text));
            return CALL_ENDED;
        }
        if (a.status != CALL_TEXT) {
            note(q, a.status == CALL_RAISED ? RAISED : NO_STR, text->data, text->len);
        }
        else if (keep_text(q->out, q->work.nodes[q->next], text) < 0) {
            ml_error_nomem(err);
            return CALL_ENDED;
        }
        q->next++;
        ml_cancel_ask(q->work.v->cancel, "asking objects for their texts", 0.9);
    }
    return CALL_ANSWERED;
}

/* What hangs twice hangs: the others of its type are not asked. */
static void
drop_type(struct asking *q, uint32_t kind)
{
    const uint32_t *kinds = q->work.v->take.graph.kind;
    uint32_t kept = q->next;
    for (uint32_t i = q->next; i < q->work.count; i++) {
        if (kinds[q->nodes[i]] != kind) {
            q->nodes[kept++] = q->nodes[i];
        }
    }
    q->dropped += q->work.count - kept;
    q->work.count = kept;
}

static void
note_late(struct asking *q)
{
    uint32_t kind = q->work.v->take.graph.kind[q->nodes[q->next]];
    bool again = q->late_kind == kind;
    q->late_kind = kind;
    note(q, LATE, "", 0);
    q->next++;
    if (again) {
        drop_type(q, kind);
    }
}

static void
note_end(struct asking *q, int status)
{
    char reason[64] = "";
    if (status != CALL_STILL_RAN) {
        snprintf(reason, sizeof(reason), WIFSIGNALED(status) ? "signal %d" : "status %d",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    note(q, ENDED, reason, strlen(reason));
    q->next++;
}

static int
ask_all(struct asking *q, struct ml_error *err)
{
    struct ml_buf text;
    ml_buf_init(&text, q->out->a);
    int rc = ML_OK;
    for (int i = 0; i < HELPERS && q->next < q->work.count && rc == ML_OK; i++) {
        q->work.from = q->next;
        rc = call_helper_start(&q->helper, call_run, &q->work, err);
        if (rc == ML_OK) {
            struct ml_error why = {0};
            enum call_outcome how = collect(q, &text, &why);
            int status = call_helper_stop(&q->helper, how == CALL_ENDED);
            if (why.code != ML_OK) {
                rc = ml_error_set(err, why.code, "%s", why.message);
            }
            else if (how == CALL_LATE && ml_clock_seconds() >= q->deadline) {
                break;
            }
            else if (how == CALL_LATE) {
                note_late(q);
            }
            else if (how != CALL_ANSWERED) {
                note_end(q, status);
            }
        }
    }
    ml_buf_fini(&text);
    return rc;
}

/* -- what is said of it ------------------------------------------------------------ */

/* "str_func raised ValueError for 3 of 30 objects, first a shop.Session: bad\n" */
static void
say(struct asking *q, enum failure how, const char *verb)
{
    struct ml_buf *out = &q->out->warnings;
    if (q->failed[how] == 0) {
        return;
    }
    const char *reason = ml_buf_str(&q->reason[how]);
    size_t name = how == RAISED ? strcspn(reason, ":") : 0;
    ml_buf_puts(out, q->work.str_func != NULL ? "str_func " : "__str__ ");
    ml_buf_printf(out, "%s%.*s%s for %u of %u objects, first a ", verb, (int)name, reason,
                  how == RAISED && q->mixed ? " and others" : "", q->failed[how],
                  q->total);
    take_type_name(take_kind_of(&q->work.v->take, q->first[how])->type, out);
    const char *rest = reason + name;
    rest += strspn(rest, ": ");
    if (rest[0] != '\0') {
        ml_buf_puts(out, ": ");
        for (; *rest != '\0'; rest++) { /* one line */
            ml_buf_putc(out, *rest == '\n' ? ' ' : *rest);
        }
    }
    ml_buf_putc(out, '\n');
}

static void
say_all(struct asking *q, int rc, const struct ml_error *err)
{
    struct ml_buf *out = &q->out->warnings;
    uint32_t left = q->work.count - q->next + q->dropped;
    char late[64];
    snprintf(late, sizeof(late), "did not return within %.0f s", OBJECT_SECONDS);
    say(q, RAISED, "raised ");
    say(q, NO_STR, "gave no str");
    say(q, LATE, late);
    say(q, ENDED, "ended its process");
    if (rc < 0) {
        ml_buf_printf(out, "objects' own texts are missing: %s\n", err->message);
    }
    else if (left > 0) {
        ml_buf_printf(out,
                      "%u of %u objects were not asked for their own text: others took "
                      "too long\n",
                      left, q->total);
    }
}

static int
ask_and_say(struct asking *q, struct ml_error *err)
{
    struct ml_error why = {0};
    for (int i = 0; i < FAILURES; i++) {
        ml_buf_init(&q->reason[i], q->out->a);
    }
    int rc = ask_all(q, &why);
    if (rc != ML_ENOMEM) {
        say_all(q, rc, &why);
        rc = ML_OK;
    }
    for (int i = 0; i < FAILURES; i++) {
        ml_buf_fini(&q->reason[i]);
    }
    return rc < 0 || q->out->warnings.failed ? ml_error_nomem(err) : ML_OK;
}

int
call_text_all(const struct sweep_view *v, const uint32_t *nodes, size_t count,
              PyObject *str_func, struct call_texts *out, struct ml_error *err)
{
    const struct ml_settings *s = &v->job->settings;
    bool wanted = s->report.call_str || str_func != NULL;
    if (!wanted || v->job->in_place != NULL || s->report.redact != ML_REDACT_NONE ||
        count == 0) {
        return ML_OK;
    }
    uint32_t *chosen = ml_alloc_array(v->a, count, sizeof(*chosen));
    if (chosen == NULL) {
        return ml_error_nomem(err);
    }
    double now = ml_clock_seconds(), end = v->job->started + s->sweep.timeout;
    struct asking q = {.out = out, .nodes = chosen, .late_kind = ML_NO_NODE};
    q.work = (struct call_work){.v = v, .nodes = chosen, .str_func = str_func};
    q.work.count = q.total = choose(v, nodes, count, str_func != NULL, chosen);
    q.deadline = now + ALL_SECONDS < end ? now + ALL_SECONDS : end;
    int rc = q.work.count > 0 ? ask_and_say(&q, err) : ML_OK;
    ml_alloc_free_array(v->a, chosen, count, sizeof(*chosen));
    return rc;
}
