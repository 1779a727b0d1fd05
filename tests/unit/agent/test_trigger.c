/* SPDX-License-Identifier: MIT
 *
 * trigger: readings with a clock of their own, second by second where it matters.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "config.h"
#include "trigger.h"

#define MIB (1024.0 * 1024.0)

static struct ml_settings s;
static struct ml_trigger t;
static double now;

static void
begin(void)
{
    ml_settings_defaults(&s);
    t = (struct ml_trigger){0};
    now = 1000;
}

static void
when(double memory_above, double growth_above, double cooldown)
{
    if (memory_above > 0) {
        s.sweep.when.memory_above = (struct ml_amount){ML_AMOUNT_BYTES, memory_above};
    }
    if (growth_above > 0) {
        s.sweep.when.growth_above =
            (struct ml_amount){ML_AMOUNT_BYTES_PER_MIN, growth_above};
    }
    s.sweep.when.cooldown = cooldown;
    ml_trigger_configure(&t, &s, now);
}

/* The next reading; true when it fires. */
static bool
take(double rss)
{
    struct ml_trigger_reading r = {
        .rss = (uint64_t)rss, .used = (uint64_t)rss * 2, .limit = (uint64_t)(400 * MIB)};
    cr_assert_gt(t.next_at, 0);
    now = t.next_at > now ? t.next_at : now;
    return ml_trigger_take(&t, &s, &r, now);
}

/* Times that it fires while the memory grows by `step` at each of `readings`. */
static int
grow(double *rss, double step, int readings)
{
    int fired = 0;
    for (int i = 0; i < readings; i++) {
        *rss += step;
        fired += take(*rss);
    }
    return fired;
}

TestSuite(trigger, .init = begin);

Test(trigger, is_never_due_while_off)
{
    when(0, 0, 600);
    cr_expect_eq(t.next_at, 0.0);
    when(100 * MIB, 0, 600);
    cr_expect_eq(t.next_at, now, "at once");
    s.sweep.when.memory_above.unit = ML_AMOUNT_OFF;
    when(0, 0, 600);
    cr_expect_eq(t.next_at, 0.0);
}

Test(trigger, memory_fires_when_it_passes_and_not_while_it_stays)
{
    when(100 * MIB, 0, 0);
    cr_expect_not(take(99 * MIB));
    cr_expect(take(100 * MIB));
    cr_expect_not_null(strstr(t.reason, "memory 100.0 MiB, above "), "%s", t.reason);
    cr_expect_not_null(strstr(t.reason, "sweep.when.memory_above (100MiB)"));
    for (int i = 0; i < 1000; i++) {
        cr_expect_not(take(109 * MIB));
    }
    cr_expect(take(111 * MIB), "a tenth more");
    cr_expect_not(take(90 * MIB));
    cr_expect(take(101 * MIB), "it was below");
    cr_expect_eq(t.fired, 3);
}

Test(trigger, a_share_is_of_what_the_group_uses)
{
    s.sweep.when.memory_above = (struct ml_amount){ML_AMOUNT_PERCENT, 50};
    when(0, 0, 0);
    cr_expect_not(take(99 * MIB));
    cr_expect(take(100 * MIB), "it is used twice, of 400");
    cr_expect_not_null(strstr(t.reason, "memory 200.0 MiB of 400.0 MiB, above"), "%s",
                       t.reason);
    cr_expect_not_null(strstr(t.reason, "(50%)"), "%s", t.reason);
}

Test(trigger, nothing_fires_twice_within_the_cooldown)
{
    when(100 * MIB, 0, 600);
    double rss = 99 * MIB, first = 0, second = 0;
    for (int i = 0; i < 400; i++) {
        rss = i % 2 ? 99 * MIB : 200 * MIB; /* passes it each time */
        if (take(rss)) {
            second = first > 0 && second == 0 ? now : second;
            first = first > 0 ? first : now;
        }
    }
    cr_expect_geq(second - first, 600.0);
    cr_expect_leq(second - first, 600.0 + 2 * ML_TRIGGER_EVERY);
}

Test(trigger, what_passed_during_the_cooldown_fires_after_it)
{
    when(100 * MIB, 10 * MIB, 300);
    double rss = 20 * MIB;
    cr_expect_eq(grow(&rss, MIB, 31), 1);
    cr_expect_not_null(strstr(t.reason, "growth_above"));
    double fired_at = now;
    grow(&rss, 10 * MIB, 20); /* above 100 MiB, still quiet */
    cr_expect_eq(t.fired, 1);
    while (t.fired == 1) {
        take(rss);
    }
    cr_expect_geq(now - fired_at, 300.0);
    cr_expect_not_null(strstr(t.reason, "memory_above"), "%s", t.reason);
}

