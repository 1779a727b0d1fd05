/* SPDX-License-Identifier: MIT
 *
 * See ctl_opts.h.
 */
#include "ctl_opts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "suggest.h"

struct cursor {
    const struct ml_command *c;
    char **argv;
    int argc, at;
    struct ml_ctl_args *out;
    struct ml_error *err;
};

static const struct ml_opt *
find_long(const struct ml_command *c, const char *name, size_t len)
{
    for (const struct ml_opt *o = c->opts; o->name != NULL; o++) {
        if (strncmp(o->name, name, len) == 0 && o->name[len] == '\0') {
            return o;
        }
    }
    return NULL;
}

static const struct ml_opt *
find_letter(const struct ml_command *c, char letter)
{
    for (const struct ml_opt *o = c->opts; o->name != NULL; o++) {
        if (o->letter == letter && letter != '\0') {
            return o;
        }
    }
    return NULL;
}

static int
unknown_option(struct cursor *k, const char *given, size_t len)
{
    struct ml_suggest near;
    ml_suggest_init(&near, given, len);
    for (const struct ml_opt *o = k->c->opts; o->name != NULL; o++) {
        ml_suggest_offer(&near, o->name);
    }
    const char *best = ml_suggest_best(&near);
    return ml_error_set(k->err, ML_EINVAL, "unknown option --%.*s%s%s%s", (int)len,
                        given, best != NULL ? ", did you mean --" : "",
                        best != NULL ? best : "", best != NULL ? "?" : "");
}

static int
set_int(struct cursor *k, const struct ml_opt *o, const char *value, int *to)
{
    char *end;
    long n = strtol(value, &end, 10);
    if (end == value || *end != '\0' || n < o->least || n > o->most) {
        if (o->most == INT_MAX) {
            return ml_error_set(k->err, ML_EINVAL,
                                "--%s needs a whole number from %d on, not '%s'",
                                o->name, o->least, value);
        }
        return ml_error_set(k->err, ML_EINVAL,
                            "--%s needs a whole number from %d to %d, not '%s'",
                            o->name, o->least, o->most, value);
    }
    *to = (int)n;
    return ML_OK;
}

static int
add_item(struct cursor *k, const struct ml_opt *o, const char *value,
         struct ml_ctl_list *to)
{
    if (to->count == ML_CTL_LIST_MAX) {
        return ml_error_set(k->err, ML_EINVAL, "--%s may be given %d times at most",
                            o->name, ML_CTL_LIST_MAX);
    }
    to->item[to->count++] = value;
    return ML_OK;
}

/* Whether `value` is one of the words in "auto|always|never". */
static bool
is_word_of(const char *words, const char *value)
{
    size_t len = strlen(value);
    for (const char *p = words; p != NULL; p = strchr(p, '|')) {
        p += *p == '|';
        if (len > 0 && strncmp(p, value, len) == 0 &&
            (p[len] == '|' || p[len] == '\0')) {
            return true;
        }
    }
    return false;
}

static int
check_time(struct cursor *k, const struct ml_opt *o, const char *value)
{
    double seconds;
    if (!ml_duration_read(value, strlen(value), &seconds)) {
        return ml_error_set(k->err, ML_EINVAL,
                            "--%s needs a time such as 60, 500ms or 5m, not '%s'",
                            o->name, value);
    }
    return ML_OK;
}

static int
set_value(struct cursor *k, const struct ml_opt *o, const char *value)
{
    void *to = (char *)k->out + o->offset;
    int rc;
    switch (o->type) {
    case ML_OPT_FLAG:
        *(bool *)to = true;
        return ML_OK;
    case ML_OPT_INT:
        return set_int(k, o, value, to);
    case ML_OPT_LIST:
        return add_item(k, o, value, to);
    case ML_OPT_WORD:
        if (!is_word_of(o->value, value)) {
            return ml_error_set(k->err, ML_EINVAL, "--%s is one of %s, not '%s'",
                                o->name, o->value, value);
        }
        break;
    case ML_OPT_TIME:
        if ((rc = check_time(k, o, value)) < 0) {
            return rc;
        }
        break;
    case ML_OPT_TEXT:
        if (value[0] == '\0' && !k->c->hidden) {
            return ml_error_set(k->err, ML_EINVAL, "--%s needs a value", o->name);
        }
        break;
    }
    *(const char **)to = value;
    return ML_OK;
}

