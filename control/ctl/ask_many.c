/* SPDX-License-Identifier: MIT
 *
 * See ask_many.h. One loop over poll(2): each agent has its own connection and is at
 * one step of its own; a tick of 100 ms looks at the clock and draws the progress line.
 */
#define _GNU_SOURCE
#include "ask_many.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "duration.h"
#include "family.h"

#define TICK_MS 100
#define STOPPED_MS 2000   /* whose process is stopped says nothing more */
#define STATUS_MS 10000   /* a status takes no time, but the machine may be busy */
#define PATIENCE_MS 60000 /* an agent at work is heard of more often than that */

enum step { STEP_STATUS, STEP_WAITING, STEP_WORK, STEP_OVER };

struct asking {
    struct ml_asked *of;
    enum step step;
    int64_t heard; /* when it last said anything */
};

struct round {
    struct asking *asking;
    struct pollfd *fds;
    size_t count, over, running, at_once;
    const char *method; /* NULL: the status is all that is wanted */
    const json_t *params;
    const char *what;
    int64_t patience;
    struct ml_progress_line line;
};

/* -- one agent --------------------------------------------------------------------- */

static void
finish(struct round *r, struct asking *a)
{
    struct ml_agent_found *agent = a->of->agent;
    if (agent->status == NULL) {
        snprintf(agent->trouble, sizeof(agent->trouble), "%.150s",
                 a->of->trouble.message);
    }
    r->running -= a->step == STEP_WORK;
    r->over++;
    a->step = STEP_OVER;
}

static void
send_to(struct round *r, struct asking *a, enum step step, const char *method,
        json_t *params)
{
    bool progress = step == STEP_WORK; /* a sign of life, too */
    a->step = step;
    r->running += step == STEP_WORK;
    a->heard = ml_clock_ms();
    if (ml_client_send(a->of->agent->client, method, params, progress,
                       &a->of->trouble) < 0) {
        finish(r, a);
    }
}

static void
begin(struct round *r, struct asking *a)
{
    if (a->of->agent->status == NULL) {
        send_to(r, a, STEP_STATUS, "status", NULL);
    }
    else {
        a->step = STEP_WAITING;
    }
}

static void
go_on(struct round *r, struct asking *a)
{
    if (a->step != STEP_WAITING) {
        return;
    }
    if (r->method == NULL) {
        finish(r, a);
    }
    else if (r->running < r->at_once) {
        send_to(r, a, STEP_WORK, r->method, json_deep_copy(r->params));
    }
}

static void
take(struct round *r, struct asking *a)
{
    json_t *answer = NULL;
    a->heard = ml_clock_ms();
    if (ml_client_take(a->of->agent->client, NULL, &answer, &a->of->trouble) < 0) {
        finish(r, a);
    }
    else if (answer != NULL && a->step == STEP_STATUS) {
        a->of->agent->status = answer;
        a->step = STEP_WAITING;
    }
    else if (answer != NULL) {
        a->of->answer = answer;
        finish(r, a);
    }
}

/* Those who only look (ps) do not wait for the busy, either. */
static bool
is_hopeless(const struct round *r, const struct asking *a, int64_t silence)
{
    int64_t patience = a->step == STEP_STATUS ? STATUS_MS : r->patience;
    bool asked = a->step == STEP_STATUS || a->step == STEP_WORK;
    return asked && (silence > patience ||
                     (silence > STOPPED_MS &&
                      (r->method == NULL || ml_family_is_stopped(a->of->agent))));
}

static void
look_at_the_clock(struct round *r, struct asking *a, int64_t now)
{
    if (is_hopeless(r, a, now - a->heard)) {
        bool stopped = ml_family_is_stopped(a->of->agent);
        ml_error_set(&a->of->trouble, ML_ECANCELLED, "the agent does not answer%s",
                     stopped ? ": the process is stopped" : "");
        finish(r, a);
    }
}

/* -- all of them ------------------------------------------------------------------- */

