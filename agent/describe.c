/* SPDX-License-Identifier: MIT
 *
 * Paths and objects in words; see answers.h. The path tree gives nodes, take_names gives
 * how each holds the next; an instance's own dict and cells are passed through silently.
 */
#include "answers.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "call_text.h"
#include "compat/compat.h"
#include "clock.h"

#define HEAD_STEPS 36 /* of a long path: from the root ... */
#define TAIL_STEPS 24 /* ... and before the object */

/* -- paths ------------------------------------------------------------------------- */

static uint32_t
path_length(const struct sweep_view *v, uint32_t node)
{
    uint32_t n = 1;
    while (v->paths.parent[node] != ML_NO_NODE) {
        node = v->paths.parent[node];
        n++;
    }
    return n;
}

/* Fills in the names between consecutive steps. */
static void
name_steps(const struct sweep_view *v, struct object_path *p)
{
    for (uint32_t i = 1; i < p->count; i++) {
        struct path_step *s = &p->step[i];
        if (s->gap_before) {
            memset(&s->name, 0, sizeof(s->name));
            s->name.kind = EDGE_INTERNAL;
            memcpy(s->name.expr, "…", sizeof("…"));
            memcpy(s->name.words, "…", sizeof("…"));
            continue;
        }
        uint32_t before = i > 1 && !p->step[i - 1].gap_before ? p->step[i - 2].node
                                                              : ML_NO_NODE;
        take_name_edge(&v->take, before, p->step[i - 1].node, s->node, &s->name);
    }
}

void
describe_path(const struct sweep_view *v, uint32_t node, struct object_path *out)
{
    uint32_t length = path_length(v, node), at = length;
    bool cut = length > PATH_STEPS - 2;
    memset(out, 0, sizeof(*out));
    out->root = v->paths.root[node];
    out->count = cut ? HEAD_STEPS + TAIL_STEPS : length;
    for (uint32_t n = node; n != ML_NO_NODE; n = v->paths.parent[n]) {
        at--; /* position of n, counted from the root */
        if (!cut || at < HEAD_STEPS) {
            out->step[at].node = n;
        }
        else if (at >= length - TAIL_STEPS) {
            uint32_t i = HEAD_STEPS + (at - (length - TAIL_STEPS));
            out->step[i].node = n;
            out->step[i].gap_before = i == HEAD_STEPS;
        }
    }
    describe_name_root(v, out);
    name_steps(v, out);
}

void
describe_extend(const struct sweep_view *v, struct object_path *path, uint32_t node)
{
    if (path->count == PATH_STEPS) {
        return;
    }
    uint32_t last = path->step[path->count - 1].node;
    uint32_t before = path->count > 1 ? path->step[path->count - 2].node : ML_NO_NODE;
    struct path_step *s = &path->step[path->count++];
    memset(s, 0, sizeof(*s));
    s->node = node;
    take_name_edge(&v->take, before, last, node, &s->name);
}

/* Chains that repeat (.next.next.next) are said once when abstract. */
void
describe_expression(const struct object_path *path, bool abstract, struct ml_buf *out)
{
    describe_put_root(path, abstract, out);
    const char *last = "";
    bool repeating = false;
    for (uint32_t i = 1; i < path->count; i++) {
        const struct take_name *name = &path->step[i].name;
        bool ends = i + 1 == path->count && name->last != NULL;
        const char *piece = ends ? name->last : name->expr;
        if (abstract && name->spread) {
            piece = name->kind == EDGE_MEMBER           ? "{*}"
                    : strncmp(piece, ".keys", 5) == 0 ? ".keys()[*]"
                                                        : "[*]";
        }
        if (abstract && piece[0] != '\0' && strcmp(piece, last) == 0 &&
            name->kind == EDGE_ATTR) {
            ml_buf_puts(out, repeating ? "" : "…");
            repeating = true;
            continue;
        }
        ml_buf_puts(out, piece);
        if (piece[0] != '\0') {
            repeating = false;
            last = piece;
        }
    }
}

const char *
describe_held_by(const struct sweep_view *v, const struct object_path *path)
{
    if (path->root == ML_PATH_OUTSIDE) {
        return "native";
    }
    if (path->root == ML_NO_NODE) {
        return "garbage";
    }
    const struct take_root *root =
        &v->take.roots.data[v->take.graph.roots.data[path->root].name];
    switch ((enum take_root_kind)root->kind) {
    case ROOT_LOCAL:
    case ROOT_STACK:
    case ROOT_FRAME_PART:
        return "frame";
    case ROOT_THREAD_REF:
    case ROOT_LOOP:
    case ROOT_CONTEXT_VAR:
        return "thread";
    default:
        return "python";
    }
}

