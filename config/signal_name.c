/* SPDX-License-Identifier: MIT
 *
 * See signal_name.h. Numbers differ between architectures (SIGUSR1 is 10 on x86 and
 * 16 on MIPS), which is why a configuration file names signals rather than numbers.
 */
#include "signal_name.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "decimal.h"
#include "suggest.h"

#define UNCATCHABLE "cannot be caught"
#define CRASH "means that the program has crashed"
#define ENDING "asks the program to end"
#define BY_ITSELF "is sent by the system in the ordinary run of a program"

static const struct {
    const char *name;
    int number;
    const char *refused; /* why not, NULL: allowed */
} signals[] = {
    {"USR1", SIGUSR1, NULL},        {"USR2", SIGUSR2, NULL},
    {"HUP", SIGHUP, NULL},          {"QUIT", SIGQUIT, NULL},
    {"URG", SIGURG, NULL},          {"IO", SIGIO, NULL},
    {"POLL", SIGPOLL, NULL},        {"PWR", SIGPWR, NULL},
    {"KILL", SIGKILL, UNCATCHABLE}, {"STOP", SIGSTOP, UNCATCHABLE},
    {"SEGV", SIGSEGV, CRASH},       {"BUS", SIGBUS, CRASH},
    {"FPE", SIGFPE, CRASH},         {"ILL", SIGILL, CRASH},
    {"ABRT", SIGABRT, CRASH},       {"IOT", SIGIOT, CRASH},
    {"SYS", SIGSYS, CRASH},         {"TRAP", SIGTRAP, CRASH},
    {"STKFLT", SIGSTKFLT, CRASH},   {"XCPU", SIGXCPU, ENDING},
    {"XFSZ", SIGXFSZ, ENDING},      {"INT", SIGINT, ENDING},
    {"TERM", SIGTERM, ENDING},      {"CHLD", SIGCHLD, BY_ITSELF},
    {"CLD", SIGCHLD, BY_ITSELF},    {"PIPE", SIGPIPE, BY_ITSELF},
    {"ALRM", SIGALRM, BY_ITSELF},   {"VTALRM", SIGVTALRM, BY_ITSELF},
    {"PROF", SIGPROF, BY_ITSELF},   {"WINCH", SIGWINCH, BY_ITSELF},
    {"CONT", SIGCONT, BY_ITSELF},   {"TSTP", SIGTSTP, BY_ITSELF},
    {"TTIN", SIGTTIN, BY_ITSELF},   {"TTOU", SIGTTOU, BY_ITSELF},
};

#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

/* `RTMIN`, `RTMIN+3`, `RTMAX-2`; 0 when it is none or lies outside. */
static int
realtime_number(const char *at, const char *end)
{
    if (end - at < 5 || !(ml_decimal_unit_is(at, at + 5, "RTMIN") ||
                          ml_decimal_unit_is(at, at + 5, "RTMAX"))) {
        return 0;
    }
    bool from_min = ml_decimal_unit_is(at, at + 5, "RTMIN");
    int base = from_min ? SIGRTMIN : SIGRTMAX, steps = 0;
    at += 5;
    if (at < end) {
        struct ml_decimal n;
        if (*at++ != (from_min ? '+' : '-') || !ml_decimal_read(&at, end, &n) ||
            at != end || n.fraction != 0 || n.whole > 64) {
            return 0;
        }
        steps = (int)n.whole;
    }
    int number = from_min ? base + steps : base - steps;
    return number >= SIGRTMIN && number <= SIGRTMAX ? number : 0;
}

static int
unknown(const char *text, size_t len, const char *bare, struct ml_error *err)
{
    struct ml_suggest best;
    ml_suggest_init(&best, bare, len - (size_t)(bare - text));
    for (size_t i = 0; i < SIGNALS; i++) {
        if (signals[i].refused == NULL) {
            ml_suggest_offer(&best, signals[i].name);
        }
    }
    char quoted[ML_SUGGEST_QUOTE];
    ml_suggest_quote(text, len, quoted);
    if (ml_suggest_best(&best) != NULL) {
        return ml_error_set(err, ML_EINVAL, "%s is no signal; did you mean 'SIG%s'?",
                            quoted, ml_suggest_best(&best));
    }
    return ml_error_set(err, ML_EINVAL, "%s is no signal's name; one of %s will do",
                        quoted, ML_SIGNAL_CHOICES);
}

int
ml_signal_read(const char *text, size_t len, int *out, struct ml_error *err)
{
    const char *at = text, *end = text + len;
    if (len > 3 && ml_decimal_unit_is(at, at + 3, "SIG")) {
        at += 3;
    }
    for (size_t i = 0; i < SIGNALS; i++) {
        if (!ml_decimal_unit_is(at, end, signals[i].name)) {
            continue;
        }
        if (signals[i].refused != NULL) {
            return ml_error_set(err, ML_EINVAL, "SIG%s %s; one of %s will do",
                                signals[i].name, signals[i].refused, ML_SIGNAL_CHOICES);
        }
        *out = signals[i].number;
        return ML_OK;
    }
    int number = realtime_number(at, end);
    if (number == 0) {
        return unknown(text, len, at, err);
    }
    *out = number;
    return ML_OK;
}

const char *
ml_signal_write(int number, char out[ML_SIGNAL_TEXT])
{
    snprintf(out, ML_SIGNAL_TEXT, "off");
    for (size_t i = 0; i < SIGNALS; i++) {
        if (signals[i].number == number) {
            snprintf(out, ML_SIGNAL_TEXT, "SIG%s", signals[i].name);
            return out;
        }
    }
    if (number > 0 && number >= SIGRTMIN && number <= SIGRTMAX) {
        snprintf(out, ML_SIGNAL_TEXT, "SIGRTMIN+%d", number - SIGRTMIN);
    }
    return out;
}
