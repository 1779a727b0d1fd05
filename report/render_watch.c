/* SPDX-License-Identifier: MIT
 *
 * How a monitor's iteration begins: a box that says what was watched and how the memory
 * is, then the verdict in a sentence or two. The verdict answers one question, "did
 * anything outlive its use?", also when the answer is no: silence would leave a reader
 * wondering whether anything was looked at.
 */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "box.h"
#include "clean_text.h"
#include "render.h"
#include "text_format.h"

#define LABEL_WIDTH 11
#define SUBJECT_COLUMNS 60
#define SENTENCE 640

static void __attribute__((format(printf, 3, 4)))
say(struct ml_paint *p, enum ml_color color, const char *fmt, ...)
{
    char text[SENTENCE];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    ml_paint_sentence(p, color, text, strlen(text));
    ml_paint_line(p);
}

static void
label(struct ml_paint *p, const char *word)
{
    ml_paint_word(p, ML_DIM, word);
    ml_paint_pad(p, LABEL_WIDTH);
}

/* A lifetime as somebody chose it: "1.5 s", "90 s", "5 min", "1 h 30 min". */
static const char *
lifetime_text(double seconds, char out[32])
{
    if (seconds < 120) {
        snprintf(out, 32, "%g s", seconds > 0 ? seconds : 0);
        return out;
    }
    ml_text_duration(seconds, out);
    size_t len = strlen(out);
    static const char *const zeros[] = {" 0 s", " 0 min", " 0 h"};
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(zeros[i]);
        if (len > n && strcmp(out + len - n, zeros[i]) == 0) {
            out[len - n] = '\0';
            break;
        }
    }
    return out;
}

static bool
is_by_calls(const json_t *monitor)
{
    const char *kind = ml_json_text(monitor, "kind");
    return kind != NULL && strcmp(kind, "calls") == 0;
}

/* "the function foo", "the block"; cut, for it goes into sentences. */
static const char *
subject_text(const struct ml_paint *p, const json_t *monitor, struct ml_buf *out)
{
    const json_t *subject = json_object_get(monitor, "subject");
    if (json_string_length(subject) == 0) {
        return is_by_calls(monitor) ? "the monitored code" : "the program";
    }
    ml_buf_puts(out, "the ");
    ml_clean_append(out, json_string_value(subject), json_string_length(subject),
                    SUBJECT_COLUMNS, p->style.unicode ? 0 : ML_CLEAN_ASCII);
    return ml_buf_str(out);
}

/* -- the box ---------------------------------------------------------------------- */

static void
paint_watched(struct ml_paint *p, const json_t *monitor)
{
    char text[32];
    struct ml_buf name;
    long long calls = ml_json_integer(monitor, "calls");
    label(p, "Watched");
    if (!is_by_calls(monitor)) {
        say(p, ML_PLAIN, "objects that live longer than %s",
            lifetime_text(ml_json_number(monitor, "lifetime_s"), text));
        return;
    }
    ml_buf_init(&name, &ml_alloc_libc);
    say(p, ML_PLAIN, "objects born in %s and alive after %s call%s",
        subject_text(p, monitor, &name), ml_text_count(calls > 0 ? calls : 1, text),
        calls > 1 ? "s" : "");
    ml_buf_fini(&name);
}

/* "140.5 MiB (+92.9 MiB) · 0.58 % of the system" */
static void
paint_memory(struct ml_paint *p, const json_t *usage, const char *word, const char *key,
             const char *diff_key)
{
    char text[32];
    if (!ml_json_has_number(usage, key)) {
        return;
    }
    label(p, word);
    ml_paint_printf(p, ML_PLAIN, "%s", ml_text_bytes(ml_json_number(usage, key), text));
    if (ml_json_has_number(usage, diff_key)) {
        double diff = ml_json_number(usage, diff_key);
        ml_paint_printf(p, diff > 0 ? ML_BOLD : ML_PLAIN, " (%s since iteration %lld)",
                        diff == 0 ? "unchanged" : ml_text_bytes_diff(diff, text),
                        ml_json_integer(usage, "diff_from_iteration"));
    }
    if (strcmp(key, "current_rss_bytes") == 0 &&
        ml_json_number(usage, "system_percent_used") > 0) {
        ml_paint_figure(p, LABEL_WIDTH, ML_PLAIN, "%.2f %% of the system",
                        fmin(ml_json_number(usage, "system_percent_used"), 1e6));
    }
    ml_paint_line(p);
}