static void
draw(struct round *r)
{
    char text[64];
    size_t now = r->over + 1 < r->count ? r->over + 1 : r->count;
    snprintf(text, sizeof(text), "%s %zu of %zu", r->what, now, r->count);
    ml_progress_line_step(&r->line, r->what != NULL ? text : NULL, -1);
}

static void
wait_for_some(struct round *r)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct asking *a = &r->asking[i];
        bool listening = a->step == STEP_STATUS || a->step == STEP_WORK;
        r->fds[i] = (struct pollfd){
            .fd = listening ? ml_client_fd(a->of->agent->client) : -1,
            .events = POLLIN};
    }
    if (poll(r->fds, r->count, TICK_MS) <= 0) {
        return;
    }
    for (size_t i = 0; i < r->count; i++) {
        if (r->fds[i].revents != 0) {
            take(r, &r->asking[i]);
        }
    }
}

static void
go_round(struct round *r)
{
    for (size_t i = 0; i < r->count; i++) {
        begin(r, &r->asking[i]);
    }
    ml_progress_line_begin(&r->line, r->what);
    for (;;) {
        int64_t now = ml_clock_ms();
        for (size_t i = 0; i < r->count; i++) {
            look_at_the_clock(r, &r->asking[i], now);
            go_on(r, &r->asking[i]);
        }
        if (r->over == r->count) {
            break;
        }
        wait_for_some(r);
        draw(r);
    }
    ml_progress_line_end(&r->line);
}

static size_t
processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

/* Returns false when memory is short. */
static bool
ask_everybody(struct ml_asked *asked, size_t count, struct round *r)
{
    r->count = count;
    r->at_once = processors();
    r->asking = calloc(count + 1, sizeof(*r->asking));
    r->fds = calloc(count + 1, sizeof(*r->fds));
    bool done = r->asking != NULL && r->fds != NULL;
    for (size_t i = 0; i < count && done; i++) {
        r->asking[i].of = &asked[i];
    }
    if (done) {
        go_round(r);
    }
    free(r->asking);
    free(r->fds);
    return done;
}

void
ml_many_status(struct ml_discovery *d)
{
    struct round r = {0};
    struct ml_asked *asked = calloc(d->count + 1, sizeof(*asked));
    for (size_t i = 0; i < d->count && asked != NULL; i++) {
        asked[i].agent = &d->agent[i];
    }
    if (asked != NULL) {
        (void)ask_everybody(asked, d->count, &r);
    }
    free(asked);
}

/* -- who is meant ------------------------------------------------------------------ */

bool
ml_many_wanted(const struct ml_ctl_args *args)
{
    return args->all || args->tree != ML_CTL_UNSET;
}

static int
check(const struct ml_ctl_args *args)
{
    const char *option = args->all ? "--all" : "--tree";
    if (args->all && args->tree != ML_CTL_UNSET) {
        return ml_print_fail(ML_EXIT_USAGE, "either --all or --tree PID, not both");
    }
    if (args->words > 0) {
        return ml_print_fail(ML_EXIT_USAGE, "either a TARGET or %s, not both", option);
    }
    return ML_EXIT_DONE;
}

static int
nobody(const struct ml_ctl_args *args, const struct ml_discovery *d)
{
    if (d->refused[0] != '\0') {
        return ml_print_fail(ML_EXIT_REFUSED, "no agent that you may ask: %s",
                             d->refused);
    }
    return args->all ? ml_print_fail(ML_EXIT_NO_AGENT, "no agent found")
                     : ml_print_fail(ML_EXIT_NO_AGENT,
                                     "no agent in process %d or below it: '%s ps' shows "
                                     "where there are agents",
                                     args->tree, args->program);
}

static int
choose(const struct ml_ctl_args *args, struct ml_many *m)
{
    ml_discover(&m->found);
    ml_family_find(&m->found);
    m->asked = calloc(m->found.count + 1, sizeof(*m->asked));
    if (m->asked == NULL) {
        return ml_print_fail(ML_EXIT_FAILED, "out of memory");
    }
    for (size_t i = 0; i < m->found.count; i++) {
        struct ml_agent_found *a = &m->found.agent[i];
        if (args->all || ml_family_is_below(a, args->tree)) {
            m->asked[m->count++].agent = a;
        }
    }
    return m->count > 0 ? ML_EXIT_DONE : nobody(args, &m->found);
}

