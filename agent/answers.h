/* SPDX-License-Identifier: MIT
 *
 * From the analysed heap to JSON, one function per kind of question. The shapes are
 * those of docs/internals/result-format.md; every value is one line.
 *
 *   describe         paths, expressions, nodes and pictures, used by all of them
 *   answer_snapshot  the iteration of a report: findings, details, figures
 *   answer_types, answer_retained, answer_paths, answer_refs, answer_garbage,
 *   answer_memory, answer_refcounts
 */
#ifndef ML_AGENT_ANSWERS_H
#define ML_AGENT_ANSWERS_H

#include "json_write.h"
#include "sweep_view.h"

int answer_snapshot(const struct sweep_view *v, const struct ml_sweep_request *r,
                    struct ml_json *j, struct ml_error *err);
int answer_types(const struct sweep_view *v, const struct ml_sweep_request *r,
                 struct ml_json *j, struct ml_error *err);
int answer_retained(const struct sweep_view *v, const struct ml_sweep_request *r,
                    struct ml_json *j, struct ml_error *err);
int answer_paths(const struct sweep_view *v, const struct ml_sweep_request *r,
                 struct ml_json *j, struct ml_error *err);
int answer_refs(const struct sweep_view *v, const struct ml_sweep_request *r,
                struct ml_json *j, struct ml_error *err);
int answer_memory(const struct sweep_view *v, const struct ml_sweep_request *r,
                  struct ml_json *j, struct ml_error *err);
int answer_growth(const struct sweep_view *v, const struct ml_sweep_request *r,
                  struct ml_json *j, struct ml_error *err);
int answer_refcounts(const struct sweep_view *v, const struct ml_sweep_request *r,
                     struct ml_json *j, struct ml_error *err);
int answer_garbage(const struct sweep_view *v, const struct ml_sweep_request *r,
                   struct ml_json *j, struct ml_error *err);

/* -- describe.c -------------------------------------------------------------------- */

/* A path from its root to an object, longest ones with the middle left out. */
#define PATH_STEPS 64

struct path_step {
    uint32_t node;
    bool gap_before;       /* nodes were left out in front of this one */
    struct take_name name; /* how the step before holds it; empty for the first */
};

struct object_path {
    uint32_t root;         /* as in ml_path_tree: index, ML_PATH_OUTSIDE, ML_NO_NODE */
    struct take_root_name root_name;
    char native_abstract[160]; /* root is ML_PATH_OUTSIDE: as in every process, or "" */
    uint32_t count;
    struct path_step step[PATH_STEPS];
};

/* The shortest path to `node`. For one that no root reaches: count 1, itself. */
void describe_path(const struct sweep_view *v, uint32_t node, struct object_path *out);

/* The path that native code is the root of and nothing else on it. */
void describe_native_path(const struct sweep_view *v, uint32_t node,
                          struct object_path *out);

/* The key `native` of a path that begins in native code; nothing for others. */
void describe_native(const struct sweep_view *v, const struct object_path *path,
                     struct ml_json *j);

/* One more step at the end of a path (`node` is referred to by its last object). */
void describe_extend(const struct sweep_view *v, struct object_path *path, uint32_t node);

/* The path as an expression: concrete, or with [*] where it fans out. */
void describe_expression(const struct object_path *path, bool abstract,
                         struct ml_buf *out);

/* "python", "frame", "thread", "native", "garbage". */
const char *describe_held_by(const struct sweep_view *v, const struct object_path *path);

/* "attr", "key", "index", … as result-format.md has them. */
const char *describe_edge_kind(enum take_edge_kind kind);

void describe_path_nodes(const struct sweep_view *v, const struct object_path *path,
                         struct ml_json *j);
void describe_root(const struct object_path *path, struct ml_json *j);
/* describe_root.c: of a path whose steps are known, its root_name; then its expression. */
void describe_name_root(const struct sweep_view *v, struct object_path *path);
void describe_put_root(const struct object_path *path, bool abstract, struct ml_buf *out);
/* One warning for each interpreter that is missing. */
void describe_left_out(const struct sweep_view *v, struct ml_json *j);
void describe_type_name(const struct sweep_view *v, uint32_t node, struct ml_buf *out);

/* Entries of a list, tuple, deque, dict or set; -1 for what is no container. */
int64_t describe_length(const struct sweep_view *v, uint32_t node);

/* key and values for one object: address, type, str, size, retained_size */
void describe_object_keys(const struct sweep_view *v, uint32_t node, struct ml_json *j);
void describe_text(const struct sweep_view *v, uint32_t node, struct ml_json *j);
void describe_type(const struct sweep_view *v, uint32_t node, struct ml_json *j);

/* {nodes, edges} of several paths drawn together; `leaked` nodes stand for `count`. */
int describe_graph(const struct sweep_view *v, const struct object_path *paths,
                   size_t count, uint32_t leaked_count, struct ml_json *j);

/* One sentence about objects that have fewer references than are seen, or nothing. */
void describe_short(const struct sweep_view *v, struct ml_buf *out);

/* The keys `sweep` and `totals` with their objects. */
void describe_sweep(const struct sweep_view *v, struct ml_json *j);
void describe_totals(const struct sweep_view *v, struct ml_json *j);

/* "2026-01-31T20:54:19.078977Z" */
void describe_time(int64_t microseconds, char out[64]);

/* Substrings of the full type name: wanted when any of include (or none is given)
 * and none of exclude is in it. Ends at the first empty string. */
struct type_filter {
    const struct sweep_view *v;
    const struct ml_sweep_request *request;
};
bool describe_wanted(void *ctx, uint32_t kind);

#endif