/* -- objects ----------------------------------------------------------------------- */

void
describe_type_name(const struct sweep_view *v, uint32_t node, struct ml_buf *out)
{
    take_type_name(take_kind_of(&v->take, node)->type, out);
}

void
describe_type(const struct sweep_view *v, uint32_t node, struct ml_json *j)
{
    struct ml_buf text;
    ml_buf_init(&text, v->a);
    describe_type_name(v, node, &text);
    ml_json_strn(j, text.data, text.len);
    ml_buf_fini(&text);
}

void
describe_text(const struct sweep_view *v, uint32_t node, struct ml_json *j)
{
    struct ml_buf text;
    size_t length;
    const char *own = call_texts_find(v->texts, node, &length);
    if (own != NULL) {
        ml_json_strn(j, own, length);
        return;
    }
    ml_buf_init(&text, v->a);
    take_object_text(&v->take, take_object(&v->take, node),
                     (size_t)v->job->settings.report.str_max_length, &text);
    ml_json_strn(j, text.data, text.len);
    ml_buf_fini(&text);
}

int64_t
describe_length(const struct sweep_view *v, uint32_t node)
{
    if (node == ML_NO_NODE) {
        return -1;
    }
    PyObject *op = take_object(&v->take, node);
    switch ((enum take_shape)take_kind_of(&v->take, node)->shape) {
    case SHAPE_LIST:
    case SHAPE_TUPLE:
    case SHAPE_DEQUE:
        return Py_SIZE(op);
    case SHAPE_DICT:
        return PyDict_GET_SIZE(op);
    case SHAPE_SET:
        return ((PySetObject *)op)->used;
    default:
        return -1;
    }
}

void
describe_object_keys(const struct sweep_view *v, uint32_t node, struct ml_json *j)
{
    ml_json_kv_hex(j, "address", v->take.graph.address[node]);
    ml_json_key(j, "type");
    describe_type(v, node, j);
    ml_json_key(j, "str");
    describe_text(v, node, j);
    ml_json_kv_uint(j, "size", ml_heap_graph_size(&v->take.graph, node));
    ml_json_kv_uint(j, "retained_size", v->retained.bytes[node]);
}

const char *
describe_edge_kind(enum take_edge_kind kind)
{
    static const char *const names[] = {
        [EDGE_ATTR] = "attr",     [EDGE_KEY] = "key",       [EDGE_INDEX] = "index",
        [EDGE_LOCAL] = "local",   [EDGE_CLOSURE] = "closure", [EDGE_GLOBAL] = "global",
        [EDGE_MEMBER] = "member", [EDGE_INTERNAL] = "internal"};
    return names[kind];
}

static bool
is_folded(const struct sweep_view *v, uint32_t node)
{
    return (v->take.graph.flags[node] & ML_NODE_FOLD) != 0;
}

void
describe_path_nodes(const struct sweep_view *v, const struct object_path *path,
                    struct ml_json *j)
{
    ml_json_begin_array(j);
    for (uint32_t i = 0; i < path->count; i++) {
        const struct path_step *s = &path->step[i];
        bool first = i == 0;
        if (is_folded(v, s->node) && i + 1 < path->count) {
            continue;
        }
        ml_json_begin_object(j);
        ml_json_kv_str(j, "name", first ? path->root_name.words : s->name.words);
        ml_json_kv_str(j, "label", first ? path->root_name.expr : s->name.expr);
        ml_json_key(j, "type");
        describe_type(v, s->node, j);
        ml_json_kv_hex(j, "address", v->take.graph.address[s->node]);
        ml_json_kv_str(j, "kind", first ? "root" : describe_edge_kind(s->name.kind));
        ml_json_end_object(j);
    }
    ml_json_end_array(j);
}

/* -- figures ----------------------------------------------------------------------- */

void
describe_time(int64_t microseconds, char out[64])
{
    time_t seconds = (time_t)(microseconds / 1000000);
    /* Gregorian from days, without libc's time zone lock (Hinnant, chrono algorithms) */
    int64_t z = seconds / 86400 + 719468, era = z / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int day = (int)(doy - (153 * mp + 2) / 5 + 1), month = (int)(mp < 10 ? mp + 3 : mp - 9);
    int year = (int)(yoe + era * 400 + (month <= 2)), rest = (int)(seconds % 86400);
    snprintf(out, 64, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", year, month, day, rest / 3600,
             rest / 60 % 60, rest % 60, (int)(microseconds % 1000000));
}

