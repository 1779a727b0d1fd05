/* SPDX-License-Identifier: MIT
 *
 * The key `object_details_list`, in the shape that the original tool's readers know: each
 * object with its text, size and the graph of what refers to it, here its shortest path.
 */
#include "snapshot.h"

#include <string.h>

/* One entry of graph_nodes; it refers to the one written before it. */
static void
write_node(struct ml_json *j, uint32_t id, const char *name, size_t len, uint64_t address)
{
    ml_json_begin_object(j);
    ml_json_kv_uint(j, "id", id);
    ml_json_key(j, "name");
    ml_json_strn(j, name, len);
    ml_json_kv_uint(j, "object_id", address);
    ml_json_key(j, "referent_ids");
    ml_json_begin_array(j);
    if (id > 0) {
        ml_json_uint(j, id - 1);
    }
    ml_json_end_array(j);
    ml_json_end_object(j);
}

static const char *
reference_name(const struct object_path *p, uint32_t i)
{
    return i > 0                           ? p->step[i].name.words
           : p->root_name.words[0] != '\0' ? p->root_name.words
                                           : "native code";
}

/* The object, then for each holder the reference and the holder itself, then the root.
 * Instances' own dicts and cells are passed through. Returns the last id. */
static uint32_t
write_chain(struct snapshot *s)
{
    const struct sweep_view *v = s->v;
    const struct object_path *p = s->path;
    uint32_t id = 0;
    for (uint32_t i = p->count; i-- > 0;) {
        uint32_t node = p->step[i].node;
        bool folded = i + 1 < p->count && (v->take.graph.flags[node] & ML_NODE_FOLD);
        if (folded && i > 0) {
            continue;
        }
        if (!folded) {
            s->text.len = 0;
            take_type_short_name(take_kind_of(&v->take, node)->type, &s->text);
            ml_buf_puts(&s->text, " (object)");
            write_node(s->j, id++, s->text.data, s->text.len, v->take.graph.address[node]);
        }
        const char *name = reference_name(p, i);
        uint32_t holder = i > 0 ? p->step[i - 1].node : node;
        write_node(s->j, id++, name, strlen(name), v->take.graph.address[holder]);
    }
    return id - 1;
}

static void
write_referrer_graph(struct snapshot *s)
{
    struct ml_json *j = s->j;
    ml_json_begin_object(j);
    ml_json_key(j, "target_ids");
    ml_json_raw(j, "[0]", 3);
    ml_json_key(j, "graph_nodes");
    ml_json_begin_array(j);
    uint32_t last = write_chain(s);
    ml_json_end_array(j);
    ml_json_key(j, "root_ids");
    ml_json_begin_array(j);
    ml_json_uint(j, last);
    ml_json_end_array(j);
    ml_json_end_object(j);
}

static void
write_detail(struct snapshot *s, uint32_t node, bool referrers)
{
    const struct sweep_view *v = s->v;
    struct ml_json *j = s->j;
    ml_json_begin_object(j);
    ml_json_key(j, "object_type_name");
    describe_type(v, node, j);
    ml_json_kv_uint(j, "object_id", v->take.graph.address[node]);
    ml_json_key(j, "object_str");
    describe_text(v, node, j);
    ml_json_key(j, "deep_size_bytes");
    ml_json_begin_object(j);
    ml_json_kv_uint(j, "approx_size", v->retained.bytes[node]);
    ml_json_kv_bool(j, "upper_bound_known", true);
    ml_json_end_object(j);
    ml_json_key(j, "referrer_graph");
    if (referrers) {
        describe_path(v, node, s->path);
        write_referrer_graph(s);
    }
    else {
        ml_json_null(j);
    }
    ml_json_kv_bool(j, "referrers_checked", referrers);
    ml_json_end_object(j);
}

/* One object of each finding, then the second of each, as long as there is room. */
void
snapshot_write_details(struct snapshot *s)
{
    const struct ml_settings *settings = &s->v->job->settings;
    bool referrers = s->r->referrers == ML_REQUEST_UNSET ? settings->referrers.check
                                                         : s->r->referrers != 0;
    int left = s->r->max_object_details == ML_REQUEST_UNSET
                   ? settings->report.max_object_details
                   : s->r->max_object_details;
    ml_json_key(s->j, "object_details_list");
    ml_json_begin_array(s->j);
    for (uint32_t round = 0; round < SNAPSHOT_EXAMPLES; round++) {
        for (uint32_t i = 0; i < s->count && left > 0; i++) {
            if (round < s->shown[i].example_count) {
                write_detail(s, s->shown[i].example[round], referrers);
                left--;
            }
        }
    }
    ml_json_end_array(s->j);
}
