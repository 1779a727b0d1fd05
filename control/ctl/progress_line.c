/* SPDX-License-Identifier: MIT
 *
 * See progress_line.h.
 */
#include "progress_line.h"
#include "clock.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define QUIET_MS 500

void
ml_progress_line_begin(struct ml_progress_line *p, const char *what)
{
    *p = (struct ml_progress_line){.started = ml_clock_ms(), .done = -1};
    p->wanted = what != NULL && isatty(STDERR_FILENO);
    snprintf(p->step, sizeof(p->step), "%s", what != NULL ? what : "");
}

void
ml_progress_line_step(struct ml_progress_line *p, const char *step, double done)
{
    if (step != NULL) {
        snprintf(p->step, sizeof(p->step), "%s", step);
        p->done = done;
    }
    ml_progress_line_tick(p);
}

/* The step comes from the agent: only what is plain text gets onto the terminal. */
static void
put_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        fputc((unsigned char)*text < 0x20 || *text == 0x7F ? '?' : *text, stderr);
    }
}

void
ml_progress_line_tick(struct ml_progress_line *p)
{
    int64_t taken = ml_clock_ms() - p->started;
    if (!p->wanted || taken < QUIET_MS) {
        return;
    }
    fputs("\r\033[K", stderr);
    put_plain(p->step);
    if (p->done >= 0 && p->done <= 1) {
        fprintf(stderr, "  %.0f %%", p->done * 100);
    }
    fprintf(stderr, "  %.1f s", (double)taken / 1000);
    fflush(stderr);
    p->shown = true;
}

void
ml_progress_line_end(struct ml_progress_line *p)
{
    if (p->shown) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    p->shown = false;
}
