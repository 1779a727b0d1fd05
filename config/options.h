/* SPDX-License-Identifier: MIT
 *
 * The table of everything that can be configured. Reading, defaults, checks, showing
 * and the documentation all come from these rows: a new option is one row, one member
 * of struct ml_settings and one line of SPEC.
 *
 *     report.keep   int   at its place in the struct   1 to 1000000   100   live
 *
 * How the values of each type are read and written stands in value.c.
 */
#ifndef ML_CONFIG_OPTIONS_H
#define ML_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "settings.h"

enum ml_option_type {
    ML_OPTION_BOOL,     /* bool */
    ML_OPTION_INT,      /* int; ML_OFF for null */
    ML_OPTION_DURATION, /* double, seconds; ML_OFF for off or null */
    ML_OPTION_AMOUNT,   /* struct ml_amount */
    ML_OPTION_TEXT,     /* char[]; "" for null */
    ML_OPTION_PATH,     /* char[] */
    ML_OPTION_SOCKET,   /* char[]: auto, off or an absolute path */
    ML_OPTION_SIGNAL,   /* int, 0 for off */
    ML_OPTION_CHOICE,   /* an enum counted from 0: index in `choices` */
    ML_OPTION_TEXTS,    /* struct ml_text_list of any texts */
    ML_OPTION_CHOICES,  /* struct ml_text_list of words out of `choices` */
    ML_OPTION_PRINTS,   /* struct ml_text_list of fingerprints */
};

enum {
    ML_OPTION_LIVE = 1,  /* takes effect on reload; else at the agent's next start */
    ML_OPTION_OFF = 2,   /* `off` (in YAML also false, no) is a value */
    ML_OPTION_NULL = 4,  /* `null` is a value */
    ML_OPTION_BYTES = 8, /* AMOUNT: which kinds */
    ML_OPTION_PERCENT = 16,
    ML_OPTION_RATE = 32,
};

struct ml_option {
    const char *key; /* dotted; the last part is the key, the rest its section */
    enum ml_option_type type;
    unsigned flags;
    size_t offset, size;  /* of the member in struct ml_settings */
    double least, most;   /* INT, DURATION, AMOUNT (bytes or bytes per minute) */
    const char *choices;  /* CHOICE, CHOICES: words with a blank between them */
    const char *standard; /* the default, exactly as ml_value_write_yaml() writes it */
    const char *follows;  /* when not given but this one is, its value; or NULL */
    const char *help;     /* one sentence, Markdown */
};

#define ML_OPTION_COUNT 34
#define ML_OPTION_KEY_MAX 64 /* bytes of the longest dotted key, the end included */
extern const struct ml_option ml_options[ML_OPTION_COUNT];

/* Index of the row with this dotted key, -1: none. */
int ml_option_find(const char *key);
/* Index of the first row below the section `key` (`sweep`, `sweep.when`), -1: no such
 * section. No two sections share their first row. */
int ml_option_find_section(const char *key);
/* Below `section` ("" is the top) comes this key, which is an option or a section:
 * its name with the dots cut off, NULL when `row` is not below it. The text ends at
 * *len. */
const char *ml_option_child(int row, const char *section, size_t *len);
/* The part of the key behind its last dot. */
const char *ml_option_leaf(int row);

static inline void *
ml_option_field(const struct ml_option *option, struct ml_settings *settings)
{
    return (char *)settings + option->offset;
}

static inline const void *
ml_option_value(const struct ml_option *option, const struct ml_settings *settings)
{
    return (const char *)settings + option->offset;
}

#endif
