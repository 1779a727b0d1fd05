/* SPDX-License-Identifier: MIT
 *
 * diagram: DOT compared with golden files, SVG checked for what a viewer needs, and
 * graphs nobody should send.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <sys/stat.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clean_text.h"
#include "diagram_guard.h"
#include "diagram_plan.h"
#include "diagram_svg.h"
#include "golden.h"
#include "report.h"
#include "temp_dir.h"

static char file[64];

static void
setup(void)
{
    snprintf(file, sizeof(file), "%s/out", temp_dir_make());
}

static void
teardown(void)
{
    temp_dir_remove();
}

TestSuite(diagram, .init = setup, .fini = teardown);

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
draw(const json_t *graph, const char *format, int max_nodes, size_t *len)
{
    struct ml_error err = {0};
    cr_assert_eq(ml_diagram_write(graph,
                                  json_string_value(json_object_get(graph, "title")),
                                  format, max_nodes, file, &err),
                 0, "%s", err.message);
    FILE *in = fopen(file, "rb");
    cr_assert_not_null(in);
    char *text = malloc(4 << 20);
    *len = fread(text, 1, (4 << 20) - 1, in);
    text[*len] = '\0';
    fclose(in);
    return text;
}

static size_t
count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, what)) != NULL; p += strlen(what)) {
        n++;
    }
    return n;
}

struct row {
    char input[32], golden[40];
    int max_nodes;
};

ParameterizedTestParameters(diagram, dot_is_like_the_golden_file)
{
    static struct row rows[] = {
        {"graph_simple", "graph_simple.dot", 150},
        {"graph_multi", "graph_multi.dot", 150},
        {"graph_multi", "graph_multi_6.dot", 6},
        {"graph_hostile", "graph_hostile.dot", 150},
    };
    return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, diagram, dot_is_like_the_golden_file, .init = setup,
                  .fini = teardown)
{
    char name[64];
    size_t len;
    json_t *graph = load(row->input);
    char *text = draw(graph, "dot", row->max_nodes, &len);
    snprintf(name, sizeof(name), "report/%s", row->golden);
    golden_check(name, text, len);
    free(text);
    json_decref(graph);
}

Test(diagram, svg_has_tooltips_a_page_and_a_dark_side)
{
    size_t len;
    json_t *graph = load("graph_simple");
    char *text = draw(graph, "svg", 150, &len);
    cr_assert_not_null(strstr(text, "@media (prefers-color-scheme: dark)"));
    cr_assert_not_null(strstr(text, "<rect class=\"ml-page\""));
    cr_assert_not_null(strstr(text, "max-width: 100%"));
    cr_assert_not_null(
        strstr(text, "<title>SESSIONS&#10;dict&#10;0x7f0000001040&#10;"));
    cr_assert_not_null(strstr(text, "×48 211"));
    cr_assert_null(strstr(text, "<title>n0</title>"));
    cr_assert_eq(count(text, "class=\"node"), 6);
    cr_assert_eq(count(text, "class=\"edge"), 5);
    free(text);
    json_decref(graph);
}

Test(diagram, the_legend_has_only_the_kinds_that_occur)
{
    size_t len;
    json_t *graph = load("graph_simple");
    char *text = draw(graph, "dot", 150, &len);
    cr_assert_eq(count(text, "■"), 5);
    cr_assert_not_null(strstr(text, "> leaked<"));
    cr_assert_null(strstr(text, "> native code<"));
    free(text);
    json_decref(graph);
}

/* Tags balance, entities are known, characters are those that XML 1.0 allows. */
static void
check_well_formed(const char *text, size_t len)
{
    long depth = 0;
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = ml_clean_decode(text + i, len - i, &cp);
        cr_assert(cp != UINT32_MAX && cp != 0xFFFE && cp != 0xFFFF &&
                      (cp >= 0x20 || cp == '\n' || cp == '\t'),
                  "U+%04X at byte %zu", cp, i);
        if (cp == '&') {
            const char *p = text + i + 1;
            size_t name = strcspn(p, "; <\"");
            cr_assert(p[name] == ';' &&
                          (p[0] == '#' || !strncmp(p, "amp;", 4) ||
                           !strncmp(p, "lt;", 3) || !strncmp(p, "gt;", 3) ||
                           !strncmp(p, "quot;", 5) || !strncmp(p, "nbsp;", 5)),
                      "entity at %.20s", p);
        }
        if (cp == '<' && text[i + 1] == '/') {
            depth--;
        }
        else if (cp == '<' && text[i + 1] != '!' && text[i + 1] != '?') {
            const char *end = strchr(text + i, '>');
            cr_assert_not_null(end);
            depth += end[-1] != '/';
        }
        cr_assert_geq(depth, 0);
        i += n;
    }
    cr_assert_eq(depth, 0);
}

