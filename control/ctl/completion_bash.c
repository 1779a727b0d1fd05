/* SPDX-License-Identifier: MIT
 *
 * The completion script for bash. What is fixed is in `case`s by command; what runs, and
 * which reports there are, is asked when Tab is pressed.
 *
 * bash takes "--color=al" apart at the "=", hence the two lines about it.
 */
#include "completion.h"

static const char head[] =
    "# bash completion for memalotctl; written by 'memalotctl completion bash'.\n"
    "\n"
    "_memalotctl_program()\n"
    "{\n"
    "    local at=2\n"
    "    while [[ ${COMP_WORDS[at]} == -* ]]; do\n"
    "        [[ ${COMP_WORDS[at]} == -c || ${COMP_WORDS[at]} == --config ]] && ((at++))\n"
    "        ((at++))\n"
    "    done\n"
    "    if [[ $at -le COMP_CWORD && $(type -t _command_offset) == function ]]; then\n"
    "        _command_offset \"$at\"\n"
    "    elif [[ $at -eq COMP_CWORD ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -c -- \"$1\")\n"
    "    elif [[ $at -lt COMP_CWORD ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$1\")\n"
    "        compopt -o filenames\n"
    "    fi\n"
    "}\n"
    "\n"
    "_memalotctl()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local command=${COMP_WORDS[1]} small=${COMP_WORDS[2]} options='' value='' words=''\n"
    "    [[ $cur == = ]] && cur=''\n"
    "    [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    if [[ $COMP_CWORD -eq 1 ]]; then\n"
    "        command='' words='";

static const char tail[] =
    "    esac\n"
    "    [[ -z $value ]] || words=$value\n"
    "    [[ -n $value || $cur != -* ]] || words=$options\n"
    "    case $words in\n"
    "    nothing) ;;\n"
    "    program) _memalotctl_program \"$cur\" ;;\n"
    "    files|directories)\n"
    "        compopt -o filenames\n"
    "        mapfile -t COMPREPLY < <(compgen \"-${words:0:1}\" -- \"$cur\")\n"
    "        ;;\n"
    "    targets|reports)\n"
    "        words=$(memalotctl completion \"$words\" 2>/dev/null | cut -f 1)\n"
    "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
    "        ;;\n"
    "    *) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\") ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "complete -F _memalotctl memalotctl\n";

static const char *const kind_words[] = {
    [ML_COMPLETE_NOTHING] = "nothing", [ML_COMPLETE_TARGETS] = "targets",
    [ML_COMPLETE_REPORTS] = "reports", [ML_COMPLETE_FILES] = "files",
    [ML_COMPLETE_DIRECTORIES] = "directories", [ML_COMPLETE_PROGRAM] = "program",
};

static void
put_value(FILE *to, const struct ml_opt *o)
{
    fprintf(to, "        --%s", o->name);
    if (o->letter != '\0') {
        fprintf(to, "|-%c", o->letter);
    }
    fputs(") value='", to);
    if (o->type == ML_OPT_WORD) {
        ml_complete_put_words(to, o->value);
    }
    else {
        fputs(kind_words[ml_complete_value_of(o)], to);
    }
    fputs("' ;;\n", to);
}

static void
put_options(FILE *to, const struct ml_command *c)
{
    bool values = false;
    fputs("        options='", to);
    for (const struct ml_opt *o = c->opts; o->name != NULL; o++) {
        fprintf(to, "%s--%s", o != c->opts ? " " : "", o->name);
        values |= o->type != ML_OPT_FLAG;
    }
    fputs("'\n", to);
    if (!values) {
        return;
    }
    fputs("        case $prev in\n", to);
    for (const struct ml_opt *o = c->opts; o->name != NULL; o++) {
        if (o->type != ML_OPT_FLAG) {
            put_value(to, o);
        }
    }
    fputs("        esac\n", to);
}

static void
put_words(FILE *to, const struct ml_command *c)
{
    struct ml_complete_words words;
    ml_complete_words_of(c, &words);
    if (words.subs == 0) {
        fprintf(to, "        words=%s\n", kind_words[words.first]);
        return;
    }
    fputs("        case $COMP_CWORD,$small in\n        2,*) words='", to);
    for (int i = 0; i < words.subs; i++) {
        fprintf(to, "%s%s", i > 0 ? " " : "", words.sub[i].name);
    }
    fputs("' ;;\n", to);
    for (int i = 0; i < words.subs; i++) {
        fprintf(to, "        *,%s) words=%s ;;\n", words.sub[i].name,
                kind_words[words.sub[i].after]);
    }
    fputs("        esac\n", to);
}

void
ml_completion_bash(FILE *to, const struct ml_command *const *commands)
{
    fputs(head, to);
    for (const struct ml_command *const *c = commands; *c != NULL; c++) {
        if (!(*c)->hidden) {
            fprintf(to, "%s ", (*c)->name);
        }
    }
    fputs("help' options='--help --version'\n    fi\n    case $command in\n", to);
    for (const struct ml_command *const *c = commands; *c != NULL; c++) {
        if (!(*c)->hidden) {
            fprintf(to, "    %s)\n", (*c)->name);
            put_options(to, *c);
            put_words(to, *c);
            fputs("        ;;\n", to);
        }
    }
    fputs(tail, to);
}
