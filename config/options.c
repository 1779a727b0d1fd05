/* SPDX-License-Identifier: MIT
 *
 * THE table (see options.h), a few questions to it, and nothing else. Rows of one
 * section stand together, sections in the order in which they are shown. Of a section
 * with a section inside, at least one row of its own comes first.
 */
#include "options.h"

#include <string.h>

#define AT(member)                                                                     \
    .offset = offsetof(struct ml_settings, member),                                    \
    .size = sizeof(((struct ml_settings *)0)->member)
#define LIVE ML_OPTION_LIVE
#define OFF ML_OPTION_OFF
#define NUL ML_OPTION_NULL

#define DAY 86400.0
#define KIB 1024.0
#define MIB (1024.0 * 1024)
#define PIB (1024.0 * 1024 * 1024 * 1024 * 1024)

/* clang-format off */
const struct ml_option ml_options[ML_OPTION_COUNT] = {
    {"name", ML_OPTION_TEXT, LIVE | NUL, AT(name),
     .standard = "null",
     .help = "Shown in `memalotctl ps` and usable as TARGET; null: the program's "
             "name."},

    {"control.socket", ML_OPTION_SOCKET, OFF, AT(control.socket),
     .standard = "auto",
     .help = "Where memalotctl finds the agent; `%p` stands for the process id, "
             "`auto` for `$XDG_RUNTIME_DIR/memalot/PID.sock`, else "
             "`/tmp/memalot-UID/PID.sock`."},
    {"control.signal", ML_OPTION_SIGNAL, OFF, AT(control.signal),
     .standard = "SIGUSR2",
     .help = "The signal that asks for a sweep; one that the program handles itself "
             "stays the program's."},
    {"control.follow_forks", ML_OPTION_BOOL, LIVE, AT(control.follow_forks),
     .standard = "true",
     .help = "A forked child of the program (a worker of gunicorn, say) gets an "
             "agent of its own."},
    {"control.follow_execs", ML_OPTION_BOOL, 0, AT(control.follow_execs),
     .standard = "true",
     .help = "Pythons that the program starts (subprocess, multiprocessing's spawn, "
             "uvicorn's workers) get an agent too, through the variables that "
             "`memalotctl run` or you set; otherwise these are taken out of the "
             "program's environment."},

    {"monitor.enabled", ML_OPTION_BOOL, LIVE, AT(monitor.enabled),
     .standard = "false",
     .help = "Time-based discovery from the start on, without a `monitor start`."},
    {"monitor.max_object_lifetime", ML_OPTION_DURATION, LIVE,
     AT(monitor.max_object_lifetime), .least = 0.001, .most = 365 * DAY,
     .standard = "60s",
     .help = "An object that lives longer than this may be a leak; also the time "
             "between two iterations."},
    {"monitor.warmup", ML_OPTION_DURATION, LIVE, AT(monitor.warmup),
     .least = 0, .most = 365 * DAY, .standard = "60s",
     .follows = "monitor.max_object_lifetime",
     .help = "Objects born before this time is over are never taken for leaks."},

    {"sweep.every", ML_OPTION_DURATION, LIVE | OFF, AT(sweep.every),
     .least = 0.1, .most = 365 * DAY, .standard = "off",
     .help = "A plain snapshot on a schedule, without ages."},
    {"sweep.when.memory_above", ML_OPTION_AMOUNT,
     LIVE | OFF | ML_OPTION_BYTES | ML_OPTION_PERCENT,
     AT(sweep.when.memory_above), .least = MIB, .most = PIB, .standard = "off",
     .help = "A snapshot when memory passes this: a share of the limit (what the "
             "cgroup uses of its own; without one, the process of the host's), or "
             "bytes of RSS. Once more when it has become a tenth more."},
    {"sweep.when.growth_above", ML_OPTION_AMOUNT, LIVE | OFF | ML_OPTION_RATE,
     AT(sweep.when.growth_above), .least = KIB, .most = PIB, .standard = "off",
     .help = "A snapshot when the process's memory grew faster than this for a whole "
             "minute, and not by one jump."},
    {"sweep.when.cooldown", ML_OPTION_DURATION, LIVE, AT(sweep.when.cooldown),
     .least = 0, .most = 365 * DAY, .standard = "10m",
     .help = "At most one such snapshot in this time."},
    {"sweep.timeout", ML_OPTION_DURATION, LIVE, AT(sweep.timeout),
     .least = 0.1, .most = 1 * DAY, .standard = "120s",
     .help = "A sweep that takes longer is ended and reported as such."},
    {"sweep.max_extra_memory", ML_OPTION_AMOUNT,
     LIVE | OFF | ML_OPTION_BYTES | ML_OPTION_PERCENT,
     AT(sweep.max_extra_memory), .least = MIB, .most = PIB, .standard = "50%",
     .help = "A sweep that needs more memory is ended; a share of what is still free "
             "to the process (cgroup or host), or bytes."},
    {"sweep.nice", ML_OPTION_INT, LIVE, AT(sweep.nice),
     .least = 0, .most = 19, .standard = "19",
     .help = "How far the sweep's process stands back for others, as in nice(1). A "
             "report that the program itself waits for does not stand back."},

    {"filter.include", ML_OPTION_TEXTS, LIVE, AT(filter.include),
     .standard = "[]",
     .help = "Only types whose full name contains one of these; empty: all."},
    {"filter.exclude", ML_OPTION_TEXTS, LIVE, AT(filter.exclude),
     .standard = "[]",
     .help = "No types whose full name contains one of these."},
    {"filter.ignore", ML_OPTION_PRINTS, LIVE, AT(filter.ignore),
     .standard = "[]",
     .help = "Fingerprints of findings that are known and accepted, as reports show "
             "them."},

    {"report.directory", ML_OPTION_PATH, LIVE, AT(report.directory),
     .standard = "~/.memalot/reports",
     .help = "Where reports are saved; `~/` is the home directory."},
    {"report.keep", ML_OPTION_INT, LIVE, AT(report.keep),
     .least = 1, .most = 1000000, .standard = "100",
     .help = "The oldest reports beyond this number are removed."},
    {"report.console", ML_OPTION_BOOL, LIVE, AT(report.console),
     .standard = "false",
     .help = "Reports are also printed to the program's standard error."},
    {"report.max_object_details", ML_OPTION_INT, LIVE, AT(report.max_object_details),
     .least = 0, .most = 10000, .standard = "30",
     .help = "So many objects are shown with text, size and referrers."},
    {"report.max_types_in_leak_summary", ML_OPTION_INT, LIVE,
     AT(report.max_types_in_leak_summary), .least = 0, .most = 1000000,
     .standard = "500",
     .help = "So many types are listed in the leak summary."},
    {"report.compute_size_in_leak_summary", ML_OPTION_BOOL, LIVE,
     AT(report.compute_size_in_leak_summary), .standard = "false",
     .help = "The leak summary also shows shallow sizes."},
    {"report.str_max_length", ML_OPTION_INT, LIVE, AT(report.str_max_length),
     .least = 0, .most = 100000, .standard = "100",
     .help = "Longer texts of objects are cut to this many characters."},
    {"report.call_str", ML_OPTION_BOOL, LIVE, AT(report.call_str),
     .standard = "true",
     .help = "Objects are shown as their own `__str__` says, which is run in a sealed copy "
             "of the process, never in the program; false: it is never run."},
    {"report.redact", ML_OPTION_CHOICE, LIVE, AT(report.redact),
     .choices = "none texts names", .standard = "none",
     .help = "`texts`: no contents of objects in reports; `names`: no dict keys "
             "either."},

    {"referrers.check", ML_OPTION_BOOL, LIVE, AT(referrers.check),
     .standard = "true",
     .help = "Find out what holds the shown objects."},
    {"referrers.max_depth", ML_OPTION_INT, LIVE | NUL, AT(referrers.max_depth),
     .least = 1, .most = 1000000, .standard = "50",
     .help = "So many references are followed from an object; null: no limit."},
    {"referrers.search_timeout", ML_OPTION_DURATION, LIVE | NUL,
     AT(referrers.search_timeout), .least = 0.001, .most = 1 * DAY, .standard = "300s",
     .help = "The longest search for one object's referrers; null: no limit."},
    {"referrers.single_object_limit", ML_OPTION_INT, LIVE | NUL,
     AT(referrers.single_object_limit), .least = 1, .most = 1000000, .standard = "100",
     .help = "So many referrers of one object are shown; null: no limit."},
    {"referrers.module_prefixes", ML_OPTION_TEXTS, LIVE | NUL,
     AT(referrers.module_prefixes), .standard = "null",
     .help = "Only module variables of modules whose name begins with one of these "
             "count as holders; null: of all."},

    {"graph.formats", ML_OPTION_CHOICES, LIVE, AT(graph.formats),
     .choices = "dot svg png", .standard = "[dot, svg]",
     .help = "The diagrams that are drawn of each finding; `[]`: none."},
    {"graph.max_nodes", ML_OPTION_INT, LIVE, AT(graph.max_nodes),
     .least = 2, .most = 10000, .standard = "150",
     .help = "The largest diagram; what is beyond it is summed up in one node."},
};
/* clang-format on */

int
ml_option_find(const char *key)
{
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        if (strcmp(ml_options[i].key, key) == 0) {
            return i;
        }
    }
    return -1;
}

/* What follows "section." in the key, or NULL; everything is below "". */
static const char *
below(const char *key, const char *section)
{
    size_t len = strlen(section);
    if (len == 0) {
        return key;
    }
    return strncmp(key, section, len) == 0 && key[len] == '.' ? key + len + 1 : NULL;
}

int
ml_option_find_section(const char *key)
{
    for (int i = 0; *key != '\0' && i < ML_OPTION_COUNT; i++) {
        if (below(ml_options[i].key, key) != NULL) {
            return i;
        }
    }
    return -1;
}

const char *
ml_option_child(int row, const char *section, size_t *len)
{
    const char *name = below(ml_options[row].key, section);
    if (name != NULL) {
        *len = strcspn(name, ".");
    }
    return name;
}

const char *
ml_option_leaf(int row)
{
    const char *dot = strrchr(ml_options[row].key, '.');
    return dot != NULL ? dot + 1 : ml_options[row].key;
}
