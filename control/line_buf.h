/* SPDX-License-Identifier: MIT
 *
 * From bytes in any pieces to lines with a limit:
 *
 *     p = ml_line_buf_room(b, &room);  n = read(fd, p, room);  ml_line_buf_filled(b,
 * n); while (ml_line_buf_next(b, &line, &len) == ML_LINE_READY) ...
 *
 * A line over the limit is told once and its rest is swallowed up to the next newline,
 * however long it is; the lines after it are as good as any. Knows nothing of
 * descriptors or of what a line means. A zeroed struct with `a` and `limit` set is
 * an empty buffer.
 */
#ifndef ML_CONTROL_LINE_BUF_H
#define ML_CONTROL_LINE_BUF_H

#include "alloc.h"

enum ml_line_state {
    ML_LINE_NONE,     /* no whole line: read more */
    ML_LINE_READY,    /* one line, without its newline */
    ML_LINE_TOO_LONG, /* one line was over the limit; it is dropped */
};

struct ml_line_buf {
    const struct ml_alloc *a;
    size_t limit; /* bytes of the longest line, newline not counted */
    char *data;
    size_t cap;
    size_t start;   /* first byte not yet given out */
    size_t scanned; /* no newline before here */
    size_t end;     /* one past the last byte read */
    bool skipping;  /* inside a line that was too long */
};

void ml_line_buf_init(struct ml_line_buf *b, const struct ml_alloc *a, size_t limit);
void ml_line_buf_fini(struct ml_line_buf *b);

/* Where to read to: at least one byte of room. NULL when memory is short, or when a
 * whole line is still waiting in a full buffer. Lines given out before become invalid.
 */
char *ml_line_buf_room(struct ml_line_buf *b, size_t *room);
void ml_line_buf_filled(struct ml_line_buf *b, size_t count);

/* The next line, borrowed until ml_line_buf_room or _fini. */
enum ml_line_state ml_line_buf_next(struct ml_line_buf *b, const char **line,
                                    size_t *len);

/* After the end of the stream: the last line if it had no newline. */
enum ml_line_state ml_line_buf_rest(struct ml_line_buf *b, const char **line,
                                    size_t *len);

/* Whether ml_line_buf_next would give something. Remembers how far it looked. */
bool ml_line_buf_waiting(struct ml_line_buf *b);

#endif
