/* SPDX-License-Identifier: MIT
 *
 * The characters of YAML: which may stand in a file, and how a text is written so that
 * every YAML reader gets the same text back.
 *
 * Checked before libyaml sees the file, because libyaml decodes a large piece ahead and
 * would report a broken byte in line 50 before the mistake in line 3.
 */
#ifndef ML_CONFIG_YAML_TEXT_H
#define ML_CONFIG_YAML_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/* One UTF-8 character from `p`: its length (1 to 4) and *out, or 0 when it is not
 * well-formed (RFC 3629). `left` is at least 1. */
size_t ml_yaml_decode(const char *p, size_t left, uint32_t *out);

/* Offset of the first byte that no YAML file may contain, `len` when there is none. */
size_t ml_yaml_check(const char *text, size_t len);

/* Line and column, both from 1, of the byte at `offset`; columns count characters. */
void ml_yaml_position(const char *text, size_t offset, int *line, int *column);

/* The text holds characters that belong in no name or path: controls, NUL. */
bool ml_yaml_has_controls(const char *text, size_t len);

/* Writes `text` as one scalar: plain where that cannot be misread as a number, null,
 * a yes or an indicator (within [ ] too), else in double quotes. Broken UTF-8 becomes
 * U+FFFD. */
void ml_yaml_write_text(struct ml_buf *out, const char *text);

#endif
