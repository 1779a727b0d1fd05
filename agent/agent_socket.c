/* SPDX-License-Identifier: MIT
 *
 * Keeping the ways in open: the control socket under the right user's directory, and
 * the wake-up pipe. A program may close descriptors it did not open, clean up /tmp, or
 * give up its privileges; none of that is announced, so we look at every wake, and
 * never wake in order to look (setuid() happens to wake us: glibc signals every
 * thread).
 */
#define _GNU_SOURCE
#include "agent_state.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAUSE_FIRST 0.5 /* seconds between tries to bind, doubled each time */
#define PAUSE_LAST 60.0 /* after that only at other wakes */

/* The directory of a user that we no longer are is of no use. One that was chosen may be
 * anybody's that we may write to: a container's volume belongs to root. What lies in it
 * is ours alone (ml_socket_dir_open). */
static const char *
usable_runtime_dir(const struct ml_agent *a)
{
    struct stat st;
    const char *dir = a->runtime_dir;
    bool usable = dir[0] == '/'
                  && (a->runtime_dir_chosen
                          ? euidaccess(dir, W_OK | X_OK) == 0
                          : stat(dir, &st) == 0 && st.st_uid == geteuid());
    return usable ? dir : NULL;
}

static bool
directory_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    struct stat st;
    if (slash == NULL || slash == path) {
        return false;
    }
    snprintf(out, PATH_MAX, "%.*s", (int)(slash - path), path);
    return stat(out, &st) == 0;
}

int
ml_agent_bind(struct ml_agent *a, struct ml_error *err)
{
    char directory[PATH_MAX];
    int rc = ml_config_socket_path(&a->settings, a->pid, geteuid(), usable_runtime_dir(a),
                                   a->socket_path, sizeof(a->socket_path), err);
    a->bound_uid = geteuid();
    a->bind_at = 0;
    if (rc < 0 || a->socket_path[0] == '\0') {
        return rc;
    }
    bool was_there = directory_of(a->socket_path, directory);
    rc = ml_server_listen(a->server, a->socket_path, err);
    if (rc == ML_OK && !was_there) {
        snprintf(a->made_directory, sizeof(a->made_directory), "%s", directory);
    }
    return rc;
}

void
ml_agent_remove_directory(struct ml_agent *a)
{
    /* Fails, as it should, while other agents have their sockets there. */
    if (a->made_directory[0] != '\0') {
        (void)rmdir(a->made_directory);
        a->made_directory[0] = '\0';
    }
}

static void
bind_again(struct ml_agent *a, double now)
{
    struct ml_error err;
    if (ml_agent_bind(a, &err) == ML_OK) {
        a->bind_pause = 0;
        return;
    }
    ml_agent_note(a, "%s", err.message);
    a->bind_pause = a->bind_pause > 0 ? a->bind_pause * 2 : PAUSE_FIRST;
    a->bind_at = a->bind_pause <= PAUSE_LAST ? now + a->bind_pause : 0;
}

void
ml_agent_look_after(struct ml_agent *a, double now)
{
    struct ml_error err;
    if (!ml_wakeup_intact(&a->wakeup)) {
        ml_wakeup_close(&a->wakeup);
        if (ml_wakeup_open(&a->wakeup, &err) < 0) {
            ml_agent_note(a, "%s", err.message);
            a->bind_at = now + PAUSE_FIRST; /* no bell: look again soon */
            return;
        }
    }
    if (a->bind_at > now) {
        return; /* a try that failed, or a new child's quiet time */
    }
    bool first = a->socket_path[0] == '\0' && a->bind_at > 0;
    bool lost = a->socket_path[0] != '\0' && !ml_server_listening(a->server);
    if (first || lost || a->bound_uid != geteuid()) {
        bind_again(a, now);
    }
    a->bind_at = a->bind_at > now ? a->bind_at : 0;
}