/* The value behind an option: attached, or the next argument. */
static int
take_option(struct cursor *k, const struct ml_opt *o, const char *attached)
{
    if (o->type == ML_OPT_FLAG) {
        if (attached != NULL) {
            return ml_error_set(k->err, ML_EINVAL, "--%s takes no value", o->name);
        }
        return set_value(k, o, NULL);
    }
    if (attached == NULL && k->at == k->argc) {
        return ml_error_set(k->err, ML_EINVAL, "--%s needs a value (%s)", o->name,
                            o->value);
    }
    return set_value(k, o, attached != NULL ? attached : k->argv[k->at++]);
}

static int
take_long(struct cursor *k, const char *text)
{
    const char *equals = strchr(text, '=');
    size_t len = equals != NULL ? (size_t)(equals - text) : strlen(text);
    const struct ml_opt *o = find_long(k->c, text, len);
    return o == NULL ? unknown_option(k, text, len)
                     : take_option(k, o, equals != NULL ? equals + 1 : NULL);
}

static int
take_short(struct cursor *k, const char *text)
{
    int rc = ML_OK;
    for (const char *p = text; *p != '\0' && rc == ML_OK; p++) {
        const struct ml_opt *o = find_letter(k->c, *p);
        if (o == NULL) {
            return ml_error_set(k->err, ML_EINVAL, "unknown option -%c", *p);
        }
        if (o->type != ML_OPT_FLAG) {
            return take_option(k, o, p[1] != '\0' ? p + 1 : NULL);
        }
        rc = take_option(k, o, NULL);
    }
    return rc;
}

static int
check_words(const struct ml_command *c, const struct ml_ctl_args *out,
            struct ml_error *err)
{
    if (out->help) {
        return ML_OK;
    }
    if (out->words < c->min_words) {
        return ml_error_set(err, ML_EINVAL, "%s needs %s", c->name, c->words_help);
    }
    if (c->max_words >= 0 && out->words > c->max_words) {
        return ml_error_set(err, ML_EINVAL, "unexpected '%s'", out->word[c->max_words]);
    }
    return ML_OK;
}

int
ml_ctl_opts_read(const struct ml_command *c, int argc, char **argv,
                 struct ml_ctl_args *out, struct ml_error *err)
{
    struct cursor k = {c, argv, argc, 0, out, err};
    bool options = true;
    int rc = ML_OK;
    out->word = argv; /* words are moved to the front, over options already read */
    out->limit = out->max_object_details = out->finding = out->num_reports =
        out->num_iterations = out->keep = out->max_nodes = out->tree =
            ML_CTL_UNSET;
    while (k.at < argc && rc == ML_OK) {
        char *text = argv[k.at++];
        if (options && strcmp(text, "--") == 0) {
            options = false;
        }
        else if (options && strncmp(text, "--", 2) == 0) {
            rc = take_long(&k, text + 2);
        }
        else if (options && text[0] == '-' && text[1] != '\0') {
            rc = take_short(&k, text + 1);
        }
        else {
            out->word[out->words++] = text;
            options = options && c->max_words >= 0;
        }
    }
    return rc < 0 ? rc : check_words(c, out, err);
}

static void
print_option(FILE *to, const struct ml_opt *o)
{
    char left[64];
    bool value = o->type != ML_OPT_FLAG;
    char letter[8] = "    ";
    if (o->letter != '\0') {
        snprintf(letter, sizeof(letter), "-%c, ", o->letter);
    }
    snprintf(left, sizeof(left), "%s--%s%s%s", letter, o->name, value ? " " : "",
             value ? o->value : "");
    if (strlen(left) > 30) {
        fprintf(to, "  %s\n  %-30s  %s\n", left, "", o->help);
    }
    else {
        fprintf(to, "  %-30s  %s\n", left, o->help);
    }
}

void
ml_ctl_opts_usage(FILE *to, const char *program, const struct ml_command *c)
{
    bool options = c->opts[0].name != NULL;
    fprintf(to, "usage: %s %s%s%s%s\n\n%s.\n", program, c->name,
            options ? " [options]" : "", c->words_help[0] != '\0' ? " " : "",
            c->words_help, c->summary);
    if (c->details != NULL) {
        fprintf(to, "\n%s\n", c->details);
    }
    fputs("\noptions:\n", to);
    for (const struct ml_opt *o = c->opts; o->name != NULL; o++) {
        print_option(to, o);
    }
}