/* -- asking ------------------------------------------------------------------------ */

const char *
ml_many_label(const struct ml_asked *a, char *out, size_t cap)
{
    if (a->agent->status != NULL) {
        return ml_discover_label(a->agent, out, cap);
    }
    snprintf(out, cap, "%ld", a->agent->pid);
    return out;
}

static void
say_trouble(struct ml_many *m)
{
    for (size_t i = 0; i < m->count; i++) {
        struct ml_asked *a = &m->asked[i];
        if (a->answer != NULL) {
            m->answered++;
            continue;
        }
        char label[300];
        ml_many_label(a, label, sizeof(label));
        m->code = ml_print_fail(ml_print_exit_code(a->trouble.code), "%s: %s", label,
                                a->trouble.message);
    }
}

static int64_t
patience_of(const struct ml_ctl_args *args)
{
    double seconds;
    bool given = args->timeout != NULL &&
                 ml_duration_read(args->timeout, strlen(args->timeout), &seconds);
    return given ? (int64_t)(seconds * 1000) : PATIENCE_MS;
}

int
ml_many_ask(const struct ml_ctl_args *args, const char *method, json_t *params,
            const char *what, struct ml_many *out)
{
    struct round r = {.method = method, .params = params, .what = what};
    *out = (struct ml_many){.code = check(args)};
    if (out->code == ML_EXIT_DONE) {
        out->code = choose(args, out);
    }
    if (out->code == ML_EXIT_DONE) {
        r.patience = patience_of(args);
        if (ask_everybody(out->asked, out->count, &r)) {
            say_trouble(out);
        }
        else {
            out->code = ml_print_fail(ML_EXIT_FAILED, "out of memory");
        }
    }
    json_decref(params);
    return out->code;
}

void
ml_many_fini(struct ml_many *m)
{
    for (size_t i = 0; i < m->count; i++) {
        json_decref(m->asked[i].answer);
    }
    free(m->asked);
    ml_discovery_fini(&m->found);
}

/* -- as data ----------------------------------------------------------------------- */

/* {pid, name, parent: pid|null} */
static json_t *
identity_of(const struct ml_asked *a)
{
    const struct ml_agent_found *parent = a->agent->parent;
    const json_t *name = json_object_get(a->agent->status, "name");
    return json_pack("{s:I, s:O, s:o}", "pid", (json_int_t)a->agent->pid, "name",
                     json_is_string(name) ? name : json_null(), "parent",
                     parent != NULL ? json_integer(parent->pid) : json_null());
}

/* Memory that the process has to itself, and its part of what it shares; null when the
 * kernel does not say (another user's process). */
static json_t *
pss_of(const struct ml_agent_found *a)
{
    char path[64], line[256];
    unsigned long long kb;
    json_t *out = NULL;
    snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", a->pid);
    FILE *from = a->here ? fopen(path, "re") : NULL;
    while (from != NULL && out == NULL && fgets(line, sizeof(line), from) != NULL) {
        if (sscanf(line, "Pss: %llu kB", &kb) == 1) {
            out = json_integer((json_int_t)(kb * 1024));
        }
    }
    if (from != NULL) {
        fclose(from);
    }
    return out != NULL ? out : json_null();
}

json_t *
ml_many_members(const struct ml_many *m, bool with_pss)
{
    json_t *members = json_array();
    for (size_t i = 0; i < m->count; i++) {
        struct ml_asked *a = &m->asked[i];
        json_t *member = identity_of(a);
        if (a->answer != NULL) {
            json_object_set(member, "answer", a->answer);
        }
        if (a->answer != NULL && with_pss) {
            json_object_set_new(member, "pss", pss_of(a->agent));
        }
        if (a->answer == NULL) {
            json_object_set_new(member, "error", json_string(a->trouble.message));
        }
        json_array_append_new(members, member);
    }
    return members;
}
