/* SPDX-License-Identifier: MIT
 *
 * Diagrams: the only code, with diagram_plugins, that includes cgraph.h and gvc.h.
 *
 *   json ──plan──► what is drawn ──labels──► cgraph ──► DOT
 *                                              └─ dot layout ──► SVG ──finish──► file
 *                                                           └──► PNG
 *
 * The DOT file is the graph before layout: whoever wants another picture of it gives
 * it to any Graphviz tool. Written in a stable order, the same graph is the same file.
 */
#define _GNU_SOURCE
#include <graphviz/cgraph.h>
#include <graphviz/gvc.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diagram_label.h"
#include "diagram_plan.h"
#include "diagram_plugins.h"
#include "diagram_svg.h"
#include "text_format.h"

#define FONT "Helvetica,Arial,sans-serif"

static char complaint[200]; /* Graphviz's last one; it works in one thread only */

static int
take_complaint(char *text)
{
    if (text[strspn(text, " \n\t")] != '\0' && strncmp(text, "Error: ", 7) != 0) {
        snprintf(complaint, sizeof(complaint), "%s", text);
    }
    return 0;
}

/* cgraph takes `char *` everywhere and changes nothing. */
static void
set(void *object, const char *name, const char *value)
{
    agsafeset(object, (char *)name, (char *)value, (char *)"");
}

static void
set_text(void *object, const char *name, struct ml_buf *text)
{
    set(object, name, ml_buf_str(text));
    text->len = 0;
}

static void
set_html(void *object, const char *name, struct ml_buf *text)
{
    Agraph_t *g = agroot(object);
    char *html = agstrdup_html(g, (char *)ml_buf_str(text));
    set(object, name, html);
    agstrfree(g, html);
    text->len = 0;
}

static void
set_defaults(Agraph_t *g)
{
    static const struct {
        int kind;
        const char *name, *value;
    } defaults[] = {
        {AGRAPH, "bgcolor", ML_COLOR_PAGE},
        {AGRAPH, "charset", "UTF-8"},
        {AGRAPH, "fontcolor", ML_COLOR_TEXT},
        {AGRAPH, "fontname", FONT},
        {AGRAPH, "label", ""},
        {AGRAPH, "labelloc", "t"},
        {AGRAPH, "nodesep", "0.3"},
        {AGRAPH, "nslimit", "20"}, /* bounds the time for dense graphs */
        {AGRAPH, "nslimit1", "20"},
        {AGRAPH, "pad", "0.25"},
        {AGRAPH, "rank", ""},
        {AGRAPH, "rankdir", "TB"},
        {AGRAPH, "ranksep", "0.55"},
        {AGNODE, "fontcolor", ML_COLOR_TEXT},
        {AGNODE, "fontname", FONT},
        {AGNODE, "fontsize", "13"},
        {AGNODE, "label", ""},
        {AGNODE, "margin", "0.14,0.08"},
        {AGNODE, "penwidth", "1.2"},
        {AGNODE, "shape", "box"},
        {AGNODE, "style", "rounded,filled"},
        {AGEDGE, "arrowsize", "0.7"},
        {AGEDGE, "color", ML_COLOR_EDGE},
        {AGEDGE, "fontcolor", ML_COLOR_TEXT},
        {AGEDGE, "fontname", FONT},
        {AGEDGE, "fontsize", "11"},
        {AGEDGE, "label", ""},
        {AGEDGE, "penwidth", "1.1"},
    };
    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        agattr(g, defaults[i].kind, (char *)defaults[i].name,
               (char *)defaults[i].value);
    }
}

static Agnode_t *
node_at(Agraph_t *g, int index, int create)
{
    char name[16];
    snprintf(name, sizeof(name), "n%d", index);
    return agnode(g, name, create);
}

