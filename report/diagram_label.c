/* SPDX-License-Identifier: MIT
 *
 * See diagram_label.h. Both notations are made from text that clean_text.h has freed
 * of control characters and broken UTF-8, so that only the markup is left to escape.
 */
#include "diagram_label.h"

#include <string.h>

#include "clean_text.h"
#include "text_format.h"

#define NAME_COLUMNS 36
#define TYPE_COLUMNS 40
#define TEXT_COLUMNS 40
#define EDGE_COLUMNS 30
#define TITLE_COLUMNS 240
#define TITLE_LINE 68
#define TIP_COLUMNS 2000
#define LEGEND_ROW 5
#define TITLE_BEGIN "<TR><TD><FONT POINT-SIZE=\"16\"><B>"
#define TITLE_END "</B></FONT></TD></TR>"
#define TITLE_BREAK TITLE_END TITLE_BEGIN

const struct ml_kind_look ml_kind_looks[ML_KIND_COUNT] = {
    [ML_KIND_ROOT] = {"root", "ml-root", "#e0e7ff", "#4338ca", "#312e81", "#a5b4fc"},
    [ML_KIND_MODULE] = {"module", "ml-module", "#dbeafe", "#1d4ed8", "#1e3a5f",
                        "#7db8ff"},
    [ML_KIND_FRAME] = {"frame: a running function", "ml-frame", "#d1faf0", "#0f766e",
                       "#134e48", "#5eead4"},
    [ML_KIND_CLASS] = {"class", "ml-class", "#f0e7ff", "#7e22ce", "#4a2270", "#d0a8ff"},
    [ML_KIND_CONTAINER] = {"container", "ml-container", "#fef3c7", "#b45309", "#553410",
                           "#fbbf24"},
    [ML_KIND_INSTANCE] = {"instance", "ml-instance", "#eef0f3", "#6b7280", "#333b48",
                          "#9ca3af"},
    [ML_KIND_LEAKED] = {"leaked", "ml-leaked", "#fee2e2", "#dc2626", "#641c1c",
                        "#f87171"},
    [ML_KIND_NATIVE] = {"native code", "ml-native", "#e2e8d5", "#4d5d2a", "#3a4423",
                        "#b5c98a"},
    [ML_KIND_MORE] = {"more, summed up", "ml-more", "#ffffff", "#94a3b8", "#1b2130",
                      "#8290a5"},
};

/* Graphviz substitutes \N, \G and the like in HTML-like labels as well; a doubled
 * backslash is shown as one. */
static void
put_html(struct ml_buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        switch (text[i]) {
        case '<':
            ml_buf_puts(out, "&lt;");
            break;
        case '>':
            ml_buf_puts(out, "&gt;");
            break;
        case '&':
            ml_buf_puts(out, "&amp;");
            break;
        case '"':
            ml_buf_puts(out, "&quot;");
            break;
        case '\\':
            ml_buf_puts(out, "\\\\");
            break;
        default:
            ml_buf_putc(out, text[i]);
        }
    }
}

/* In plain strings entities are decoded by whoever shows the picture. */
static void
put_plain(struct ml_buf *out, const char *text, size_t len, const char *backslash)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '&') {
            ml_buf_puts(out, "&amp;");
        }
        else if (text[i] == '\\') {
            ml_buf_puts(out, backslash);
        }
        else {
            ml_buf_putc(out, text[i]);
        }
    }
}

static void
put_label(struct ml_buf *out, const char *text, size_t len)
{
    put_plain(out, text, len, "\\\\");
}

/* Tooltips go through the backslash substitution twice and through the entities only
 * in the viewer; labels the other way round. */
static void
put_tip(struct ml_buf *out, const char *text, size_t len)
{
    put_plain(out, text, len, "&#92;");
}

typedef void put_fn(struct ml_buf *out, const char *text, size_t len);

/* A text of the report, cleaned, cut and escaped. */
static void
put_text(struct ml_buf *out, put_fn *put, const json_t *value, int columns, int flags)
{
    struct ml_buf clean;
    ml_buf_init(&clean, out->a);
    ml_clean_append(&clean, json_string_value(value), json_string_length(value),
                    columns, flags);
    if (clean.len > 0) {
        put(out, clean.data, clean.len);
    }
    out->failed |= clean.failed;
    ml_buf_fini(&clean);
}

