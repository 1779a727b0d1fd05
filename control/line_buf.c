/* SPDX-License-Identifier: MIT
 *
 * See line_buf.h. The buffer is never larger than one line of the greatest length and
 * its newline, so a full buffer without a newline is exactly a line that is too long.
 * Each byte is searched once and moved at most once per refill.
 */
#include "line_buf.h"

#include <string.h>

#define FIRST_SIZE ((size_t)4096)
#define KEEP_SIZE ((size_t)64 * 1024) /* an idle client keeps no more than this */

void
ml_line_buf_init(struct ml_line_buf *b, const struct ml_alloc *a, size_t limit)
{
    *b = (struct ml_line_buf){.a = a, .limit = limit};
}

void
ml_line_buf_fini(struct ml_line_buf *b)
{
    if (b->a != NULL) {
        ml_alloc_free_array(b->a, b->data, b->cap, 1);
    }
    memset(b, 0, sizeof(*b));
}

static void
move_to_front(struct ml_line_buf *b)
{
    if (b->start == 0) {
        return;
    }
    memmove(b->data, b->data + b->start, b->end - b->start);
    b->end -= b->start;
    b->scanned -= b->start;
    b->start = 0;
    if (b->end == 0 && b->cap > KEEP_SIZE) {
        ml_alloc_free_array(b->a, b->data, b->cap, 1);
        b->data = NULL;
        b->cap = 0;
    }
}

static bool
grow(struct ml_line_buf *b)
{
    size_t most = b->limit + 1;
    size_t cap = b->cap == 0 ? FIRST_SIZE : b->cap * 2;
    cap = cap > most ? most : cap;
    if (cap <= b->cap) {
        return false;
    }
    char *data = ml_alloc_resize_array(b->a, b->data, b->cap, cap, 1);
    if (data == NULL) {
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

char *
ml_line_buf_room(struct ml_line_buf *b, size_t *room)
{
    move_to_front(b);
    if (b->end == b->cap && !grow(b)) {
        *room = 0;
        return NULL;
    }
    *room = b->cap - b->end;
    return b->data + b->end;
}

void
ml_line_buf_filled(struct ml_line_buf *b, size_t count)
{
    b->end += count;
}

/* The newline at or after `scanned`, or NULL after moving `scanned` to the end. */
static const char *
find_newline(struct ml_line_buf *b)
{
    const char *newline = NULL;
    if (b->end > b->scanned) {
        newline = memchr(b->data + b->scanned, '\n', b->end - b->scanned);
    }
    b->scanned = newline != NULL ? (size_t)(newline - b->data) : b->end;
    return newline;
}

static void
drop_all(struct ml_line_buf *b)
{
    b->start = b->scanned = b->end;
}

enum ml_line_state
ml_line_buf_next(struct ml_line_buf *b, const char **line, size_t *len)
{
    for (;;) {
        const char *newline = find_newline(b);
        if (newline == NULL) {
            break;
        }
        size_t from = b->start;
        b->start = b->scanned = (size_t)(newline - b->data) + 1;
        if (b->skipping) {
            b->skipping = false;
            continue;
        }
        *line = b->data + from;
        *len = b->start - from - 1;
        return ML_LINE_READY;
    }
    if (b->skipping) {
        drop_all(b);
    }
    else if (b->end - b->start > b->limit) {
        drop_all(b);
        b->skipping = true;
        return ML_LINE_TOO_LONG;
    }
    return ML_LINE_NONE;
}

enum ml_line_state
ml_line_buf_rest(struct ml_line_buf *b, const char **line, size_t *len)
{
    if (b->skipping || b->end == b->start) {
        return ML_LINE_NONE;
    }
    *line = b->data + b->start;
    *len = b->end - b->start;
    drop_all(b);
    return ML_LINE_READY;
}

bool
ml_line_buf_waiting(struct ml_line_buf *b)
{
    return find_newline(b) != NULL;
}
