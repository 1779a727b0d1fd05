/* SPDX-License-Identifier: MIT
 *
 * See monitoring.h. Keys that an agent of another version does not send are left out
 * of the sentences.
 */
#include "monitoring.h"

#include "text_format.h"

bool
ml_monitoring_is_on(const json_t *monitoring)
{
    return json_is_true(monitoring) || json_is_object(monitoring);
}

void
ml_monitoring_what(struct ml_paint *p, const json_t *monitoring)
{
    char time[32];
    const json_t *subject = json_object_get(monitoring, "subject");
    double lifetime = ml_json_number(monitoring, "lifetime_s");
    long long calls = ml_json_integer(monitoring, "calls");
    if (json_string_length(subject) > 0) {
        ml_paint_whole(p, ML_PLAIN, subject);
        ml_paint_word(p, ML_PLAIN, ": ");
    }
    if (lifetime > 0) {
        ml_paint_printf(p, ML_PLAIN, "objects that live longer than %s",
                        ml_text_duration(lifetime, time));
    }
    else if (calls > 1) {
        ml_paint_printf(p, ML_PLAIN, "objects that survive %lld calls", calls);
    }
    else {
        ml_paint_word(p, ML_PLAIN, "objects that survive the call");
    }
}

static void
number_of(struct ml_paint *p, const json_t *monitoring, const char *key,
          const char *what)
{
    char count[32];
    long long n = ml_json_integer(monitoring, key);
    if (ml_json_has_number(monitoring, key)) {
        ml_paint_printf(p, ML_PLAIN, ", %s %s%s", ml_text_count(n, count), what,
                        n == 1 ? "" : "s");
    }
}

void
ml_monitoring_progress(struct ml_paint *p, const json_t *monitoring)
{
    char time[32];
    const json_t *state = json_object_get(monitoring, "state");
    if (json_is_string(state)) {
        ml_paint_whole(p, ML_PLAIN, state);
    }
    else {
        ml_paint_word(p, ML_PLAIN, "on");
    }
    if (ml_json_has_number(monitoring, "since_s")) {
        ml_paint_printf(p, ML_PLAIN, " for %s",
                        ml_text_duration(ml_json_number(monitoring, "since_s"), time));
    }
    number_of(p, monitoring, "iteration", "iteration");
    if (ml_json_has_number(monitoring, "next_iteration_in_s")) {
        double left = ml_json_number(monitoring, "next_iteration_in_s");
        ml_paint_printf(p, ML_PLAIN, ", the next in %s", ml_text_duration(left, time));
    }
    number_of(p, monitoring, "suspects", "suspect");
}

/* Iteration 1 is the warm-up's: nothing can be old enough for it yet. */
double
ml_monitoring_first_findings(const json_t *monitoring)
{
    double lifetime = ml_json_number(monitoring, "lifetime_s");
    double next = ml_json_number(monitoring, "next_iteration_in_s");
    long long done = ml_json_integer(monitoring, "iteration");
    if (lifetime <= 0 || !ml_json_has_number(monitoring, "next_iteration_in_s")) {
        return 0;
    }
    return done == 0 ? next + lifetime : done == 1 ? next : 0;
}
