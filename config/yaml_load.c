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
 * `r->event` is the event at hand; each function finds its first event there and
 * leaves its last one. After a syntax error `r->stop` is set and everything returns.
 */
#include "yaml_load.h"

#include <stdio.h> /* snprintf only */
#include <string.h>
#include <yaml.h>

#include "mistakes.h"
#include "options.h"
#include "suggest.h"
#include "value.h"
#include "yaml_text.h"

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; /* zeroed: YAML_NO_EVENT */
    const char *text;
    size_t len;
    bool truncated; /* a byte that may not be there follows `len` */
    bool stop;
    int failed; /* the first mistake's code, ML_OK: none */
    struct ml_settings *into;
    struct ml_mistakes *mistakes;
    int option_line[ML_OPTION_COUNT];  /* where it was given, 0: not yet */
    int section_line[ML_OPTION_COUNT]; /* by the section's first row */
};

static void read_section(struct reader *r, const char *section);

/* A mistake at a mark of libyaml (which counts from 0); NULL: without room. */
static struct ml_error *
mistake_at(struct reader *r, yaml_mark_t mark, struct ml_error *err)
{
    struct ml_error *slot = ml_mistakes_next(r->mistakes);
    r->failed = r->failed == ML_OK ? ML_EFORMAT : r->failed;
    if (slot != NULL) {
        *slot = *err;
        slot->code = ML_EFORMAT;
        slot->line = (int)mark.line + 1;
        slot->column = (int)mark.column + 1;
    }
    return slot;
}

#define MISTAKE(r, mark, ...)                                                          \
    do {                                                                               \
        struct ml_error said_;                                                         \
        ml_error_set(&said_, ML_EFORMAT, __VA_ARGS__);                                 \
        mistake_at(r, mark, &said_);                                                   \
    } while (0)

/* Tabs look like spaces; libyaml only says "cannot start any token". */
static bool
is_about_tabs(const struct reader *r, const char *problem, yaml_mark_t mark)
{
    if (strstr(problem, "tab") == NULL && strstr(problem, "start any token") == NULL) {
        return false;
    }
    const char *at = r->text, *end = r->text + r->len;
    for (size_t line = 0; line < mark.line && at < end; line++) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        at = next != NULL ? next + 1 : end;
    }
    while (at < end && (*at == ' ' || *at == '\t')) {
        if (*at++ == '\t') {
            return true;
        }
    }
    return false;
}

static void
syntax_error(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    r->stop = true;
    if (p->error == YAML_MEMORY_ERROR) {
        r->failed = ML_ENOMEM;
        return;
    }
    if (r->truncated) {
        return; /* the byte that may not be there is the mistake */
    }
    const char *problem = p->problem != NULL ? p->problem : "unreadable";
    if (is_about_tabs(r, problem, p->problem_mark)) {
        MISTAKE(r, p->problem_mark, "a tab in the indentation; YAML allows only spaces");
    }
    else if (p->context != NULL) {
        MISTAKE(r, p->problem_mark, "this is not YAML: %s, %s (line %d)", problem,
                p->context, (int)p->context_mark.line + 1);
    }
    else {
        MISTAKE(r, p->problem_mark, "this is not YAML: %s", problem);
    }
}

/* On to the next event; false at the end of what can be read. */
static bool
next(struct reader *r)
{
    yaml_event_delete(&r->event);
    if (!r->stop && !yaml_parser_parse(&r->parser, &r->event)) {
        memset(&r->event, 0, sizeof(r->event));
        syntax_error(r);
    }
    return !r->stop;
}

static struct ml_scalar
scalar_of(const yaml_event_t *e)
{
    return (struct ml_scalar){(const char *)e->data.scalar.value, e->data.scalar.length,
                              e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE};
}

static const char *
kind_of(const yaml_event_t *e)
{
    return e->type == YAML_MAPPING_START_EVENT    ? "a mapping"
           : e->type == YAML_SEQUENCE_START_EVENT ? "a list"
           : e->type == YAML_ALIAS_EVENT          ? "an alias"
                                                  : "a text";
}

/* Over the value at hand, however deep; leaves its last event. */
static void
skip(struct reader *r)
{
    int depth = 0;
    do {
        yaml_event_type_t type = r->event.type;
        if (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT) {
            depth++;
        }
        else if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT) {
            depth--;
        }
        if (depth > ML_YAML_MAX_DEPTH) {
            MISTAKE(r, r->event.start_mark, "nested deeper than %d levels",
                    ML_YAML_MAX_DEPTH);
            r->stop = true;
        }
    } while (depth > 0 && next(r));
}

