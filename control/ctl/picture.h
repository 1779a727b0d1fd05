/* SPDX-License-Identifier: MIT
 *
 * An answer of `paths` or `refs` in the form that --format asks for, on stdout or in
 * the file that -o names; and the drawing of one graph for `graph`.
 */
#ifndef ML_CTL_PICTURE_H
#define ML_CTL_PICTURE_H

#include "ask.h"

/* Asks the agent that the first word means, and puts its answer where it is wanted.
 * Takes over `params`. Returns an enum ml_exit, everything said on stderr. */
int ml_picture_ask(const struct ml_ctl_args *args, const char *method, json_t *params,
                   const char *title, ml_ask_render *render);

#define ML_OPT_FORMAT                                                                  \
    {"format",                                                                         \
     0,                                                                                \
     ML_OPT_WORD,                                                                      \
     ML_CTL_OPT(format),                                                               \
     "text|json|dot|svg",                                                              \
     0,                                                                                \
     0,                                                                                \
     "default: text, or what FILE ends with"}
#define ML_OPT_OUTPUT                                                                  \
    {"output",                                                                         \
     'o',                                                                              \
     ML_OPT_TEXT,                                                                      \
     ML_CTL_OPT(output),                                                               \
     "FILE",                                                                           \
     0,                                                                                \
     0,                                                                                \
     "write there instead of standard output"}

/* Draws into `path`, or with NULL onto stdout. `format`: "dot", "svg", "png". */
int ml_picture_draw(const json_t *graph, const char *title, const char *format,
                    const char *path);

/* "svg" from "x.svg"; NULL when the ending says nothing. */
const char *ml_picture_format_of(const char *path);

#endif
