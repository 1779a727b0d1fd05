/* SPDX-License-Identifier: MIT
 *
 * `memalotctl graph`: draws a finding of a saved report. Reports of the original tool
 * have no findings; there the N-th object's referrer graph is drawn.
 */
#include "picture.h"

#include <limits.h>
#include <string.h>

#include "saved.h"

/* The original's graph {graph_nodes: [{id, name, referent_ids}], target_ids, root_ids}
 * in the shape of result-format.md. */
static json_t *
convert_graph(const json_t *old)
{
    json_t *nodes = json_array(), *edges = json_array();
    const json_t *node, *to, *target;
    size_t i, k;
    json_array_foreach(json_object_get(old, "graph_nodes"), i, node)
    {
        json_t *id = json_object_get(node, "id");
        const char *name = json_string_value(json_object_get(node, "name"));
        const char *kind = "instance";
        json_array_foreach(json_object_get(old, "target_ids"), k, target)
        {
            kind = json_equal(target, id) ? "leaked" : kind;
        }
        json_array_append_new(nodes, json_pack("{s:O, s:s, s:s, s:s, s:i}", "id", id,
                                               "name", name != NULL ? name : "?",
                                               "kind", kind, "type", "", "count", 1));
        json_array_foreach(json_object_get(node, "referent_ids"), k, to)
        {
            json_array_append_new(edges, json_pack("{s:O, s:O, s:s, s:s, s:i}", "from",
                                                   id, "to", to, "label", "", "kind",
                                                   "internal", "count", 1));
        }
    }
    return json_pack("{s:o, s:o}", "nodes", nodes, "edges", edges);
}

/* N-th finding or object of the newest iteration that has any; a new reference. */
static json_t *
find_graph(const json_t *report, int number, const char **title)
{
    const json_t *iterations = json_object_get(report, "iterations");
    for (size_t i = json_array_size(iterations); i-- > 0;) {
        const json_t *it = json_array_get(iterations, i);
        const json_t *found = json_object_get(it, "findings");
        const json_t *objects = json_object_get(it, "object_details_list");
        if (json_array_size(found) > 0) {
            const json_t *f = json_array_get(found, (size_t)number - 1);
            *title = json_string_value(json_object_get(f, "title"));
            return json_incref(json_object_get(f, "graph"));
        }
        if (json_array_size(objects) > 0) {
            const json_t *o = json_array_get(objects, (size_t)number - 1);
            const json_t *graph = json_object_get(o, "referrer_graph");
            *title = json_string_value(json_object_get(o, "object_type_name"));
            return json_is_object(graph) ? convert_graph(graph) : NULL;
        }
    }
    return NULL;
}

static int
draw(const struct ml_ctl_args *args, const json_t *report)
{
    char name[64];
    const char *title = NULL, *path = args->output;
    int number = args->finding == ML_CTL_UNSET ? 1 : args->finding;
    json_t *graph = find_graph(report, number, &title);
    if (graph == NULL) {
        return ml_print_fail(ML_EXIT_FAILED, "report %s has no graph for finding %d",
                             args->word[0], number);
    }
    if (path == NULL) {
        snprintf(name, sizeof(name), "%.20s_finding_%d.svg", args->word[0], number);
        path = name;
    }
    const char *format = ml_picture_format_of(path);
    int code = format == NULL
                   ? ml_print_fail(ML_EXIT_USAGE,
                                   "%s: FILE ends with .svg, .dot or .png", path)
                   : ml_picture_draw(graph, title != NULL ? title : "", format, path);
    if (code == ML_EXIT_DONE) {
        puts(path);
    }
    json_decref(graph);
    return code;
}

static int
run(const struct ml_ctl_args *args)
{
    json_t *report = NULL;
    if (args->output != NULL && ml_picture_format_of(args->output) == NULL) {
        return ml_print_fail(ML_EXIT_USAGE, "%s: FILE ends with .svg, .dot or .png",
                             args->output);
    }
    int code = ml_saved_read(args, &report);
    if (code == ML_EXIT_DONE) {
        code = draw(args, report);
        json_decref(report);
    }
    return code == ML_EXIT_DONE ? ml_print_end(code) : code;
}

static const struct ml_opt opts[] = {
    {"output", 'o', ML_OPT_TEXT, ML_CTL_OPT(output), "FILE", 0, 0,
     "file to draw into: .svg, .dot or .png (default: ID_finding_N.svg)"},
    {"finding", 0, ML_OPT_INT, ML_CTL_OPT(finding), "N", 1, INT_MAX,
     "which one (default: 1, the worst)"},
    ML_OPT_DIRECTORY,
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_graph = {
    .name = "graph",
    .words_help = "REPORT_ID",
    .summary = "Draw a finding of a saved report: who holds what",
    .opts = opts,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
