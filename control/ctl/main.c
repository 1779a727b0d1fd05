/* SPDX-License-Identifier: MIT
 *
 * memalotctl: the table of commands and the way into them. Called as `memalot` it
 * knows only `list` and `print`, which are what the original tool has.
 */
#define _GNU_SOURCE
#include "ctl.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl_opts.h"
#include "print.h"
#include "suggest.h"

static const struct ml_command *const all_commands[] = {
    &ml_cmd_run,
    &ml_cmd_attach,
    &ml_cmd_detach,
    &ml_cmd_ps,
    &ml_cmd_status,
    &ml_cmd_snapshot,
    &ml_cmd_monitor,
    &ml_cmd_types,
    &ml_cmd_growth,
    &ml_cmd_retained,
    &ml_cmd_paths,
    &ml_cmd_refs,
    &ml_cmd_garbage,
    &ml_cmd_memory,
    &ml_cmd_refcounts,
    &ml_cmd_list,
    &ml_cmd_print,
    &ml_cmd_graph,
    &ml_cmd_diff,
    &ml_cmd_rm,
    &ml_cmd_config,
    &ml_cmd_exporter,
    &ml_cmd_mcp,
    &ml_cmd_write,
    &ml_cmd_completion,
    NULL,
};

static const struct ml_command *const memalot_commands[] = {&ml_cmd_list, &ml_cmd_print,
                                                            NULL};

static void
print_help(FILE *to, const char *program, const struct ml_command *const *commands)
{
    fprintf(to, "usage: %s COMMAND [options] ...\n\n", program);
    fputs("Finds memory leaks in running Python programs.\n\n", to);
    bool targets = commands == all_commands;
    for (; *commands != NULL; commands++) {
        if (!(*commands)->hidden) {
            fprintf(to, "  %-10s %s\n", (*commands)->name, (*commands)->summary);
        }
    }
    if (!targets) {
        return;
    }
    fprintf(to,
            "\nTARGET is a PID, a socket's path or a configured name; left out, it is "
            "the only agent\nthere is. '%s COMMAND --help' says more.\n\n"
            "exit codes: 0 done, 1 it failed, 2 wrong usage, 3 no agent or not clear "
            "which,\n            4 refused\n",
            program);
}

static const struct ml_command *
find_command(const struct ml_command *const *commands, const char *name)
{
    for (; *commands != NULL; commands++) {
        if (strcmp((*commands)->name, name) == 0) {
            return *commands;
        }
    }
    return NULL;
}

static int
unknown_command(const char *program, const struct ml_command *const *commands,
                const char *name)
{
    struct ml_suggest near;
    char quoted[ML_SUGGEST_QUOTE];
    ml_suggest_init(&near, name, strlen(name));
    for (; *commands != NULL; commands++) {
        if (!(*commands)->hidden) {
            ml_suggest_offer(&near, (*commands)->name);
        }
    }
    ml_suggest_quote(name, strlen(name), quoted);
    const char *best = ml_suggest_best(&near);
    if (best != NULL) {
        return ml_print_fail(ML_EXIT_USAGE, "unknown command %s, did you mean '%s'?",
                             quoted, best);
    }
    return ml_print_fail(ML_EXIT_USAGE, "unknown command %s ('%s --help' lists them)",
                         quoted, program);
}

static int
run_command(const char *program, const struct ml_command *c, int argc, char **argv)
{
    char self[PATH_MAX];
    struct ml_error err;
    struct ml_ctl_args args = {.program = program, .self = self, .commands = all_commands};
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[n > 0 ? n : 0] = '\0';
    if (ml_ctl_opts_read(c, argc, argv, &args, &err) < 0) {
        return ml_print_fail(ML_EXIT_USAGE, "%s ('%s %s --help' says more)",
                             err.message, program, c->name);
    }
    if (args.help) {
        ml_ctl_opts_usage(stdout, program, c);
        return ml_print_end(ML_EXIT_DONE);
    }
    return c->run(&args);
}

/* `help`, `help COMMAND`, `--help`, `-h`. */
static int
help(const char *program, const struct ml_command *const *commands, int argc,
     char **argv)
{
    if (argc == 0) {
        print_help(stdout, program, commands);
        return ml_print_end(ML_EXIT_DONE);
    }
    const struct ml_command *c = find_command(commands, argv[0]);
    if (c == NULL) {
        return unknown_command(program, commands, argv[0]);
    }
    ml_ctl_opts_usage(stdout, program, c);
    return ml_print_end(ML_EXIT_DONE);
}

int
main(int argc, char **argv)
{
    const char *program = program_invocation_short_name;
    const struct ml_command *const *commands =
        strcmp(program, "memalot") == 0 ? memalot_commands : all_commands;
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C"); /* JSON's and DOT's point stays a point */
    if (argc < 2) {
        print_help(stderr, program, commands);
        return ML_EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0) {
        printf("%s %s\n", program, ML_VERSION);
        return ml_print_end(ML_EXIT_DONE);
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
        strcmp(name, "help") == 0) {
        return help(program, commands, argc - 2, argv + 2);
    }
    const struct ml_command *c = find_command(commands, name);
    return c == NULL ? unknown_command(program, commands, name)
                     : run_command(program, c, argc - 2, argv + 2);
}
