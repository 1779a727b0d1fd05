/* SPDX-License-Identifier: MIT
 *
 * The agent and its configuration file: read at the start, shown and read again on
 * request. A file with mistakes changes nothing. Keys that are not live keep the value
 * they had at the start, so that `config.get` shows what is really in force.
 */
#include "agent_state.h"

#include <stdio.h>
#include <string.h>

#include "monitor.h"
#include "program.h"
#include "clock.h"

int
ml_agent_load_settings(struct ml_agent *a, struct ml_settings *out, struct ml_error *err)
{
    if (a->config_file[0] == '\0') {
        ml_settings_defaults(out);
        return ML_OK;
    }
    memset(&a->mistakes, 0, sizeof(a->mistakes));
    int rc = ml_config_load(a->config_file, out, &a->mistakes);
    if (rc < 0 && a->mistakes.count == 0) {
        return ml_error_set(err, rc, "%s: %s", a->config_file, ml_error_name(rc));
    }
    if (rc < 0) {
        const struct ml_error *first = &a->mistakes.mistake[0];
        int others = a->mistakes.count - 1 + a->mistakes.more;
        char more[48] = "";
        if (others > 0) {
            snprintf(more, sizeof(more), " (and %d more: memalotctl config check)", others);
        }
        if (first->line == 0) {
            return ml_error_set(err, rc, "%s: %s%s", a->config_file, first->message, more);
        }
        return ml_error_set_at(err, rc, first->line, first->column, "%s:%d:%d: %s%s",
                               a->config_file, first->line, first->column, first->message,
                               more);
    }
    return ML_OK;
}

void
ml_agent_apply_settings(struct ml_agent *a, bool schedule_changed)
{
    const struct ml_settings *s = &a->settings;
    if (s->name[0] != '\0') {
        snprintf(a->name, sizeof(a->name), "%s", s->name);
    }
    else {
        ml_program_name(a->name, sizeof(a->name));
    }
    ml_program_expand_home(s->report.directory, a->home, a->report_directory,
                           sizeof(a->report_directory));
    ml_trigger_configure(&a->trigger, s, ml_clock_seconds());
    if (schedule_changed) {
        a->next_sweep_at = s->sweep.every > 0 ? ml_clock_seconds() + s->sweep.every : 0;
    }
    ml_monitors_apply_settings(a);
}

static void
write_settings(struct ml_json *out, const char *key, const struct ml_settings *s)
{
    ml_json_key(out, key);
    ml_config_write_json(s, out);
}

int
ml_agent_config_get(struct ml_agent *a, struct ml_json *out, struct ml_error *err)
{
    ml_json_begin_object(out);
    ml_json_kv_str(out, "file", a->config_file[0] != '\0' ? a->config_file : NULL);
    write_settings(out, "values", &a->settings);
    ml_settings_defaults(&a->reloaded);
    write_settings(out, "defaults", &a->reloaded);
    ml_json_end_object(out);
    return ML_OK;
}

struct key_list {
    struct ml_json *out;
    bool live;
};

static void
write_key(void *ctx, const char *key, bool live)
{
    struct key_list *list = ctx;
    if (live == list->live) {
        ml_json_str(list->out, key);
    }
}

static void
write_changes(struct ml_agent *a, struct ml_json *out)
{
    struct key_list changed = {out, true}, restart = {out, false};
    ml_json_begin_object(out);
    ml_json_key(out, "changed");
    ml_json_begin_array(out);
    ml_config_diff(&a->settings, &a->reloaded, write_key, &changed);
    ml_json_end_array(out);
    ml_json_key(out, "restart_needed");
    ml_json_begin_array(out);
    ml_config_diff(&a->settings, &a->reloaded, write_key, &restart);
    ml_json_end_array(out);
    ml_json_end_object(out);
}

int
ml_agent_config_reload(struct ml_agent *a, struct ml_json *out, struct ml_error *err)
{
    if (a->config_file[0] == '\0') {
        return ml_error_set(err, ML_ESTATE,
                            "the agent was started without a configuration file");
    }
    int rc = ml_agent_load_settings(a, &a->reloaded, err);
    if (rc < 0) {
        return rc;
    }
    write_changes(a, out);
    bool schedule_changed = a->reloaded.sweep.every != a->settings.sweep.every;
    /* The two keys that need a restart (options.c). */
    memcpy(a->reloaded.control.socket, a->settings.control.socket,
           sizeof(a->settings.control.socket));
    a->reloaded.control.signal = a->settings.control.signal;
    a->settings = a->reloaded;
    ml_agent_apply_settings(a, schedule_changed);
    return ML_OK;
}
