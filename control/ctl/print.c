/* SPDX-License-Identifier: MIT
 *
 * See print.h.
 */
#define _GNU_SOURCE
#include "print.h"

#include <errno.h>
#include <langinfo.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What an agent or a file name says is quoted in here: control characters never get
 * to the terminal. */
static void
say(const char *fmt, va_list ap)
{
    char text[2048];
    vsnprintf(text, sizeof(text), fmt, ap);
    for (char *p = text; *p != '\0'; p++) {
        *p = (unsigned char)*p < 0x20 || *p == 0x7F ? '?' : *p;
    }
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
}

int
ml_print_fail(int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
    return code;
}

void
ml_print_note(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
}

int
ml_print_exit_code(int ml_code)
{
    return ml_code == ML_EPERM        ? ML_EXIT_REFUSED
           : ml_code == ML_EINVAL     ? ML_EXIT_USAGE
           : ml_code == ML_EAMBIGUOUS ? ML_EXIT_NO_AGENT
                                      : ML_EXIT_FAILED;
}

int
ml_print_error(const struct ml_error *err)
{
    return ml_print_fail(ml_print_exit_code(err->code), "%s", err->message);
}

struct ml_text_style
ml_print_style(FILE *to, const char *color)
{
    struct ml_text_style style = {0};
    struct winsize size;
    bool terminal = isatty(fileno(to));
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    const char *charset = nl_langinfo(CODESET);
    style.unicode = strcmp(charset, "UTF-8") == 0;
    style.color = terminal && !(none != NULL && none[0] != '\0') &&
                  !(term != NULL && strcmp(term, "dumb") == 0);
    if (color != NULL && strcmp(color, "auto") != 0) {
        style.color = strcmp(color, "always") == 0;
    }
    if (terminal && ioctl(fileno(to), TIOCGWINSZ, &size) == 0) {
        style.width = size.ws_col;
    }
    return style;
}

int
ml_print_findings(const struct ml_ctl_args *args)
{
    return args->limit == ML_CTL_UNSET ? ML_CTL_FINDINGS : args->limit;
}

int
ml_print_json(json_t *value)
{
    int rc = value == NULL ? -1 : json_dumpf(value, stdout, JSON_INDENT(2));
    json_decref(value);
    if (rc < 0) {
        return ml_print_fail(ML_EXIT_FAILED, "cannot write the JSON document");
    }
    putchar('\n');
    return ml_print_end(ML_EXIT_DONE);
}

int
ml_print_end(int code)
{
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return ml_print_fail(ML_EXIT_FAILED, "cannot write to standard output: %s",
                             strerror(errno));
    }
    return code;
}