Test(diagram, hostile_texts_give_a_well_formed_picture)
{
    size_t len;
    json_t *graph = load("graph_hostile");
    char *text = draw(graph, "svg", 150, &len);
    check_well_formed(text, len);
    cr_assert_null(strstr(text, "<script"));
    cr_assert_eq(count(text, "class=\"node"), 4);
    cr_assert_not_null(strstr(text, "[&#39;\\N &lt;&amp;&quot;&#39;]"));
    free(text);
    json_decref(graph);
}

Test(diagram, png_is_a_png)
{
    size_t len;
    json_t *graph = load("graph_simple");
    char *data = draw(graph, "png", 150, &len);
    cr_assert(len > 1000 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0);
    free(data);
    json_decref(graph);
}

/* A chain of `n` nodes with side branches; ends leaked. */
static json_t *
make_chain(int n)
{
    json_t *nodes = json_array(), *edges = json_array();
    for (int i = 0; i < n; i++) {
        const char *kind = i == 0 ? "root" : i == n - 1 ? "leaked" : "instance";
        json_array_append_new(nodes,
                              json_pack("{s:i, s:s, s:s, s:s, s:i}", "id", i, "kind",
                                        kind, "name", "x", "type", "t", "count", 1));
        if (i > 0) {
            json_array_append_new(edges, json_pack("{s:i, s:i, s:s, s:s, s:i}", "from",
                                                   (i - 1) / 3, "to", i, "label", ".a",
                                                   "kind", "attr", "count", 1));
        }
    }
    return json_pack("{s:o, s:o}", "nodes", nodes, "edges", edges);
}

Test(diagram, of_many_nodes_those_between_root_and_leak_stay)
{
    struct ml_plan plan;
    json_t *graph = make_chain(1000);
    cr_assert_eq(ml_plan_make(graph, 20, &plan, NULL), 0);
    int drawn = 0;
    for (int i = 0; i < plan.node_count; i++) {
        drawn += plan.nodes[i].drawn;
    }
    cr_assert_eq(drawn, 20);
    cr_assert_eq(plan.left_out_nodes, 981);
    for (int i = 999; i > 0; i = (i - 1) / 3) { /* the way up from the leak */
        cr_assert(plan.nodes[i].drawn, "node %d", i);
    }
    cr_assert(plan.nodes[0].drawn);
    ml_plan_fini(&plan);
    json_decref(graph);
}

Test(diagram, nothing_is_summed_up_when_all_fits)
{
    struct ml_plan plan;
    json_t *graph = make_chain(20);
    cr_assert_eq(ml_plan_make(graph, 20, &plan, NULL), 0);
    cr_assert_eq(plan.left_out_nodes, 0);
    cr_assert_not(plan.nodes[20].drawn);
    ml_plan_fini(&plan);
    json_decref(graph);
}

