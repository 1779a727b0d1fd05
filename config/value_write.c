/* SPDX-License-Identifier: MIT
 *
 * The writing half of value.h: the words for a value, as JSON and as YAML, and the
 * words for what a value may be.
 */
#include <stdio.h>
#include <string.h>

#include "amount.h"
#include "duration.h"
#include "signal_name.h"
#include "value.h"
#include "yaml_text.h"

#define WORD_MAX 64 /* the longest word of a value that is neither text nor list */

static const char *
choice_word(const struct ml_option *option, const void *field, char out[WORD_MAX])
{
    const char *word = option->choices;
    int choice;
    memcpy(&choice, field, sizeof(choice));
    for (int i = 0; i < choice && strchr(word, ' ') != NULL; i++) {
        word = strchr(word, ' ') + 1;
    }
    snprintf(out, WORD_MAX, "%.*s", (int)strcspn(word, " "), word);
    return out;
}

static bool
is_null_value(const struct ml_option *option, const void *field)
{
    if (!(option->flags & ML_OPTION_NULL)) {
        return false;
    }
    return option->type == ML_OPTION_INT        ? *(const int *)field < 0
           : option->type == ML_OPTION_DURATION ? *(const double *)field < 0
           : ml_value_is_list(option) ? ((const struct ml_text_list *)field)->count < 0
                                      : *(const char *)field == '\0';
}

/* The value as one word, for what is a word in JSON and YAML alike; NULL for the rest.
 */
static const char *
value_word(const struct ml_option *option, const void *field, char out[WORD_MAX])
{
    switch (option->type) {
    case ML_OPTION_DURATION:
        return *(const double *)field < 0
                   ? "off"
                   : ml_duration_write(*(const double *)field, out);
    case ML_OPTION_AMOUNT:
        return ml_amount_write(*(const struct ml_amount *)field, out);
    case ML_OPTION_SIGNAL:
        return ml_signal_write(*(const int *)field, out);
    case ML_OPTION_CHOICE:
        return choice_word(option, field, out);
    default:
        return NULL;
    }
}

void
ml_value_write_json(const struct ml_option *option, const struct ml_settings *s,
                    struct ml_json *out)
{
    const void *field = ml_option_value(option, s);
    char word[WORD_MAX];
    if (is_null_value(option, field)) {
        ml_json_null(out);
    }
    else if (option->type == ML_OPTION_BOOL) {
        ml_json_bool(out, *(const bool *)field);
    }
    else if (option->type == ML_OPTION_INT) {
        ml_json_int(out, *(const int *)field);
    }
    else if (ml_value_is_list(option)) {
        const struct ml_text_list *list = field;
        ml_json_begin_array(out);
        for (int i = 0; i < list->count; i++) {
            ml_json_str(out, list->item[i]);
        }
        ml_json_end_array(out);
    }
    else {
        const char *text = value_word(option, field, word);
        ml_json_str(out, text != NULL ? text : field);
    }
}

static void
write_list(const struct ml_text_list *list, struct ml_buf *out)
{
    ml_buf_putc(out, '[');
    for (int i = 0; i < list->count; i++) {
        ml_buf_puts(out, i > 0 ? ", " : "");
        ml_yaml_write_text(out, list->item[i]);
    }
    ml_buf_putc(out, ']');
}

void
ml_value_write_yaml(const struct ml_option *option, const struct ml_settings *s,
                    struct ml_buf *out)
{
    const void *field = ml_option_value(option, s);
    char word[WORD_MAX];
    const char *text = value_word(option, field, word);
    if (is_null_value(option, field)) {
        ml_buf_puts(out, "null");
    }
    else if (text != NULL) {
        ml_buf_puts(out, text);
    }
    else if (option->type == ML_OPTION_BOOL) {
        ml_buf_puts(out, *(const bool *)field ? "true" : "false");
    }
    else if (option->type == ML_OPTION_INT) {
        ml_buf_printf(out, "%d", *(const int *)field);
    }
    else if (ml_value_is_list(option)) {
        write_list(field, out);
    }
    else if (option->type == ML_OPTION_SOCKET && strcmp(field, "off") == 0) {
        ml_buf_puts(out, "off");
    }
    else {
        ml_yaml_write_text(out, field);
    }
}

/* "none texts names" -> "none, texts or names" */
static int
list_choices(const char *choices, char *out, size_t cap)
{
    size_t at = 0;
    for (const char *c = choices; *c != '\0' && at + 5 < cap; c++) {
        const char *between = strchr(c + 1, ' ') != NULL ? ", " : " or ";
        at += (size_t)snprintf(out + at, cap - at, "%s",
                               *c == ' ' ? between : (const char[]){*c, '\0'});
    }
    return (int)at;
}

static int
describe_amount(const struct ml_option *option, char *out, size_t cap)
{
    char least[ML_AMOUNT_TEXT];
    if (option->flags & ML_OPTION_RATE) {
        ml_amount_write((struct ml_amount){ML_AMOUNT_BYTES_PER_MIN, option->least},
                        least);
        return snprintf(out, cap, "a rate such as 50MiB/min (%s or more)", least);
    }
    ml_amount_write((struct ml_amount){ML_AMOUNT_BYTES, option->least}, least);
    return snprintf(
        out, cap, "a share from 1%% to 100%%, a size such as 2GiB (%s or more)", least);
}

static int
describe_type(const struct ml_option *option, char *out, size_t cap)
{
    char least[ML_DURATION_TEXT], most[ML_DURATION_TEXT];
    switch (option->type) {
    case ML_OPTION_BOOL:
        return snprintf(out, cap, "true or false");
    case ML_OPTION_INT:
        return snprintf(out, cap, "a whole number from %d to %d", (int)option->least,
                        (int)option->most);
    case ML_OPTION_DURATION:
        return snprintf(out, cap, "a duration (90s, 5m, 1h) from %s to %s",
                        ml_duration_write(option->least, least),
                        ml_duration_write(option->most, most));
    case ML_OPTION_AMOUNT:
        return describe_amount(option, out, cap);
    case ML_OPTION_TEXT:
        return snprintf(out, cap, "a text");
    case ML_OPTION_PATH:
        return snprintf(out, cap, "a path (absolute, or beginning with ~/)");
    case ML_OPTION_SOCKET:
        return snprintf(out, cap, "auto, an absolute path");
    case ML_OPTION_SIGNAL:
        return snprintf(out, cap, "the name of a signal such as SIGUSR2");
    case ML_OPTION_CHOICE:
        return list_choices(option->choices, out, cap);
    case ML_OPTION_TEXTS:
        return snprintf(out, cap, "a list of texts such as [one, two]");
    case ML_OPTION_CHOICES: {
        int n = snprintf(out, cap, "a list of any of ");
        return n + list_choices(option->choices, out + n, cap - (size_t)n);
    }
    case ML_OPTION_PRINTS:
        return snprintf(out, cap,
                        "a list of fingerprints (16 hexadecimal digits each)");
    }
    return 0;
}

void
ml_value_describe(const struct ml_option *option, char *out, size_t cap)
{
    int n = describe_type(option, out, cap);
    if (n >= 0 && (size_t)n < cap &&
        (option->flags & (ML_OPTION_OFF | ML_OPTION_NULL))) {
        snprintf(out + n, cap - (size_t)n, " or %s",
                 option->flags & ML_OPTION_OFF ? "off" : "null");
    }
}
