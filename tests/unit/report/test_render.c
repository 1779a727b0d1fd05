/* SPDX-License-Identifier: MIT
 *
 * Text for a person, compared with golden files (tests/golden/report), and what must
 * hold for any text that somebody else's objects bring along.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

#include "clean_text.h"
#include "golden.h"
#include "paint.h"
#include "report.h"

typedef void answer_fn(FILE *to, const json_t *answer,
                       const struct ml_text_style *style);

static void
iteration(FILE *to, const json_t *value, const struct ml_text_style *style)
{
    ml_render_iteration(to, value, style, 0);
}

static void
monitored(FILE *to, const json_t *value, const struct ml_text_style *style)
{
    const struct ml_render_choice choice = {.report_path =
                                                "/srv/reports/memalot_report_woki-hwza"};
    ml_render_chosen_iteration(to, value, style, &choice);
}

static void
difference(FILE *to, const json_t *value, const struct ml_text_style *style)
{
    ml_render_diff(to, value, style, 0);
}

static void
family(FILE *to, const json_t *value, const struct ml_text_style *style)
{
    const struct ml_render_choice choice = {0};
    ml_render_family(to, value, style, &choice);
}

static json_t *
load(const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "report/%s.json", name);
    json_t *value = json_load_file(golden_path(path), JSON_ALLOW_NUL, NULL);
    cr_assert_not_null(value, "%s", path);
    return value;
}

static char *
render(answer_fn *how, const json_t *value, const struct ml_text_style *style,
       size_t *len)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, len);
    how(to, value, style);
    fclose(to);
    return text;
}

static const struct {
    const char *name;
    answer_fn *how;
} everything[] = {
    {"iteration", iteration},         {"iteration_referrers", iteration},
    {"iteration_clean", iteration},   {"iteration_hostile", iteration},
    {"types", ml_render_types},       {"retained", ml_render_retained},
    {"paths", ml_render_paths},       {"refs", ml_render_refs},
    {"garbage", ml_render_garbage},   {"list", ml_render_list},
    {"growth", ml_render_growth},     {"growth_first", ml_render_growth},
    {"growth_none", ml_render_growth}, {"memory", ml_render_memory},
    {"memory_odd", ml_render_memory}, {"refcounts", ml_render_refcounts},
    {"refcounts_exact", ml_render_refcounts},
    {"monitor_warm_up", monitored},   {"monitor_nothing", monitored},
    {"monitor_one", monitored},       {"monitor_nothing_new", monitored},
    {"monitor_many", monitored},      {"monitor_hostile", monitored},
    {"diff", difference},             {"family", family},
    {"family_types", ml_render_types}, {"family_growth", ml_render_growth},
};

static answer_fn *
how_to(const char *name)
{
    for (size_t i = 0; i < sizeof(everything) / sizeof(everything[0]); i++) {
        if (strcmp(everything[i].name, name) == 0) {
            return everything[i].how;
        }
    }
    cr_assert_fail("nothing renders %s", name);
    return NULL;
}

/* Parameters are handed to another process: names, no pointers. */
struct row {
    char input[32], golden[40];
    struct ml_text_style style;
};

#define UNICODE {false, true, 88}
#define ASCII {false, false, 72}
#define COLOR {true, true, 88}
#define FILE_STYLE {false, true, 0}
#define AT_80 {false, true, 80}
#define PLAIN {false, false, 80}

