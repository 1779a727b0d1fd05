/* SPDX-License-Identifier: MIT
 *
 * A frame with a title around lines that are painted as everywhere else:
 *
 *   ╭─ Memalot Report (iteration 2) ─╮
 *   │ Report   woki-hwza             │
 *   ╰────────────────────────────────╯
 *
 * What is painted between open and close goes to `inner` and is framed at the end, as
 * narrow as it can be. Where box drawing is not allowed, or the terminal too narrow for
 * it or for a line that cannot be cut, the title stands on a line of its own and the
 * lines below it are indented.
 */
#ifndef ML_REPORT_BOX_H
#define ML_REPORT_BOX_H

#include "paint.h"

struct ml_box {
    struct ml_paint inner; /* paint here */
    struct ml_paint *outer;
    bool framed;
    char title[120];
    char *text;
    size_t len;
};

/* Always closed by ml_box_close, which frees what open has taken. */
void ml_box_open(struct ml_box *b, struct ml_paint *outer, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void ml_box_close(struct ml_box *b);

#endif
