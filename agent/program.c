/* SPDX-License-Identifier: MIT
 *
 * See program.h. The password file is read with fgetpwent, never getpwuid: that one
 * would load NSS modules into the user's process and may ask the network.
 */
#define _GNU_SOURCE
#include "program.h"
#include "small_file.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COMMAND_MAX 4096 /* longer command lines are cut */

/* -- command line ------------------------------------------------------------------ */

static const char *
next_word(const char *word, const char *end)
{
    const char *next = memchr(word, '\0', (size_t)(end - word));
    return next == NULL || next + 1 >= end ? NULL : next + 1;
}

static const char *
base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* Options of the interpreter whose value is the next word. */
static bool
takes_a_word(const char *option)
{
    return (option[1] == 'X' || option[1] == 'W') && option[2] == '\0';
}

/* The word that says what the interpreter runs: a script, a module, or NULL. */
static const char *
find_subject(const char *word, const char *end)
{
    while (word != NULL && word[0] == '-' && word[1] != '\0') {
        if (word[1] == 'c') {
            return NULL;
        }
        if (word[1] == 'm') {
            return word[2] != '\0' ? word + 2 : next_word(word, end);
        }
        if (takes_a_word(word) || strcmp(word, "--check-hash-based-pycs") == 0) {
            word = next_word(word, end);
        }
        word = word != NULL ? next_word(word, end) : NULL;
    }
    return word;
}

void
ml_program_name_of(const char *words, size_t len, char *out, size_t cap)
{
    const char *end = words + len;
    const char *first = len > 0 ? words : "";
    const char *name = base_name(first);
    if (strncmp(name, "python", 6) == 0) {
        const char *subject = find_subject(next_word(first, end), end);
        name = subject != NULL && subject[0] != '-' ? base_name(subject) : name;
    }
    snprintf(out, cap, "%s", name);
}

void
ml_program_name(char *out, size_t cap)
{
    char words[COMMAND_MAX];
    size_t len = ml_small_file_read("/proc/self/cmdline", words, sizeof(words));
    ml_program_name_of(words, len, out, cap);
}

void
ml_program_write_command(struct ml_json *out)
{
    char words[COMMAND_MAX];
    size_t len = ml_small_file_read("/proc/self/cmdline", words, sizeof(words));
    ml_json_begin_array(out);
    for (const char *w = len > 0 ? words : NULL; w != NULL;
         w = next_word(w, words + len)) {
        ml_json_str(out, w);
    }
    ml_json_end_array(out);
}

/* -- memory and time --------------------------------------------------------------- */

uint64_t
ml_program_rss(void)
{
    char text[128];
    ml_small_file_read("/proc/self/statm", text, sizeof(text));
    const char *second = strchr(text, ' ');
    uint64_t pages = second != NULL ? strtoull(second, NULL, 10) : 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

double
ml_program_started(void)
{
    char text[1024];
    ml_small_file_read("/proc/self/stat", text, sizeof(text));
    /* The name in parentheses may hold anything; field 22, the start time in ticks
     * since boot, is the 20th after it. */
    const char *at = strrchr(text, ')');
    for (int field = 0; at != NULL && field < 20; field++) {
        at = strchr(at + 1, ' ');
    }
    return at != NULL ? (double)strtoull(at, NULL, 10) / (double)sysconf(_SC_CLK_TCK) : 0;
}

double
ml_program_uptime(void)
{
    struct timespec now;
    double started = ml_program_started();
    if (started <= 0 || clock_gettime(CLOCK_BOOTTIME, &now) < 0) {
        return 0;
    }
    double age = (double)now.tv_sec + (double)now.tv_nsec / 1e9 - started;
    return age > 0 ? age : 0;
}

/* -- home -------------------------------------------------------------------------- */

static bool
belongs_to_us(const char *directory)
{
    struct stat st;
    return directory[0] == '/' && stat(directory, &st) == 0 && st.st_uid == geteuid();
}

static bool
home_from_password_file(char *out, size_t cap)
{
    FILE *file = fopen("/etc/passwd", "re");
    char line[1024];
    struct passwd entry, *found = NULL;
    if (file == NULL) {
        return false;
    }
    while (fgetpwent_r(file, &entry, line, sizeof(line), &found) == 0) {
        if (entry.pw_uid == geteuid()) {
            snprintf(out, cap, "%s", entry.pw_dir);
            fclose(file);
            return true;
        }
    }
    fclose(file);
    return false;
}

void
ml_program_expand_home(const char *text, const char *home, char *out, size_t cap)
{
    char other[1024];
    if (text[0] != '~' || (text[1] != '/' && text[1] != '\0')) {
        snprintf(out, cap, "%s", text);
        return;
    }
    if (!belongs_to_us(home) && home_from_password_file(other, sizeof(other))) {
        home = other;
    }
    snprintf(out, cap, "%s%s", home, text + 1);
}
