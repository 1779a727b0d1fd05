/* SPDX-License-Identifier: MIT
 *
 * Which objects are too old, and what of it is told. A suspect was born in an epoch that
 * the watch calls suspect, is reached by a path, and is of a type that is wanted. Left
 * out are imported modules, the tool's own classes, what a library made while it was imported,
 * and findings that are the interpreter's own bookkeeping.
 */
#include "snapshot.h"

#include <string.h>

#include "compat/compat.h"
#include "heap_sort.h"
#include "tallies.h"

#define CANDIDATES 100
#define HIDDEN UINT8_MAX

/* -- who is suspect ---------------------------------------------------------------- */

static bool
is_our_own(PyTypeObject *type)
{
    PyObject *name = (type->tp_flags & Py_TPFLAGS_HEAPTYPE)
                         ? take_dict_get(compat_type_dict(type), "__module__")
                         : NULL;
    return name != NULL && PyUnicode_Check(name) &&
           (take_str_is(name, "memalot") || take_str_starts(name, "memalot."));
}

static uint8_t *
find_wanted_kinds(const struct snapshot *s)
{
    const struct take *t = &s->v->take;
    struct type_filter filter = {s->v, s->r};
    uint8_t *wanted = ml_alloc_array(s->v->a, t->kinds.len, 1);
    for (uint32_t i = 0; wanted != NULL && i < t->kinds.len; i++) {
        const struct take_kind *k = &t->kinds.data[i];
        wanted[i] = !is_our_own(k->type) && describe_wanted(&filter, i);
    }
    return wanted;
}

/* In sys.modules: what is imported late is no leak. */
static bool
is_imported(const struct take *t, uint32_t node)
{
    if (take_kind_of(t, node)->shape != SHAPE_MODULE) {
        return false;
    }
    PyObject *dict = PyModule_GetDict(take_object(t, node));
    for (size_t i = 0; i < t->modules.len; i++) {
        if (t->modules.data[i].dict == dict) {
            return true;
        }
    }
    return false;
}

/* By root: the epoch in which a library's module was imported, 0: long ago, or a root of
 * another kind. Its functions' constants and its tables are no leak. */
static uint8_t *
find_late_imports(const struct snapshot *s)
{
    const struct take *t = &s->v->take;
    uint8_t *late = ml_alloc_array(s->v->a, t->graph.roots.len, 1);
    for (size_t i = 0; late != NULL && i < t->graph.roots.len; i++) {
        const struct take_root *r = &t->roots.data[t->graph.roots.data[i].name];
        if (r->kind != ROOT_MODULE_VAR && r->kind != ROOT_MODULE) {
            continue;
        }
        const struct take_module *m = &t->modules.data[r->owner];
        late[i] = m->origin == ORIGIN_USER
                      ? ML_EPOCH_BASELINE
                      : ml_birth_stamp((uintptr_t)m->dict - compat_preheader_size(m->dict));
    }
    return late;
}

static void
mark_suspects(struct snapshot *s, const uint8_t *wanted, const uint8_t *late)
{
    const struct sweep_view *v = s->v;
    const struct ml_heap_graph *g = &v->take.graph;
    for (uint32_t i = 0; i < v->paths.reached; i++) {
        uint32_t node = v->paths.order[i];
        uint8_t epoch = wanted[g->kind[node]] ? snapshot_epoch(v, node) : ML_EPOCH_BASELINE;
        if (epoch < ML_EPOCH_FIRST || !v->watch->suspect[epoch]) {
            continue;
        }
        uint32_t root = v->paths.root[node];
        if ((root < g->roots.len && late[root] == epoch) || is_imported(&v->take, node)) {
            continue;
        }
        ml_bitset_add(&s->suspects.set, node);
    }
}

