/* SPDX-License-Identifier: MIT
 *
 * See value.h; this file reads, compares and sets defaults, value_write.c writes and
 * describes. One short function for each type, and a switch that chooses it.
 */
#include "value.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "amount.h"
#include "duration.h"
#include "signal_name.h"
#include "suggest.h"
#include "yaml_text.h"

_Static_assert(sizeof(((struct ml_settings *)0)->report.redact) == sizeof(int),
               "choices are read and written as int");

#define PID_DIGITS 7 /* of the largest process id of Linux, 4194304 */

static bool
is_one_of(struct ml_scalar s, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strlen(*words) == s.len && memcmp(*words, s.text, s.len) == 0) {
            return true;
        }
    }
    return false;
}

/* The words of YAML 1.1, which PyYAML and many people's fingers still speak. */
static const char *const null_words[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const true_words[] = {"true", "True", "TRUE", "yes", "Yes",
                                         "YES",  "on",   "On",   "ON",  NULL};
static const char *const false_words[] = {"false", "False", "FALSE", "no",  "No",
                                          "NO",    "off",   "Off",   "OFF", NULL};

bool
ml_value_is_null(struct ml_scalar s)
{
    return s.plain && is_one_of(s, null_words);
}

static bool
is_off(const struct ml_option *option, struct ml_scalar s)
{
    static const char *const off[] = {"off", NULL};
    return (option->flags & ML_OPTION_OFF) &&
           (is_one_of(s, off) || (s.plain && is_one_of(s, false_words)));
}

int
ml_value_wrong(const struct ml_option *option, const char *what, struct ml_error *err)
{
    char must_be[200];
    ml_value_describe(option, must_be, sizeof(must_be));
    return ml_error_set(err, ML_EFORMAT, "'%s' must be %s, not %s", option->key,
                        must_be, what);
}

static int
wrong_scalar(const struct ml_option *option, struct ml_scalar s, struct ml_error *err)
{
    char quoted[ML_SUGGEST_QUOTE], what[ML_SUGGEST_QUOTE + 16];
    ml_suggest_quote(s.text, s.len, quoted);
    snprintf(what, sizeof(what), s.plain ? "%s" : "the text %s", quoted);
    return ml_value_wrong(option, what, err);
}

static int
read_bool(const struct ml_option *option, struct ml_scalar s, bool *out,
          struct ml_error *err)
{
    if (s.plain && (is_one_of(s, true_words) || is_one_of(s, false_words))) {
        *out = is_one_of(s, true_words);
        return ML_OK;
    }
    return wrong_scalar(option, s, err);
}

static int
read_int(const struct ml_option *option, struct ml_scalar s, int *out,
         struct ml_error *err)
{
    size_t at = s.len > 0 && (s.text[0] == '-' || s.text[0] == '+');
    double n = 0;
    bool digits = s.plain && at < s.len && s.len < 16;
    for (size_t i = at; i < s.len && digits; i++) {
        digits = s.text[i] >= '0' && s.text[i] <= '9';
        n = n * 10 + (s.text[i] - '0');
    }
    n = s.len > 0 && s.text[0] == '-' ? -n : n;
    if (!digits || n < option->least || n > option->most) {
        return wrong_scalar(option, s, err);
    }
    *out = (int)n;
    return ML_OK;
}

static int
read_duration(const struct ml_option *option, struct ml_scalar s, double *out,
              struct ml_error *err)
{
    double seconds;
    if (!ml_duration_read(s.text, s.len, &seconds) || seconds < option->least ||
        seconds > option->most) {
        return wrong_scalar(option, s, err);
    }
    *out = seconds;
    return ML_OK;
}

static bool
amount_fits(const struct ml_option *option, struct ml_amount amount)
{
    switch (amount.unit) {
    case ML_AMOUNT_OFF:
        break;
    case ML_AMOUNT_PERCENT:
        return (option->flags & ML_OPTION_PERCENT) && amount.value >= 1 &&
               amount.value <= 100;
    case ML_AMOUNT_BYTES:
        return (option->flags & ML_OPTION_BYTES) && amount.value >= option->least &&
               amount.value <= option->most;
    case ML_AMOUNT_BYTES_PER_MIN:
        return (option->flags & ML_OPTION_RATE) && amount.value >= option->least &&
               amount.value <= option->most;
    }
    return false;
}

static int
read_amount(const struct ml_option *option, struct ml_scalar s, struct ml_amount *out,
            struct ml_error *err)
{
    struct ml_amount amount;
    if (!ml_amount_read(s.text, s.len, &amount) || !amount_fits(option, amount)) {
        return wrong_scalar(option, s, err);
    }
    *out = amount;
    return ML_OK;
}

/* Copies a text that fits into `cap` bytes and holds nothing invisible. */
static int
read_text(const struct ml_option *option, struct ml_scalar s, char *out, size_t cap,
          struct ml_error *err)
{
    if (s.len >= cap) {
        return ml_error_set(err, ML_EFORMAT,
                            "'%s' is too long (%zu bytes, at most %zu)", option->key,
                            s.len, cap - 1);
    }
    if (ml_yaml_has_controls(s.text, s.len)) {
        return ml_error_set(err, ML_EFORMAT, "'%s' may not hold control characters",
                            option->key);
    }
    memset(out, 0, cap);
    memcpy(out, s.text, s.len);
    return ML_OK;
}

static int
read_path(const struct ml_option *option, struct ml_scalar s, char *out,
          struct ml_error *err)
{
    bool home = s.len > 0 && s.text[0] == '~' && (s.len == 1 || s.text[1] == '/');
    if (!home && (s.len == 0 || s.text[0] != '/')) {
        return wrong_scalar(option, s, err); /* the program may change its directory */
    }
    return read_text(option, s, out, option->size, err);
}

/* What sockaddr_un takes, once each %p has become a process id. */
static bool
fits_socket_address(struct ml_scalar s)
{
    size_t len = s.len;
    for (size_t i = 0; i + 1 < s.len; i++) {
        len += s.text[i] == '%' && s.text[i + 1] == 'p' ? PID_DIGITS - 2 : 0;
    }
    return len < sizeof(((struct sockaddr_un *)0)->sun_path);
}

static int
read_socket(const struct ml_option *option, struct ml_scalar s, char *out,
            struct ml_error *err)
{
    static const char *const automatic[] = {"auto", NULL};
    if (!is_one_of(s, automatic) && (s.len < 2 || s.text[0] != '/')) {
        return wrong_scalar(option, s, err);
    }
    if (!fits_socket_address(s)) {
        return ml_error_set(
            err, ML_EFORMAT,
            "'%s' is too long for a socket (at most %zu bytes, with the "
            "process id in place of %%p)",
            option->key, sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
    }
    return read_text(option, s, out, option->size, err);
}

static int
read_signal(const struct ml_option *option, struct ml_scalar s, int *out,
            struct ml_error *err)
{
    struct ml_error why;
    if (ml_signal_read(s.text, s.len, out, &why) < 0) {
        return ml_error_set(err, ML_EFORMAT, "'%s': %s", option->key, why.message);
    }
    return ML_OK;
}

/* Position of the scalar among the words of `choices`, -1: it is none of them. */
static int
find_choice(const struct ml_option *option, struct ml_scalar s)
{
    const char *word = option->choices;
    for (int i = 0; *word != '\0'; i++) {
        size_t len = strcspn(word, " ");
        if (len == s.len && memcmp(word, s.text, len) == 0) {
            return i;
        }
        word += len + (word[len] == ' ');
    }
    return -1;
}

static int
wrong_choice(const struct ml_option *option, struct ml_scalar s, struct ml_error *err)
{
    char words[64], quoted[ML_SUGGEST_QUOTE], must_be[200];
    char *rest = NULL;
    struct ml_suggest best;
    snprintf(words, sizeof(words), "%s", option->choices);
    ml_suggest_init(&best, s.text, s.len);
    for (char *w = strtok_r(words, " ", &rest); w != NULL;
         w = strtok_r(NULL, " ", &rest)) {
        ml_suggest_offer(&best, w);
    }
    if (ml_suggest_best(&best) == NULL) {
        return wrong_scalar(option, s, err);
    }
    ml_value_describe(option, must_be, sizeof(must_be));
    ml_suggest_quote(s.text, s.len, quoted);
    return ml_error_set(err, ML_EFORMAT, "'%s' must be %s, not %s; did you mean '%s'?",
                        option->key, must_be, quoted, ml_suggest_best(&best));
}

static int
read_choice(const struct ml_option *option, struct ml_scalar s, void *out,
            struct ml_error *err)
{
    int choice = find_choice(option, s);
    if (choice < 0) {
        return wrong_choice(option, s, err);
    }
    memcpy(out, &choice, sizeof(choice));
    return ML_OK;
}

static int
read_null(const struct ml_option *option, void *field, struct ml_error *err)
{
    if (!(option->flags & ML_OPTION_NULL)) {
        return ml_error_set(
            err, ML_EFORMAT,
            "'%s' has no value; leave the line out for the default (%s)", option->key,
            option->standard);
    }
    if (ml_value_is_list(option)) {
        memset(field, 0, option->size);
        ((struct ml_text_list *)field)->count = -1;
    }
    else if (option->type == ML_OPTION_INT) {
        *(int *)field = ML_OFF;
    }
    else if (option->type == ML_OPTION_DURATION) {
        *(double *)field = ML_OFF;
    }
    else {
        memset(field, 0, option->size);
    }
    return ML_OK;
}

static void
set_off(const struct ml_option *option, void *field)
{
    memset(field, 0, option->size); /* ML_AMOUNT_OFF and "no signal" are zeros */
    if (option->type == ML_OPTION_DURATION) {
        *(double *)field = ML_OFF;
    }
    else if (option->type == ML_OPTION_SOCKET) {
        memcpy(field, "off", 4);
    }
}

int
ml_value_read(const struct ml_option *option, struct ml_scalar s,
              struct ml_settings *into, struct ml_error *err)
{
    void *field = ml_option_field(option, into);
    if (ml_value_is_null(s)) {
        return read_null(option, field, err);
    }
    if (is_off(option, s)) {
        set_off(option, field);
        return ML_OK;
    }
    switch (option->type) {
    case ML_OPTION_BOOL:
        return read_bool(option, s, field, err);
    case ML_OPTION_INT:
        return read_int(option, s, field, err);
    case ML_OPTION_DURATION:
        return read_duration(option, s, field, err);
    case ML_OPTION_AMOUNT:
        return read_amount(option, s, field, err);
    case ML_OPTION_TEXT:
        return read_text(option, s, field, option->size, err);
    case ML_OPTION_PATH:
        return read_path(option, s, field, err);
    case ML_OPTION_SOCKET:
        return read_socket(option, s, field, err);
    case ML_OPTION_SIGNAL:
        return read_signal(option, s, field, err);
    case ML_OPTION_CHOICE:
        return read_choice(option, s, field, err);
    case ML_OPTION_TEXTS:
    case ML_OPTION_CHOICES:
    case ML_OPTION_PRINTS:
        break;
    }
    return wrong_scalar(option, s, err);
}

bool
ml_value_is_list(const struct ml_option *option)
{
    return option->type == ML_OPTION_TEXTS || option->type == ML_OPTION_CHOICES ||
           option->type == ML_OPTION_PRINTS;
}

/* 16 hexadecimal digits, kept in small letters as reports show them. */
static int
read_print(const struct ml_option *option, struct ml_scalar s, char *out,
           struct ml_error *err)
{
    bool good = s.len == 16;
    for (size_t i = 0; i < s.len && good; i++) {
        char c = s.text[i];
        c = c >= 'A' && c <= 'F' ? (char)(c + 32) : c;
        good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        out[i] = c;
    }
    return good ? ML_OK : wrong_scalar(option, s, err);
}

static int
check_repeated(const struct ml_option *option, const struct ml_text_list *list,
               const char *item, struct ml_error *err)
{
    for (int i = 0; i < list->count; i++) {
        if (strcmp(list->item[i], item) == 0) {
            return ml_error_set(err, ML_EFORMAT, "'%s' names '%s' twice", option->key,
                                item);
        }
    }
    return ML_OK;
}

int
ml_value_read_item(const struct ml_option *option, struct ml_scalar s,
                   struct ml_text_list *list, struct ml_error *err)
{
    char item[ML_TEXT_MAX] = "";
    int failed;
    if (s.len == 0 || ml_value_is_null(s)) {
        return ml_error_set(err, ML_EFORMAT, "'%s' has an empty item", option->key);
    }
    if (option->type == ML_OPTION_CHOICES && find_choice(option, s) < 0) {
        return wrong_choice(option, s, err);
    }
    failed = option->type == ML_OPTION_PRINTS
                 ? read_print(option, s, item, err)
                 : read_text(option, s, item, sizeof(item), err);
    if (failed < 0 || check_repeated(option, list, item, err) < 0) {
        return ML_EFORMAT;
    }
    if (list->count >= ML_LIST_MAX) {
        return ml_error_set(err, ML_EFORMAT, "'%s' has more than %d items", option->key,
                            ML_LIST_MAX);
    }
    memcpy(list->item[list->count++], item, sizeof(item));
    return ML_OK;
}

/* `[dot, svg]` of the table, without the generality of YAML. */
static void
set_default_list(const struct ml_option *option, struct ml_text_list *list)
{
    memset(list, 0, sizeof(*list));
    for (const char *at = option->standard + 1; *at != ']';) {
        struct ml_scalar item = {at, strcspn(at, ",]"), true};
        int failed = ml_value_read_item(option, item, list, NULL);
        assert(failed == ML_OK);
        (void)failed;
        at += item.len + strspn(at + item.len, ", ");
    }
}

void
ml_value_set_default(const struct ml_option *option, struct ml_settings *into)
{
    if (option->standard[0] == '[') {
        set_default_list(option, ml_option_field(option, into));
        return;
    }
    struct ml_scalar text = {option->standard, strlen(option->standard), true};
    int failed = ml_value_read(option, text, into, NULL);
    assert(failed == ML_OK); /* a mistake in the table; the tests read every row */
    (void)failed;
}

static bool
same_lists(const struct ml_text_list *a, const struct ml_text_list *b)
{
    for (int i = 0; i < a->count && a->count == b->count; i++) {
        if (strcmp(a->item[i], b->item[i]) != 0) {
            return false;
        }
    }
    return a->count == b->count;
}

bool
ml_value_same(const struct ml_option *option, const struct ml_settings *a,
              const struct ml_settings *b)
{
    const void *x = ml_option_value(option, a), *y = ml_option_value(option, b);
    switch (option->type) {
    case ML_OPTION_BOOL:
        return *(const bool *)x == *(const bool *)y;
    case ML_OPTION_INT:
    case ML_OPTION_SIGNAL:
    case ML_OPTION_CHOICE:
        return memcmp(x, y, sizeof(int)) == 0;
    case ML_OPTION_DURATION:
        return *(const double *)x == *(const double *)y;
    case ML_OPTION_AMOUNT: {
        const struct ml_amount *p = x, *q = y;
        return p->unit == q->unit && (p->unit == ML_AMOUNT_OFF || p->value == q->value);
    }
    case ML_OPTION_TEXT:
    case ML_OPTION_PATH:
    case ML_OPTION_SOCKET:
        return strcmp(x, y) == 0;
    case ML_OPTION_TEXTS:
    case ML_OPTION_CHOICES:
    case ML_OPTION_PRINTS:
        return same_lists(x, y);
    }
    return false;
}