static void
add_node(Agraph_t *g, const struct ml_plan *plan, int index, struct ml_buf *text)
{
    const struct ml_plan_node *node = &plan->nodes[index];
    const struct ml_kind_look *look = &ml_kind_looks[node->kind];
    Agnode_t *n = node_at(g, index, 1);
    ml_label_node(text, plan, node);
    set_html(n, "label", text);
    ml_label_node_tip(text, plan, node);
    set_text(n, "tooltip", text);
    set(n, "class", look->class);
    set(n, "fillcolor", look->fill);
    set(n, "color", look->line);
    if (node->kind == ML_KIND_LEAKED) {
        set(n, "penwidth", "2.2");
    }
    if (node->kind == ML_KIND_MORE) {
        set(n, "style", "rounded,filled,dashed");
    }
    if (ml_json_integer(node->json, "count") > 1) {
        set(n, "peripheries", "2"); /* a stack */
    }
}

/* Many references make a thicker line, on a scale that a million does not break. */
static void
add_edge(Agraph_t *g, const struct ml_plan *plan, const struct ml_plan_edge *edge,
         struct ml_buf *text)
{
    char number[32];
    Agnode_t *from = node_at(g, edge->from, 0), *to = node_at(g, edge->to, 0);
    Agedge_t *e = agedge(g, from, to, NULL, 1);
    ml_label_edge(text, edge);
    set_text(e, "label", text);
    ml_label_edge_tip(text, edge);
    set(e, "labeltooltip", ml_buf_str(text));
    set_text(e, "tooltip", text);
    if (edge->count > 1) {
        int tenths = 11 + (int)(4 * log10((double)edge->count));
        snprintf(number, sizeof(number), "%d.%d", tenths / 10, tenths % 10);
        set(e, "penwidth", number);
    }
    if (edge->json == NULL) {
        set(e, "style", "dashed");
    }
    if (plan->nodes[edge->to].row > 0) {
        snprintf(number, sizeof(number), "%d", 1 + plan->nodes[edge->to].row);
        set(e, "minlen", number);
    }
}

/* Whatever nothing holds on the top rank, leaked objects that hold nothing shown on
 * the bottom one. */
static void
set_ranks(Agraph_t *g, const struct ml_plan *plan)
{
    Agraph_t *top = agsubg(g, (char *)"roots", 1);
    Agraph_t *bottom = agsubg(g, (char *)"leaked", 1);
    bool rows = false;
    for (int i = 0; i < plan->node_count; i++) {
        rows |= plan->nodes[i].drawn && plan->nodes[i].row > 0;
    }
    for (int i = 0; i < plan->node_count; i++) {
        const struct ml_plan_node *n = &plan->nodes[i];
        bool starts =
            n->kind == ML_KIND_ROOT || (n->kind != ML_KIND_LEAKED && n->has_out);
        if (n->drawn && starts && !n->has_in) {
            agsubnode(top, node_at(g, i, 0), 1);
        }
        if (n->drawn && n->kind == ML_KIND_LEAKED && !n->has_out && !rows) {
            agsubnode(bottom, node_at(g, i, 0), 1);
        }
    }
    set(top, "rank", "source");
    set(bottom, "rank", "sink");
}

static Agraph_t *
build(const struct ml_plan *plan, const char *title, struct ml_error *err)
{
    struct ml_buf text;
    Agraph_t *g = agopen((char *)"memalot", Agdirected, NULL);
    if (g == NULL) {
        ml_error_nomem(err);
        return NULL;
    }
    ml_buf_init(&text, &ml_alloc_libc);
    set_defaults(g);
    ml_label_title(&text, plan, title);
    set_html(g, "label", &text);
    for (int i = 0; i < plan->node_count; i++) {
        if (plan->nodes[i].drawn) {
            add_node(g, plan, i, &text);
        }
    }
    for (int i = 0; i < plan->edge_count; i++) {
        if (plan->edges[i].drawn) {
            add_edge(g, plan, &plan->edges[i], &text);
        }
    }
    set_ranks(g, plan);
    if (text.failed) {
        ml_error_nomem(err);
        agclose(g);
        g = NULL;
    }
    ml_buf_fini(&text);
    return g;
}

