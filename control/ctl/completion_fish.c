/* SPDX-License-Identifier: MIT
 *
 * The completion script for fish: one `complete` for each thing there is. What
 * memalotctl answers, a word and a text with a tab between, is what fish wants.
 */
#include "completion.h"

static const char head[] =
    "# fish completion for memalotctl; written by 'memalotctl completion fish'.\n"
    "\n"
    "function __memalotctl_at\n"
    "    set -l words (commandline -opc)\n"
    "    test (count $words) -ge (math (count $argv) + 1)\n"
    "    and test \"$words[2]\" = \"$argv[1]\"\n"
    "    and begin\n"
    "        test (count $argv) -lt 2\n"
    "        or test \"$words[3]\" = \"$argv[2]\"\n"
    "    end\n"
    "end\n"
    "\n"
    "function __memalotctl_count\n"
    "    test (count (commandline -opc)) -eq $argv[1]\n"
    "end\n"
    "\n"
    "function __memalotctl_program\n"
    "    set -l at 3\n"
    "    set -l words (commandline -opc)\n"
    "    while string match -q -- '-*' $words[$at]\n"
    "        contains -- $words[$at] -c --config\n"
    "        and set at (math $at + 1)\n"
    "        set at (math $at + 1)\n"
    "    end\n"
    "    __fish_complete_subcommand --fcs-skip=(math $at - 1)\n"
    "end\n"
    "\n"
    "complete -c memalotctl -f\n";

static const char *const actions[] = {
    [ML_COMPLETE_NOTHING] = "",
    [ML_COMPLETE_TARGETS] = " -a '(memalotctl completion targets 2>/dev/null)'",
    [ML_COMPLETE_REPORTS] = " -k -a '(memalotctl completion reports 2>/dev/null)'",
    [ML_COMPLETE_FILES] = " -F",
    [ML_COMPLETE_DIRECTORIES] = " -a '(__fish_complete_directories)'",
    [ML_COMPLETE_PROGRAM] = " -a '(__memalotctl_program)'",
};

static void
put_text(FILE *to, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\') {
            fputc('\\', to);
        }
        fputc(*text, to);
    }
}

static void
put_option(FILE *to, const struct ml_command *c, const struct ml_opt *o)
{
    fprintf(to, "complete -c memalotctl -n '__memalotctl_at %s' -l %s", c->name, o->name);
    if (o->letter != '\0') {
        fprintf(to, " -s %c", o->letter);
    }
    if (o->type != ML_OPT_FLAG) {
        enum ml_complete kind = ml_complete_value_of(o);
        fputs(kind == ML_COMPLETE_FILES ? " -r" : " -x", to);
        if (o->type == ML_OPT_WORD) {
            fputs(" -a '", to);
            ml_complete_put_words(to, o->value);
            fputs("'", to);
        }
        fputs(actions[kind], to);
    }
    fputs(" -d '", to);
    put_text(to, o->help);
    fputs("'\n", to);
}

static void
put_words(FILE *to, const struct ml_command *c)
{
    struct ml_complete_words words;
    ml_complete_words_of(c, &words);
    if (words.first != ML_COMPLETE_NOTHING) {
        fprintf(to, "complete -c memalotctl -n '__memalotctl_at %s'%s\n", c->name,
                actions[words.first]);
    }
    for (int i = 0; i < words.subs; i++) {
        fprintf(to,
                "complete -c memalotctl -n '__memalotctl_at %s; and __memalotctl_count 2' "
                "-a %s\n",
                c->name, words.sub[i].name);
        if (words.sub[i].after != ML_COMPLETE_NOTHING) {
            fprintf(to, "complete -c memalotctl -n '__memalotctl_at %s %s'%s\n", c->name,
                    words.sub[i].name, actions[words.sub[i].after]);
        }
    }
}

void
ml_completion_fish(FILE *to, const struct ml_command *const *commands)
{
    fputs(head, to);
    for (; *commands != NULL; commands++) {
        const struct ml_command *c = *commands;
        if (c->hidden) {
            continue;
        }
        fprintf(to, "\ncomplete -c memalotctl -n '__memalotctl_count 1' -a %s -d '",
                c->name);
        put_text(to, c->summary);
        fputs("'\n", to);
        for (const struct ml_opt *o = c->opts; o->name != NULL; o++) {
            put_option(to, c, o);
        }
        put_words(to, c);
    }
}
