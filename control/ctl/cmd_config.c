/* SPDX-License-Identifier: MIT
 *
 * `memalotctl config`: check a file, show what an agent has in force, make it read its
 * file again.
 */
#include "ask.h"

#include <stdlib.h>
#include <string.h>

#include "ask_many.h"
#include "config_file.h"
#include "suggest.h"

/* -- check ------------------------------------------------------------------------- */

static int
check_document(const char *path, const struct ml_mistakes *mistakes, int rc)
{
    json_t *list = json_array();
    for (int i = 0; i < mistakes->count; i++) {
        const struct ml_error *m = &mistakes->mistake[i];
        json_array_append_new(list,
                              json_pack("{s:i, s:i, s:s}", "line", m->line, "column",
                                        m->column, "message", m->message));
    }
    int code = ml_print_json(
        json_pack("{s:s, s:b, s:o}", "file", path, "valid", rc == 0, "mistakes", list));
    return rc < 0 ? ML_EXIT_FAILED : code;
}

static int
check(const struct ml_ctl_args *args)
{
    if (args->words != 2 || args->config != NULL) {
        return ml_print_fail(ML_EXIT_USAGE, "config check needs one FILE");
    }
    const char *path = args->word[1];
    struct ml_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    if (mistakes == NULL) {
        return ml_print_fail(ML_EXIT_FAILED, "out of memory");
    }
    int rc = ml_config_file_check(path, mistakes), code;
    if (args->json) {
        code = check_document(path, mistakes, rc);
    }
    else if (rc < 0) {
        ml_config_file_print(path, mistakes);
        code = ML_EXIT_FAILED;
    }
    else {
        printf("%s: no mistakes\n", path);
        code = ml_print_end(ML_EXIT_DONE);
    }
    free(mistakes);
    return code;
}

/* -- show -------------------------------------------------------------------------- */

static void
put_value(FILE *to, const json_t *value)
{
    if (json_is_string(value)) {
        fputs(json_string_value(value), to);
        return;
    }
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    fputs(text != NULL ? text : "?", to);
    free(text);
}

/* The YAML's nesting; what differs from the default says so. */
static void
put_values(FILE *to, const json_t *values, const json_t *defaults, int indent)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)values, key, value)
    {
        const json_t *usual = json_object_get(defaults, key);
        fprintf(to, "%*s%s:", indent, "", key);
        if (json_is_object(value)) {
            fputc('\n', to);
            put_values(to, value, usual, indent + 2);
            continue;
        }
        fputc(' ', to);
        put_value(to, value);
        if (usual != NULL && !json_equal(usual, value)) {
            fputs("  # default: ", to);
            put_value(to, usual);
        }
        fputc('\n', to);
    }
}

static void
render_show(FILE *to, const json_t *answer, const struct ml_text_style *style)
{
    const char *file = json_string_value(json_object_get(answer, "file"));
    fprintf(to, "# %s\n", file != NULL ? file : "no file: defaults");
    put_values(to, json_object_get(answer, "values"),
               json_object_get(answer, "defaults"), 0);
}

static int
put_settings(const struct ml_settings *settings, bool as_json)
{
    struct ml_buf text;
    struct ml_json j;
    ml_buf_init(&text, &ml_alloc_libc);
    if (as_json) {
        ml_json_init(&j, &text);
        ml_config_write_json(settings, &j);
        ml_buf_putc(&text, '\n');
    }
    else {
        ml_config_write_yaml(settings, &text);
    }
    int code = text.failed ? ml_print_fail(ML_EXIT_FAILED, "out of memory")
                           : ML_EXIT_DONE;
    if (!text.failed) {
        fwrite(text.data, 1, text.len, stdout);
    }
    ml_buf_fini(&text);
    return ml_print_end(code);
}

/* What a file means, without any agent. */
static int
show_file(const struct ml_ctl_args *args)
{
    if (args->words != 1) {
        return ml_print_fail(ML_EXIT_USAGE, "either a TARGET or -c FILE, not both");
    }
    struct ml_settings *settings = calloc(1, sizeof(*settings));
    struct ml_mistakes *mistakes = calloc(1, sizeof(*mistakes));
    int code = ML_EXIT_FAILED;
    if (settings == NULL || mistakes == NULL) {
        ml_print_fail(code, "out of memory");
    }
    else if (ml_config_load(args->config, settings, mistakes) < 0) {
        ml_config_file_print(args->config, mistakes);
    }
    else {
        code = put_settings(settings, args->json);
    }
    free(mistakes);
    free(settings);
    return code;
}

