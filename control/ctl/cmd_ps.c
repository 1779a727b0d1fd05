/* SPDX-License-Identifier: MIT
 *
 * `memalotctl ps`: every agent of this user, one row each. One that does not answer
 * (its process is stopped) is a row too.
 */
#include "discover.h"
#include "print.h"

#include <string.h>

static const char *const headers[] = {"PID",    "NAME",  "PYTHON",      "RSS",
                                      "UPTIME", "STATE", "LAST REPORT", "COMMAND", NULL};

static const char *
text_of(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static void
join_command(const json_t *command, char *out, size_t cap)
{
    const json_t *word;
    size_t i, used = 0;
    out[0] = '\0';
    json_array_foreach(command, i, word)
    {
        int n = snprintf(out + used, cap - used, "%s%s", i > 0 ? " " : "",
                         json_is_string(word) ? json_string_value(word) : "?");
        used += n > 0 ? (size_t)n : 0;
        if (used >= cap) {
            return;
        }
    }
}

static void
add_row(struct ml_table *t, struct ml_agent_found *a)
{
    char pid[24], rss[32], up[32] = "", command[512];
    const json_t *s = ml_discover_status(a);
    snprintf(pid, sizeof(pid), "%ld", a->pid);
    if (s == NULL) {
        ml_table_row(t, (const char *[]){pid, NULL, NULL, NULL, NULL, "not answering",
                                         NULL, a->path});
        return;
    }
    long seconds = (long)json_number_value(json_object_get(s, "uptime_s"));
    snprintf(up, sizeof(up), "%ld:%02ld:%02ld", seconds / 3600, seconds / 60 % 60,
             seconds % 60);
    join_command(json_object_get(s, "command"), command, sizeof(command));
    ml_text_bytes(json_number_value(json_object_get(s, "rss")), rss);
    bool monitoring = json_is_true(json_object_get(s, "monitoring"));
    ml_table_row(t, (const char *[]){pid, text_of(s, "name"), text_of(s, "python_version"),
                                     rss, up, monitoring ? "monitoring" : text_of(s, "state"),
                                     text_of(s, "last_report"), command});
}

static int
print_table(struct ml_discovery *d, const struct ml_ctl_args *args)
{
    struct ml_text_style style = ml_print_style(stdout, args->color);
    struct ml_table *t = ml_table_new(&style, headers, "rllrrlll");
    for (size_t i = 0; i < d->count; i++) {
        add_row(t, &d->agent[i]);
    }
    ml_table_print(t, stdout);
    ml_table_free(t);
    return ml_print_end(ML_EXIT_DONE);
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
            json_object_set_new(row, "pid", json_integer(a->pid));
            json_object_set_new(row, "error", json_string(a->trouble));
        }
        json_object_set_new(row, "socket", json_string(a->path));
        json_array_append_new(agents, row);
    }
    return ml_print_json(json_pack("{s:o}", "agents", agents));
}

static int
run(const struct ml_ctl_args *args)
{
    struct ml_discovery d;
    ml_discover(&d);
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

static const struct ml_opt opts[] = {ML_OPT_JSON, ML_OPT_COLOR, ML_OPT_HELP, ML_OPT_END};

const struct ml_command ml_cmd_ps = {
    .name = "ps",
    .words_help = "",
    .summary = "Every agent of this user (root: of every user)",
    .opts = opts,
    .run = run,
};