/* Anchors, aliases and tags are none of this file's business. */
static bool
is_decorated(struct reader *r)
{
    const yaml_event_t *e = &r->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (e->type == YAML_ALIAS_EVENT) {
        MISTAKE(r, e->start_mark, "aliases (*name) are not supported; write the value out");
        return true;
    }
    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor, tag = e->data.scalar.tag;
    }
    else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor, tag = e->data.sequence_start.tag;
    }
    else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor, tag = e->data.mapping_start.tag;
    }
    if (anchor != NULL || tag != NULL) {
        MISTAKE(r, e->start_mark, "%s are not supported; leave it out",
                anchor != NULL ? "anchors (&name)" : "tags (!name)");
    }
    return anchor != NULL || tag != NULL;
}

static void
read_list(struct reader *r, const struct ml_option *option)
{
    struct ml_text_list *list = ml_option_field(option, r->into);
    memset(list, 0, sizeof(*list));
    while (next(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
        struct ml_error err;
        yaml_mark_t mark = r->event.start_mark;
        if (is_decorated(r)) {
            skip(r);
        }
        else if (r->event.type != YAML_SCALAR_EVENT) {
            MISTAKE(r, mark, "an item of '%s' must be a text, not %s", option->key,
                    kind_of(&r->event));
            skip(r);
        }
        else if (ml_value_read_item(option, scalar_of(&r->event), list, &err) < 0) {
            mistake_at(r, mark, &err);
        }
    }
}

static void
read_option(struct reader *r, int row, yaml_mark_t key_mark)
{
    const struct ml_option *option = &ml_options[row];
    struct ml_error err;
    if (r->option_line[row] != 0) {
        MISTAKE(r, key_mark, "'%s' was already given in line %d", option->key,
                r->option_line[row]);
        skip(r);
        return;
    }
    r->option_line[row] = (int)key_mark.line + 1;
    if (is_decorated(r)) {
        skip(r);
    }
    else if (r->event.type == YAML_SEQUENCE_START_EVENT && ml_value_is_list(option)) {
        read_list(r, option);
    }
    else if (r->event.type != YAML_SCALAR_EVENT) {
        ml_value_wrong(option, kind_of(&r->event), &err);
        mistake_at(r, r->event.start_mark, &err);
        skip(r);
    }
    else if (ml_value_read(option, scalar_of(&r->event), r->into, &err) < 0) {
        mistake_at(r, r->event.start_mark, &err);
    }
}

/* The value of `key:` is a section: a mapping, or nothing (all of it commented out). */
static void
read_subsection(struct reader *r, int first_row, const char *section, yaml_mark_t key_mark)
{
    char quoted[ML_SUGGEST_QUOTE];
    if (r->section_line[first_row] != 0) {
        MISTAKE(r, key_mark, "the section '%s' was already given in line %d", section,
                r->section_line[first_row]);
        skip(r);
        return;
    }
    r->section_line[first_row] = (int)key_mark.line + 1;
    if (is_decorated(r)) {
        skip(r);
    }
    else if (r->event.type == YAML_MAPPING_START_EVENT) {
        read_section(r, section);
    }
    else if (r->event.type == YAML_SCALAR_EVENT) {
        struct ml_scalar s = scalar_of(&r->event);
        if (!ml_value_is_null(s)) {
            MISTAKE(r, r->event.start_mark,
                    "'%s' is a section: its keys stand indented below it, not %s", section,
                    ml_suggest_quote(s.text, s.len, quoted));
        }
    }
    else {
        MISTAKE(r, r->event.start_mark,
                "'%s' is a section: its keys stand indented below it, not %s", section,
                kind_of(&r->event));
        skip(r);
    }
}

/* The nearest key of this section; else the section where the key would be right. */
static void
unknown_key(struct reader *r, const char *section, struct ml_scalar key, yaml_mark_t mark)
{
    char quoted[ML_SUGGEST_QUOTE], name[ML_OPTION_KEY_MAX], where[ML_OPTION_KEY_MAX + 8];
    char near[ML_OPTION_COUNT][ML_OPTION_KEY_MAX];
    struct ml_suggest best;
    snprintf(where, sizeof(where), *section != '\0' ? " in '%s'" : "%s", section);
    snprintf(name, sizeof(name), "%.*s", (int)key.len, key.text);
    ml_suggest_quote(key.text, key.len, quoted);
    ml_suggest_init(&best, key.text, key.len);
    if (r->mistakes == NULL || r->mistakes->count == ML_CONFIG_MAX_MISTAKES) {
        MISTAKE(r, mark, "unknown key %s", quoted); /* counted only: no pains */
        return;
    }
    for (int i = 0; i < ML_OPTION_COUNT; i++) {
        size_t len;
        const char *child = ml_option_child(i, section, &len);
        if (child != NULL) {
            snprintf(near[i], sizeof(near[i]), "%.*s", (int)len, child);
            ml_suggest_offer(&best, near[i]);
        }
    }
    for (int i = 0; i < ML_OPTION_COUNT && best.distance > 0; i++) {
        bool elsewhere = strcmp(ml_option_leaf(i), name) == 0 ||
                         (*section == '\0' && strcmp(ml_options[i].key, name) == 0);
        if (elsewhere) {
            int section_len = (int)(ml_option_leaf(i) - ml_options[i].key) - 1;
            MISTAKE(r, mark, "unknown key %s%s; '%s' belongs %s%.*s%s", quoted, where,
                    ml_option_leaf(i), section_len > 0 ? "in '" : "at the top",
                    section_len > 0 ? section_len : 0, ml_options[i].key,
                    section_len > 0 ? "'" : "");
            return;
        }
    }
    const char *meant = ml_suggest_best(&best);
    MISTAKE(r, mark, "unknown key %s%s%s%s%s", quoted, where,
            meant != NULL ? "; did you mean '" : "", meant != NULL ? meant : "",
            meant != NULL ? "'?" : "");
}

/* A key is at hand, its value follows. */
static void
read_member(struct reader *r, const char *section)
{
    char dotted[ML_OPTION_KEY_MAX] = "";
    yaml_mark_t mark = r->event.start_mark;
    bool readable = !is_decorated(r) && r->event.type == YAML_SCALAR_EVENT;
    if (!readable) {
        if (r->event.type != YAML_SCALAR_EVENT && r->event.type != YAML_ALIAS_EVENT) {
            MISTAKE(r, mark, "a key must be a name, not %s", kind_of(&r->event));
        }
        skip(r);
        if (next(r)) {
            skip(r);
        }
        return;
    }
    struct ml_scalar key = scalar_of(&r->event);
    bool dots = memchr(key.text, '.', key.len) != NULL || strlen(key.text) != key.len;
    int n = snprintf(dotted, sizeof(dotted), "%s%s%s", section, *section ? "." : "",
                     key.text);
    bool known = !dots && n < (int)sizeof(dotted);
    int row = known ? ml_option_find(dotted) : -1;
    int first_row = known ? ml_option_find_section(dotted) : -1;
    if (row < 0 && first_row < 0) {
        unknown_key(r, section, key, mark);
    }
    if (!next(r)) {
        return;
    }
    if (row >= 0) {
        read_option(r, row, mark);
    }
    else if (first_row >= 0) {
        read_subsection(r, first_row, dotted, mark);
    }
    else {
        skip(r);
    }
}

static void
read_section(struct reader *r, const char *section)
{
    while (next(r) && r->event.type != YAML_MAPPING_END_EVENT) {
        read_member(r, section);
    }
}

/* The document's one node is at hand. */
static void
read_root(struct reader *r)
{
    if (is_decorated(r)) {
        skip(r);
    }
    else if (r->event.type == YAML_MAPPING_START_EVENT) {
        read_section(r, "");
    }
    else if (r->event.type != YAML_SCALAR_EVENT ||
             !ml_value_is_null(scalar_of(&r->event))) {
        MISTAKE(r, r->event.start_mark,
                "expected keys and sections such as 'report:', found %s",
                kind_of(&r->event));
        skip(r);
    }
}

static void
read_stream(struct reader *r)
{
    if (!next(r) || !next(r) || r->event.type == YAML_STREAM_END_EVENT) {
        return; /* nothing, or nothing but comments */
    }
    if (next(r)) {
        read_root(r);
    }
    if (next(r) && next(r) && r->event.type == YAML_DOCUMENT_START_EVENT) {
        MISTAKE(r, r->event.start_mark,
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

/* Reads what comes before the first byte that may not be there, then names that. */
static int
read_text(struct reader *r, const char *text, size_t len)
{
    size_t good = ml_yaml_check(text, len);
    r->text = text;
    r->len = good;
    r->truncated = good < len;
    while (r->truncated && r->len > 0 && text[r->len - 1] != '\n') {
        r->len--;
    }
    if (!yaml_parser_initialize(&r->parser)) {
        return ML_ENOMEM;
    }
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, r->len);
    read_stream(r);
    yaml_event_delete(&r->event);
    yaml_parser_delete(&r->parser);
    if (r->truncated && r->failed != ML_ENOMEM) {
        yaml_mark_t mark = {0};
        int line, column;
        ml_yaml_position(text, good, &line, &column);
        mark.line = (size_t)line - 1;
        mark.column = (size_t)column - 1;
        MISTAKE(r, mark, "the byte 0x%02x is not valid here: %s",
                (unsigned)(unsigned char)text[good],
                (unsigned char)text[good] < 0x80 ? "a control character"
                                                 : "the file is not UTF-8");
    }
    return r->failed;
}

static bool
is_utf16(const char *text, size_t len)
{
    return len >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 ||
                        memcmp(text, "\xFE\xFF", 2) == 0);
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
    struct reader r = {.mistakes = mistakes};
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
    ml_settings_defaults(r.into);
    bool marked = len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0; /* byte order mark */
    int failed = read_text(&r, marked ? text + 3 : text, marked ? len - 3 : len);
    if (failed == ML_OK) {
        apply_follows(&r);
        memcpy(out, r.into, sizeof(*out));
    }
    ml_alloc_free_array(a, r.into, 1, sizeof(*r.into));
    return failed == ML_ENOMEM ? nomem(mistakes) : failed;
}