ParameterizedTestParameters(render, looks_like_the_golden_file)
{
    static struct row rows[] = {
        {"iteration", "iteration.unicode.txt", UNICODE},
        {"iteration", "iteration.ascii.txt", ASCII},
        {"iteration", "iteration.color.txt", COLOR},
        {"iteration", "iteration.file.txt", FILE_STYLE},
        {"iteration", "iteration.narrow.txt", {false, true, 40}},
        {"iteration_clean", "iteration_clean.txt", UNICODE},
        {"iteration_referrers", "iteration_referrers.txt", UNICODE},
        {"iteration_hostile", "iteration_hostile.txt", UNICODE},
        {"types", "types.txt", UNICODE},
        {"types", "types.narrow.txt", {false, false, 60}},
        {"retained", "retained.txt", UNICODE},
        {"paths", "paths.txt", UNICODE},
        {"refs", "refs.txt", UNICODE},
        {"garbage", "garbage.txt", UNICODE},
        {"list", "list.txt", UNICODE},
        {"growth", "growth.txt", UNICODE},
        {"growth", "growth.narrow.txt", {false, false, 72}},
        {"growth", "growth.color.txt", COLOR},
        {"growth_first", "growth_first.txt", UNICODE},
        {"growth_none", "growth_none.txt", UNICODE},
        {"diff", "diff.txt", {false, true, 110}},
        {"diff", "diff.plain.txt", PLAIN},
        {"family", "family.txt", AT_80},
        {"family", "family.120.txt", {false, true, 120}},
        {"family", "family.color.txt", COLOR},
        {"family", "family.plain.txt", PLAIN},
        {"family_types", "family_types.txt", AT_80},
        {"family_growth", "family_growth.txt", AT_80},
        {"memory", "memory.txt", UNICODE},
        {"memory", "memory.ascii.txt", {false, false, 40}},
        {"memory_odd", "memory_odd.txt", UNICODE},
        {"refcounts", "refcounts.txt", UNICODE},
        {"refcounts", "refcounts.narrow.txt", {false, false, 60}},
        {"refcounts_exact", "refcounts_exact.txt", UNICODE},
        {"monitor_warm_up", "monitor_warm_up.txt", AT_80},
        {"monitor_nothing", "monitor_nothing.txt", AT_80},
        {"monitor_nothing_new", "monitor_nothing_new.txt", AT_80},
        {"monitor_one", "monitor_one.txt", AT_80},
        {"monitor_one", "monitor_one.plain.txt", PLAIN},
        {"monitor_many", "monitor_many.txt", AT_80},
        {"monitor_many", "monitor_many.120.color.txt", {true, true, 120}},
        {"monitor_many", "monitor_many.narrow.txt", {false, true, 34}},
        {"monitor_many", "monitor_many.plain.txt", PLAIN},
        {"monitor_hostile", "monitor_hostile.txt", AT_80},
        {"monitor_hostile", "monitor_hostile.120.txt", {false, true, 120}},
        {"monitor_hostile", "monitor_hostile.plain.txt", PLAIN},
    };
    return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, render, looks_like_the_golden_file)
{
    char name[64];
    size_t len;
    json_t *value = load(row->input);
    char *text = render(how_to(row->input), value, &row->style, &len);
    snprintf(name, sizeof(name), "report/%s", row->golden);
    golden_check(name, text, len);
    free(text);
    json_decref(value);
}

static void
check_v1(const char *id, int iterations, const char *const *types, bool summary,
         const char *golden)
{
    struct ml_text_style style = UNICODE;
    json_t *report = NULL;
    char *text = NULL;
    size_t len;
    cr_assert_eq(ml_store_read(golden_path("reports-v1"), id, &report, NULL), 0);
    FILE *to = open_memstream(&text, &len);
    ml_render_report(to, report, &style, iterations, types, summary);
    fclose(to);
    golden_check(golden, text, len);
    free(text);
    json_decref(report);
}

Test(render, reports_of_the_original_tool_are_shown)
{
    check_v1("d6wf-uw2w", 0, NULL, false, "report/v1_d6wf.txt");
    check_v1("lyy0-uf3p", 0, NULL, false, "report/v1_lyy0.txt");
}

Test(render, iterations_and_types_are_chosen)
{
    const char *const types[] = {"Memalot", NULL};
    check_v1("d6wf-uw2w", 1, types, false, "report/v1_chosen.txt");
    check_v1("d6wf-uw2w", 2, NULL, true, "report/v1_summary.txt");
}

