/* SPDX-License-Identifier: MIT
 *
 * Parameters of a request against a method's table (methods.h): every value is
 * checked for type, range and length before a method sees it, every unknown name is
 * an error that names the nearest right one.
 */
#include "methods.h"

#include <stdio.h> /* snprintf only */
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "suggest.h"

struct taker {
    const struct ml_json_doc *doc;
    const struct ml_param *param;
    uint32_t token;
    void *to;
    struct ml_rpc_error *e;
};

static int
bad_value(struct taker *t, const char *allowed)
{
    ml_rpc_error_set(t->e, ML_RPC_PARAMS, "parameter '%s' must be %s", t->param->name,
                     allowed);
    snprintf(t->e->member, sizeof(t->e->member), "%s", t->param->name);
    t->e->name = "ML_EINVAL";
    return ML_EINVAL;
}

static int
take_bool(struct taker *t)
{
    uint32_t type = t->doc->tok[t->token].type;
    if (type != ML_JSON_TRUE && type != ML_JSON_FALSE) {
        return bad_value(t, "true or false");
    }
    if (t->param->type == ML_PARAM_FLAG) {
        *(int *)t->to = type == ML_JSON_TRUE;
    }
    else {
        *(bool *)t->to = type == ML_JSON_TRUE;
    }
    return ML_OK;
}

static int
take_int(struct taker *t)
{
    int64_t value;
    if (ml_json_copy_int(t->doc, t->token, &value) < 0 || value < t->param->least ||
        value > t->param->most) {
        char allowed[80];
        snprintf(allowed, sizeof(allowed), "a whole number from %d to %d",
                 t->param->least, t->param->most);
        return bad_value(t, allowed);
    }
    *(int *)t->to = (int)value;
    return ML_OK;
}

static int
take_text_at(struct taker *t, uint32_t token, char *to, size_t cap)
{
    char allowed[80];
    int rc = ml_json_copy_string(t->doc, token, to, cap);
    if (rc < 0 || to[0] == '\0') {
        snprintf(allowed, sizeof(allowed), "a string of 1 to %zu bytes without NUL",
                 cap - 1);
        return bad_value(t, allowed);
    }
    return ML_OK;
}

static int
take_text(struct taker *t)
{
    return take_text_at(t, t->token, t->to, (size_t)t->param->most);
}

static int
take_list(struct taker *t)
{
    char (*to)[ML_REQUEST_TEXT] = t->to;
    const struct ml_json_tok *tok = &t->doc->tok[t->token];
    if (tok->type != ML_JSON_ARRAY) {
        return take_text_at(t, t->token, to[0], ML_REQUEST_TEXT);
    }
    if (tok->size > ML_REQUEST_FILTERS) {
        return bad_value(t, "at most 16 strings");
    }
    for (uint32_t i = 0; i < tok->size; i++) {
        int rc = take_text_at(t, t->token + 1 + i, to[i], ML_REQUEST_TEXT);
        if (rc < 0) {
            return rc;
        }
    }
    return ML_OK;
}

static int
take_address(struct taker *t)
{
    char text[32];
    int64_t number;
    uint64_t value = 0;
    if (ml_json_copy_int(t->doc, t->token, &number) == ML_OK) {
        value = number > 0 ? (uint64_t)number : 0;
    }
    else if (ml_json_copy_string(t->doc, t->token, text, sizeof(text)) == ML_OK &&
             text[0] == '0' && (text[1] == 'x' || text[1] == 'X') &&
             strspn(text + 2, "0123456789abcdefABCDEF") == strlen(text + 2) &&
             strlen(text + 2) <= 16) {
        value = strtoull(text + 2, NULL, 16);
    }
    if (value == 0) {
        return bad_value(t, "an address such as \"0x7f12ab34cd50\"");
    }
    *(uint64_t *)t->to = value;
    return ML_OK;
}

