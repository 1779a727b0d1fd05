/* SPDX-License-Identifier: MIT
 *
 * What a sweep has to know when it looks for what outlived its use: which epochs are
 * suspect, what was found the last time, and how the report is to be told. One watch
 * belongs to one question of one sweep; it stays where it is until that is answered,
 * and the sweep process reads it in its copy.
 *
 *   monitor.c fills it ──► sweep_child reads it ──► FRAME_TALLY brings `after` back
 */
#ifndef ML_AGENT_WATCH_H
#define ML_AGENT_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "birth.h"
#include "settings.h"
#include "tally.h"

struct ml_watch {
    struct ml_settings settings; /* the agent's, with the monitor's own put over them */

    /* Ages. `suspect[e]`: objects of epoch e are old enough to be reported. */
    uint8_t suspect[ML_EPOCHS];
    double now;             /* monotonic, of the turn that ended the last epoch */

    /* Which iteration of which report this is. */
    char report_id[16];     /* "" for the first: the writer chooses */
    unsigned iteration;     /* 1.. */
    bool plain;             /* an ordinary snapshot: no ages, only told as said here */
    bool warm_up;           /* nothing is old enough yet: figures only, no findings */
    bool save;
    double lifetime;        /* seconds; 0: calls are counted */
    unsigned calls;         /* an object that survived so many is reported */
    char subject[256];      /* "function my_function", "block", "" for time */

    /* What the last iteration found. */
    struct ml_tally types, places;
    uint64_t rss_before, peak_before; /* 0: none */

    /* What is only on its way through our hands: references to it from the stack of
     * thread `thread` and from our own frames keep nothing alive. NULL: none. */
    unsigned long thread;   /* ident */
    void *in_flight[4];    /* objects: result, exception; addresses only */
    bool collecting;       /* it is in a collection, which goes on after the report */

    /* How the report is told. */
    bool text;              /* the answer carries the text for the console */
    bool color, boxes;
    int width;              /* columns */
    void *str_func;         /* PyObject *: callable (object, length) -> str; NULL: as
                               configured */
};

#endif