Test(render, findings_are_limited_and_the_rest_is_counted)
{
    struct ml_text_style style = UNICODE;
    json_t *value = load("iteration");
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    ml_render_iteration(to, value, &style, 1);
    fclose(to);
    cr_assert_null(strstr(text, "2 000 Connection"));
    cr_assert_not_null(strstr(text, "and 1 smaller finding"));
    free(text);
    json_decref(value);
}

Test(render, a_figure_and_its_unit_stay_on_one_line)
{
    for (int width = 24; width < 60; width++) {
        struct ml_text_style style = {.unicode = true, .width = width};
        struct ml_paint p;
        char *text = NULL;
        size_t len;
        FILE *to = open_memstream(&text, &len);
        static const char title[] = "48 211 Books in shop.X (1 024 rows) hold 1.2 GiB "
                                    "and 5 MiB, themselves 512 B in 7 Boxes";
        ml_paint_init(&p, to, &style);
        ml_paint_sentence(&p, ML_PLAIN, title, strlen(title));
        fclose(to);
        cr_expect_not_null(strchr(text, '\n'), "width %d", width);
        for (const char *line = text; (line = strchr(line, '\n')) != NULL; line++) {
            bool figure = line[-1] >= '0' && line[-1] <= '9';
            cr_expect(!figure || strncmp(line + 1, "Books", 5) == 0 ||
                          strncmp(line + 1, "rows", 4) == 0 ||
                          strncmp(line + 1, "Boxes", 5) == 0,
                      "width %d: %s", width, text);
        }
        free(text);
    }
}

/* No control characters but line ends, and no character that is no UTF-8. */
static void
check_harmless(const char *text, size_t len, bool ascii, const char *what)
{
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        i += ml_clean_decode(text + i, len - i, &cp);
        cr_assert(cp == '\n' || (cp >= 0x20 && cp < 0x7F) ||
                      (!ascii && cp >= 0xA0 && cp != UINT32_MAX && cp != 0x202E),
                  "%s: U+%04X at byte %zu", what, cp, i);
    }
}

static void
check_widths(const char *text, int width, const char *what)
{
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        cr_assert_leq(ml_clean_columns(line, len), width, "%s: %.*s", what, (int)len,
                      line);
        line += len + (line[len] == '\n');
    }
}

/* Puts `evil` in place of every text in the value. */
static void
poison(json_t *value, const char *evil, size_t len)
{
    const char *key;
    json_t *member;
    size_t i;
    json_object_foreach(value, key, member) {
        if (json_is_string(member)) {
            json_object_set_new(value, key, json_stringn(evil, len));
        }
        poison(member, evil, len);
    }
    json_array_foreach(value, i, member) {
        if (json_is_string(member)) {
            json_array_set_new(value, i, json_stringn(evil, len));
        }
        poison(member, evil, len);
    }
}

Test(render, no_text_of_a_report_commands_the_terminal)
{
    static const char evil[] = "\033]0;owned\007\033[2J\xc2\x9b"
                               "31m\xe2\x80\xae\r\n\0\b%s%n";
    struct ml_text_style styles[] = {UNICODE, ASCII, FILE_STYLE};
    for (size_t i = 0; i < sizeof(everything) / sizeof(everything[0]); i++) {
        json_t *value = load(everything[i].name);
        poison(value, evil, sizeof(evil) - 1);
        for (size_t s = 0; s < 3; s++) {
            size_t len;
            char *text = render(everything[i].how, value, &styles[s], &len);
            cr_assert(len > 0);
            check_harmless(text, len, !styles[s].unicode, everything[i].name);
            free(text);
        }
        json_decref(value);
    }
}