/* A number's digits are read as the text is: by integers, whatever the locale. */
static int
take_duration(struct taker *t)
{
    const struct ml_json_tok *tok = &t->doc->tok[t->token];
    const char *text = t->doc->text + tok->start;
    char copy[32], least[ML_DURATION_TEXT], allowed[128];
    double seconds;
    size_t len = tok->end - tok->start;
    bool ok = tok->type == ML_JSON_NUMBER;
    if (ml_json_copy_string(t->doc, t->token, copy, sizeof(copy)) == ML_OK) {
        text = copy;
        len = strlen(copy);
        ok = true;
    }
    if (!ok || !ml_duration_read(text, len, &seconds) ||
        seconds * 1000 < t->param->least || seconds > t->param->most * 86400.0) {
        ml_duration_write(t->param->least / 1000.0, least);
        snprintf(allowed, sizeof(allowed),
                 "a time from %s to %d days: seconds as a number, or a text such as "
                 "\"5m\"",
                 least, t->param->most);
        return bad_value(t, allowed);
    }
    *(double *)t->to = seconds;
    return ML_OK;
}

static int
take_value(struct taker *t)
{
    switch (t->param->type) {
    case ML_PARAM_BOOL:
    case ML_PARAM_FLAG:
        return take_bool(t);
    case ML_PARAM_INT:
        return take_int(t);
    case ML_PARAM_TEXT:
        return take_text(t);
    case ML_PARAM_LIST:
        return take_list(t);
    case ML_PARAM_ADDRESS:
        return take_address(t);
    case ML_PARAM_DURATION:
        return take_duration(t);
    }
    return ML_EINVAL;
}

static int
unknown_param(const struct ml_method *m, const struct ml_json_doc *doc, uint32_t key,
              struct ml_rpc_error *e)
{
    char name[ML_RPC_METHOD_MAX], what[64];
    struct ml_suggest near;
    if (ml_json_copy_string(doc, key, name, sizeof(name)) < 0) {
        snprintf(name, sizeof(name), "(a long name)");
    }
    ml_suggest_init(&near, name, strlen(name));
    for (const struct ml_param *p = m->params; p->name != NULL; p++) {
        ml_suggest_offer(&near, p->name);
    }
    snprintf(what, sizeof(what), "%s has no parameter", m->name);
    ml_rpc_error_unknown(e, ML_RPC_PARAMS, what, name, ml_suggest_best(&near));
    e->name = "ML_EINVAL";
    return ML_EINVAL;
}

static int
take_pair(const struct ml_method *m, const struct ml_json_doc *doc, uint32_t key,
          struct ml_method_args *args, unsigned *seen, struct ml_rpc_error *e)
{
    const struct ml_param *p = m->params;
    while (p->name != NULL && !ml_json_is(doc, key, p->name)) {
        p++;
    }
    if (p->name == NULL) {
        return unknown_param(m, doc, key, e);
    }
    struct taker t = {doc, p, key + 1, (char *)args + p->offset, e};
    unsigned bit = 1U << (p - m->params);
    if (*seen & bit) {
        return bad_value(&t, "given once");
    }
    *seen |= bit;
    return take_value(&t);
}

static void
args_init(struct ml_method_args *args)
{
    memset(args, 0, sizeof(*args));
    args->sweep.limit = ML_REQUEST_UNSET;
    args->sweep.max_object_details = ML_REQUEST_UNSET;
    args->sweep.referrers = ML_REQUEST_UNSET;
    args->sweep.save = true;
    args->monitor.lifetime = args->monitor.warmup = ML_REQUEST_UNSET;
    args->monitor.max_object_details = ML_REQUEST_UNSET;
    args->monitor.save = true;
    args->limit = ML_REQUEST_UNSET;
    args->iterations = ML_REQUEST_UNSET;
}

int
ml_methods_take_args(const struct ml_method *m, const struct ml_rpc_request *r,
                     struct ml_method_args *args, struct ml_rpc_error *e)
{
    unsigned seen = 0;
    args_init(args);
    args->sweep.progress = r->progress;
    if (r->params != 0) {
        uint32_t at = r->params + 1;
        for (uint32_t i = 0; i < r->doc.tok[r->params].size; i++) {
            int rc = take_pair(m, &r->doc, at, args, &seen, e);
            if (rc < 0) {
                return rc;
            }
            at = r->doc.tok[at + 1].next;
        }
    }
    for (const struct ml_param *p = m->params; p->name != NULL; p++) {
        if (p->required && !(seen & 1U << (p - m->params))) {
            ml_rpc_error_set(e, ML_RPC_PARAMS, "%s needs the parameter '%s'", m->name,
                             p->name);
            snprintf(e->member, sizeof(e->member), "%s", p->name);
            e->name = "ML_EINVAL";
            return ML_EINVAL;
        }
    }
    return ML_OK;
}