static void
paint_objects(struct ml_paint *p, const json_t *iteration)
{
    char text[32];
    const json_t *totals = json_object_get(iteration, "totals");
    const json_t *sweep = json_object_get(iteration, "sweep");
    bool counted = ml_json_has_number(totals, "live_objects");
    const json_t *from = counted ? totals : sweep;
    const char *key = counted ? "live_objects" : "objects";
    if (ml_json_integer(from, key) > 0) {
        label(p, "Objects");
        ml_paint_printf(p, ML_PLAIN, "%s alive",
                        ml_text_count(ml_json_integer(from, key), text));
        ml_paint_line(p);
    }
    if (ml_json_has_number(sweep, "pause_s")) {
        label(p, "Paused");
        ml_paint_printf(p, ML_PLAIN, "%.1f ms",
                        1000 * fmin(fmax(ml_json_number(sweep, "pause_s"), 0), 1e6));
        if (ml_json_has_number(sweep, "duration_s")) {
            ml_paint_figure(
                p, LABEL_WIDTH, ML_PLAIN, "sweep took %s",
                ml_text_duration(ml_json_number(sweep, "duration_s"), text));
        }
        ml_paint_line(p);
    }
}

static void
paint_process(struct ml_paint *p, const json_t *process)
{
    if (json_string_length(json_object_get(process, "name")) == 0) {
        return;
    }
    label(p, "Process");
    ml_paint_text(p, ML_PLAIN, json_object_get(process, "name"), 50);
    if (ml_json_has_number(process, "pid")) {
        ml_paint_figure(p, LABEL_WIDTH, ML_PLAIN, "pid %lld",
                        ml_json_integer(process, "pid"));
    }
    ml_paint_line(p);
}

static void
paint_taken(struct ml_paint *p, const json_t *time)
{
    if (json_string_length(time) > 0) {
        label(p, "Taken");
        ml_render_time(p, ML_PLAIN, time);
        ml_paint_word(p, ML_PLAIN, " UTC");
        ml_paint_line(p);
    }
}

void
ml_render_watched(struct ml_paint *p, const json_t *iteration)
{
    struct ml_box box;
    struct ml_paint *in = &box.inner;
    const json_t *id = json_object_get(iteration, "report_id");
    const json_t *usage = json_object_get(iteration, "memory_usage");
    ml_box_open(&box, p, "Memalot Report (iteration %lld)",
                ml_json_integer(iteration, "iteration_number"));
    label(in, "Report ID");
    if (json_string_length(id) > 0) {
        ml_paint_text(in, ML_BOLD, id, 20);
    }
    else {
        ml_paint_word(in, ML_DIM, "not saved");
    }
    ml_paint_line(in);
    paint_taken(in, json_object_get(iteration, "end_time"));
    paint_process(in, json_object_get(iteration, "process"));
    paint_watched(in, json_object_get(iteration, "monitor"));
    paint_memory(in, usage, "Memory", "current_rss_bytes", "current_rss_diff");
    paint_memory(in, usage, "Peak", "peak_rss_bytes", "peak_rss_diff");
    paint_objects(in, iteration);
    ml_box_close(&box);
    ml_paint_line(p);
}

/* -- the verdict ------------------------------------------------------------------ */

