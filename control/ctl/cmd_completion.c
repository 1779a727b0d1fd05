/* SPDX-License-Identifier: MIT
 *
 * `memalotctl completion`: the script for a shell, and what the scripts ask for while
 * somebody types: a line for each agent or report, the word, a tab, a text.
 */
#include "completion.h"

#include <string.h>

#include "discover.h"
#include "print.h"
#include "saved.h"

static int
print_targets(void)
{
    struct ml_discovery d;
    ml_discover(&d);
    for (size_t i = 0; i < d.count; i++) {
        char label[128];
        ml_discover_label(&d.agent[i], label, sizeof(label)); /* "4711  name" */
        printf("%ld\t%s\n", d.agent[i].pid, strchr(label, ' ') + 2);
    }
    ml_discovery_fini(&d);
    return ml_print_end(ML_EXIT_DONE);
}

static int
print_reports(const struct ml_ctl_args *args)
{
    json_t *reports = NULL;
    const json_t *report;
    size_t i;
    if (ml_store_list(ml_saved_directory(args), &reports, NULL) < 0) {
        return ML_EXIT_DONE; /* nothing to complete; nobody reads what went wrong */
    }
    json_array_foreach(reports, i, report)
    {
        const char *id = json_string_value(json_object_get(report, "report_id"));
        const char *at = json_string_value(json_object_get(report, "start_time"));
        if (id != NULL) {
            printf("%s\t%s\n", id, at != NULL ? at : "");
        }
    }
    json_decref(reports);
    return ml_print_end(ML_EXIT_DONE);
}

static int
run(const struct ml_ctl_args *args)
{
    static const struct {
        const char *shell;
        void (*write)(FILE *to, const struct ml_command *const *commands);
    } shells[] = {
        {"bash", ml_completion_bash},
        {"zsh", ml_completion_zsh},
        {"fish", ml_completion_fish},
    };
    const char *what = args->word[0];
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        if (strcmp(what, shells[i].shell) == 0) {
            shells[i].write(stdout, args->commands);
            return ml_print_end(ML_EXIT_DONE);
        }
    }
    if (strcmp(what, "targets") == 0) {
        return print_targets();
    }
    if (strcmp(what, "reports") == 0) {
        return print_reports(args);
    }
    return ml_print_fail(ML_EXIT_USAGE, "there is completion for bash, zsh and fish");
}

static const struct ml_opt opts[] = {ML_OPT_HELP, ML_OPT_END};

const struct ml_command ml_cmd_completion = {
    .name = "completion",
    .words_help = "bash | zsh | fish",
    .summary = "Print the completion script for a shell",
    .details = "bash: source <(memalotctl completion bash)\n"
               "zsh:  source <(memalotctl completion zsh), after compinit\n"
               "fish: memalotctl completion fish | source\n"
               "make install and pip put them where the shells look.",
    .opts = opts,
    .min_words = 1,
    .max_words = 1,
    .hidden = true,
    .run = run,
};
