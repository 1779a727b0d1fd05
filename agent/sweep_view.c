/* SPDX-License-Identifier: MIT
 *
 * See sweep_view.h: the steps of the analysis one after the other, and the figures that
 * every answer carries.
 */
#define _GNU_SOURCE
#include "sweep_view.h"

#include <stdio.h>
#include <string.h>

#include "native_holders.h"
#include "watch.h"
#include "small_file.h"

#define SPARE_REFS (1 << 20) /* the figures are of a moment ago */

static void
read_memory(int pid, struct sweep_memory *out)
{
    char path[64], text[4096];
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    ml_small_file_read(path, text, sizeof(text));
    out->rss = ml_small_file_kilobytes(text, "VmRSS:");
    out->swap = ml_small_file_kilobytes(text, "VmSwap:");
    out->peak_rss = ml_small_file_kilobytes(text, "VmHWM:");
    out->files = ml_small_file_kilobytes(text, "RssFile:");
    out->shared = ml_small_file_kilobytes(text, "RssShmem:");
    ml_small_file_read("/proc/meminfo", text, sizeof(text));
    out->host_total = ml_small_file_kilobytes(text, "MemTotal:");
}

/* Furniture and what only it keeps alive: the nearest furniture above in the dominator
 * tree, top ones counted with all they retain. */
static int
count_furniture(struct sweep_view *v, struct ml_error *err)
{
    struct ml_u32vec members = {0};
    const struct ml_heap_graph *g = &v->take.graph;
    int rc = ML_OK;
    for (uint32_t n = 0; n < g->node_count && rc == ML_OK; n++) {
        if ((g->flags[n] & ML_NODE_FURNITURE) && ml_bitset_has(&v->reach.alive, n)) {
            rc = ml_u32vec_push(&members, v->a, n);
        }
    }
    if (rc == ML_OK) {
        rc = ml_retained_of_set(g, &v->dominator, &v->retained, members.data, members.len,
                                v->a, &v->totals.furniture_size,
                                &v->totals.furniture_objects, err);
    }
    ml_u32vec_free(&members, v->a);
    return rc;
}

static int
count_totals(struct sweep_view *v, struct ml_error *err)
{
    const struct ml_heap_graph *g = &v->take.graph;
    v->totals.live_objects = v->reach.alive_count;
    v->totals.live_size = v->reach.alive_size;
    v->totals.garbage_objects = v->reach.garbage_count;
    v->totals.garbage_size = v->reach.garbage_size;
    for (uint32_t n = 0; n < g->node_count; n++) {
        bool own = (g->flags[n] & ML_NODE_OWN) != 0;
        v->totals.own_objects += own;
        v->totals.named_objects += ml_bitset_has(&v->reach.named, n);
        v->totals.outside_objects += !own && sweep_view_outside(v, n);
    }
    return count_furniture(v, err);
}

/* Tasks give names to paths and hold nothing: only here they are roots. */
static int
find_paths(struct sweep_view *v, struct ml_error *err)
{
    struct ml_heap_graph *g = &v->take.graph;
    size_t holding = g->roots.len;
    int rc = take_task_roots(&v->take, &v->reach, err);
    if (rc == ML_OK) {
        rc = ml_path_tree_build(g, &v->reach, v->a, v->cancel, &v->paths, err);
    }
    v->naming_roots = g->roots.len - holding;
    return rc == ML_OK ? take_task_join(&v->take, holding, &v->paths, err) : rc;
}

/* Without the roots that only name. */
static int
find_dominators(struct sweep_view *v, struct ml_error *err)
{
    struct ml_heap_graph *g = &v->take.graph;
    size_t all = g->roots.len;
    g->roots.len -= v->naming_roots;
    int rc = ml_dominator_build(g, &v->reverse, &v->reach, v->a, v->cancel, &v->dominator,
                                err);
    g->roots.len = all;
    return rc;
}

static int
find_alive(struct sweep_view *v, struct ml_error *err)
{
    struct take *t = &v->take;
    int rc = ml_reach_compute(&t->graph, &v->reverse, t->refs, v->a, v->cancel, &v->reach,
                              err);
    if (rc == ML_OK && take_c_types(t, &v->reach) > 0) {
        ml_reach_fini(&v->reach, v->a);
        rc = t->failed ? ml_error_nomem(err)
                       : ml_reach_compute(&t->graph, &v->reverse, t->refs, v->a, v->cancel,
                                          &v->reach, err);
    }
    return rc;
}

static int
analyse(struct sweep_view *v, struct ml_error *err)
{
    const struct ml_heap_graph *g = &v->take.graph;
    const struct ml_alloc *a = v->a;
    int rc = ml_reverse_build(g, a, v->cancel, &v->reverse, err);
    if (rc == ML_OK) {
        rc = find_alive(v, err);
    }
    if (rc == ML_OK) {
        rc = find_paths(v, err);
    }
    if (rc == ML_OK) {
        rc = find_dominators(v, err);
    }
    if (rc == ML_OK) {
        rc = ml_retained_compute(g, &v->dominator, a, &v->retained, err);
    }
    return rc == ML_OK ? count_totals(v, err) : rc;
}

int
sweep_view_build(struct sweep_view *v, const struct sweep_job *job,
                 const struct ml_alloc *a, const struct ml_cancel *cancel,
                 struct ml_guard *guard, struct ml_error *err)
{
    memset(v, 0, sizeof(*v));
    v->job = job;
    v->a = a;
    v->cancel = cancel;
    read_memory(job->pid, &v->memory);
    const struct ml_watch *watch = job->questions[0].watch;
    v->watch = watch != NULL && !watch->plain ? watch : NULL;
    if (v->watch != NULL && watch->warm_up) {
        return ML_OK; /* nothing is old enough: the program's memory is all there is */
    }
    v->native = native_holders_new(v);
    int rc = take_init(&v->take, a, cancel, guard, err);
    v->take.watch = watch;
    v->take.redact = (int)job->settings.report.redact;
    v->take.most_refs = (v->memory.rss + v->memory.swap) / sizeof(void *) + SPARE_REFS;
    if (rc == ML_OK) {
        rc = take_all(&v->take, err);
    }
    return rc == ML_OK ? analyse(v, err) : rc;
}

void
sweep_view_fini(struct sweep_view *v)
{
    ml_retained_fini(&v->retained, v->a);
    ml_dominator_fini(&v->dominator, v->a);
    ml_path_tree_fini(&v->paths, v->a);
    ml_reach_fini(&v->reach, v->a);
    ml_reverse_fini(&v->reverse, v->a);
    native_holders_free(v->native);
    take_fini(&v->take);
}