static int
write_file(const char *path, const char *data, size_t len, struct ml_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int failed = fd < 0 ? errno : 0;
    for (size_t done = 0; done < len && failed == 0;) {
        ssize_t n = write(fd, data + done, len - done);
        if (n < 0 && errno != EINTR) {
            failed = errno;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0 && close(fd) != 0 && failed == 0) {
        failed = errno;
    }
    return failed == 0 ? ML_OK
                       : ml_error_set(err, failed == EACCES ? ML_EPERM : ML_EIO,
                                      "cannot write %s: %s", path, strerror(failed));
}

static int
write_dot(Agraph_t *g, const char *path, struct ml_error *err)
{
    char *data = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&data, &len);
    if (memory == NULL) {
        return ml_error_nomem(err);
    }
    int failed = agwrite(g, memory);
    int rc = fclose(memory) == 0 && failed == 0 ? write_file(path, data, len, err)
                                                : ml_error_nomem(err);
    free(data);
    return rc;
}

static int
write_svg(const char *data, size_t len, const char *path, struct ml_error *err)
{
    struct ml_buf svg;
    ml_buf_init(&svg, &ml_alloc_libc);
    ml_svg_finish(&svg, data, len);
    int rc =
        svg.failed ? ml_error_nomem(err) : write_file(path, svg.data, svg.len, err);
    ml_buf_fini(&svg);
    return rc;
}

#ifdef ML_DIAGRAM_PLUGINS_LINKED
#define NEW_CONTEXT ml_diagram_plugins_context
#else
#define NEW_CONTEXT gvContext
#endif

static int
write_picture(Agraph_t *g, const char *format, const char *path, struct ml_error *err)
{
    int rc = ML_OK;
    char *data = NULL;
    unsigned len = 0;
    bool laid_out = false;
    GVC_t *gvc = NEW_CONTEXT();
    if (gvc == NULL) {
        return ml_error_nomem(err);
    }
    complaint[0] = '\0';
    laid_out = gvLayout(gvc, g, "dot") == 0;
    if (!laid_out || gvRenderData(gvc, g, format, &data, &len) != 0 || data == NULL) {
        rc = ml_error_set(
            err, ML_EUNSUPPORTED, "graphviz cannot make the %s: %s", format,
            complaint[0] != '\0' ? complaint : "its plugins seem not to be installed");
        goto out;
    }
    rc = strcmp(format, "svg") == 0 ? write_svg(data, len, path, err)
                                    : write_file(path, data, len, err);
out:
    gvFreeRenderData(data);
    if (laid_out) {
        gvFreeLayout(gvc, g);
    }
    gvFreeContext(gvc);
    return rc;
}

int
ml_diagram_write(const json_t *graph, const char *title, const char *format,
                 int max_nodes, const char *path, struct ml_error *err)
{
    struct ml_plan plan;
    bool dot = strcmp(format, "dot") == 0, png = strcmp(format, "png") == 0;
    if (!dot && !png && strcmp(format, "svg") != 0) {
        return ml_error_set(err, ML_EINVAL,
                            "diagrams can be dot, svg or png, not \"%.20s\"", format);
    }
#ifdef ML_DIAGRAM_PLUGINS_LINKED
    if (png) {
        return ml_error_set(err, ML_EUNSUPPORTED,
                            "no png without font libraries, which pip does not "
                            "bring: take svg, or dot for Graphviz's 'dot -Tpng'");
    }
#endif
    int rc = ml_plan_make(graph, max_nodes, &plan, err);
    if (rc != ML_OK) {
        return rc;
    }
    agseterrf(take_complaint);
    Agraph_t *g = build(&plan, title, err);
    ml_plan_fini(&plan);
    if (g == NULL) {
        return ML_ENOMEM;
    }
    if (png) {
        set(g, "dpi", "144");
    }
    rc = dot ? write_dot(g, path, err) : write_picture(g, format, path, err);
    agclose(g);
    return rc;
}
