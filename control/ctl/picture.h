/* SPDX-License-Identifier: MIT
 *
 * An answer of `paths` or `refs` in the form that --format asks for, on stdout or in
 * the file that -o names; and the drawing of one graph for `graph`.
 */
#ifndef ML_CTL_PICTURE_H
#define ML_CTL_PICTURE_H

#include "ask.h"

/* Takes over `answer`. */
int ml_picture_answer(const struct ml_ctl_args *args, json_t *answer, const char *title,
                      ml_ask_render *render);

/* Draws into `path`, or with NULL onto stdout. `format`: "dot", "svg", "png". */
int ml_picture_draw(const json_t *graph, const char *title, const char *format,
                    const char *path);

/* "svg" from "x.svg"; NULL when the ending says nothing. */
const char *ml_picture_format_of(const char *path);

#endif
