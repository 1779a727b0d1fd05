/* SPDX-License-Identifier: MIT
 *
 * Findings: for each the sentence that is enough to fix the bug, then what proves it:
 * the path, the figures, the way from the root down, a few of the objects.
 *
 *   1  48 211 Session objects held by shop.SESSIONS … retain 1.2 GiB
 *      path     shop.SESSIONS[*]
 *      objects  48 211 (+3 870) · 2.2 MiB themselves · retain 1.2 GiB
 *      module shop
 *      └─ SESSIONS …
 */
#include <string.h>

#include "render.h"
#include "clean_text.h"
#include "text_format.h"

#define INDENT 3
#define LABEL_WIDTH 13
#define MAX_EXAMPLES 5
#define NAME_WIDTH 46 /* of a node in a path; types stand beside it */

static void
paint_label(struct ml_paint *p, const char *label)
{
    ml_paint_pad(p, INDENT);
    ml_paint_word(p, ML_DIM, label);
    ml_paint_pad(p, INDENT + LABEL_WIDTH);
}

/* Whether it was there before, so that growth can be told. */
static bool
is_known(const json_t *f, const char *key_before)
{
    return ml_json_has_number(f, key_before) && ml_json_integer(f, "count_before") > 0;
}

/* "48 211 (+3 870)", "3 (all new)", "12 (unchanged)". */
static void
paint_number(struct ml_paint *p, const json_t *f)
{
    char text[32], diff_text[32];
    int indent = INDENT + LABEL_WIDTH;
    long long diff = ml_json_diff(f, "count", "count_before");
    ml_text_count(ml_json_integer(f, "count"), text);
    if (is_known(f, "count_before")) {
        ml_paint_figure(p, indent, diff > 0 ? ML_BOLD : ML_PLAIN, "%s (%s)", text,
                        diff == 0 ? "unchanged" : ml_text_count_diff(diff, diff_text));
    }
    else if (ml_json_has_number(f, "count_before")) {
        ml_paint_figure(p, indent, ML_BOLD, "%s (all new)", text);
    }
    else {
        ml_paint_figure(p, indent, ML_PLAIN, "%s", text);
    }
}

static void
paint_retained(struct ml_paint *p, const json_t *f)
{
    char text[32], diff_text[32];
    int indent = INDENT + LABEL_WIDTH;
    double retained = ml_json_number(f, "retained_size");
    double diff = retained - ml_json_number(f, "retained_before");
    if (is_known(f, "retained_before") && diff != 0) {
        ml_paint_figure(p, indent, ML_BOLD, "retain %s (%s)",
                        ml_text_bytes(retained, text),
                        ml_text_bytes_diff(diff, diff_text));
    }
    else {
        ml_paint_figure(p, indent, ML_BOLD, "retain %s", ml_text_bytes(retained, text));
    }
}

static void
paint_age(struct ml_paint *p, const json_t *f, const char *key, const char *word)
{
    char text[32];
    if (ml_json_has_number(f, key)) {
        ml_paint_figure(p, INDENT + LABEL_WIDTH, ML_PLAIN, "%s %s", word,
                        ml_text_duration(ml_json_number(f, key), text));
    }
}

/* How the ages are spread tells a leak from a cache that was filled once. */
static bool
has_ages(const json_t *f)
{
    return ml_json_has_number(f, "median_age_s") ||
           ml_json_has_number(f, "youngest_age_s") ||
           ml_json_has_number(f, "oldest_age_calls");
}

static void
paint_ages(struct ml_paint *p, const json_t *f)
{
    char text[32];
    long long calls = ml_json_integer(f, "oldest_age_calls");
    if (!has_ages(f)) {
        return;
    }
    paint_label(p, "age");
    paint_age(p, f, "oldest_age_s", "oldest");
    if (ml_json_has_number(f, "oldest_age_calls")) {
        ml_paint_printf(p, ML_PLAIN, "%s%s call%s",
                        ml_json_has_number(f, "oldest_age_s") ? " = " : "oldest ",
                        ml_text_count(calls, text), calls == 1 ? "" : "s");
    }
    paint_age(p, f, "median_age_s", "median");
    paint_age(p, f, "youngest_age_s", "youngest");
    ml_paint_line(p);
}

