/* SPDX-License-Identifier: MIT
 *
 * One iteration of a monitor, as it appears on the console of the program: what was
 * watched and the verdict (render_watch.c), the types, the findings
 * (render_findings.c), single objects with what holds them (render_referrers.c).
 *
 * The first and last line name the iteration in the same words each time, so that a log
 * file can be searched for them.
 */
#include <stdio.h>
#include <string.h>

#include "box.h"
#include "render.h"
#include "table.h"
#include "text_format.h"

static void
fill_row(struct ml_table *t, const json_t *type)
{
    char text[32];
    ml_table_row(t);
    ml_table_text(t, 0, json_object_get(type, "object_type"));
    ml_table_count(t, 1, type, "count");
    if (ml_json_has_number(type, "count_before")) {
        long long diff = ml_json_diff(type, "count", "count_before");
        ml_table_word(t, 2, diff == 0 ? "-" : ml_text_count_diff(diff, text));
    }
    if (ml_json_has_number(type, "oldest_age_calls")) {
        long long calls = ml_json_integer(type, "oldest_age_calls");
        snprintf(text, sizeof(text), "%lld call%s", calls, calls == 1 ? "" : "s");
        ml_table_word(t, 3, text);
    }
    else if (ml_json_has_number(type, "oldest_age_s")) {
        ml_table_word(t, 3,
                      ml_text_duration(ml_json_number(type, "oldest_age_s"), text));
    }
    ml_table_bytes(t, 4, type, "shallow_size");
    ml_table_bytes(t, 5, type, "retained_size");
}

static void
paint_types(struct ml_paint *p, const json_t *iteration, const char *const *wanted)
{
    static const char *const headings[] = {"Object Type", "Count",    "New", "Oldest",
                                           "Size",        "Retained", NULL};
    static const enum ml_column kinds[] = {ML_COLUMN_TYPE,  ML_COLUMN_RIGHT,
                                           ML_COLUMN_RIGHT, ML_COLUMN_RIGHT,
                                           ML_COLUMN_RIGHT, ML_COLUMN_RIGHT};
    const json_t *types =
        json_object_get(json_object_get(iteration, "leak_summary"), "type_summaries");
    struct ml_box box;
    int rows = 0;
    ml_box_open(&box, p, "Possible Leaks (iteration %lld)",
                ml_json_integer(iteration, "iteration_number"));
    struct ml_table *t = ml_table_new(&box.inner, headings, kinds);
    for (size_t i = 0; i < json_array_size(types); i++) {
        const json_t *type = json_array_get(types, i);
        if (ml_render_wanted(ml_json_text(type, "object_type"), wanted)) {
            fill_row(t, type);
            rows++;
        }
    }
    ml_table_print(t);
    if (rows == 0) {
        ml_paint_word(&box.inner, ML_PLAIN, "No objects of these types.");
        ml_paint_line(&box.inner);
    }
    ml_box_close(&box);
    ml_paint_line(p);
}

static void
paint_heading(struct ml_paint *p, const char *word)
{
    int end = p->style.width > 0 && p->style.width < 88 ? p->style.width : 88;
    ml_paint_rule(p, 2);
    ml_paint_printf(p, ML_BOLD, " %s ", word);
    ml_paint_rule(p, end);
    ml_paint_line(p);
    ml_paint_line(p);
}

static void
paint_suspected(struct ml_paint *p, const json_t *iteration,
                const struct ml_render_choice *c)
{
    const json_t *findings = json_object_get(iteration, "findings");
    const json_t *details = json_object_get(iteration, "object_details_list");
    paint_types(p, iteration, c->types);
    if (c->summary_only) {
        return;
    }
    if (json_array_size(findings) > 0) {
        paint_heading(p, "Findings");
        ml_render_findings(p, findings, c, details);
    }
    if (json_array_size(details) > 0) {
        paint_heading(p, "Objects");
        ml_render_details(p, details, c->types);
    }
}

void
ml_render_monitored(struct ml_paint *p, const json_t *iteration,
                    const struct ml_render_choice *choice)
{
    const json_t *types =
        json_object_get(json_object_get(iteration, "leak_summary"), "type_summaries");
    ml_render_watched(p, iteration);
    ml_render_watch_verdict(p, iteration);
    if (json_array_size(types) > 0 ||
        json_array_size(json_object_get(iteration, "findings")) > 0) {
        paint_suspected(p, iteration, choice);
    }
    ml_render_warnings(p, json_object_get(iteration, "sweep"));
    ml_paint_printf(p, ML_DIM, "End of Memalot Report (iteration %lld)",
                    ml_json_integer(iteration, "iteration_number"));
    ml_paint_line(p);
}