Test(trigger, growth_fires_only_after_a_whole_minute)
{
    when(0, 60 * MIB, 0);
    double rss = 100 * MIB, since = now;
    cr_expect_eq(grow(&rss, 3 * MIB, 30), 0, "58 s");
    cr_expect_eq(grow(&rss, 3 * MIB, 1), 1);
    cr_expect_eq(now - since, 60.0);
    cr_expect_not_null(strstr(t.reason, "memory grows by 90.0 MiB a minute, above "
                                        "sweep.when.growth_above (60MiB/min)"),
                       "%s", t.reason);
}

Test(trigger, growth_below_the_rate_is_let_be)
{
    when(0, 60 * MIB, 0);
    double rss = 100 * MIB;
    cr_expect_eq(grow(&rss, 1.99 * MIB, 1000), 0);
    cr_expect_float_eq(ml_trigger_growth(&t), 59.7 * MIB, 0.01 * MIB);
    cr_expect_eq(grow(&rss, 2.01 * MIB, 40), 1);
}

Test(trigger, one_jump_is_no_growth_but_two_steps_are)
{
    when(0, 60 * MIB, 0);
    double rss = 100 * MIB;
    grow(&rss, 0, 20);
    cr_expect_eq(grow(&rss, 500 * MIB, 1), 0);
    cr_expect_eq(grow(&rss, 0.1 * MIB, 60), 0);
    cr_expect_eq(grow(&rss, 40 * MIB, 1), 0);
    cr_expect_eq(grow(&rss, 0, 14), 0);
    cr_expect_eq(grow(&rss, 40 * MIB, 1), 1);
}

Test(trigger, what_goes_up_and_down_does_not_grow)
{
    when(0, 60 * MIB, 0);
    for (int i = 0; i < 500; i++) {
        cr_expect_not(take(i % 5 * 100 * MIB));
    }
}

Test(trigger, readings_that_come_late_are_judged_by_their_own_times)
{
    when(0, 60 * MIB, 0);
    double rss = 100 * MIB;
    for (int i = 0; i < 100; i++) {
        now += 45; /* a stopped process */
        rss += 40 * MIB;
        cr_expect_not(take(rss));
    }
}

Test(trigger, a_skipped_reading_leaves_a_gap_and_nothing_else)
{
    when(0, 60 * MIB, 0);
    double rss = 100 * MIB;
    int fired = grow(&rss, 3 * MIB, 15);
    for (int i = 0; i < 5; i++) {
        now = t.next_at;
        ml_trigger_skip(&t, now);
        cr_expect_eq(t.next_at, now + ML_TRIGGER_EVERY);
    }
    fired += grow(&rss, 18 * MIB, 1) + grow(&rss, 3 * MIB, 10);
    cr_expect_eq(fired, 1);
}

Test(trigger, new_settings_change_the_cooldown_that_runs)
{
    when(100 * MIB, 0, 600);
    cr_expect(take(200 * MIB));
    cr_expect_eq(t.quiet_until, now + 600);
    when(100 * MIB, 0, 10);
    cr_expect_eq(t.quiet_until, now + 10);
}

Test(trigger, reads_the_memory_there_is)
{
    struct ml_trigger_reading r;
    ml_trigger_read(&r);
    cr_expect_gt(r.rss, 100 * 1024);
    cr_expect_gt(r.limit, r.rss);
    cr_expect_gt(r.used, 0);
}

static void
expect_status(const char *part)
{
    struct ml_buf text;
    struct ml_json j;
    ml_buf_init(&text, &ml_alloc_libc);
    ml_json_init(&j, &text);
    ml_trigger_write_status(&t, &s, now, &j);
    cr_expect_not_null(strstr(ml_buf_str(&text), part), "%s", ml_buf_str(&text));
    ml_buf_fini(&text);
}

Test(trigger, status_tells_what_is_watched_and_what_fired)
{
    expect_status("false");
    when(100 * MIB, 0, 600);
    expect_status("{\"memory_above\":\"100MiB\",\"growth_above\":null,"
                  "\"state\":\"watching\"");
    expect_status("\"fired\":0,\"last_reason\":null}");
    take(200 * MIB);
    now += 100;
    expect_status("\"state\":\"cooling down\",\"quiet_for_s\":500.000");
    expect_status("\"fired\":1,\"last_reason\":\"memory 200.0 MiB, above");
    now += 1000;
    expect_status("\"state\":\"watching\",\"quiet_for_s\":0.000");
}
