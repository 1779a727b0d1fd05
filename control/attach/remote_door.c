/* SPDX-License-Identifier: MIT
 *
 * See remote_door.h. The table is CPython's struct _Py_DebugOffsets: a cookie and
 * 64-bit words, of which we need a dozen. Their numbers are fixed within a minor
 * version from its final release on.
 */
#define _GNU_SOURCE
#include "remote_door.h"

#include <string.h>

#include "memory.h"

#define FIRST_MINOR 14
#define WORDS_MAX 112
#define INTERPRETERS_MAX 10000
#define PLEASE_STOP (1u << 5) /* _PY_EVAL_PLEASE_STOP_BIT, a bit of the lowest byte */
#define PATH_ROOM 512         /* _Py_MAX_SCRIPT_PATH_SIZE */

/* Numbers of words in the table. Where one column is given, both versions agree. */
enum {
    W_VERSION = 1,
    W_FREE_THREADED = 2,
    W_RUNTIME_SIZE = 3,
    W_FINALIZING = 4,
    W_INTERPRETERS_HEAD = 5,
    W_INTERPRETER_SIZE = 6,
    W_INTERPRETER_ID = 7,
    W_INTERPRETER_NEXT = 8,
    W_THREADS_MAIN = 10,
    W_THREAD_SIZE = 22,
    W_THREAD_INTERP = 25,
};

/* The first word of its part _debugger_support, by minor version from 14 on; the others
 * follow in this order. */
static const int support_words[] = {89, 105};
enum { S_BREAKER, S_SUPPORT, S_ENABLED, S_PENDING, S_PATH, S_PATH_SIZE, S_COUNT };

struct table {
    pid_t pid;
    uint64_t runtime;
    uint64_t word[WORDS_MAX];
    const uint64_t *support; /* in `word` */
};

static int
no_door(struct ml_error *err, const char *why)
{
    return ml_error_set(err, ML_EUNSUPPORTED,
                        "no way through sys.remote_exec's door: %s", why);
}

/* Places that a request touches lie in the struct that they belong to. */
static bool
is_plausible(const struct table *t)
{
    const uint64_t *w = t->word, *s = t->support;
    return w[W_THREAD_SIZE] < 65536 && s[S_PATH_SIZE] == PATH_ROOM &&
           s[S_BREAKER] + 8 <= w[W_THREAD_SIZE] && s[S_PENDING] == 0 &&
           s[S_PATH] >= 4 && s[S_PATH] + PATH_ROOM <= PATH_ROOM + 16 &&
           s[S_SUPPORT] + s[S_PATH] + PATH_ROOM <= w[W_THREAD_SIZE] &&
           s[S_ENABLED] + 4 <= w[W_INTERPRETER_SIZE] &&
           w[W_THREADS_MAIN] + 8 <= w[W_INTERPRETER_SIZE] &&
           w[W_INTERPRETER_NEXT] + 8 <= w[W_INTERPRETER_SIZE] &&
           w[W_INTERPRETERS_HEAD] + 8 <= w[W_RUNTIME_SIZE];
}

static int
read_table(const struct ml_attach_target *target, struct table *out,
           struct ml_error *err)
{
    int column = target->minor - FIRST_MINOR;
    if (column < 0 ||
        column >= (int)(sizeof(support_words) / sizeof(support_words[0]))) {
        return no_door(err, "CPython has it from 3.14 on");
    }
    *out = (struct table){.pid = target->pid, .runtime = target->runtime};
    size_t words = (size_t)support_words[column] + S_COUNT;
    out->support = out->word + support_words[column];
    if (!ml_memory_read(out->pid, out->runtime, out->word, words * sizeof(uint64_t)) ||
        memcmp(out->word, "xdebugpy", 8) != 0) {
        return no_door(err, "its table of offsets is not there");
    }
    uint64_t version = out->word[W_VERSION];
    if (version >> 24 != 3 || (version >> 16 & 0xFF) != (uint64_t)target->minor ||
        (version & 0xF0) != 0xF0 || out->word[W_FREE_THREADED] != 0 ||
        !is_plausible(out)) {
        return no_door(err, "its table of offsets is another version's");
    }
    return ML_OK;
}

static bool
read_word(const struct table *t, uint64_t address, uint64_t *out)
{
    return ml_memory_read(t->pid, address, out, sizeof(*out));
}