static bool
has_text(const json_t *object, const char *key)
{
    return json_string_length(json_object_get(object, key)) > 0;
}

static void
put_sizes(struct ml_buf *out, const json_t *node)
{
    char text[32];
    bool size = ml_json_has_number(node, "size");
    if (size) {
        ml_buf_puts(out, ml_text_bytes(ml_json_number(node, "size"), text));
    }
    if (ml_json_has_number(node, "retained")) {
        ml_buf_printf(out, "%sretains %s", size ? " · " : "",
                      ml_text_bytes(ml_json_number(node, "retained"), text));
    }
}

static void
put_row(struct ml_buf *out, const json_t *node, const char *key, int columns, int flags,
        const char *style)
{
    if (!has_text(node, key)) {
        return;
    }
    ml_buf_printf(out, "<TR><TD><FONT POINT-SIZE=\"11\" COLOR=\"%s\">%s",
                  ML_COLOR_QUIET, style);
    put_text(out, put_html, json_object_get(node, key), columns, flags);
    ml_buf_printf(out, "%s</FONT></TD></TR>", style[0] != '\0' ? "</I>" : "");
}

/* The name in bold; of several the count beside it, in the kind's colour. */
static void
put_name(struct ml_buf *out, const struct ml_plan_node *node)
{
    char text[32];
    long long count = ml_json_integer(node->json, "count");
    ml_buf_puts(out, "<TR><TD><B>");
    if (has_text(node->json, "name")) {
        put_text(out, put_html, json_object_get(node->json, "name"), NAME_COLUMNS, 0);
    }
    else {
        ml_buf_puts(out, ml_kind_looks[node->kind].name);
    }
    ml_buf_puts(out, "</B>");
    if (count > 1) {
        ml_buf_printf(out, "  <FONT COLOR=\"%s\"><B>×%s</B></FONT>",
                      ml_kind_looks[node->kind].line, ml_text_count(count, text));
    }
    ml_buf_puts(out, "</TD></TR>");
}

void
ml_label_node(struct ml_buf *out, const struct ml_plan *plan,
              const struct ml_plan_node *node)
{
    char text[32];
    ml_buf_puts(out, "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" "
                     "CELLPADDING=\"1\">");
    if (node->json == NULL) {
        ml_buf_printf(out, "<TR><TD>%s more objects</TD></TR>",
                      ml_text_count(plan->left_out_nodes, text));
    }
    else {
        put_name(out, node);
        if (!json_equal(json_object_get(node->json, "type"),
                        json_object_get(node->json, "name"))) {
            put_row(out, node->json, "type", TYPE_COLUMNS, ML_CLEAN_CUT_LEFT, "");
        }
        if (ml_json_has_number(node->json, "size") ||
            ml_json_has_number(node->json, "retained")) {
            ml_buf_puts(out, "<TR><TD><FONT POINT-SIZE=\"11\">");
            put_sizes(out, node->json);
            ml_buf_puts(out, "</FONT></TD></TR>");
        }
        put_row(out, node->json, "text", TEXT_COLUMNS, 0, "<I>");
    }
    ml_buf_puts(out, "</TABLE>");
}

/* The title in lines of some length, broken between words. */
static void
put_title_lines(struct ml_buf *out, const char *title)
{
    struct ml_buf clean;
    ml_buf_init(&clean, out->a);
    ml_clean_append(&clean, title, strlen(title), TITLE_COLUMNS, 0);
    for (size_t start = 0; start < clean.len;) {
        size_t at = start, end = start;
        int columns = 0;
        while (at < clean.len && columns < TITLE_LINE) {
            uint32_t cp;
            size_t n = ml_clean_decode(clean.data + at, clean.len - at, &cp);
            columns += ml_clean_columns(clean.data + at, n);
            end = cp == ' ' ? at : end;
            at += n;
        }
        end = at == clean.len || end == start ? at : end;
        put_html(out, clean.data + start, end - start);
        start = end < clean.len && clean.data[end] == ' ' ? end + 1 : end;
        if (start < clean.len) {
            ml_buf_puts(out, TITLE_BREAK);
        }
    }
    ml_buf_fini(&clean);
}

