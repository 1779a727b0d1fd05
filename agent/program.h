/* SPDX-License-Identifier: MIT
 *
 * The program we are a guest of, seen through /proc: its command line, a name for it,
 * its memory and age, its user's home. Nothing is cached but what the caller keeps;
 * nothing fails: what cannot be read is empty or 0.
 *
 * Thread: any. GIL: not needed.
 */
#ifndef ML_AGENT_PROGRAM_H
#define ML_AGENT_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "json_write.h"

/* A short name: "app.py" for `python -u app.py`, "pkg.mod" for `python -m pkg.mod`,
 * else the first word's file name. */
void ml_program_name(char *out, size_t cap);

/* The same for a given command line of NUL-terminated words. */
void ml_program_name_of(const char *words, size_t len, char *out, size_t cap);

/* Writes the command line as an array of strings. */
void ml_program_write_command(struct ml_json *out);

uint64_t ml_program_rss(void); /* bytes */
double ml_program_uptime(void); /* seconds since the process was started */

/* When it was started, in seconds since boot; 0: unknown. With the pid it tells a process
 * from another that later has the same pid. */
double ml_program_started(void);


/* "~/x" with the home directory in front: `home` where it belongs to the effective
 * user, else the password file's. Other texts are copied. */
void ml_program_expand_home(const char *text, const char *home, char *out, size_t cap);

#endif
