/* SPDX-License-Identifier: MIT
 *
 * docs/config.md out of the table: what the units mean, how a file is applied, and for
 * each option its values, default and sentence of help. A test compares the page in
 * the repository with what this writes.
 */
#include <string.h>

#include "config.h"
#include "options.h"
#include "signal_name.h"
#include "value.h"

static const char intro[] =
    "# Configuration\n"
    "\n"
    "<!-- Written by gen-config-docs from config/options.c; edit there. -->\n"
    "\n"
    "A YAML file, given with `memalotctl run -c FILE`, `MEMALOT_CONFIG=FILE` or\n"
    "`memalot.start(config=FILE)`. Every key may be left out; an empty file, or a "
    "section\n"
    "with nothing in it, means the defaults. `memalotctl config check FILE` names "
    "every\n"
    "mistake of a file with line and column, `memalotctl config show` prints what is "
    "in\n"
    "force and marks what differs from the default.\n"
    "\n"
    "## Values\n"
    "\n"
    "- **Durations**: `500ms`, `60s`, `5m`, `1h`, `2d`; a plain number is seconds. "
    "The\n"
    "  finest step is a microsecond.\n"
    "- **Sizes**: `50MiB`, `2GiB`; a plain number is bytes. `KiB`, `Ki` and `K` are "
    "1024\n"
    "  bytes, `kB` is 1000, and so on with `M`, `G`, `T`. Capitals do not matter.\n"
    "- **Shares**: `80%`. **Rates**: `50MiB/min`, also `/s` and `/h`.\n"
    "- **Switched off**: `off` (`false` and `no` mean the same). **No limit**: "
    "`null`,\n"
    "  where the table says so.\n"
    "- **Switches**: `true` or `false`; `yes`, `no`, `on` and `off` are understood. "
    "In\n"
    "  quotes they are texts, and so are numbers.\n"
    "- **Lists**: `[one, two]`, or one item to a line behind a `-`; at most 32 items "
    "of at\n"
    "  most 255 bytes. No item may be empty or stand there twice.\n"
    "- **Signals**: ";

static const char intro_rest[] =
    ";\n"
    "  signals that cannot be caught, mean a crash or are sent by the system in "
    "ordinary\n"
    "  life are refused.\n"
    "\n"
    "A file is at most 1 MiB of UTF-8 and one document. Unknown keys, keys given "
    "twice,\n"
    "wrong types and values out of range are mistakes; so are anchors, aliases and "
    "tags,\n"
    "which these few keys do not need.\n"
    "\n"
    "## Changing a running process\n"
    "\n"
    "`memalotctl config reload` reads the file again. It is applied as a whole or not "
    "at\n"
    "all: a file with a mistake leaves everything as it was, and the answer names the\n"
    "mistakes. Options marked *now* below take effect at once (a sweep that is under "
    "way\n"
    "ends with the settings it began with), those marked *next start* when the agent "
    "is\n"
    "started again; the answer lists which is which.\n";

static void
write_heading(int row, struct ml_buf *out)
{
    const char *key = ml_options[row].key;
    const char *dot = strrchr(key, '.');
    ml_buf_puts(out, "\n## ");
    if (dot != NULL) {
        ml_buf_printf(out, "`%.*s`", (int)(dot - key), key);
    }
    else {
        ml_buf_puts(out, "At the top");
    }
    ml_buf_puts(out, "\n\n| key | value | default | takes effect | meaning |\n"
                     "| --- | --- | --- | --- | --- |\n");
}

static void
write_row(int row, struct ml_buf *out)
{
    const struct ml_option *option = &ml_options[row];
    char values[200];
    ml_value_describe(option, values, sizeof(values));
    ml_buf_printf(out, "| `%s` | %s | ", ml_option_leaf(row), values);
    if (option->follows != NULL) {
        ml_buf_printf(out, "that of `%s`", option->follows);
    }
    else {
        ml_buf_printf(out, "`%s`", option->standard);
    }
    ml_buf_printf(out, " | %s | %s |\n",
                  option->flags & ML_OPTION_LIVE ? "now" : "next start", option->help);
}

/* The same section: equal up to the last dot. */
static bool
are_neighbours(int a, int b)
{
    size_t n = (size_t)(ml_option_leaf(a) - ml_options[a].key);
    size_t m = (size_t)(ml_option_leaf(b) - ml_options[b].key);
    return n == m && strncmp(ml_options[a].key, ml_options[b].key, n) == 0;
}

/* All rows of the section that `first` begins, also those behind a section inside. */
static void
write_section(int first, struct ml_buf *out)
{
    write_heading(first, out);
    for (int i = first; i < ML_OPTION_COUNT; i++) {
        if (are_neighbours(first, i)) {
            write_row(i, out);
        }
    }
}

static bool
begins_section(int row)
{
    for (int i = 0; i < row; i++) {
        if (are_neighbours(i, row)) {
            return false;
        }
    }
    return true;
}

static void
write_example(struct ml_buf *out)
{
    struct ml_settings *defaults = ml_alloc_array(out->a, 1, sizeof(*defaults));
    if (defaults == NULL) {
        out->failed = true;
        return;
    }
    ml_settings_defaults(defaults);
    ml_buf_puts(out, "\n## The defaults as a file\n\n```yaml\n");
    ml_config_write_yaml(defaults, out);
    ml_buf_puts(out, "```\n");
    ml_alloc_free_array(out->a, defaults, 1, sizeof(*defaults));
}

void
ml_config_write_docs(struct ml_buf *out)
{
    ml_buf_puts(out, intro);
    ml_buf_puts(out, ML_SIGNAL_CHOICES);
    ml_buf_puts(out, intro_rest);
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        if (begins_section(i)) {
            write_section(i, out);
        }
    }
    write_example(out);
}
