/* SPDX-License-Identifier: MIT
 *
 * The completion script for zsh: one call of _arguments for each command, which takes
 * the help texts too.
 */
#include "completion.h"

static const char head[] =
    "#compdef memalotctl\n"
    "# zsh completion for memalotctl; written by 'memalotctl completion zsh'.\n"
    "\n"
    "_memalotctl_ask() {\n"
    "    local -a found\n"
    "    found=(${(f)\"$(memalotctl completion $1 2>/dev/null)\"})\n"
    "    found=(${${found//:/\\\\:}/$'\\t'/:})\n"
    "    _describe -V $1 ${1%s} found\n"
    "}\n"
    "\n"
    "_memalotctl() {\n"
    "    local -a known=(\n";

static const char middle[] = "    )\n"
                             "    if (( CURRENT == 2 )); then\n"
                             "        _describe command known\n"
                             "        return\n"
                             "    fi\n"
                             "    shift words\n"
                             "    (( CURRENT-- ))\n"
                             "    case $words[1] in\n";

static const char tail[] = "    esac\n"
                           "}\n"
                           "\n"
                           "if [[ $funcstack[1] == _memalotctl ]]; then\n"
                           "    _memalotctl \"$@\"\n"
                           "else\n"
                           "    compdef _memalotctl memalotctl\n"
                           "fi\n";

static const char *const actions[] = {
    /* A space before a function: no words of _arguments before its own. */
    [ML_COMPLETE_NOTHING] = " ",
    [ML_COMPLETE_TARGETS] = " _memalotctl_ask targets",
    [ML_COMPLETE_REPORTS] = " _memalotctl_ask reports",
    [ML_COMPLETE_FILES] = "_files",
    [ML_COMPLETE_DIRECTORIES] = "_files -/",
    [ML_COMPLETE_PROGRAM] = "_normal",
};

/* Inside single quotes and an explanation in brackets. */
static void
put_text(FILE *to, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs("'\\''", to);
            continue;
        }
        if (*text == '[' || *text == ']' || *text == ':' || *text == '\\') {
            fputc('\\', to);
        }
        fputc(*text, to);
    }
}

static void
put_value(FILE *to, const struct ml_opt *o)
{
    fputc(':', to);
    if (o->type == ML_OPT_WORD) {
        fputs("word:(", to);
        ml_complete_put_words(to, o->value);
        fputc(')', to);
        return;
    }
    put_text(to, o->value);
    fprintf(to, ":%s", actions[ml_complete_value_of(o)]);
}

static void
put_option(FILE *to, const struct ml_opt *o)
{
    const char *many = o->type == ML_OPT_LIST ? "*" : "";
    fputs(" \\\n            ", to);
    if (o->letter != '\0') {
        fprintf(to, "'%s(-%c --%s)'{-%c,--%s%s}'[", many, o->letter, o->name, o->letter,
                o->name, o->type != ML_OPT_FLAG ? "=" : "");
    }
    else {
        fprintf(to, "'%s--%s%s[", many, o->name, o->type != ML_OPT_FLAG ? "=" : "");
    }
    put_text(to, o->help);
    fputc(']', to);
    if (o->type != ML_OPT_FLAG) {
        put_value(to, o);
    }
    fputc('\'', to);
}

static void
put_subs(FILE *to, const struct ml_complete_words *words)
{
    fputs(" \\\n            '1:word:(", to);
    for (int i = 0; i < words->subs; i++) {
        fprintf(to, "%s%s", i > 0 ? " " : "", words->sub[i].name);
    }
    fputs(")' \\\n            '*:: :{ case $words[1] in", to);
    for (int i = 0; i < words->subs; i++) {
        if (words->sub[i].after != ML_COMPLETE_NOTHING) {
            fprintf(to, " %s) %s ;;", words->sub[i].name, actions[words->sub[i].after]);
        }
    }
    fputs(" esac }'", to);
}

static void
put_words(FILE *to, const struct ml_command *c)
{
    struct ml_complete_words words;
    ml_complete_words_of(c, &words);
    if (words.subs > 0) {
        put_subs(to, &words);
    }
    else if (words.first == ML_COMPLETE_PROGRAM) {
        fputs(" \\\n            '(-)1: : _command_names -e' "
              "'*:: :_normal'",
              to);
    }
    else if (words.first != ML_COMPLETE_NOTHING) {
        fprintf(to, " \\\n            '%s: :%s'", c->max_words == 1 ? "1" : "*",
                actions[words.first]);
    }
}

void
ml_completion_zsh(FILE *to, const struct ml_command *const *commands)
{
    fputs(head, to);
    for (const struct ml_command *const *c = commands; *c != NULL; c++) {
        if (!(*c)->hidden) {
            fprintf(to, "        '%s:", (*c)->name);
            put_text(to, (*c)->summary);
            fputs("'\n", to);
        }
    }
    fputs(middle, to);
    for (const struct ml_command *const *c = commands; *c != NULL; c++) {
        if (!(*c)->hidden) {
            fprintf(to, "    %s)\n        _arguments -s", (*c)->name);
            for (const struct ml_opt *o = (*c)->opts; o->name != NULL; o++) {
                put_option(to, o);
            }
            put_words(to, *c);
            fputs("\n        ;;\n", to);
        }
    }
    fputs(tail, to);
}
