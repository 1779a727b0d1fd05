/* SPDX-License-Identifier: MIT
 *
 * One line on stderr that says what is going on: only on a terminal, only when it
 * takes more than half a second, and gone before anything else is printed.
 */
#ifndef ML_CTL_PROGRESS_LINE_H
#define ML_CTL_PROGRESS_LINE_H

#include <stdbool.h>
#include <stdint.h>

struct ml_progress_line {
    bool wanted, shown;
    int64_t started; /* ms */
    char step[80];
    double done; /* 0 to 1, negative: unknown */
};

/* `what`: the first words; NULL: nothing is ever shown. */
void ml_progress_line_begin(struct ml_progress_line *p, const char *what);
void ml_progress_line_step(struct ml_progress_line *p, const char *step, double done);
void ml_progress_line_tick(struct ml_progress_line *p);
void ml_progress_line_end(struct ml_progress_line *p);

#endif
