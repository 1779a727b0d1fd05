/* SPDX-License-Identifier: MIT
 *
 * `memalotctl ps`: every agent of this user, one row each, processes of one family as a
 * tree. One that does not answer (its process is stopped) is a row too. Sockets left
 * behind are removed on the way.
 */
#include "ask_many.h"
#include "family.h"

#include <string.h>

#include "monitoring.h"
#include "print.h"
#include "table.h"

static const char *const headers[] = {
    "PID", "NAME", "PYTHON", "RSS", "UPTIME", "STATE", "LAST REPORT", "COMMAND", NULL};
static const enum ml_column kinds[] = {ML_COLUMN_RIGHT, ML_COLUMN_TREE,  ML_COLUMN_LEFT,
                                       ML_COLUMN_RIGHT, ML_COLUMN_RIGHT, ML_COLUMN_LEFT,
                                       ML_COLUMN_LEFT,  ML_COLUMN_LEFT};

/* The command line as one text, a new reference. */
static json_t *
join_command(const json_t *command)
{
    char text[512] = "";
    const json_t *word;
    size_t i, used = 0;
    json_array_foreach(command, i, word)
    {
        int n = snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? " " : "",
                         json_is_string(word) ? json_string_value(word) : "?");
        used += n > 0 ? (size_t)n : 0;
        if (used >= sizeof(text)) {
            break;
        }
    }
    return json_stringn_nocheck(text, strlen(text));
}

static void
add_status(struct ml_table *t, const json_t *s)
{
    char up[32];
    long seconds = (long)json_number_value(json_object_get(s, "uptime_s"));
    bool monitoring = ml_monitoring_is_on(json_object_get(s, "monitoring"));
    json_t *command = join_command(json_object_get(s, "command"));
    snprintf(up, sizeof(up), "%ld:%02ld:%02ld", seconds / 3600, seconds / 60 % 60,
             seconds % 60);
    ml_table_text(t, 1, json_object_get(s, "name"));
    ml_table_text(t, 2, json_object_get(s, "python_version"));
    ml_table_bytes(t, 3, s, "rss");
    ml_table_word(t, 4, up);
    if (monitoring) {
        ml_table_word(t, 5, "monitoring");
    }
    else {
        ml_table_text(t, 5, json_object_get(s, "state"));
    }
    ml_table_text(t, 6, json_object_get(s, "last_report"));
    ml_table_text(t, 7, command);
    json_decref(command);
}

static void
add_row(struct ml_table *t, const struct ml_discovery *d, struct ml_agent_found *a)
{
    char pid[24];
    const json_t *status = ml_discover_status(a);
    snprintf(pid, sizeof(pid), "%ld", a->pid);
    ml_table_row(t);
    if (a->parent != NULL) {
        ml_table_under(t, (size_t)(a->parent - d->agent));
    }
    ml_table_word(t, 0, pid);
    if (status != NULL) {
        add_status(t, status);
    }
    else {
        ml_table_word(t, 1, "?"); /* keeps its place in the tree */
        ml_table_word(t, 5, "not answering");
        ml_table_word(t, 7, a->path);
    }
}

static int
print_table(struct ml_discovery *d, const struct ml_ctl_args *args)
{
    struct ml_text_style style = ml_print_style(stdout, args->color);
    struct ml_paint paint;
    ml_paint_init(&paint, stdout, &style);
    struct ml_table *t = ml_table_new(&paint, headers, kinds);
    for (size_t i = 0; i < d->count; i++) {
        add_row(t, d, &d->agent[i]);
    }
    ml_table_print(t);
    return ml_print_end(ML_EXIT_DONE);
}

/* The number that we know it by; in another pid namespace it calls itself otherwise. */
static void
put_pids(json_t *row, const struct ml_agent_found *a)
{
    const struct ml_agent_found *parent = a->parent;
    json_object_set_new(row, "pid", json_integer(a->pid));
    json_object_set_new(row, "ppid", a->ppid > 0 ? json_integer(a->ppid) : json_null());
    json_object_set_new(row, "parent",
                        parent != NULL ? json_integer(parent->pid) : json_null());
}

static int
print_document(struct ml_discovery *d)
{
    json_t *agents = json_array();
    for (size_t i = 0; i < d->count; i++) {
        struct ml_agent_found *a = &d->agent[i];
        const json_t *status = ml_discover_status(a);
        json_t *row = status != NULL ? json_copy((json_t *)status) : json_object();
        if (status == NULL) {
            json_object_set_new(row, "error", json_string(a->trouble));
        }
        put_pids(row, a);
        json_object_set_new(row, "socket", json_string(a->path));
        json_array_append_new(agents, row);
    }
    return ml_print_json(json_pack("{s:o}", "agents", agents));
}

static int
run(const struct ml_ctl_args *args)
{
    struct ml_discovery d;
    ml_discover_and_tidy(&d);
    ml_family_find(&d);
    ml_many_status(&d);
    int code;
    if (args->json) {
        code = print_document(&d);
    }
    else if (d.count > 0) {
        code = print_table(&d, args);
    }
    else {
        ml_print_note("no agents are running");
        code = ML_EXIT_DONE;
    }
    if (d.refused[0] != '\0') {
        ml_print_note("passed over: %s", d.refused);
    }
    ml_discovery_fini(&d);
    return code;
}

static const struct ml_opt opts[] = {ML_OPT_JSON, ML_OPT_COLOR, ML_OPT_HELP,
                                     ML_OPT_END};

const struct ml_command ml_cmd_ps = {
    .name = "ps",
    .words_help = "",
    .summary = "Every agent of this user (root: of every user), families as trees",
    .opts = opts,
    .run = run,
};
