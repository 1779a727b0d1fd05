/* SPDX-License-Identifier: MIT
 *
 * First and last lines of a printed iteration: the verdict on the process's memory,
 * and how the sweep went that found all this.
 */
#define _GNU_SOURCE
#include <string.h>

#include "render.h"
#include "text_format.h"

bool
ml_render_wanted(const char *type, const char *const *types)
{
    bool any = types == NULL || types[0] == NULL;
    for (size_t i = 0; !any && types[i] != NULL; i++) {
        any = type != NULL && strcasestr(type, types[i]) != NULL;
    }
    return any;
}

/* Reports of the original tool have the figures but no sentence. */
static void
paint_usage(struct ml_paint *p, const json_t *usage)
{
    char text[32];
    if (!ml_json_has_number(usage, "current_rss_bytes")) {
        return;
    }
    ml_paint_printf(p, ML_BOLD, "RSS %s",
                    ml_text_bytes(ml_json_number(usage, "current_rss_bytes"), text));
    if (ml_json_has_number(usage, "current_rss_diff")) {
        ml_paint_printf(
            p, ML_BOLD, ", %s since iteration %lld",
            ml_text_bytes_diff(ml_json_number(usage, "current_rss_diff"), text),
            ml_json_integer(usage, "diff_from_iteration"));
    }
    ml_paint_printf(p, ML_PLAIN, " (peak %s)",
                    ml_text_bytes(ml_json_number(usage, "peak_rss_bytes"), text));
    ml_paint_line(p);
}

void
ml_render_verdict(struct ml_paint *p, const json_t *iteration)
{
    const json_t *memory = json_object_get(iteration, "memory");
    const json_t *verdict = json_object_get(memory, "verdict");
    if (json_string_length(verdict) > 0) {
        ml_paint_sentence(p, ML_BOLD, json_string_value(verdict),
                          json_string_length(verdict));
        ml_paint_line(p);
        return;
    }
    paint_usage(p, json_object_get(iteration, "memory_usage"));
}

static void
paint_times(struct ml_paint *p, const json_t *sweep)
{
    char text[32];
    bool family = ml_json_has_number(sweep, "processes"); /* the longest of several */
    if (ml_json_has_number(sweep, "pause_s")) {
        ml_paint_figure(p, 0, ML_DIM, family ? "each paused at most %s" : "paused %s",
                        ml_text_duration(ml_json_number(sweep, "pause_s"), text));
    }
    if (ml_json_has_number(sweep, "duration_s")) {
        ml_paint_figure(p, 0, ML_DIM,
                        family ? "the longest sweep took %s" : "sweep took %s",
                        ml_text_duration(ml_json_number(sweep, "duration_s"), text));
    }
}

static void
paint_counts(struct ml_paint *p, const json_t *sweep)
{
    char text[32];
    if (ml_json_has_number(sweep, "objects")) {
        ml_paint_figure(p, 0, ML_DIM, "%s objects",
                        ml_text_count(ml_json_integer(sweep, "objects"), text));
    }
    if (ml_json_has_number(sweep, "references")) {
        ml_paint_figure(p, 0, ML_DIM, "%s references",
                        ml_text_count(ml_json_integer(sweep, "references"), text));
    }
}

void
ml_render_warnings(struct ml_paint *p, const json_t *sweep)
{
    const json_t *warnings = json_object_get(sweep, "warnings");
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const json_t *warning = json_array_get(warnings, i);
        if (json_string_length(warning) == 0) {
            continue;
        }
        ml_paint_word(p, ML_WARN, "warning: ");
        ml_paint_sentence(p, ML_WARN, json_string_value(warning),
                          json_string_length(warning));
        ml_paint_line(p);
    }
}

void
ml_render_sweep(struct ml_paint *p, const json_t *sweep)
{
    if (!json_is_object(sweep)) {
        return;
    }
    paint_times(p, sweep);
    paint_counts(p, sweep);
    const char *mode = ml_json_text(sweep, "mode");
    if (mode != NULL && (strcmp(mode, "clone") == 0 || strcmp(mode, "in place") == 0)) {
        ml_paint_figure(p, 0, ML_DIM, "%s",
                        strcmp(mode, "clone") == 0 ? "in a clone" : mode);
    }
    if (p->at > 0) {
        ml_paint_line(p);
    }
    ml_render_warnings(p, sweep);
}
