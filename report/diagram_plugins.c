/* SPDX-License-Identifier: MIT
 *
 * See diagram_plugins.h. Graphviz takes a list of libraries under the names that their
 * symbols have in its plugins, and wants a `g` as the first letter.
 */
#include "diagram_plugins.h"

#include <graphviz/gvplugin.h>
#include <graphviz/gvplugin_textlayout.h>

#include "text_width.h"

#define LINE_HEIGHT 1.164 /* times the font's size; DejaVu Sans, as in text_width */
#define BASELINE 0.928
#define CENTRE 0.2 /* pango's plugin shifts a line by as much */

extern gvplugin_library_t gvplugin_core_LTX_library, gvplugin_dot_layout_LTX_library;

static boolean
measure(textspan_t *span, char **font_path)
{
    const textfont_t *font = span->font;
    span->layout = NULL;
    span->free_layout = NULL;
    span->size.x = ml_text_width(span->str, font->size, (font->flags & HTML_BF) != 0);
    span->size.y = font->size * LINE_HEIGHT;
    span->yoffset_layout = font->size * BASELINE;
    span->yoffset_centerline = font->size * CENTRE;
    if (font_path != NULL) {
        *font_path = (char *)"[memalot's own figures]";
    }
    return 1;
}

static gvtextlayout_engine_t engine = {measure};

static gvplugin_installed_t text_layouts[] = {
    {0, "textlayout", 1, &engine, NULL},
    {0, NULL, 0, NULL, NULL},
};

static gvplugin_api_t apis[] = {
    {API_textlayout, text_layouts},
    {(api_t)0, NULL},
};

static gvplugin_library_t text_library = {(char *)"memalot", apis};

GVC_t *
ml_diagram_plugins_context(void)
{
    static const lt_symlist_t libraries[] = {
        {"gvplugin_memalot_LTX_library", &text_library},
        {"gvplugin_dot_layout_LTX_library", &gvplugin_dot_layout_LTX_library},
        {"gvplugin_core_LTX_library", &gvplugin_core_LTX_library},
        {NULL, NULL},
    };
    return gvContextPlugins(libraries, 0);
}