static void
paint_count(struct ml_paint *p, const json_t *f)
{
    char text[32];
    int indent = INDENT + LABEL_WIDTH;
    long long parts = ml_json_integer(f, "parts");
    paint_label(p, "objects");
    paint_number(p, f);
    if (parts > 0) {
        ml_paint_figure(p, indent, ML_PLAIN, "with %s part%s",
                        ml_text_count(parts, text), parts == 1 ? "" : "s");
    }
    ml_paint_figure(p, indent, ML_PLAIN, "%s themselves",
                    ml_text_bytes(ml_json_number(f, "shallow_size"), text));
    paint_retained(p, f);
    if (!has_ages(f)) {
        paint_age(p, f, "oldest_age_s", "oldest");
    }
    ml_paint_line(p);
    paint_ages(p, f);
}

static void
paint_processes(struct ml_paint *p, const json_t *processes)
{
    size_t n = json_array_size(processes);
    if (n > 0) {
        paint_label(p, n == 1 ? "process" : "processes");
        ml_render_processes(p, processes, INDENT + LABEL_WIDTH);
        ml_paint_line(p);
    }
}

/* What is told of one process where several have the finding: of the first. */
static void
paint_in_first(struct ml_paint *p, const json_t *processes, const char *in)
{
    if (json_array_size(processes) > 1) {
        ml_paint_printf(p, ML_DIM, "%s%lld", in,
                        ml_json_integer(json_array_get(processes, 0), "pid"));
    }
}

static const char *
holder_word(const char *held_by)
{
    static const char *const words[][2] = {
        {"python", "Python objects"},   {"native", "native code"},
        {"frame", "a running function"}, {"thread", "a thread"},
        {"garbage", "a cycle that waits for the collector"},
    };
    for (size_t i = 0; held_by != NULL && i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(held_by, words[i][0]) == 0) {
            return words[i][1];
        }
    }
    return "";
}

static void
paint_holder(struct ml_paint *p, const json_t *f)
{
    char text[32];
    const json_t *root = json_object_get(f, "root");
    const char *word = holder_word(ml_json_text(f, "held_by"));
    long long unexplained = ml_json_integer(f, "unexplained_references");
    if (word[0] == '\0' && !json_is_object(root)) {
        return;
    }
    paint_label(p, "held by");
    ml_paint_word(p, ML_PLAIN, word);
    if (json_string_length(json_object_get(root, "name")) > 0) {
        ml_paint_printf(p, ML_DIM, "%sroot ",
                        word[0] != '\0' ? ml_paint_glyph(p, ML_GLYPH_DOT) : "");
        ml_paint_text(p, ML_DIM, json_object_get(root, "kind"), 20);
        ml_paint_word(p, ML_DIM, " ");
        ml_paint_text(p, ML_PLAIN, json_object_get(root, "name"), 0);
    }
    ml_paint_line(p);
    const json_t *native = json_object_get(f, "native");
    if (unexplained > 0) {
        paint_label(p, "unexplained");
        ml_paint_printf(p, ML_WARN, "%s reference%s that no Python object explains",
                        ml_text_count(unexplained, text), unexplained == 1 ? "" : "s");
        ml_paint_line(p);
    }
    if (json_string_length(json_object_get(native, "text")) > 0) {
        paint_label(p, "native code");
        ml_render_native(p, native);
        ml_paint_line(p);
    }
}

void
ml_render_native(struct ml_paint *p, const json_t *native)
{
    bool all = ml_json_integer(native, "explained") >= ml_json_integer(native, "references");
    const json_t *text = json_object_get(native, "text");
    ml_paint_sentence(p, all ? ML_PLAIN : ML_WARN, json_string_value(text),
                      json_string_length(text));
}