static int
find_suspects(struct snapshot *s, struct ml_error *err)
{
    const struct sweep_view *v = s->v;
    uint8_t *wanted = find_wanted_kinds(s), *late = find_late_imports(s);
    bool room = ml_bitset_init(&s->suspects.set, v->a, v->take.graph.node_count);
    room = room && wanted != NULL && late != NULL;
    if (room) {
        mark_suspects(s, wanted, late);
    }
    ml_alloc_free_array(v->a, late, v->take.graph.roots.len, 1);
    ml_alloc_free_array(v->a, wanted, v->take.kinds.len, 1);
    return room ? ML_OK : ml_error_nomem(err);
}

/* -- findings ---------------------------------------------------------------------- */

/* Shown while there is room; told of in the figures otherwise, unless it is hidden. */
static void
show(struct snapshot *s, uint32_t i)
{
    struct shown other;
    bool room = s->count < SNAPSHOT_FINDINGS;
    const struct ml_suspect_finding *found = &s->suspects.found.finding[i];
    struct shown *f = room ? &s->shown[s->count] : &other;
    *f = (struct shown){.finding = &found->finding,
                        .suspect = found,
                        .example = {found->first},
                        .example_count = 1,
                        .compared = s->suspects.compared,
                        .count_before = found->count_before,
                        .retained_before = found->retained_before};
    if (snapshot_is_bookkeeping(s, f) || (room && snapshot_is_ignored(s, f))) {
        s->suspects.shown_as[i] = HIDDEN;
    }
    else if (room) {
        s->suspects.shown_as[i] = (uint8_t)++s->count;
    }
}

static int
find_findings(struct snapshot *s, struct ml_error *err)
{
    const struct sweep_view *v = s->v;
    struct ml_suspects_options o = {.max_findings = CANDIDATES, .before = &v->watch->places};
    tallies_options(v, &o);
    int rc = ml_suspects_pick(&v->take.graph, &v->paths, &v->dominator, &v->retained,
                              &s->places, &s->suspects.set, &o, v->a, v->cancel,
                              &s->suspects.found, err);
    if (rc < 0) {
        return rc;
    }
    s->suspects.shown_as = ml_alloc_array(v->a, s->suspects.found.all, 1);
    if (s->suspects.shown_as == NULL) {
        return ml_error_nomem(err);
    }
    for (uint32_t i = 0; i < s->suspects.found.all; i++) {
        show(s, i);
    }
    return ML_OK;
}

bool
snapshot_is_told(const struct snapshot *s, uint32_t node)
{
    uint32_t place = s->places.of_node[node];
    if (!ml_bitset_has(&s->suspects.set, node) || !ml_place_is_shown(&s->places, place)) {
        return false;
    }
    uint32_t found = s->suspects.found.of_place[place];
    return found != ML_NO_NODE && s->suspects.shown_as[found] != HIDDEN;
}

uint32_t
snapshot_finding_of(const struct snapshot *s, uint32_t node)
{
    uint32_t place = s->places.of_node[node];
    uint32_t found = place != ML_NO_NODE ? s->suspects.found.of_place[place] : ML_NO_NODE;
    uint8_t as = found != ML_NO_NODE ? s->suspects.shown_as[found] : 0;
    return as != HIDDEN ? as : 0;
}

/* -- types, examples --------------------------------------------------------------- */

static void
count_node(struct snapshot *s, uint32_t node)
{
    const struct sweep_view *v = s->v;
    struct suspect_kind *k = &s->suspects.kind[v->take.graph.kind[node]];
    uint8_t epoch = snapshot_epoch(v, node);
    if (k->count == 0 || ml_birth_epoch(epoch)->last < ml_birth_epoch(k->oldest)->last) {
        k->oldest = epoch;
    }
    k->count++;
    k->bytes += ml_heap_graph_size(&v->take.graph, node);
    s->suspects.count++;
}

