/* SPDX-License-Identifier: MIT
 *
 * See trigger.h. In a cgroup with a limit it is the whole group's use that counts: that
 * is what the OOM killer looks at, whichever of its processes it then takes.
 */
#include "trigger.h"

#include <stdio.h> /* snprintf, no floating point: that follows the program's locale */
#include <stdlib.h>
#include <string.h>

#include "amount.h"
#include "cgroup.h"
#include "human.h"
#include "program.h"
#include "small_file.h"

#define MORE 1.1 /* what memory_above wants to see before it fires once more */

/* -- settings ---------------------------------------------------------------------- */

static bool
is_on(const struct ml_settings *s)
{
    return s->sweep.when.memory_above.unit != ML_AMOUNT_OFF ||
           s->sweep.when.growth_above.unit != ML_AMOUNT_OFF;
}

void
ml_trigger_configure(struct ml_trigger *t, const struct ml_settings *s, double now)
{
    if (!is_on(s)) {
        t->next_at = 0;
        t->samples = 0;
        t->above = false;
        return;
    }
    if (t->next_at <= 0) {
        t->next_at = now;
    }
    if (t->fired_at > 0) {
        t->quiet_until = t->fired_at + s->sweep.when.cooldown;
    }
}

/* -- readings ---------------------------------------------------------------------- */

void
ml_trigger_read(struct ml_trigger_reading *out)
{
    struct ml_cgroup_memory group;
    char text[256];
    out->rss = ml_program_rss();
    out->used = out->rss;
    ml_small_file_read("/proc/meminfo", text, sizeof(text));
    out->limit = ml_small_file_kilobytes(text, "MemTotal:");
    ml_cgroup_memory(&group);
    if (group.limit > 0 && (out->limit == 0 || group.limit < out->limit)) {
        out->limit = group.limit;
        out->used = group.used;
    }
}

/* One older than the window is kept, so that the window is always full. */
static void
add_sample(struct ml_trigger *t, double rss, double now)
{
    unsigned drop = t->samples == ML_TRIGGER_SAMPLES ? 1 : 0;
    while (drop + 1 < t->samples && t->sample[drop + 1].at <= now - ML_TRIGGER_WINDOW) {
        drop++;
    }
    t->samples -= drop;
    memmove(t->sample, t->sample + drop, t->samples * sizeof(t->sample[0]));
    t->sample[t->samples].at = now;
    t->sample[t->samples].rss = rss;
    t->samples++;
}

double
ml_trigger_growth(const struct ml_trigger *t)
{
    if (t->samples < 2) {
        return 0;
    }
    unsigned last = t->samples - 1;
    double time = t->sample[last].at - t->sample[0].at;
    return time > 0 ? (t->sample[last].rss - t->sample[0].rss) / time * 60 : 0;
}

static double
largest_step(const struct ml_trigger *t)
{
    double largest = 0;
    for (unsigned i = 1; i < t->samples; i++) {
        double step = t->sample[i].rss - t->sample[i - 1].rss;
        largest = step > largest ? step : largest;
    }
    return largest;
}

/* -- judging ----------------------------------------------------------------------- */

static void
put_bytes(struct ml_trigger *t, const char *before, double bytes)
{
    struct ml_buf text;
    ml_buf_init(&text, &ml_alloc_libc);
    ml_human_bytes(&text, bytes > 0 ? (uint64_t)bytes : 0);
    size_t used = strlen(t->reason);
    snprintf(t->reason + used, sizeof(t->reason) - used, "%s%s", before,
             ml_buf_str(&text));
    ml_buf_fini(&text);
}

static void
put_setting(struct ml_trigger *t, const char *key, struct ml_amount amount)
{
    char text[ML_AMOUNT_TEXT];
    size_t used = strlen(t->reason);
    snprintf(t->reason + used, sizeof(t->reason) - used, ", above sweep.when.%s (%s)",
             key, ml_amount_write(amount, text));
}

/* `quiet`: only remembers that the memory was below. */
static bool
memory_is_above(struct ml_trigger *t, struct ml_amount limit,
                const struct ml_trigger_reading *r, bool quiet)
{
    bool share = limit.unit == ML_AMOUNT_PERCENT;
    double memory = share ? (double)r->used : (double)r->rss;
    double threshold = share ? limit.value / 100 * (double)r->limit : limit.value;
    if (limit.unit == ML_AMOUNT_OFF || threshold <= 0 || memory < threshold) {
        t->above = false;
        return false;
    }
    if (quiet || (t->above && memory < t->fired_memory * MORE)) {
        return false;
    }
    t->above = true;
    t->fired_memory = memory;
    t->reason[0] = '\0';
    put_bytes(t, "memory ", memory);
    if (share) {
        put_bytes(t, " of ", (double)r->limit);
    }
    put_setting(t, "memory_above", limit);
    return true;
}

static bool
grows_too_fast(struct ml_trigger *t, struct ml_amount limit)
{
    double growth = ml_trigger_growth(t);
    if (limit.unit == ML_AMOUNT_OFF || t->samples < 2 || growth < limit.value) {
        return false;
    }
    double time = t->sample[t->samples - 1].at - t->sample[0].at;
    double grown = growth * time / 60;
    if (time < ML_TRIGGER_WINDOW || grown - largest_step(t) < grown / 2) {
        return false;
    }
    t->reason[0] = '\0';
    put_bytes(t, "memory grows by ", growth);
    snprintf(t->reason + strlen(t->reason), sizeof(t->reason) - strlen(t->reason),
             " a minute");
    put_setting(t, "growth_above", limit);
    return true;
}

void
ml_trigger_skip(struct ml_trigger *t, double now)
{
    t->next_at = now + ML_TRIGGER_EVERY;
}

bool
ml_trigger_take(struct ml_trigger *t, const struct ml_settings *s,
                const struct ml_trigger_reading *reading, double now)
{
    ml_trigger_skip(t, now);
    add_sample(t, (double)reading->rss, now);
    bool quiet = now < t->quiet_until;
    bool fires = memory_is_above(t, s->sweep.when.memory_above, reading, quiet) ||
                 (!quiet && grows_too_fast(t, s->sweep.when.growth_above));
    if (fires) {
        t->fired++;
        t->fired_at = now;
        t->quiet_until = now + s->sweep.when.cooldown;
        t->samples = 0; /* what comes next is judged by itself */
    }
    return fires;
}

/* -- status ------------------------------------------------------------------------ */

static void
write_amount(struct ml_json *out, const char *key, struct ml_amount amount)
{
    char text[ML_AMOUNT_TEXT];
    bool on = amount.unit != ML_AMOUNT_OFF;
    ml_json_kv_str(out, key, on ? ml_amount_write(amount, text) : NULL);
}

void
ml_trigger_write_status(const struct ml_trigger *t, const struct ml_settings *s,
                        double now, struct ml_json *out)
{
    if (!is_on(s)) {
        ml_json_bool(out, false);
        return;
    }
    bool quiet = now < t->quiet_until;
    ml_json_begin_object(out);
    write_amount(out, "memory_above", s->sweep.when.memory_above);
    write_amount(out, "growth_above", s->sweep.when.growth_above);
    ml_json_kv_str(out, "state", quiet ? "cooling down" : "watching");
    ml_json_kv_double(out, "quiet_for_s", quiet ? t->quiet_until - now : 0, 3);
    ml_json_kv_double(out, "growth_per_min", ml_trigger_growth(t), 0);
    ml_json_kv_uint(out, "fired", t->fired);
    ml_json_kv_str(out, "last_reason", t->fired > 0 ? t->reason : NULL);
    ml_json_end_object(out);
}
