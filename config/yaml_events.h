/* SPDX-License-Identifier: MIT
 *
 * libyaml's events with a memory of what was wrong: the current event, the next one,
 * over a whole value, and mistakes with their place.
 *
 *     if (ml_events_init(...) == ML_OK) {
 *         while (ml_events_next(&e) && ...) { look at e.event }
 *     }
 *     return ml_events_fini(&e);
 *
 * A syntax error ends the events; it is the last mistake. Bytes that may not stand in a
 * file end them too, but are named at the very end: libyaml would stumble over them
 * long before it comes to the line where they stand.
 * What keys and values mean is no business of this file.
 */
#ifndef ML_CONFIG_YAML_EVENTS_H
#define ML_CONFIG_YAML_EVENTS_H

#include <yaml.h>

#include "config.h"
#include "value.h"

struct ml_events {
    yaml_event_t event;           /* the one at hand; YAML_NO_EVENT before the first */
    bool stop;                    /* nothing follows */
    int failed;                   /* ML_OK while nothing was wrong */
    struct ml_mistakes *mistakes; /* or NULL */
    yaml_parser_t parser;
    const char *text;
    size_t len;  /* what libyaml gets of it: whole lines up to the first bad byte */
    size_t bad;  /* offset of that byte */
    bool is_bad; /* there is one */
};

/* `text` is borrowed until _fini. ML_ENOMEM; _fini is to be called even then. */
int ml_events_init(struct ml_events *e, const char *text, size_t len,
                   struct ml_mistakes *mistakes);
/* Names the bad byte, if any. Returns `failed`. */
int ml_events_fini(struct ml_events *e);

/* On to the next event; false when there is none. */
bool ml_events_next(struct ml_events *e);
/* Over the value at hand, however deep; its last event is then at hand. */
void ml_events_skip(struct ml_events *e);

/* The scalar at hand, valid until the next event. */
struct ml_scalar ml_events_scalar(const struct ml_events *e);
/* "a list", "a mapping", ... */
const char *ml_events_kind(const struct ml_events *e);
/* The value at hand is an alias or carries an anchor or a tag, none of which a file
 * of settings needs: a mistake. */
bool ml_events_is_decorated(struct ml_events *e);

/* One more mistake, at a mark of libyaml; reading goes on. */
void ml_events_mistake(struct ml_events *e, yaml_mark_t mark, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
