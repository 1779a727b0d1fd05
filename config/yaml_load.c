/* SPDX-License-Identifier: MIT
 *
 * See yaml_load.h. One recursive descent over libyaml's events, guided by the table:
 *
 *     read_document
 *       read_section ""            mapping: key, value, key, value, ...
 *         read_member              key is an option, a section, or unknown
 *           read_section "sweep"     (again; as deep as the table and no deeper)
 *           read_option              scalar, or list of scalars
 *           skip                     whatever stands there
 *
 * `r->e.event` is the event at hand (yaml_events.h); each function finds its first one
 * there and leaves its last one. When events end early, everything returns.
 */
#include "yaml_load.h"

#include <stdio.h> /* snprintf only */
#include <string.h>

#include "mistakes.h"
#include "options.h"
#include "suggest.h"
#include "value.h"
#include "yaml_events.h"

struct reader {
    struct ml_events e;
    struct ml_settings *into;
    int option_line[ML_OPTION_COUNT];  /* where it was given, 0: not yet */
    int section_line[ML_OPTION_COUNT]; /* by the section's first row */
};

static void read_section(struct reader *r, const char *section);

static void
read_list(struct reader *r, const struct ml_option *option)
{
    struct ml_text_list *list = ml_option_field(option, r->into);
    memset(list, 0, sizeof(*list));
    while (ml_events_next(&r->e) && r->e.event.type != YAML_SEQUENCE_END_EVENT) {
        struct ml_error err;
        yaml_mark_t mark = r->e.event.start_mark;
        if (ml_events_is_decorated(&r->e)) {
            ml_events_skip(&r->e);
        }
        else if (r->e.event.type != YAML_SCALAR_EVENT) {
            ml_events_mistake(&r->e, mark, "an item of '%s' must be a text, not %s",
                              option->key, ml_events_kind(&r->e));
            ml_events_skip(&r->e);
        }
        else if (ml_value_read_item(option, ml_events_scalar(&r->e), list, &err) < 0) {
            ml_events_mistake(&r->e, mark, "%s", err.message);
        }
    }
}

static void
read_option(struct reader *r, int row, yaml_mark_t key_mark)
{
    const struct ml_option *option = &ml_options[row];
    struct ml_error err;
    if (r->option_line[row] != 0) {
        ml_events_mistake(&r->e, key_mark, "'%s' was already given in line %d",
                          option->key, r->option_line[row]);
        ml_events_skip(&r->e);
        return;
    }
    r->option_line[row] = (int)key_mark.line + 1;
    if (ml_events_is_decorated(&r->e)) {
        ml_events_skip(&r->e);
    }
    else if (r->e.event.type == YAML_SEQUENCE_START_EVENT && ml_value_is_list(option)) {
        read_list(r, option);
    }
    else if (r->e.event.type != YAML_SCALAR_EVENT) {
        ml_value_wrong(option, ml_events_kind(&r->e), &err);
        ml_events_mistake(&r->e, r->e.event.start_mark, "%s", err.message);
        ml_events_skip(&r->e);
    }
    else if (ml_value_read(option, ml_events_scalar(&r->e), r->into, &err) < 0) {
        ml_events_mistake(&r->e, r->e.event.start_mark, "%s", err.message);
    }
}

/* The value of `key:` is a section: a mapping, or nothing (all of it commented out). */
static void
read_subsection(struct reader *r, int first_row, const char *section,
                yaml_mark_t key_mark)
{
    char quoted[ML_SUGGEST_QUOTE];
    if (r->section_line[first_row] != 0) {
        ml_events_mistake(&r->e, key_mark,
                          "the section '%s' was already given in line %d", section,
                          r->section_line[first_row]);
        ml_events_skip(&r->e);
        return;
    }
    r->section_line[first_row] = (int)key_mark.line + 1;
    if (ml_events_is_decorated(&r->e)) {
        ml_events_skip(&r->e);
    }
    else if (r->e.event.type == YAML_MAPPING_START_EVENT) {
        read_section(r, section);
    }
    else if (r->e.event.type == YAML_SCALAR_EVENT) {
        struct ml_scalar s = ml_events_scalar(&r->e);
        if (!ml_value_is_null(s)) {
            ml_events_mistake(
                &r->e, r->e.event.start_mark,
                "'%s' is a section: its keys stand indented below it, not %s", section,
                ml_suggest_quote(s.text, s.len, quoted));
        }
    }
    else {
        ml_events_mistake(&r->e, r->e.event.start_mark,
                          "'%s' is a section: its keys stand indented below it, not %s",
                          section, ml_events_kind(&r->e));
        ml_events_skip(&r->e);
    }
}