static void
paint_warm_up(struct ml_paint *p, const json_t *iteration, const json_t *monitor)
{
    char text[32];
    long long number = ml_json_integer(iteration, "iteration_number");
    if (is_by_calls(monitor)) {
        say(p, ML_PLAIN,
            "This is a warm-up iteration: what exists now belongs to the program. "
            "Findings are shown from iteration %lld on.",
            number + 1);
        return;
    }
    say(p, ML_PLAIN,
        "This is the warm-up iteration: what exists now belongs to the program. "
        "Objects that are born from now on and live longer than %s are shown from "
        "iteration %lld on.",
        lifetime_text(ml_json_number(monitor, "lifetime_s"), text), number + 1);
}

static void
paint_nothing(struct ml_paint *p, const json_t *monitor)
{
    char lifetime[32], since[32];
    struct ml_buf name;
    long long calls = ml_json_integer(monitor, "calls");
    ml_buf_init(&name, &ml_alloc_libc);
    if (is_by_calls(monitor)) {
        say(p, ML_PLAIN,
            "No object outlived its use: nothing born in %s is alive after %s call%s.",
            subject_text(p, monitor, &name),
            ml_text_count(calls > 0 ? calls : 1, since), calls > 1 ? "s" : "");
    }
    else {
        lifetime_text(ml_json_number(monitor, "lifetime_s"), lifetime);
        ml_text_duration(ml_json_number(monitor, "watched_since_s"), since);
        say(p, ML_PLAIN,
            "No object outlived its use: of all that were born in the last %s, none "
            "has lived longer than %s.",
            since, lifetime);
    }
    ml_buf_fini(&name);
}

/* "12 objects", "1 object". */
static const char *
objects_text(long long n, char out[48])
{
    char count[32];
    snprintf(out, 48, "%s object%s", ml_text_count(n, count), n == 1 ? "" : "s");
    return out;
}

static void
paint_nothing_new(struct ml_paint *p, const json_t *monitor)
{
    char objects[48], gone_text[32], tail[80] = "";
    long long suspects = ml_json_integer(monitor, "suspects");
    long long gone = -ml_json_diff(monitor, "suspects", "suspects_before");
    if (gone > 0 && ml_json_has_number(monitor, "suspects_before")) {
        snprintf(tail, sizeof(tail), ", %s %s gone since",
                 ml_text_count(gone, gone_text), gone == 1 ? "has" : "have");
    }
    say(p, ML_PLAIN, "Nothing new: %s from earlier iterations %s still alive%s.",
        objects_text(suspects, objects), suspects == 1 ? "is" : "are", tail);
}

static void
paint_suspects(struct ml_paint *p, const json_t *iteration, const json_t *monitor)
{
    char objects[48], new_text[32], news[64] = "";
    size_t findings = json_array_size(json_object_get(iteration, "findings"));
    long long suspects = ml_json_integer(monitor, "suspects");
    long long fresh = ml_json_integer(monitor, "new");
    if (fresh > 0 && fresh < suspects) {
        snprintf(news, sizeof(news), ", %s of them new",
                 ml_text_count(fresh, new_text));
    }
    say(p, ML_BOLD, "%s outlived %s use%s: %zu finding%s%s",
        objects_text(suspects, objects), suspects == 1 ? "its" : "their", news,
        findings, findings == 1 ? "" : "s", findings > 1 ? ", worst first." : ".");
}

void
ml_render_watch_verdict(struct ml_paint *p, const json_t *iteration)
{
    const json_t *monitor = json_object_get(iteration, "monitor");
    const json_t *verdict =
        json_object_get(json_object_get(iteration, "memory"), "verdict");
    if (json_string_length(verdict) > 0) {
        ml_paint_sentence(p, ML_PLAIN, json_string_value(verdict),
                          json_string_length(verdict));
        ml_paint_line(p);
    }
    if (json_is_true(json_object_get(monitor, "warm_up"))) {
        paint_warm_up(p, iteration, monitor);
    }
    else if (ml_json_integer(monitor, "suspects") <= 0) {
        paint_nothing(p, monitor);
    }
    else if (ml_json_integer(monitor, "new") <= 0) {
        paint_nothing_new(p, monitor);
    }
    else {
        paint_suspects(p, iteration, monitor);
    }
    ml_paint_line(p);
}