static void
paint_accumulation(struct ml_paint *p, const json_t *where, const json_t *processes)
{
    char text[32];
    if (!json_is_object(where)) {
        return;
    }
    paint_label(p, "piles up in");
    ml_paint_whole(p, ML_PATH, json_object_get(where, "path"));
    ml_paint_word(p, ML_DIM, "  ");
    ml_paint_text(p, ML_DIM, json_object_get(where, "type"), 40);
    if (ml_json_has_number(where, "entries")) {
        long long entries = ml_json_integer(where, "entries");
        ml_paint_printf(p, ML_DIM, ", %s entr%s", ml_text_count(entries, text),
                        entries == 1 ? "y" : "ies");
        paint_in_first(p, processes, " in ");
    }
    ml_paint_line(p);
}

static void
paint_text_line(struct ml_paint *p, const char *label, const json_t *text,
                enum ml_color color)
{
    if (json_string_length(text) > 0) {
        paint_label(p, label);
        ml_paint_whole(p, color, text);
        ml_paint_line(p);
    }
}

/* What a node is called in a chain: its name, else its piece of the expression. */
static const json_t *
chain_name(const json_t *node)
{
    const json_t *name = json_object_get(node, "name");
    return json_string_length(name) > 0 ? name : json_object_get(node, "label");
}

void
ml_render_chain(struct ml_paint *p, const json_t *nodes, int indent)
{
    int limit = ml_paint_indent_limit(p), depth = 0;
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const json_t *node = json_array_get(nodes, i);
        const json_t *type = json_object_get(node, "type");
        bool leaked = json_string_length(json_object_get(node, "kind")) > 0 &&
                      strcmp(ml_json_text(node, "kind"), "leaked") == 0;
        depth = indent + 3 * (depth + 1) > limit ? 1 : depth;
        ml_paint_pad(p, indent + 3 * (depth > 0 ? depth - 1 : 0));
        if (i > 0) {
            ml_paint_mark(p, ML_GLYPH_LAST);
        }
        ml_paint_text(p, leaked ? ML_TITLE : ML_PLAIN, chain_name(node), NAME_WIDTH);
        if (json_string_length(type) > 0) {
            ml_paint_word(p, ML_DIM, "  ");
            ml_paint_text(p, ML_DIM, type, 0);
        }
        ml_paint_line(p);
        depth++;
    }
}

static void
paint_example(struct ml_paint *p, const json_t *example, const json_t *finding)
{
    char text[32];
    const json_t *path = json_object_get(example, "path");
    ml_paint_pad(p, INDENT + 2);
    ml_paint_text(p, ML_DIM, json_object_get(example, "address"), 20);
    ml_paint_word(p, ML_PLAIN, "  ");
    if (ml_json_has_number(example, "retained_size")) {
        ml_paint_printf(p, ML_PLAIN, "%9s",
                        ml_text_bytes(ml_json_number(example, "retained_size"), text));
        ml_paint_word(p, ML_PLAIN, "  ");
    }
    if (ml_json_has_number(example, "age_s")) {
        ml_paint_printf(p, ML_DIM, "%10s old",
                        ml_text_duration(ml_json_number(example, "age_s"), text));
        ml_paint_word(p, ML_PLAIN, "  ");
    }
    ml_paint_text(p, ML_PLAIN, json_object_get(example, "str"), 0);
    ml_paint_line(p);
    if (json_string_length(path) > 0 &&
        !json_equal(path, json_object_get(finding, "path"))) {
        ml_paint_pad(p, INDENT + 4);
        ml_paint_whole(p, ML_PATH, path);
        ml_paint_line(p);
    }
}

static void
paint_examples(struct ml_paint *p, const json_t *finding)
{
    const json_t *examples = json_object_get(finding, "examples");
    const json_t *processes = json_object_get(finding, "processes");
    size_t n = json_array_size(examples);
    if (n == 0) {
        return;
    }
    ml_paint_pad(p, INDENT);
    ml_paint_word(p, ML_DIM, n == 1 ? "example" : "examples");
    paint_in_first(p, processes, ", in ");
    ml_paint_line(p);
    for (size_t i = 0; i < n && i < MAX_EXAMPLES; i++) {
        paint_example(p, json_array_get(examples, i), finding);
    }
}