/* The option that this key would be somewhere else (`keep` at the top, or `report.keep`
 * in one word), -1: none. */
static int
misplaced(const char *section, const char *name)
{
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        if (strcmp(ml_option_leaf(i), name) == 0 ||
            (*section == '\0' && strcmp(ml_options[i].key, name) == 0)) {
            return i;
        }
    }
    return -1;
}

/* The key of this section that may have been meant, NULL: none is near. */
static const char *
nearest(const char *section, struct ml_scalar key, char out[ML_OPTION_KEY_MAX])
{
    char name[ML_OPTION_COUNT][ML_OPTION_KEY_MAX];
    struct ml_suggest best;
    ml_suggest_init(&best, key.text, key.len);
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        size_t len;
        const char *child = ml_option_child(i, section, &len);
        if (child != NULL) {
            snprintf(name[i], sizeof(name[i]), "%.*s", (int)len, child);
            ml_suggest_offer(&best, name[i]);
        }
    }
    if (ml_suggest_best(&best) == NULL) {
        return NULL;
    }
    snprintf(out, ML_OPTION_KEY_MAX, "%s", ml_suggest_best(&best));
    return out;
}

static void
unknown_key(struct reader *r, const char *section, struct ml_scalar key,
            yaml_mark_t mark)
{
    char quoted[ML_SUGGEST_QUOTE], name[ML_OPTION_KEY_MAX], meant[ML_OPTION_KEY_MAX];
    char where[ML_OPTION_KEY_MAX + 8] = "";
    snprintf(name, sizeof(name), "%.*s", (int)key.len, key.text);
    ml_suggest_quote(key.text, key.len, quoted);
    if (*section != '\0') {
        snprintf(where, sizeof(where), " in '%s'", section);
    }
    if (r->e.mistakes == NULL || r->e.mistakes->count == ML_CONFIG_MAX_MISTAKES) {
        ml_events_mistake(&r->e, mark, "unknown key"); /* only counted: no search */
        return;
    }
    int row = misplaced(section, name);
    const char *leaf = row >= 0 ? ml_option_leaf(row) : "";
    if (row >= 0 && leaf == ml_options[row].key) {
        ml_events_mistake(&r->e, mark, "unknown key %s%s; '%s' belongs at the top",
                          quoted, where, leaf);
    }
    else if (row >= 0) {
        ml_events_mistake(&r->e, mark, "unknown key %s%s; '%s' belongs in '%.*s'",
                          quoted, where, leaf, (int)(leaf - ml_options[row].key) - 1,
                          ml_options[row].key);
    }
    else if (nearest(section, key, meant) != NULL) {
        ml_events_mistake(&r->e, mark, "unknown key %s%s; did you mean '%s'?", quoted,
                          where, meant);
    }
    else {
        ml_events_mistake(&r->e, mark, "unknown key %s%s", quoted, where);
    }
}

/* "section.key"; false for what cannot be a key of the table. */
static bool
join_key(const char *section, struct ml_scalar key, char out[ML_OPTION_KEY_MAX])
{
    size_t len = strlen(section) + (*section != '\0');
    if (key.len >= ML_OPTION_KEY_MAX - len || memchr(key.text, '.', key.len) != NULL ||
        memchr(key.text, '\0', key.len) != NULL) {
        return false;
    }
    snprintf(out, ML_OPTION_KEY_MAX, "%s%s", section, *section != '\0' ? "." : "");
    memcpy(out + len, key.text, key.len);
    out[len + key.len] = '\0';
    return true;
}

/* A key is at hand, its value follows. */
static void
read_member(struct reader *r, const char *section)
{
    char dotted[ML_OPTION_KEY_MAX] = "";
    yaml_mark_t mark = r->e.event.start_mark;
    bool readable =
        !ml_events_is_decorated(&r->e) && r->e.event.type == YAML_SCALAR_EVENT;
    if (!readable) {
        if (r->e.event.type != YAML_SCALAR_EVENT &&
            r->e.event.type != YAML_ALIAS_EVENT) {
            ml_events_mistake(&r->e, mark, "a key must be a name, not %s",
                              ml_events_kind(&r->e));
        }
        ml_events_skip(&r->e);
        if (ml_events_next(&r->e)) {
            ml_events_skip(&r->e);
        }
        return;
    }
    struct ml_scalar key = ml_events_scalar(&r->e);
    bool possible = join_key(section, key, dotted);
    int row = possible ? ml_option_find(dotted) : -1;
    int first_row = possible ? ml_option_find_section(dotted) : -1;
    if (row < 0 && first_row < 0) {
        unknown_key(r, section, key, mark);
    }
    if (!ml_events_next(&r->e)) {
        return;
    }
    if (row >= 0) {
        read_option(r, row, mark);
    }
    else if (first_row >= 0) {
        read_subsection(r, first_row, dotted, mark);
    }
    else {
        ml_events_skip(&r->e);
    }
}