Test(diagram, every_node_keeps_an_edge_when_edges_are_too_many)
{
    struct ml_plan plan;
    json_t *graph = make_chain(40), *edges = json_object_get(graph, "edges");
    for (int i = 0; i < 2000; i++) {
        json_array_insert_new(edges, 0,
                              json_pack("{s:i, s:i, s:s}", "from", i % 40, "to",
                                        (i * 7) % 40, "label", "[*]"));
    }
    cr_assert_eq(ml_plan_make(graph, 40, &plan, NULL), 0);
    int drawn = 0;
    for (int i = 0; i < plan.edge_count; i++) {
        drawn += plan.edges[i].drawn;
    }
    cr_assert_eq(drawn, 160);
    cr_assert_eq(plan.left_out_edges, 2039 - 160);
    for (int i = 1; i < 40; i++) {
        cr_assert(plan.nodes[i].has_in, "node %d", i);
    }
    ml_plan_fini(&plan);
    json_decref(graph);
}

Test(diagram, edges_to_nowhere_and_foreign_ids_are_tolerated)
{
    size_t len;
    json_t *graph = json_loads(
        "{\"nodes\":[{\"id\":7,\"kind\":\"what\",\"count\":-3},{\"id\":9},5,{}],"
        "\"edges\":[{\"from\":7,\"to\":9},{\"from\":7,\"to\":1},{\"from\":\"7\"},3,"
        "{\"from\":9,\"to\":9,\"label\":\"self\",\"count\":1e300}]}",
        0, NULL);
    char *text = draw(graph, "svg", 150, &len);
    cr_assert_eq(count(text, "class=\"node"), 4);
    cr_assert_eq(count(text, "class=\"edge"), 2);
    free(text);
    json_decref(graph);
}

Test(diagram, an_empty_graph_and_an_unknown_format_are_errors)
{
    struct ml_error err = {0};
    json_t *graph = load("graph_simple"), *empty = json_object();
    cr_assert_eq(ml_diagram_write(empty, "t", "svg", 10, file, &err), ML_EFORMAT);
    cr_assert_eq(ml_diagram_write(NULL, "t", "svg", 10, file, &err), ML_EFORMAT);
    cr_assert_eq(ml_diagram_write(graph, "t", "../x", 10, file, &err), ML_EINVAL);
    cr_assert_eq(ml_diagram_write(graph, "t", "dot", 10, "/nonexistent/x", &err),
                 ML_EIO);
    cr_assert_not_null(strstr(err.message, "/nonexistent/x"));
    cr_assert_neq(access(file, F_OK), 0);
    json_decref(graph);
    json_decref(empty);
}

Test(diagram, the_guard_hands_the_message_on)
{
    struct ml_error err = {0};
    json_t *graph = load("graph_simple"), *empty = json_object();
    cr_assert_eq(ml_diagram_write_guarded(graph, "t", "dot", 10, file, 20, &err), 0);
    cr_assert_eq(access(file, F_OK), 0);
    cr_assert_eq(ml_diagram_write_guarded(empty, "t", "dot", 10, file, 20, &err),
                 ML_EIO);
    cr_assert_str_eq(err.message, "the graph has no nodes");
    json_decref(graph);
    json_decref(empty);
}

/* A pipe that nobody reads holds the drawing up for as long as one likes. */
Test(diagram, the_guard_ends_what_does_not_end_by_itself)
{
    struct ml_error err = {0};
    json_t *graph = load("graph_simple");
    cr_assert_eq(mkfifo(file, 0600), 0);
    cr_assert_eq(ml_diagram_write_guarded(graph, "t", "dot", 10, file, 1, &err),
                 ML_ECANCELLED);
    cr_assert_str_eq(err.message, "it took over 1 s");
    json_decref(graph);
}

Test(diagram, an_svg_of_another_shape_is_left_as_it_is)
{
    static const char *const others[] = {"", "<svg", "<svg width=\"1\"", "<title>", "x",
                                         "<a xlink:title=\"abc"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct ml_buf out;
        ml_buf_init(&out, &ml_alloc_libc);
        ml_svg_finish(&out, others[i], strlen(others[i]));
        cr_assert_str_eq(ml_buf_str(&out), others[i]);
        ml_buf_fini(&out);
    }
}
