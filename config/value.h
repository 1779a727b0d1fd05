/* SPDX-License-Identifier: MIT
 *
 * The value of one option: read from a YAML scalar, checked, written, compared,
 * described. What each type of the table (options.h) means is said here and only here.
 *
 * A default is read by the same code from the table's text, so that nothing can be a
 * default that a user could not write.
 */
#ifndef ML_CONFIG_VALUE_H
#define ML_CONFIG_VALUE_H

#include "buf.h"
#include "error.h"
#include "json_write.h"
#include "options.h"

struct ml_scalar {
    const char *text; /* need not be terminated */
    size_t len;
    bool plain; /* written without quotes, so that it may be a number, null or a yes */
};

/* Fills the option's member of `into`. On ML_EFORMAT `err` says what it must be, what
 * it was and what may have been meant; `into` is as before. For a list only `null`. */
int ml_value_read(const struct ml_option *option, struct ml_scalar scalar,
                  struct ml_settings *into, struct ml_error *err);

/* The option is a list; its items are read one by one into `list`. */
bool ml_value_is_list(const struct ml_option *option);
int ml_value_read_item(const struct ml_option *option, struct ml_scalar scalar,
                       struct ml_text_list *list, struct ml_error *err);

/* "'report.keep' must be a whole number …, not `what`". Returns ML_EFORMAT. */
int ml_value_wrong(const struct ml_option *option, const char *what,
                   struct ml_error *err);

/* `~`, `null` or nothing at all. */
bool ml_value_is_null(struct ml_scalar scalar);

void ml_value_set_default(const struct ml_option *option, struct ml_settings *into);
bool ml_value_same(const struct ml_option *option, const struct ml_settings *a,
                   const struct ml_settings *b);

void ml_value_write_json(const struct ml_option *option, const struct ml_settings *s,
                         struct ml_json *out);
/* Without a line's end; reading it back gives the same value. */
void ml_value_write_yaml(const struct ml_option *option, const struct ml_settings *s,
                         struct ml_buf *out);

/* "a whole number from 1 to 1000000", for messages and the documentation. */
void ml_value_describe(const struct ml_option *option, char *out, size_t cap);

#endif