static void
write_lines(const struct ml_buf *text, struct ml_json *j)
{
    size_t from = 0;
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] == '\n') {
            ml_json_strn(j, text->data + from, i - from);
            from = i + 1;
        }
    }
}

static void
warnings(const struct sweep_view *v, struct ml_json *j)
{
    struct ml_buf text;
    ml_buf_init(&text, v->a);
    describe_short(v, &text);
    ml_json_begin_array(j);
    if (text.len > 0) {
        ml_json_strn(j, text.data, text.len);
    }
    ml_buf_fini(&text);
    write_lines(&v->take.warnings, j);
    write_lines(&v->texts->warnings, j);
    if (v->job->during_collection) {
        ml_json_str(j, "taken while a garbage collection was under way: what it was "
                       "looking at is missing");
    }
    describe_left_out(v, j);
    if (v->job->in_place != NULL) {
        ml_json_str(j, "the system refused a copy of the process: the program stood still "
                       "for the whole sweep");
    }
    ml_json_end_array(j);
}

void
describe_sweep(const struct sweep_view *v, struct ml_json *j)
{
    const struct ml_heap_graph *g = &v->take.graph;
    double took = ml_clock_seconds() - v->job->started;
    bool in_place = v->job->in_place != NULL;
    ml_json_key(j, "sweep");
    ml_json_begin_object(j);
    ml_json_kv_double(j, "pause_s", in_place ? took : v->job->shared->pause_s, 6);
    ml_json_kv_double(j, "duration_s", took, 6);
    ml_json_kv_uint(j, "objects", g->node_count);
    ml_json_kv_uint(j, "references", g->edge_count);
    ml_json_kv_uint(j, "tracked", v->take.tracked);
    ml_json_kv_uint(j, "garbage_objects", v->totals.garbage_objects);
    ml_json_kv_uint(j, "peak_extra_rss", v->peak);
    ml_json_kv_str(j, "python_version", compat_version());
    ml_json_kv_str(j, "mode", in_place ? "in place" : "clone");
    ml_json_key(j, "warnings");
    warnings(v, j);
    ml_json_end_object(j);
}

void
describe_totals(const struct sweep_view *v, struct ml_json *j)
{
    const struct sweep_totals *t = &v->totals;
    ml_json_key(j, "totals");
    ml_json_begin_object(j);
    ml_json_kv_uint(j, "live_objects", t->live_objects);
    ml_json_kv_uint(j, "live_size", t->live_size);
    ml_json_kv_uint(j, "garbage_objects", t->garbage_objects);
    ml_json_kv_uint(j, "garbage_size", t->garbage_size);
    ml_json_kv_uint(j, "furniture_objects", t->furniture_objects);
    ml_json_kv_uint(j, "furniture_size", t->furniture_size);
    ml_json_kv_uint(j, "own_objects", t->own_objects);
    ml_json_kv_uint(j, "named_objects", t->named_objects);
    ml_json_kv_uint(j, "outside_objects", t->outside_objects);
    ml_json_end_object(j);
}

/* -- filters ----------------------------------------------------------------------- */

static bool
contains_any(const char *name, const char (*texts)[ML_REQUEST_TEXT], bool *given)
{
    for (int i = 0; i < ML_REQUEST_FILTERS && texts[i][0] != '\0'; i++) {
        *given = true;
        if (strstr(name, texts[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static bool
in_list(const char *name, const struct ml_text_list *list)
{
    for (int i = 0; i < list->count; i++) {
        if (strstr(name, list->item[i]) != NULL) {
            return true;
        }
    }
    return false;
}

bool
describe_wanted(void *ctx, uint32_t kind)
{
    const struct type_filter *f = ctx;
    const struct ml_settings *s = &f->v->job->settings;
    struct ml_buf text;
    ml_buf_init(&text, f->v->a);
    take_type_name(f->v->take.kinds.data[kind].type, &text);
    const char *name = ml_buf_str(&text);
    bool included = s->filter.include.count > 0, ignored = false;
    bool is_in = contains_any(name, f->request->include, &included) ||
                 in_list(name, &s->filter.include);
    bool is_out = contains_any(name, f->request->exclude, &ignored) ||
                  in_list(name, &s->filter.exclude);
    ml_buf_fini(&text);
    return (is_in || !included) && !is_out;
}