static void
read_section(struct reader *r, const char *section)
{
    while (ml_events_next(&r->e) && r->e.event.type != YAML_MAPPING_END_EVENT) {
        read_member(r, section);
    }
}

/* The document's one node is at hand. */
static void
read_root(struct reader *r)
{
    if (ml_events_is_decorated(&r->e)) {
        ml_events_skip(&r->e);
    }
    else if (r->e.event.type == YAML_MAPPING_START_EVENT) {
        read_section(r, "");
    }
    else if (r->e.event.type != YAML_SCALAR_EVENT ||
             !ml_value_is_null(ml_events_scalar(&r->e))) {
        ml_events_mistake(&r->e, r->e.event.start_mark,
                          "expected keys and sections such as 'report:', found %s",
                          ml_events_kind(&r->e));
        ml_events_skip(&r->e);
    }
}

static void
read_stream(struct reader *r)
{
    if (!ml_events_next(&r->e) || !ml_events_next(&r->e) ||
        r->e.event.type == YAML_STREAM_END_EVENT) {
        return; /* nothing, or nothing but comments */
    }
    if (ml_events_next(&r->e)) {
        read_root(r);
    }
    if (ml_events_next(&r->e) && ml_events_next(&r->e) &&
        r->e.event.type == YAML_DOCUMENT_START_EVENT) {
        ml_events_mistake(
            &r->e, r->e.event.start_mark,
            "a second document begins here; the file must hold a single one");
    }
}

static void
apply_follows(struct reader *r)
{
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        const struct ml_option *option = &ml_options[i];
        int model = option->follows != NULL ? ml_option_find(option->follows) : -1;
        if (model >= 0 && r->option_line[i] == 0 && r->option_line[model] != 0) {
            memcpy(ml_option_field(option, r->into),
                   ml_option_value(&ml_options[model], r->into), option->size);
        }
    }
}

static bool
is_utf16(const char *text, size_t len)
{
    return len >= 2 &&
           (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0);
}

static int
nomem(struct ml_mistakes *mistakes)
{
    if (mistakes != NULL) {
        memset(mistakes, 0, sizeof(*mistakes));
    }
    return ml_error_nomem(ml_mistakes_next(mistakes));
}

int
ml_yaml_load(const struct ml_alloc *a, const char *text, size_t len,
             struct ml_settings *out, struct ml_mistakes *mistakes)
{
    return ml_yaml_load_over(a, text, len, NULL, out, mistakes);
}

int
ml_yaml_load_over(const struct ml_alloc *a, const char *text, size_t len,
                  const struct ml_settings *base, struct ml_settings *out,
                  struct ml_mistakes *mistakes)
{
    struct reader r = {0};
    if (mistakes != NULL) {
        memset(mistakes, 0, sizeof(*mistakes));
    }
    if (len > ML_YAML_MAX_BYTES) {
        ml_mistakes_add(mistakes, ML_ELIMIT, 0, 0, "larger than %zu bytes",
                        ML_YAML_MAX_BYTES);
        return ML_ELIMIT;
    }
    if (is_utf16(text, len)) {
        ml_mistakes_add(mistakes, ML_EFORMAT, 1, 1,
                        "the file is UTF-16; save it as UTF-8");
        return ML_EFORMAT;
    }
    r.into = ml_alloc_array(a, 1, sizeof(*r.into)); /* 40 KiB: too much for a stack */
    if (r.into == NULL) {
        return nomem(mistakes);
    }
    if (base != NULL) {
        memcpy(r.into, base, sizeof(*r.into));
    }
    else {
        ml_settings_defaults(r.into);
    }
    bool marked =
        len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0; /* byte order mark */
    if (ml_events_init(&r.e, marked ? text + 3 : text, marked ? len - 3 : len,
                       mistakes) == ML_OK) {
        read_stream(&r);
    }
    int failed = ml_events_fini(&r.e);
    if (failed == ML_OK) {
        apply_follows(&r);
        memcpy(out, r.into, sizeof(*out));
    }
    ml_alloc_free_array(a, r.into, 1, sizeof(*r.into));
    return failed == ML_ENOMEM ? nomem(mistakes) : failed;
}