/* Whole report texts that may be copied (paths) are allowed to be longer. */
Test(render, tables_stay_within_the_terminal)
{
    static const char *const names[] = {"types", "garbage", "list"};
    static answer_fn *const how[] = {ml_render_types, ml_render_garbage,
                                     ml_render_list};
    struct ml_text_style styles[] = {UNICODE, ASCII};
    char wide[3001];
    for (int i = 0; i < 1000; i++) {
        memcpy(wide + 3 * i, "語", 3);
    }
    for (size_t i = 0; i < 3; i++) {
        json_t *value = load(names[i]);
        poison(value, wide, 3000);
        for (size_t s = 0; s < 2; s++) {
            size_t len;
            char *text = render(how[i], value, &styles[s], &len);
            check_widths(text, styles[s].width, names[i]);
            free(text);
        }
        json_decref(value);
    }
}

/* A frame that is wider than the terminal would be wrapped into rubble. */
Test(render, no_frame_is_wider_than_the_terminal)
{
    for (size_t i = 0; i < sizeof(everything) / sizeof(everything[0]); i++) {
        json_t *value = load(everything[i].name);
        for (int width = 1; width < 130; width += width < 50 ? 1 : 7) {
            struct ml_text_style style = {.unicode = true, .width = width};
            size_t len;
            char *text = render(everything[i].how, value, &style, &len);
            for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
                bool framed = strncmp(line, "│ ", strlen("│ ")) == 0 ||
                              strncmp(line, "╭", strlen("╭")) == 0;
                int columns = ml_clean_columns(line, strlen(line));
                cr_expect(!framed || columns <= width, "%d: %s", width, line);
            }
            free(text);
        }
        json_decref(value);
    }
}

/* Replaces members by values of other types, one at a time. */
static void
check_with_wrong_types(json_t *root, json_t *value, answer_fn *how)
{
    const char *key;
    void *next;
    json_t *member;
    struct ml_text_style style = UNICODE;
    json_object_foreach_safe(value, next, key, member) {
        json_t *wrong[] = {json_integer(-7), json_string("text"), json_null(),
                           json_array(), json_object(), json_real(1e300)};
        json_incref(member);
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
            size_t len;
            json_object_set_new(value, key, wrong[i]);
            free(render(how, root, &style, &len));
        }
        json_object_set_new(value, key, member);
        check_with_wrong_types(root, json_object_get(value, key), how);
    }
    for (size_t i = 0; i < json_array_size(value) && i < 3; i++) {
        check_with_wrong_types(root, json_array_get(value, i), how);
    }
}

Test(render, values_of_the_wrong_type_are_tolerated_everywhere)
{
    struct ml_text_style style = UNICODE;
    for (size_t i = 0; i < sizeof(everything) / sizeof(everything[0]); i++) {
        json_t *value = load(everything[i].name);
        size_t len;
        check_with_wrong_types(value, value, everything[i].how);
        free(render(everything[i].how, NULL, &style, &len));
        json_decref(value);
    }
}

Test(render, a_referrer_graph_with_thousands_of_nodes_ends)
{
    struct ml_text_style style = UNICODE;
    json_t *nodes = json_array();
    for (int i = 0; i < 3000; i++) { /* each refers to all of the next ten */
        json_t *ids = json_array();
        for (int k = 1; k <= 10; k++) {
            json_array_append_new(ids, json_integer((i + k) % 3000));
        }
        json_array_append_new(nodes,
                              json_pack("{s:i, s:s, s:i, s:o}", "id", i, "name", "x",
                                        "object_id", i, "referent_ids", ids));
    }
    json_t *value = json_pack(
        "{s:[{s:s, s:{s:[i], s:[], s:o}}]}", "object_details_list", "object_type_name",
        "t", "referrer_graph", "target_ids", 0, "root_ids", "graph_nodes", nodes);
    size_t len, lines = 0;
    char *text = render(iteration, value, &style, &len);
    for (size_t i = 0; i < len; i++) {
        lines += text[i] == '\n';
    }
    cr_assert(lines > 300 && lines < 420, "%zu lines", lines);
    free(text);
    json_decref(value);
}
