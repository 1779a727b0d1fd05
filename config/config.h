/* SPDX-License-Identifier: MIT
 *
 * YAML -> settings, and settings -> words. What a key is and means stands in one
 * table (options.c); this is the door to it.
 *
 * Threads: no shared state. Nothing is printed, nothing ends the process.
 */
#ifndef ML_CONFIG_CONFIG_H
#define ML_CONFIG_CONFIG_H

#include "alloc.h"
#include "error.h"
#include "json_write.h"
#include "settings.h"

#define ML_CONFIG_MAX_MISTAKES 32

/* Mistakes of one file, in the order of their lines. */
struct ml_mistakes {
    int count; /* more than the array holds are counted in `more` */
    int more;
    struct ml_error mistake[ML_CONFIG_MAX_MISTAKES];
};

void ml_settings_defaults(struct ml_settings *out);

/* Reads YAML text. All mistakes are reported together, each with line, column and,
 * for a mistyped key or word, the nearest right one. On any mistake `out` is left as
 * it was and ML_EFORMAT is returned. An empty text gives the defaults. */
int ml_config_parse(const char *text, size_t len, struct ml_settings *out,
                    struct ml_mistakes *mistakes);

/* The same, but what the text does not speak of stays as it is in `base`. */
int ml_config_parse_over(const char *text, size_t len, const struct ml_settings *base,
                         struct ml_settings *out, struct ml_mistakes *mistakes);

/* The same from a file (at most 1 MiB); ML_EIO with one mistake when unreadable. */
int ml_config_load(const char *path, struct ml_settings *out,
                   struct ml_mistakes *mistakes);

/* The settings as a JSON object with the YAML's nesting, values as one would write
 * them ("60s", "50%", null, false). */
void ml_config_write_json(const struct ml_settings *s, struct ml_json *out);

/* The settings as YAML text; lines that differ from the default say so in a comment. */
void ml_config_write_yaml(const struct ml_settings *s, struct ml_buf *out);

/* The table as Markdown: docs/config.md. */
void ml_config_write_docs(struct ml_buf *out);

/* Calls `each` with the dotted key of every value that differs; `live` says whether
 * it takes effect at once or at the next start of the agent. */
void ml_config_diff(const struct ml_settings *before, const struct ml_settings *after,
                    void (*each)(void *ctx, const char *key, bool live), void *ctx);

/* The socket path that `s` means for process `pid` of user `uid`: "auto" looks at
 * `runtime_dir` ($XDG_RUNTIME_DIR or NULL) and falls back to /tmp/memalot-UID/PID.sock;
 * "%p" is replaced. Empty when the socket is off. ML_ELIMIT when it does not fit a
 * sockaddr_un. */
int ml_config_socket_path(const struct ml_settings *s, long pid, long uid,
                          const char *runtime_dir, char *out, size_t cap,
                          struct ml_error *err);

#endif
