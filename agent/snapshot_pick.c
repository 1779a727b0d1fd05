/* SPDX-License-Identifier: MIT
 *
 * Which of the graph's findings are shown. Left out: what the user has accepted
 * (filter.ignore), and the interpreter's furniture, which is static tables of the
 * standard library (error names, character references, file names known to the import
 * machinery): built-in objects in a standard module's variable, or in a field of the
 * interpreter, unless they are many.
 */
#include "snapshot.h"

#include <string.h>

#include "compat/compat.h"
#include "tallies.h"

#define CANDIDATES 100
#define MIN_COUNT 10
#define MIN_SINGLE ((uint64_t)256 * 1024)
#define MANY_STANDARD ((uint64_t)1024 * 1024) /* bytes retained */
#define MANY_LIBRARY ((uint64_t)64 * 1024)
#define MANY_USER ((uint64_t)1024)
#define MIN_FORGOTTEN 3 /* references without a holder */
#define FEW_OLD ((uint64_t)64 * 1024) /* bytes of suspects, where nothing is the user's */

static uint8_t
origin_of_module(const struct take *t, PyObject *name)
{
    for (size_t i = 0; name != NULL && i < t->modules.len; i++) {
        PyObject *m = t->modules.data[i].name;
        if (m == name || (PyUnicode_Check(name) && PyUnicode_Compare(m, name) == 0)) {
            return t->modules.data[i].origin;
        }
    }
    return ORIGIN_USER;
}

/* Whose class the objects are of. */
static uint8_t
origin_of_type(const struct take *t, uint32_t node)
{
    PyTypeObject *type = take_kind_of(t, node)->type;
    if (!(type->tp_flags & Py_TPFLAGS_HEAPTYPE)) {
        return ORIGIN_STDLIB;
    }
    return origin_of_module(t, take_dict_get(compat_type_dict(type), "__module__"));
}

/* Whose variable holds them; frames count as the user's. */
static uint8_t
origin_of_root(const struct take *t, uint32_t root)
{
    if (root == ML_PATH_OUTSIDE || root == ML_NO_NODE) {
        return ORIGIN_STDLIB;
    }
    const struct take_root *r = &t->roots.data[t->graph.roots.data[root].name];
    switch ((enum take_root_kind)r->kind) {
    case ROOT_MODULE_VAR:
    case ROOT_MODULE:
        return t->modules.data[r->owner].origin;
    case ROOT_LOCAL:
    case ROOT_STACK:
        return ORIGIN_USER;
    default:
        return ORIGIN_STDLIB;
    }
}

/* A registry of many different things (120 settings, each of a class of its own) grows
 * no pile of any of them. */
static bool
is_no_pile(const struct ml_finding *f)
{
    return f->count < MIN_COUNT && f->retained < MIN_SINGLE;
}

/* Objects of the program's own classes that nobody has, not even a variable of a library:
 * a few are enough, for what is forgotten in C never stops growing. */
static bool
is_forgotten(const struct snapshot *s, const struct shown *f)
{
    struct native_sum sum;
    if (s->v->paths.root[f->example[0]] != ML_PATH_OUTSIDE ||
        s->places.place[f->finding->place].parent != ML_NO_NODE ||
        origin_of_type(&s->v->take, f->example[0]) != ORIGIN_USER) {
        return false;
    }
    snapshot_sum_native(s, f, &sum);
    return snapshot_unproven(&sum) >= MIN_FORGOTTEN;
}

static bool
is_furniture(const struct snapshot *s, const struct shown *f)
{
    const struct take *t = &s->v->take;
    uint8_t root = origin_of_root(t, s->v->paths.root[f->example[0]]);
    uint64_t retained = f->finding->retained + f->finding->companions_retained;
    if (root == ORIGIN_USER) {
        return retained < MANY_USER;
    }
    if (root == ORIGIN_STDLIB && origin_of_type(t, f->example[0]) == ORIGIN_STDLIB) {
        return retained < MANY_STANDARD;
    }
    return retained < MANY_LIBRARY;
}

/* Names of imported modules, lines of their sources, their caches. What native code holds
 * may be anybody's. */
bool
snapshot_is_bookkeeping(const struct snapshot *s, const struct shown *f)
{
    const struct take *t = &s->v->take;
    uint32_t root = s->v->paths.root[f->example[0]];
    return root != ML_PATH_OUTSIDE && origin_of_root(t, root) == ORIGIN_STDLIB &&
           origin_of_type(t, f->example[0]) == ORIGIN_STDLIB &&
           f->finding->retained + f->finding->companions_retained < FEW_OLD;
}

