/* SPDX-License-Identifier: MIT
 *
 * Several processes as one report (merge.h): how their memory is, who they are, what
 * leaks in them, which types; and what each process has of a finding. Findings, types
 * and the sweep are drawn as those of one process, by the same functions.
 */
#include "render.h"
#include "table.h"
#include "text_format.h"

#define MAX_PROCESSES 16 /* of a finding, told one by one */

/* "4711: 6 012 (+12), 11.2 MiB" */
static void
paint_process(struct ml_paint *p, const json_t *one, int indent)
{
    char count[32], more[32], size[32];
    long long growth = ml_json_diff(one, "count", "count_before");
    bool grown = ml_json_has_number(one, "count_before") && growth != 0;
    ml_paint_figure(p, indent, ML_PLAIN, "%lld: %s%s%s%s, %s",
                    ml_json_integer(one, "pid"),
                    ml_text_count(ml_json_integer(one, "count"), count),
                    grown ? " (" : "", grown ? ml_text_count_diff(growth, more) : "",
                    grown ? ")" : "",
                    ml_text_bytes(ml_json_number(one, "retained_size"), size));
}

void
ml_render_processes(struct ml_paint *p, const json_t *processes, int indent)
{
    size_t n = json_array_size(processes), shown = 0, inherited = 0;
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(processes, i);
        if (json_is_true(json_object_get(one, "inherited"))) {
            inherited++;
        }
        else if (shown < MAX_PROCESSES) {
            paint_process(p, one, indent);
            shown++;
        }
    }
    if (shown + inherited < n) {
        ml_paint_figure(p, indent, ML_PLAIN, "%zu more", n - shown - inherited);
    }
    if (inherited > 0) {
        ml_paint_figure(p, indent, ML_PLAIN, "%zu by fork", inherited);
    }
}

/* The row of the process with this pid among the first `n`, or n. */
static size_t
find_process(const json_t *processes, size_t n, const json_t *pid)
{
    size_t i = 0;
    while (i < n && !json_equal(json_object_get(json_array_get(processes, i), "pid"),
                                pid)) {
        i++;
    }
    return i;
}

static void
add_process(struct ml_table *t, const json_t *processes, size_t i)
{
    char pid[32];
    const json_t *process = json_array_get(processes, i);
    const json_t *name = json_object_get(process, "name");
    const json_t *parent = json_object_get(process, "parent");
    ml_table_row(t);
    if (json_is_integer(parent)) {
        size_t above = find_process(processes, i, parent);
        if (above < i) {
            ml_table_under(t, above);
        }
    }
    snprintf(pid, sizeof(pid), "%lld", ml_json_integer(process, "pid"));
    ml_table_word(t, 0, pid);
    if (json_is_string(name)) {
        ml_table_text(t, 1, name);
    }
    else {
        ml_table_word(t, 1, "?");
    }
    ml_table_bytes(t, 2, process, "rss");
    ml_table_bytes(t, 3, process, "pss");
    ml_table_count(t, 4, process, "live_objects");
    ml_table_count(t, 5, process, "findings");
    if (json_object_get(process, "error") != NULL) {
        ml_table_word(t, 6, "(no answer)");
    }
    else {
        ml_table_text(t, 6, json_object_get(process, "report_id"));
    }
}

static void
paint_family(struct ml_paint *p, const json_t *processes)
{
    static const char *const headings[] = {
        "PID", "NAME", "RSS", "PSS", "LIVE OBJECTS", "FINDINGS", "REPORT", NULL};
    static const enum ml_column kinds[] = {
        ML_COLUMN_RIGHT, ML_COLUMN_TREE,  ML_COLUMN_RIGHT, ML_COLUMN_RIGHT,
        ML_COLUMN_RIGHT, ML_COLUMN_RIGHT, ML_COLUMN_FIXED};
    struct ml_table *t = ml_table_new(p, headings, kinds);
    for (size_t i = 0; i < json_array_size(processes); i++) {
        add_process(t, processes, i);
    }
    ml_table_print(t);
    ml_paint_line(p);
}

void
ml_render_family(FILE *to, const json_t *merged, const struct ml_text_style *style,
                 const struct ml_render_choice *choice)
{
    struct ml_paint p;
    const json_t *leaks = json_object_get(merged, "leak_summary");
    const json_t *types = json_object_get(leaks, "type_summaries");
    ml_paint_init(&p, to, style);
    ml_render_verdict(&p, merged);
    ml_paint_line(&p);
    paint_family(&p, json_object_get(merged, "processes"));
    ml_render_findings(&p, json_object_get(merged, "findings"), choice, NULL);
    if (json_array_size(types) > 0) {
        ml_render_type_table(&p, types, "object_type", choice->types);
        ml_paint_line(&p);
    }
    ml_render_sweep(&p, json_object_get(merged, "sweep"));
}
