/* SPDX-License-Identifier: MIT
 *
 * A whole iteration, a whole report. The order is that of a person's questions: how is
 * the memory, what leaks, which types, how was this found out. The parts stand in
 * render_findings.c, render_referrers.c, render_tables.c and render_sweep.c.
 */
#include <string.h>

#include "render.h"
#include "text_format.h"

static void
paint_types(struct ml_paint *p, const json_t *iteration,
            const struct ml_render_choice *c)
{
    const json_t *leaks = json_object_get(iteration, "leak_summary");
    const json_t *types = json_object_get(leaks, "type_summaries");
    if (json_array_size(types) > 0) {
        ml_render_type_table(p, types, "object_type", c->types);
        ml_paint_line(p);
    }
}

/* Objects one by one belong to reports that have no findings: ours say the same, and
 * more, in the findings' examples. */
static void
paint_leaks(struct ml_paint *p, const json_t *iteration,
            const struct ml_render_choice *c)
{
    const json_t *findings = json_object_get(iteration, "findings");
    const json_t *details = json_object_get(iteration, "object_details_list");
    const json_t *leaks = json_object_get(iteration, "leak_summary");
    bool none = json_array_size(json_object_get(leaks, "type_summaries")) == 0 &&
                json_array_size(details) == 0;
    if (json_is_array(findings) || none) {
        ml_render_findings(p, findings, c, NULL);
    }
    paint_types(p, iteration, c);
    if (!json_is_array(findings)) {
        ml_render_details(p, details, c->types);
    }
}

static void
paint_iteration(struct ml_paint *p, const json_t *iteration,
                const struct ml_render_choice *c)
{
    if (json_is_string(json_object_get(iteration, "broken"))) {
        ml_paint_word(p, ML_WARN, "This iteration cannot be read: ");
        ml_paint_text(p, ML_WARN, json_object_get(iteration, "broken"), 200);
        ml_paint_line(p);
        ml_paint_line(p);
        return;
    }
    if (json_is_object(json_object_get(iteration, "monitor"))) {
        ml_render_monitored(p, iteration, c);
        return;
    }
    ml_render_verdict(p, iteration);
    ml_paint_line(p);
    if (c->summary_only) {
        paint_types(p, iteration, c);
    }
    else {
        paint_leaks(p, iteration, c);
    }
    ml_render_sweep(p, json_object_get(iteration, "sweep"));
}

void
ml_render_chosen_iteration(FILE *to, const json_t *iteration,
                           const struct ml_text_style *style,
                           const struct ml_render_choice *choice)
{
    struct ml_paint p;
    ml_paint_init(&p, to, style);
    paint_iteration(&p, iteration, choice);
}

void
ml_render_iteration(FILE *to, const json_t *iteration,
                    const struct ml_text_style *style, int max_findings)
{
    const struct ml_render_choice choice = {.max_findings = max_findings};
    ml_render_chosen_iteration(to, iteration, style, &choice);
}

void
ml_render_time(struct ml_paint *p, enum ml_color color, const json_t *time)
{
    char text[20] = "";
    if (json_string_length(time) >= 19) {
        memcpy(text, json_string_value(time), 19);
        text[10] = ' ';
        json_t *shown = json_string(text); /* through the cleaning like all others */
        ml_paint_text(p, color, shown, 0);
        json_decref(shown);
    }
}

static void
paint_summary(struct ml_paint *p, const json_t *summary)
{
    const json_t *arguments = json_object_get(summary, "arguments");
    ml_paint_word(p, ML_BOLD, "Report ");
    ml_paint_text(p, ML_BOLD, json_object_get(summary, "report_id"), 20);
    ml_paint_word(p, ML_DIM, ml_paint_glyph(p, ML_GLYPH_DOT));
    ml_render_time(p, ML_DIM, json_object_get(summary, "start_time"));
    ml_paint_word(p, ML_DIM, ml_paint_glyph(p, ML_GLYPH_DOT));
    ml_paint_text(p, ML_PLAIN, json_object_get(summary, "entrypoint"), 0);
    for (size_t i = 0; i < json_array_size(arguments); i++) {
        ml_paint_word(p, ML_PLAIN, " ");
        ml_paint_text(p, ML_PLAIN, json_array_get(arguments, i), 60);
    }
    if (ml_json_has_number(summary, "pid")) {
        ml_paint_printf(p, ML_DIM, "%spid %lld", ml_paint_glyph(p, ML_GLYPH_DOT),
                        ml_json_integer(summary, "pid"));
    }
    ml_paint_line(p);
}

static void
paint_heading(struct ml_paint *p, const json_t *iteration)
{
    int end = p->style.width > 0 && p->style.width < 88 ? p->style.width : 88;
    ml_paint_rule(p, 2);
    ml_paint_printf(p, ML_BOLD, " Iteration %lld",
                    ml_json_integer(iteration, "iteration_number"));
    if (json_is_string(json_object_get(iteration, "end_time"))) {
        ml_paint_word(p, ML_DIM, ml_paint_glyph(p, ML_GLYPH_DOT));
        ml_render_time(p, ML_DIM, json_object_get(iteration, "end_time"));
    }
    ml_paint_word(p, ML_PLAIN, " ");
    ml_paint_rule(p, end);
    ml_paint_line(p);
    ml_paint_line(p);
}

static void
paint_earlier(struct ml_paint *p, size_t shown, size_t all)
{
    ml_paint_printf(p, ML_DIM, "%zu iterations, ", all);
    ml_paint_printf(p, ML_DIM, shown == 1 ? "the newest" : "the %zu newest", shown);
    ml_paint_printf(p, ML_DIM, " here; --num-iterations %zu shows all", all);
    ml_paint_line(p);
}

void
ml_render_chosen_report(FILE *to, const json_t *report,
                        const struct ml_text_style *style,
                        const struct ml_render_choice *choice)
{
    struct ml_paint p;
    const json_t *iterations = json_object_get(report, "iterations");
    size_t n = json_array_size(iterations), first = 0, all = n;
    long long count = ml_json_integer(report, "iteration_count");
    if (choice->num_iterations > 0 && (size_t)choice->num_iterations < n) {
        first = n - (size_t)choice->num_iterations;
    }
    ml_paint_init(&p, to, style);
    paint_summary(&p, json_object_get(report, "summary"));
    all = count > (long long)n ? (size_t)count : n; /* not all may have been read */
    if (n - first < all) {
        paint_earlier(&p, n - first, all);
    }
    ml_paint_line(&p);
    for (size_t i = first; i < n; i++) {
        const json_t *iteration = json_array_get(iterations, i);
        if (!json_is_object(json_object_get(iteration, "monitor"))) {
            paint_heading(&p, iteration); /* the others have their box */
        }
        paint_iteration(&p, iteration, choice);
        if (json_is_object(json_object_get(iteration, "sweep"))) {
            ml_paint_line(&p);
        }
    }
    if (n == 0) {
        ml_paint_word(&p, ML_PLAIN, "The report has no iterations.");
        ml_paint_line(&p);
    }
}

void
ml_render_report(FILE *to, const json_t *report, const struct ml_text_style *style,
                 int num_iterations, const char *const *types, bool summary_only)
{
    const struct ml_render_choice choice = {.num_iterations = num_iterations,
                                            .types = types,
                                            .summary_only = summary_only};
    ml_render_chosen_report(to, report, style, &choice);
}
