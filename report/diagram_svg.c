/* SPDX-License-Identifier: MIT
 *
 * See diagram_svg.h. One pass from front to back; every replacement appends what
 * stands before it, then the new text.
 */
#define _GNU_SOURCE
#include "diagram_svg.h"

#include <stdio.h>
#include <string.h>

#include "diagram_label.h"

struct pass {
    struct ml_buf *out;
    const char *at, *end;
};

static const char *
find(const struct pass *p, const char *from, const char *what)
{
    return memmem(from, (size_t)(p->end - from), what, strlen(what));
}

static void
copy_until(struct pass *p, const char *to)
{
    ml_buf_append(p->out, p->at, (size_t)(to - p->at));
    p->at = to;
}

/* Rules for viewers in dark mode override the colours in the attributes. */
static void
put_style(struct ml_buf *out)
{
    ml_buf_puts(out, "<style>\n"
                     ".node a, .edge a { cursor: default; }\n"
                     "@media (prefers-color-scheme: dark) {\n"
                     ".ml-page { fill: #171b24; stroke: #2c3444; }\n"
                     "text { fill: #f3f4f6; }\n"
                     "text[fill=\"" ML_COLOR_QUIET "\"] { fill: #b6bfcc; }\n"
                     ".edge path { stroke: #94a3b8; }\n"
                     ".edge polygon { fill: #94a3b8; stroke: #94a3b8; }\n"
                     ".edge text { fill: #cbd5e1; }\n");
    for (int k = 0; k < ML_KIND_COUNT; k++) {
        const struct ml_kind_look *l = &ml_kind_looks[k];
        ml_buf_printf(out,
                      "path[fill=\"%s\"], polygon[fill=\"%s\"] { fill: %s; }\n"
                      "path[stroke=\"%s\"], polygon[stroke=\"%s\"] { stroke: %s; }\n"
                      "text[fill=\"%s\"] { fill: %s; }\n",
                      l->fill, l->fill, l->dark_fill, l->line, l->line, l->dark_line,
                      l->line, l->dark_line);
    }
    ml_buf_puts(out, "}\n</style>\n");
}

static void
finish_head(struct pass *p)
{
    const char *tag = find(p, p->at, "<svg ");
    const char *close = tag != NULL ? find(p, tag, ">") : NULL;
    if (close == NULL) {
        return;
    }
    copy_until(p, close);
    ml_buf_puts(p->out, " role=\"img\" style=\"max-width: 100%; height: auto\">\n");
    put_style(p->out);
    p->at = close + 1;
}

/* The page is the first polygon: four corners, the first one repeated. */
static void
finish_page(struct pass *p)
{
    double x[4], y[4];
    const char *tag = find(p, p->at, "<polygon fill=\"" ML_COLOR_PAGE "\"");
    const char *points = tag != NULL ? find(p, tag, "points=\"") : NULL;
    const char *close = points != NULL ? find(p, points, "/>") : NULL;
    char text[200] = "";
    if (close == NULL || close - points >= (long)sizeof(text)) {
        return;
    }
    memcpy(text, points, (size_t)(close - points));
    if (sscanf(text, "points=\"%lf,%lf %lf,%lf %lf,%lf", &x[0], &y[0], &x[1], &y[1],
               &x[2], &y[2]) != 6) {
        return;
    }
    copy_until(p, tag);
    ml_buf_printf(p->out,
                  "<rect class=\"ml-page\" fill=\"" ML_COLOR_PAGE
                  "\" stroke=\"#d5dae2\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" "
                  "height=\"%.2f\" rx=\"10\"/>",
                  x[0] + 0.5, y[1] + 0.5, x[2] - x[0] - 1, y[0] - y[1] - 1);
    p->at = close + 2;
}

/* Graphviz gives every group a <title> with its internal name and puts the tooltip
 * into xlink:title, which newer viewers no longer show. */
static void
finish_tooltips(struct pass *p)
{
    static const char link[] = "<a xlink:title=\"", name[] = "<title>";
    for (;;) {
        const char *a = find(p, p->at, link), *t = find(p, p->at, name);
        if (t != NULL && (a == NULL || t < a)) {
            const char *close = find(p, t, "</title>\n");
            if (close == NULL) {
                return;
            }
            copy_until(p, t);
            p->at = close + strlen("</title>\n");
            continue;
        }
        const char *quote = a != NULL ? find(p, a + sizeof(link) - 1, "\"") : NULL;
        const char *close = quote != NULL ? find(p, quote, ">") : NULL;
        if (close == NULL) {
            return;
        }
        const char *text = a + sizeof(link) - 1;
        copy_until(p, close + 1);
        ml_buf_puts(p->out, "<title>");
        ml_buf_append(p->out, text, (size_t)(quote - text));
        ml_buf_puts(p->out, "</title>");
    }
}

void
ml_svg_finish(struct ml_buf *out, const char *svg, size_t len)
{
    struct pass p = {.out = out, .at = svg, .end = svg + len};
    finish_head(&p);
    finish_page(&p);
    finish_tooltips(&p);
    copy_until(&p, p.end);
}