/* The main interpreter: the list begins with the youngest. */
static bool
find_interpreter(const struct table *t, uint64_t *out)
{
    uint64_t at, id;
    if (!read_word(t, t->runtime + t->word[W_INTERPRETERS_HEAD], &at)) {
        return false;
    }
    for (int i = 0; at != 0 && i < INTERPRETERS_MAX; i++) {
        if (!read_word(t, at + t->word[W_INTERPRETER_ID], &id)) {
            return false;
        }
        if (id == 0) {
            *out = at;
            return true;
        }
        if (!read_word(t, at + t->word[W_INTERPRETER_NEXT], &at)) {
            return false;
        }
    }
    return false;
}

static bool
find_thread(const struct table *t, uint64_t interpreter, uint64_t *out)
{
    uint64_t owner;
    return read_word(t, interpreter + t->word[W_THREADS_MAIN], out) && *out != 0 &&
           read_word(t, *out + t->word[W_THREAD_INTERP], &owner) &&
           owner == interpreter;
}

static int
check_open(const struct table *t, uint64_t interpreter, uint64_t pending,
           struct ml_error *err)
{
    uint64_t finalizing = 0;
    int32_t enabled = 0, taken = 0;
    if (!read_word(t, t->runtime + t->word[W_FINALIZING], &finalizing) ||
        !ml_memory_read(t->pid, interpreter + t->support[S_ENABLED], &enabled, 4) ||
        !ml_memory_read(t->pid, pending, &taken, 4)) {
        return no_door(err, "its memory cannot be read");
    }
    if (finalizing != 0) {
        return no_door(err, "the interpreter is shutting down");
    }
    if (enabled != 1) {
        return no_door(err, "it is shut (PYTHON_DISABLE_REMOTE_DEBUG)");
    }
    return taken != 0 ? no_door(err, "another debugger is using it") : ML_OK;
}

int
ml_remote_door_find(const struct ml_attach_target *target, struct ml_remote_door *out,
                    struct ml_error *err)
{
    struct table t;
    uint64_t interpreter, thread;
    int rc = read_table(target, &t, err);
    if (rc < 0) {
        return rc;
    }
    if (!find_interpreter(&t, &interpreter) || !find_thread(&t, interpreter, &thread)) {
        return no_door(err, "its main thread is not to be found");
    }
    uint64_t support = thread + t.support[S_SUPPORT];
    *out = (struct ml_remote_door){.pid = target->pid,
                                   .pending = support + t.support[S_PENDING],
                                   .path = support + t.support[S_PATH],
                                   .path_size = t.support[S_PATH_SIZE],
                                   .breaker = thread + t.support[S_BREAKER]};
    return check_open(&t, interpreter, out->pending, err);
}

/* Only the byte with the flags is written: the other bytes are a version number, which
 * a thread that finds an old one there would wait for for ever. A flag that the program
 * sets between our read and our write is lost, for as long as it takes the thread to
 * answer ours: it lets go of the GIL then, and who takes the GIL looks at what the
 * flags stand for (signals, pending calls) and sets them anew. */
static bool
set_breaker(const struct ml_remote_door *door)
{
    unsigned char flags; /* of a little-endian word: its first byte */
    if (!ml_memory_read(door->pid, door->breaker, &flags, 1)) {
        return false;
    }
    flags |= PLEASE_STOP;
    return ml_memory_write(door->pid, door->breaker, &flags, 1);
}

int
ml_remote_door_ask(const struct ml_remote_door *door, const char *script,
                   struct ml_error *err)
{
    const int32_t one = 1;
    size_t len = strlen(script) + 1;
    if (len > door->path_size) {
        return no_door(err, "the script's path is too long");
    }
    if (!ml_memory_write(door->pid, door->path, script, len) ||
        !ml_memory_write(door->pid, door->pending, &one, sizeof(one)) ||
        !set_breaker(door)) {
        return no_door(err, "its memory cannot be written to");
    }
    return ML_OK;
}

/* Seconds may have gone by: the interpreter may have ended and its memory be another's,
 * or another debugger have asked meanwhile. */
static bool
is_still_ours(const struct ml_remote_door *door, const char *script)
{
    char path[PATH_ROOM];
    int32_t pending = 0;
    size_t len = strlen(script) + 1;
    return len <= sizeof(path) && ml_memory_read(door->pid, door->path, path, len) &&
           memcmp(path, script, len) == 0 &&
           ml_memory_read(door->pid, door->pending, &pending, sizeof(pending)) &&
           (pending == 0 || pending == 1);
}

void
ml_remote_door_take_back(const struct ml_remote_door *door, const char *script)
{
    static const int32_t none = 0;
    if (!is_still_ours(door, script)) {
        return;
    }
    (void)ml_memory_write(door->pid, door->pending, &none, sizeof(none));
    (void)ml_memory_write(door->pid, door->path, &none, 1);
}
