/* SPDX-License-Identifier: MIT
 *
 * All settings at once, as JSON and as YAML: a walk over the table that opens and
 * closes sections where the keys say so. The words for one value stand in
 * value_write.c.
 */
#include <string.h>

#include "config.h"
#include "options.h"
#include "value.h"

/* Dots in front of the place where the two keys part: the sections they share. */
static int
shared_sections(const char *a, const char *b)
{
    int shared = 0;
    for (; a != NULL && *a != '\0' && *a == *b; a++, b++) {
        shared += *a == '.';
    }
    return shared;
}

static int
count_sections(const char *key)
{
    int sections = 0;
    for (; *key != '\0'; key++) {
        sections += *key == '.';
    }
    return sections;
}

/* The part of the dotted key between two dots: 0 is the first. */
static const char *
key_part(const char *key, int part, char out[ML_OPTION_KEY_MAX])
{
    while (part-- > 0) {
        key = strchr(key, '.') + 1;
    }
    size_t len = strcspn(key, ".");
    memcpy(out, key, len);
    out[len] = '\0';
    return out;
}

void
ml_config_write_json(const struct ml_settings *s, struct ml_json *out)
{
    const char *last = NULL;
    char name[ML_OPTION_KEY_MAX];
    int depth = 0;
    ml_json_begin_object(out);
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        const char *key = ml_options[i].key;
        for (int shared = shared_sections(last, key); depth > shared; depth--) {
            ml_json_end_object(out);
        }
        for (; depth < count_sections(key); depth++) {
            ml_json_key(out, key_part(key, depth, name));
            ml_json_begin_object(out);
        }
        ml_json_key(out, ml_option_leaf(i));
        ml_value_write_json(&ml_options[i], s, out);
        last = key;
    }
    for (; depth > 0; depth--) {
        ml_json_end_object(out);
    }
    ml_json_end_object(out);
}

static void
indent(struct ml_buf *out, int depth)
{
    ml_buf_append(out, "          ", (size_t)depth * 2);
}

/* `keep: 5  # default: 100` */
static void
write_yaml_line(int row, const struct ml_settings *s, struct ml_buf *out)
{
    const struct ml_option *option = &ml_options[row];
    ml_buf_puts(out, ml_option_leaf(row));
    ml_buf_puts(out, ": ");
    size_t start = out->len;
    ml_value_write_yaml(option, s, out);
    size_t len = out->len - start;
    bool standard = !out->failed && len == strlen(option->standard) &&
                    memcmp(out->data + start, option->standard, len) == 0;
    if (!standard) {
        ml_buf_puts(out, "  # default: ");
        ml_buf_puts(out, option->standard);
    }
    ml_buf_putc(out, '\n');
}

void
ml_config_write_yaml(const struct ml_settings *s, struct ml_buf *out)
{
    const char *last = NULL;
    char name[ML_OPTION_KEY_MAX];
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        const char *key = ml_options[i].key;
        int depth = shared_sections(last, key);
        for (; depth < count_sections(key); depth++) {
            indent(out, depth);
            ml_buf_puts(out, key_part(key, depth, name));
            ml_buf_puts(out, ":\n");
        }
        indent(out, depth);
        write_yaml_line(i, s, out);
        last = key;
    }
}