/* -- reload ------------------------------------------------------------------------ */

static void
put_keys(FILE *to, const char *title, const json_t *keys)
{
    const json_t *key;
    size_t i;
    if (json_array_size(keys) > 0) {
        fprintf(to, "%s", title);
        json_array_foreach(keys, i, key)
        {
            fprintf(to, "%s %s", i > 0 ? "," : "", json_string_value(key));
        }
        fputc('\n', to);
    }
}

static void
render_reload(FILE *to, const json_t *answer, const struct ml_text_style *style)
{
    const json_t *changed = json_object_get(answer, "changed");
    const json_t *later = json_object_get(answer, "restart_needed");
    put_keys(to, "in force now:", changed);
    put_keys(to, "at the next start:", later);
    if (json_array_size(changed) + json_array_size(later) == 0) {
        fputs("nothing changed\n", to);
    }
}

/* -- the words --------------------------------------------------------------------- */

static int
ask_about(const struct ml_ctl_args *args, const char *method, ml_ask_render *render)
{
    struct ml_ctl_args rest = *args;
    rest.word++;
    rest.words--;
    if (rest.words > 1) {
        return ml_print_fail(ML_EXIT_USAGE, "unexpected '%s'", rest.word[1]);
    }
    return ml_ask_and_print(&rest, method, NULL, NULL, render);
}

static int
unknown(const char *word)
{
    static const char *const words[] = {"check", "show", "reload"};
    struct ml_suggest near;
    ml_suggest_init(&near, word, strlen(word));
    for (size_t i = 0; i < 3; i++) {
        ml_suggest_offer(&near, words[i]);
    }
    const char *best = ml_suggest_best(&near);
    return ml_print_fail(ML_EXIT_USAGE, "config has no '%s'%s%s%s", word,
                         best != NULL ? ", did you mean '" : ": check, show or reload",
                         best != NULL ? best : "", best != NULL ? "'?" : "");
}

static int
run(const struct ml_ctl_args *args)
{
    const char *word = args->word[0];
    if (ml_many_wanted(args) && strcmp(word, "reload") != 0) {
        return ml_print_fail(ML_EXIT_USAGE, "only config reload takes --all or --tree");
    }
    if (strcmp(word, "check") == 0) {
        return check(args);
    }
    if (strcmp(word, "show") == 0 && args->config != NULL) {
        return show_file(args);
    }
    if (strcmp(word, "show") == 0) {
        return ask_about(args, "config.get", render_show);
    }
    if (strcmp(word, "reload") == 0 && args->config != NULL) {
        return ml_print_fail(ML_EXIT_USAGE, "reload reads the agent's own file again: "
                                            "it takes no -c");
    }
    if (strcmp(word, "reload") == 0) {
        return ask_about(args, "config.reload", render_reload);
    }
    return unknown(word);
}

static const struct ml_opt opts[] = {
    {"config", 'c', ML_OPT_TEXT, ML_CTL_OPT(config), "FILE", 0, 0,
     "show: what this file means, without an agent"},
    ML_OPT_MANY,
    ML_OPT_JSON,
    ML_OPT_COLOR,
    ML_OPT_HELP,
    ML_OPT_END,
};

const struct ml_command ml_cmd_config = {
    .name = "config",
    .words_help = "check FILE | show [TARGET | -c FILE] | reload [TARGET]",
    .summary = "Check a configuration file, or see and change what is in force",
    .details =
        "check FILE       read it and print every mistake with its line and column\n"
        "show [TARGET]    what is in force, and the defaults it differs from\n"
        "show -c FILE     what a program started with this file would have in force\n"
        "reload [TARGET]  read the file again; one with mistakes changes nothing; also of\n"
        "                 several at once (--all, --tree)",
    .opts = opts,
    .min_words = 1,
    .max_words = 3,
    .run = run,
};