bool
snapshot_is_ignored(struct snapshot *s, const struct shown *f)
{
    const struct ml_text_list *ignore = &s->v->job->settings.filter.ignore;
    char hash[24];
    if (ignore->count <= 0) {
        return false;
    }
    snapshot_look_at(s, f);
    snapshot_fingerprint(s, f, hash);
    for (int i = 0; i < ignore->count; i++) {
        if (strcmp(ignore->item[i], hash) == 0) {
            return true;
        }
    }
    return false;
}

int
snapshot_find_places(struct snapshot *s, struct ml_error *err)
{
    const struct sweep_view *v = s->v;
    return ml_places_build(&v->take.graph, &v->paths, &v->dominator, &v->retained, v->a,
                           v->cancel, &s->places, err);
}

static int
find(struct snapshot *s, struct ml_error *err)
{
    const struct sweep_view *v = s->v;
    struct type_filter filter = {v, s->r};
    struct ml_finding_options options = {CANDIDATES, MIN_COUNT, MIN_SINGLE, describe_wanted,
                                         &filter, 1};
    int rc = snapshot_find_places(s, err);
    if (rc == ML_OK) {
        rc = ml_findings_pick(&v->take.graph, &v->paths, &s->places, &v->retained, &options,
                              v->a, &s->findings, err);
    }
    return rc;
}

/* More objects of the findings that are shown, in one pass over the heap for all. */
static int
find_examples(struct snapshot *s, struct ml_error *err)
{
    const struct ml_path_tree *t = &s->v->paths;
    uint8_t *shown_of = ml_alloc_array(s->v->a, s->places.count, 1); /* by place, + 1 */
    if (shown_of == NULL) {
        return ml_error_nomem(err);
    }
    for (uint32_t i = 0; i < s->count; i++) {
        shown_of[s->shown[i].finding->place] = (uint8_t)(i + 1);
    }
    uint32_t missing = s->count;
    for (uint32_t i = 0; i < t->reached && missing > 0; i++) {
        uint32_t node = t->order[i];
        uint8_t at = shown_of[s->places.of_node[node]];
        struct shown *f = at > 0 ? &s->shown[at - 1] : NULL;
        if (f == NULL || node == f->example[0] || f->example_count == SNAPSHOT_EXAMPLES) {
            continue;
        }
        f->example[f->example_count++] = node;
        missing -= f->example_count == SNAPSHOT_EXAMPLES ? 1 : 0;
    }
    ml_alloc_free_array(s->v->a, shown_of, s->places.count, 1);
    return ML_OK;
}

/* What there was at the last look, by the place's key. */
static int
compare(struct snapshot *s, struct ml_error *err)
{
    const struct ml_growth_before *before = s->v->job->before;
    struct ml_suspects_options o = {0};
    if (before == NULL || before->at == 0) {
        return ML_OK;
    }
    uint64_t *key = ml_alloc_array(s->v->a, s->places.count, sizeof(*key));
    if (key == NULL) {
        return ml_error_nomem(err);
    }
    tallies_options(s->v, &o);
    ml_place_keys(&s->places, &o, key);
    for (uint32_t i = 0; i < s->count; i++) {
        struct shown *f = &s->shown[i];
        const struct ml_tally_row *row = ml_tally_find(&before->places,
                                                       key[f->finding->place]);
        f->compared = true;
        f->count_before = row != NULL ? row->count : 0;
        f->retained_before = row != NULL ? row->bytes : 0;
    }
    ml_alloc_free_array(s->v->a, key, s->places.count, sizeof(*key));
    return ML_OK;
}

int
snapshot_pick(struct snapshot *s, struct ml_error *err)
{
    int rc = find(s, err);
    for (uint32_t i = 0; rc == ML_OK && i < s->findings.count; i++) {
        struct shown *f = &s->shown[s->count];
        f->finding = &s->findings.finding[i];
        f->example[0] = s->places.place[f->finding->place].first;
        f->example_count = 1;
        bool kept = (!is_no_pile(f->finding) && !is_furniture(s, f)) || is_forgotten(s, f);
        kept = kept && !snapshot_is_ignored(s, f);
        s->count += kept ? 1 : 0;
        if (s->count == SNAPSHOT_FINDINGS) {
            break;
        }
    }
    rc = rc == ML_OK ? find_examples(s, err) : rc;
    return rc == ML_OK ? compare(s, err) : rc;
}
