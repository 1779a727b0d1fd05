/* SPDX-License-Identifier: MIT
 *
 * See config.h: the questions to the table that are neither reading (yaml_load.c) nor
 * writing (config_write.c).
 */
#include "config.h"

#include <stdio.h> /* snprintf only */
#include <string.h>
#include <sys/un.h>

#include "options.h"
#include "value.h"
#include "yaml_load.h"

void
ml_settings_defaults(struct ml_settings *out)
{
    memset(out, 0, sizeof(*out));
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        ml_value_set_default(&ml_options[i], out);
    }
}

int
ml_config_parse(const char *text, size_t len, struct ml_settings *out,
                struct ml_mistakes *mistakes)
{
    return ml_yaml_load(&ml_alloc_libc, text, len, out, mistakes);
}

int
ml_config_parse_over(const char *text, size_t len, const struct ml_settings *base,
                     struct ml_settings *out, struct ml_mistakes *mistakes)
{
    return ml_yaml_load_over(&ml_alloc_libc, text, len, base, out, mistakes);
}

int
ml_config_load(const char *path, struct ml_settings *out, struct ml_mistakes *mistakes)
{
    return ml_yaml_load_file(&ml_alloc_libc, path, out, mistakes);
}

void
ml_config_diff(const struct ml_settings *before, const struct ml_settings *after,
               void (*each)(void *ctx, const char *key, bool live), void *ctx)
{
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        if (!ml_value_same(&ml_options[i], before, after)) {
            each(ctx, ml_options[i].key, (ml_options[i].flags & ML_OPTION_LIVE) != 0);
        }
    }
}

/* Appends to a path under construction; false once it has become too long. */
static bool
append(char *out, size_t cap, size_t *len, const char *text, size_t n)
{
    if (n >= cap - *len) {
        return false;
    }
    memcpy(out + *len, text, n);
    *len += n;
    out[*len] = '\0';
    return true;
}

/* `socket` with the process id in place of every %p. */
static bool
expand_pid(const char *socket, long pid, char *out, size_t cap)
{
    char digits[24];
    size_t len = 0, n = (size_t)snprintf(digits, sizeof(digits), "%ld", pid);
    out[0] = '\0';
    for (const char *at = socket; *at != '\0';) {
        bool is_pid = at[0] == '%' && at[1] == 'p';
        if (!append(out, cap, &len, is_pid ? digits : at, is_pid ? n : 1)) {
            return false;
        }
        at += is_pid ? 2 : 1;
    }
    return true;
}

/* XDG wants the directory to be absolute, else it is to be ignored. A runtime directory
 * too long for a socket address is of no use either. */
static bool
automatic_path(long pid, long uid, const char *runtime_dir, char *out, size_t cap)
{
    if (runtime_dir != NULL && runtime_dir[0] == '/') {
        int n = snprintf(out, cap, "%s/memalot/%ld.sock", runtime_dir, pid);
        if (n >= 0 && (size_t)n < cap) {
            return true;
        }
    }
    int n = snprintf(out, cap, "/tmp/memalot-%ld/%ld.sock", uid, pid);
    return n >= 0 && (size_t)n < cap;
}

int
ml_config_socket_path(const struct ml_settings *s, long pid, long uid,
                      const char *runtime_dir, char *out, size_t cap,
                      struct ml_error *err)
{
    const size_t most = sizeof(((struct sockaddr_un *)0)->sun_path);
    const char *socket = s->control.socket;
    size_t room = cap < most ? cap : most;
    if (cap == 0) {
        return ml_error_set(err, ML_ELIMIT, "no room for the socket's path");
    }
    out[0] = '\0';
    if (strcmp(socket, "off") == 0) {
        return ML_OK;
    }
    bool fits = strcmp(socket, "auto") == 0
                    ? automatic_path(pid, uid, runtime_dir, out, room)
                    : expand_pid(socket, pid, out, room);
    if (!fits) {
        out[0] = '\0';
        return ml_error_set(err, ML_ELIMIT,
                            "the socket's path is longer than %zu bytes", room - 1);
    }
    return ML_OK;
}
