/* SPDX-License-Identifier: MIT
 *
 * See yaml_events.h.
 */
#include "yaml_events.h"

#include <stdarg.h>
#include <stdio.h> /* vsnprintf only */
#include <string.h>

#include "mistakes.h"
#include "yaml_load.h"
#include "yaml_text.h"

void
ml_events_mistake(struct ml_events *e, yaml_mark_t mark, const char *fmt, ...)
{
    char message[sizeof(((struct ml_error *)0)->message)];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    e->failed = e->failed == ML_OK ? ML_EFORMAT : e->failed;
    ml_mistakes_add(e->mistakes, ML_EFORMAT, (int)mark.line + 1, (int)mark.column + 1,
                    "%s", message); /* libyaml counts from 0 */
}

/* Tabs look like spaces; libyaml only says "cannot start any token". */
static bool
is_about_tabs(const struct ml_events *e, const char *problem, yaml_mark_t mark)
{
    if (strstr(problem, "tab") == NULL && strstr(problem, "start any token") == NULL) {
        return false;
    }
    const char *at = e->text, *end = e->text + e->len;
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
syntax_error(struct ml_events *e)
{
    const yaml_parser_t *p = &e->parser;
    e->stop = true;
    if (p->error == YAML_MEMORY_ERROR) {
        e->failed = ML_ENOMEM;
        return;
    }
    if (e->is_bad) {
        return; /* the byte that may not be there is the mistake */
    }
    const char *problem = p->problem != NULL ? p->problem : "unreadable";
    if (is_about_tabs(e, problem, p->problem_mark)) {
        ml_events_mistake(e, p->problem_mark,
                          "a tab in the indentation; YAML allows only spaces");
    }
    else if (p->context != NULL) {
        ml_events_mistake(e, p->problem_mark, "this is not YAML: %s, %s (line %d)",
                          problem, p->context, (int)p->context_mark.line + 1);
    }
    else {
        ml_events_mistake(e, p->problem_mark, "this is not YAML: %s", problem);
    }
}

/* On to the next event; false at the end of what can be read. */
bool
ml_events_next(struct ml_events *e)
{
    yaml_event_delete(&e->event);
    if (!e->stop && !yaml_parser_parse(&e->parser, &e->event)) {
        memset(&e->event, 0, sizeof(e->event));
        syntax_error(e);
    }
    return !e->stop;
}

struct ml_scalar
ml_events_scalar(const struct ml_events *e)
{
    return (struct ml_scalar){(const char *)e->event.data.scalar.value,
                              e->event.data.scalar.length,
                              e->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE};
}

const char *
ml_events_kind(const struct ml_events *e)
{
    yaml_event_type_t type = e->event.type;
    return type == YAML_MAPPING_START_EVENT    ? "a mapping"
           : type == YAML_SEQUENCE_START_EVENT ? "a list"
           : type == YAML_ALIAS_EVENT          ? "an alias"
                                               : "a text";
}

/* Over the value at hand, however deep; leaves its last event. */
void
ml_events_skip(struct ml_events *e)
{
    int depth = 0;
    do {
        yaml_event_type_t type = e->event.type;
        if (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT) {
            depth++;
        }
        else if (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT) {
            depth--;
        }
        if (depth > ML_YAML_MAX_DEPTH) {
            ml_events_mistake(e, e->event.start_mark, "nested deeper than %d levels",
                              ML_YAML_MAX_DEPTH);
            e->stop = true;
        }
    } while (depth > 0 && ml_events_next(e));
}

bool
ml_events_is_decorated(struct ml_events *e)
{
    const yaml_event_t *v = &e->event;
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (v->type == YAML_ALIAS_EVENT) {
        ml_events_mistake(e, v->start_mark,
                          "aliases (*name) are not supported; write the value out");
        return true;
    }
    if (v->type == YAML_SCALAR_EVENT) {
        anchor = v->data.scalar.anchor;
        tag = v->data.scalar.tag;
    }
    else if (v->type == YAML_SEQUENCE_START_EVENT) {
        anchor = v->data.sequence_start.anchor;
        tag = v->data.sequence_start.tag;
    }
    else if (v->type == YAML_MAPPING_START_EVENT) {
        anchor = v->data.mapping_start.anchor;
        tag = v->data.mapping_start.tag;
    }
    if (anchor != NULL || tag != NULL) {
        ml_events_mistake(e, v->start_mark, "%s are not supported; leave it out",
                          anchor != NULL ? "anchors (&name)" : "tags (!name)");
    }
    return anchor != NULL || tag != NULL;
}

int
ml_events_init(struct ml_events *e, const char *text, size_t len,
               struct ml_mistakes *mistakes)
{
    memset(e, 0, sizeof(*e));
    e->mistakes = mistakes;
    e->text = text;
    e->len = e->bad = ml_yaml_check(text, len);
    e->is_bad = e->bad < len;
    while (e->is_bad && e->len > 0 && text[e->len - 1] != '\n') {
        e->len--;
    }
    if (!yaml_parser_initialize(&e->parser)) {
        e->stop = true;
        e->failed = ML_ENOMEM;
        return ML_ENOMEM;
    }
    yaml_parser_set_encoding(&e->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&e->parser, (const unsigned char *)text, e->len);
    return ML_OK;
}

int
ml_events_fini(struct ml_events *e)
{
    yaml_event_delete(&e->event);
    yaml_parser_delete(&e->parser);
    if (e->is_bad && e->failed != ML_ENOMEM) {
        unsigned char byte = (unsigned char)e->text[e->bad];
        int line, column;
        ml_yaml_position(e->text, e->bad, &line, &column);
        yaml_mark_t mark = {.line = (size_t)line - 1, .column = (size_t)column - 1};
        ml_events_mistake(e, mark, "the byte 0x%02x is not valid here: %s", byte,
                          byte < 0x80 ? "a control character"
                                      : "the file is not UTF-8");
    }
    return e->failed;
}