static void
add_example(struct snapshot *s, uint32_t node)
{
    uint32_t id = snapshot_finding_of(s, node);
    struct shown *f = id > 0 ? &s->shown[id - 1] : NULL;
    if (f != NULL && f->finding->place == s->places.of_node[node] &&
        f->example_count < SNAPSHOT_EXAMPLES && node != f->example[0]) {
        f->example[f->example_count++] = node;
    }
}

/* Whether a comes behind b: most first; of as many, classes of the program first. */
static bool
is_behind(const void *snapshot, const void *x, const void *y)
{
    const struct snapshot *s = snapshot;
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    const struct take_kind *kind = s->v->take.kinds.data;
    uint64_t of_a = s->suspects.kind[a].count, of_b = s->suspects.kind[b].count;
    if (of_a != of_b) {
        return of_a < of_b;
    }
    return kind[a].heap_type != kind[b].heap_type ? kind[b].heap_type : a > b;
}

static void
sort_kinds(struct snapshot *s)
{
    struct snapshot_suspects *t = &s->suspects;
    uint32_t kinds = (uint32_t)s->v->take.kinds.len;
    for (uint32_t i = 0; i < kinds; i++) {
        if (t->kind[i].count > 0) {
            t->by_count[t->kinds++] = i;
        }
    }
    ml_heap_sort(t->by_count, t->kinds, sizeof(*t->by_count), is_behind, s);
}

static void
compare(struct snapshot *s)
{
    const struct ml_tally *before = &s->v->watch->types;
    struct snapshot_suspects *t = &s->suspects;
    for (uint32_t i = 0; i < before->count; i++) {
        t->count_before += before->row[i].count;
    }
    for (uint32_t i = 0; i < t->kinds; i++) {
        uint64_t key = tallies_type_key(s->v, t->by_count[i]);
        const struct ml_tally_row *row = ml_tally_find(before, key);
        uint64_t now = t->kind[t->by_count[i]].count, then = row != NULL ? row->count : 0;
        t->fresh += now > then ? now - then : 0;
    }
}

static int
count_all(struct snapshot *s, struct ml_error *err)
{
    const struct sweep_view *v = s->v;
    uint32_t kinds = (uint32_t)v->take.kinds.len;
    s->suspects.kind = ml_alloc_array(v->a, kinds, sizeof(*s->suspects.kind));
    s->suspects.by_count = ml_alloc_array(v->a, kinds, sizeof(*s->suspects.by_count));
    if (s->suspects.kind == NULL || s->suspects.by_count == NULL) {
        return ml_error_nomem(err);
    }
    for (uint32_t i = 0; i < v->paths.reached; i++) {
        uint32_t node = v->paths.order[i];
        if (snapshot_is_told(s, node)) {
            count_node(s, node);
            add_example(s, node);
        }
    }
    sort_kinds(s);
    compare(s);
    return ML_OK;
}

int
snapshot_pick_suspects(struct snapshot *s, struct ml_error *err)
{
    s->suspects.compared = s->v->watch->iteration > 1;
    if (s->v->watch->warm_up) {
        return ML_OK;
    }
    int rc = snapshot_find_places(s, err);
    rc = rc == ML_OK ? find_suspects(s, err) : rc;
    rc = rc == ML_OK ? find_findings(s, err) : rc;
    rc = rc == ML_OK ? count_all(s, err) : rc;
    return rc == ML_OK ? snapshot_find_ages(s, err) : rc;
}

void
snapshot_suspects_fini(struct snapshot *s)
{
    struct snapshot_suspects *t = &s->suspects;
    size_t kinds = s->v->take.kinds.len;
    ml_alloc_free_array(s->v->a, t->by_count, kinds, sizeof(*t->by_count));
    ml_alloc_free_array(s->v->a, t->kind, kinds, sizeof(*t->kind));
    ml_alloc_free_array(s->v->a, t->shown_as, t->found.all, 1);
    ml_suspects_fini(&t->found);
    ml_bitset_fini(&t->set, s->v->a);
}