static void
paint_sites(struct ml_paint *p, const json_t *sites)
{
    for (size_t i = 0; i < json_array_size(sites) && i < MAX_EXAMPLES; i++) {
        const json_t *site = json_array_get(sites, i);
        paint_label(p, i == 0 ? "allocated at" : "");
        ml_paint_whole(p, ML_PLAIN, json_object_get(site, "file"));
        ml_paint_printf(p, ML_PLAIN, ":%lld ", ml_json_integer(site, "line"));
        ml_paint_text(p, ML_PLAIN, json_object_get(site, "function"), 40);
        if (ml_json_has_number(site, "share")) {
            ml_paint_printf(p, ML_DIM, "  %.0f %%",
                            100 * ml_json_number(site, "share"));
        }
        ml_paint_line(p);
    }
}

/* Where the picture lies, to be opened by a click or copied. */
static void
paint_picture(struct ml_paint *p, const json_t *f, const char *directory)
{
    const json_t *svg = json_object_get(json_object_get(f, "diagram"), "svg");
    if (directory == NULL || json_string_length(svg) == 0) {
        return;
    }
    json_t *path = json_sprintf("%s/%s", directory, json_string_value(svg));
    paint_text_line(p, "diagram", path, ML_PLAIN);
    json_decref(path);
}

/* Whether an object of this finding is shown on its own, with what holds it. */
static bool
is_detailed(const json_t *f, const json_t *details)
{
    const json_t *id = json_object_get(f, "id");
    for (size_t i = 0; json_is_integer(id) && i < json_array_size(details); i++) {
        const json_t *detail = json_array_get(details, i);
        if (json_equal(json_object_get(detail, "finding"), id)) {
            return true;
        }
    }
    return false;
}

static void
paint_finding(struct ml_paint *p, const json_t *f, size_t index,
              const struct ml_render_choice *choice, const json_t *details)
{
    const json_t *title = json_object_get(f, "title");
    const json_t *nodes = json_object_get(f, "path_nodes");
    long long id = ml_json_integer(f, "id");
    ml_paint_printf(p, ML_BOLD, "%lld", id > 0 ? id : (long long)index + 1);
    ml_paint_pad(p, INDENT);
    ml_paint_sentence(p, ML_TITLE, json_string_value(title), json_string_length(title));
    ml_paint_line(p);
    paint_text_line(p, "path", json_object_get(f, "path"), ML_PATH);
    paint_count(p, f);
    paint_processes(p, json_object_get(f, "processes"));
    paint_holder(p, f);
    paint_accumulation(p, json_object_get(f, "accumulation"),
                       json_object_get(f, "processes"));
    paint_text_line(p, "fingerprint", json_object_get(f, "fingerprint"), ML_DIM);
    paint_sites(p, json_object_get(f, "allocated_at"));
    paint_picture(p, f, choice->report_path);
    if (!is_detailed(f, details)) {
        ml_render_chain(p, nodes, INDENT + 2);
        paint_examples(p, f);
    }
    ml_paint_line(p);
}

static void
paint_left_out(struct ml_paint *p, int left, const char *show_all)
{
    ml_paint_printf(p, ML_PLAIN, "%s and %d smaller finding%s",
                    p->style.unicode ? "\u2026" : "...", left, left == 1 ? "" : "s");
    if (show_all != NULL) {
        ml_paint_printf(p, ML_PLAIN, ": %s shows all", show_all);
    }
    ml_paint_line(p);
    ml_paint_line(p);
}

void
ml_render_findings(struct ml_paint *p, const json_t *findings,
                   const struct ml_render_choice *choice, const json_t *details)
{
    int shown = 0, left = 0;
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *f = json_array_get(findings, i);
        if (!ml_render_wanted(ml_json_text(f, "type"), choice->types)) {
            continue;
        }
        if (choice->max_findings > 0 && shown >= choice->max_findings) {
            left++;
            continue;
        }
        paint_finding(p, f, i, choice, details);
        shown++;
    }
    if (shown == 0) {
        bool others = choice->types != NULL && json_array_size(findings) > 0;
        ml_paint_word(p, ML_PLAIN,
                      others ? "No findings of these types." : "No leaks found.");
        ml_paint_line(p);
        ml_paint_line(p);
    }
    if (left > 0) {
        paint_left_out(p, left, choice->show_all);
    }
}