/* Squares in the kinds' colours: text, because cells would grow with the title. */
static void
put_legend(struct ml_buf *out, const struct ml_plan *plan)
{
    bool occurs[ML_KIND_COUNT] = {false};
    for (int i = 0; i < plan->node_count; i++) {
        occurs[plan->nodes[i].kind] |= plan->nodes[i].drawn;
    }
    int column = 0;
    for (int k = 0; k < ML_KIND_COUNT; k++) {
        if (occurs[k]) {
            ml_buf_printf(out,
                          "%s<FONT POINT-SIZE=\"15\" COLOR=\"%s\">■</FONT>"
                          "<FONT POINT-SIZE=\"11\"> %s</FONT>",
                          column == 0                ? "<TR><TD>"
                          : column % LEGEND_ROW == 0 ? "</TD></TR><TR><TD>"
                                                     : "   ",
                          ml_kind_looks[k].line, ml_kind_looks[k].name);
            column++;
        }
    }
    ml_buf_puts(out, column > 0 ? "</TD></TR>" : "");
}

void
ml_label_title(struct ml_buf *out, const struct ml_plan *plan, const char *title)
{
    char text[32];
    ml_buf_puts(out, "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"2\">");
    if (title != NULL && title[0] != '\0') {
        ml_buf_puts(out, TITLE_BEGIN);
        put_title_lines(out, title);
        ml_buf_puts(out, TITLE_END);
    }
    put_legend(out, plan);
    if (plan->left_out_edges > 0) {
        ml_buf_printf(out,
                      "<TR><TD><FONT POINT-SIZE=\"10\" COLOR=\"%s\">%s further "
                      "references are not drawn</FONT></TD></TR>",
                      ML_COLOR_QUIET, ml_text_count(plan->left_out_edges, text));
    }
    ml_buf_puts(out, "</TABLE>");
}

/* What an edge is called when it has no label of its own. */
static const char *
edge_word(const struct ml_plan_edge *edge)
{
    const char *kind = edge->json != NULL ? ml_json_text(edge->json, "kind") : NULL;
    static const char *const known[] = {"attr",    "key",    "index",  "local",
                                        "closure", "global", "member", "internal"};
    static const char *const words[] = {"attribute",  "key",     "item",
                                        "local",      "closure", "global",
                                        "set member", "internal"};
    for (size_t i = 0; kind != NULL && i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(kind, known[i]) == 0) {
            return words[i];
        }
    }
    return edge->json != NULL ? "refers to" : "…";
}

static void
put_edge(struct ml_buf *out, put_fn *put, const struct ml_plan_edge *edge, int columns)
{
    char text[32];
    if (edge->json != NULL && has_text(edge->json, "label")) {
        put_text(out, put, json_object_get(edge->json, "label"), columns, 0);
    }
    else {
        ml_buf_puts(out, edge_word(edge));
    }
    if (edge->count > 1) {
        ml_buf_printf(out, " ×%s", ml_text_count(edge->count, text));
    }
}

void
ml_label_edge(struct ml_buf *out, const struct ml_plan_edge *edge)
{
    ml_buf_puts(out, " "); /* room between the line and its text */
    put_edge(out, put_label, edge, EDGE_COLUMNS);
    ml_buf_puts(out, " ");
}

void
ml_label_edge_tip(struct ml_buf *out, const struct ml_plan_edge *edge)
{
    put_edge(out, put_tip, edge, TIP_COLUMNS);
}

void
ml_label_node_tip(struct ml_buf *out, const struct ml_plan *plan,
                  const struct ml_plan_node *node)
{
    static const char *const keys[] = {"type", "address", "text"};
    char text[32];
    if (node->json == NULL) {
        ml_buf_printf(out, "%s objects that are not drawn one by one",
                      ml_text_count(plan->left_out_nodes, text));
        return;
    }
    put_text(out, put_tip, json_object_get(node->json, "name"), TIP_COLUMNS, 0);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (has_text(node->json, keys[i])) {
            ml_buf_puts(out, "&#10;");
            put_text(out, put_tip, json_object_get(node->json, keys[i]), TIP_COLUMNS,
                     0);
        }
    }
    if (ml_json_has_number(node->json, "size") ||
        ml_json_has_number(node->json, "retained")) {
        ml_buf_puts(out, "&#10;");
        put_sizes(out, node->json);
    }
}
