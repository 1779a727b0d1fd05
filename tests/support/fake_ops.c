/* SPDX-License-Identifier: MIT
 *
 * See fake_ops.h.
 */
#include "fake_ops.h"

#include <string.h>

static int
failure(const struct fake_ops *f, struct ml_error *err)
{
    return ml_error_set(err, f->fail, "the fake was told to fail");
}

static int
fake_status(void *ctx, struct ml_json *out, struct ml_error *err)
{
    struct fake_ops *f = ctx;
    ml_json_begin_object(out);
    ml_json_kv_str(out, "state", "idle");
    ml_json_key(out, "padding");
    ml_json_str(out, "");
    if (f->status_padding > 0 && !out->out->failed) {
        static const char words[] = "padding ";
        out->out->len--; /* back into the string */
        for (size_t i = 0; i < f->status_padding; i += sizeof(words) - 1) {
            ml_buf_puts(out->out, words);
        }
        ml_buf_putc(out->out, '"');
    }
    if (f->fail < 0) { /* after half an answer, which must not be seen */
        return failure(f, err);
    }
    ml_json_end_object(out);
    return ML_OK;
}

static int
fake_sweep(void *ctx, const struct ml_sweep_request *request, uint64_t token,
           struct ml_error *err)
{
    struct fake_ops *f = ctx;
    if (f->fail < 0) {
        return failure(f, err);
    }
    f->request = *request;
    f->token[f->sweeps % FAKE_OPS_SWEEPS] = token;
    f->sweeps++;
    return ML_OK;
}

static int
fake_config(void *ctx, struct ml_json *out, struct ml_error *err)
{
    struct fake_ops *f = ctx;
    if (f->fail < 0) {
        return ml_error_set_at(err, f->fail, 3, 7, "memalot.yaml:3:7: a mistake");
    }
    ml_json_begin_object(out);
    ml_json_kv_null(out, "file");
    ml_json_end_object(out);
    return ML_OK;
}

static const char *
fake_directory(void *ctx)
{
    return ((struct fake_ops *)ctx)->directory;
}

static int
fake_monitor_start(void *ctx, const struct ml_monitor_request *request,
                   struct ml_json *out, struct ml_error *err)
{
    struct fake_ops *f = ctx;
    if (f->fail < 0) {
        return failure(f, err);
    }
    if (f->monitoring) {
        return ml_error_set(err, ML_ESTATE, "monitoring runs since 12 s");
    }
    f->monitor = *request;
    f->monitoring = true;
    ml_json_begin_object(out);
    ml_json_kv_str(out, "kind", "time");
    ml_json_kv_double(out, "lifetime_s", request->lifetime, 3);
    ml_json_end_object(out);
    return ML_OK;
}

static int
fake_monitor_stop(void *ctx, struct ml_json *out, struct ml_error *err)
{
    struct fake_ops *f = ctx;
    if (f->fail < 0 || !f->monitoring) {
        return f->fail < 0 ? failure(f, err)
                           : ml_error_set(err, ML_ESTATE, "no monitoring is running");
    }
    f->monitoring = false;
    ml_json_begin_object(out);
    ml_json_kv_bool(out, "stopped", true);
    ml_json_kv_int(out, "iterations", 3);
    ml_json_kv_null(out, "report_id");
    ml_json_end_object(out);
    return ML_OK;
}

static int
fake_detach(void *ctx, struct ml_error *err)
{
    struct fake_ops *f = ctx;
    if (f->fail < 0) {
        return failure(f, err);
    }
    f->detached++;
    if (f->on_detach != NULL) {
        f->on_detach(f->on_detach_ctx);
    }
    return ML_OK;
}

void
fake_ops_init(struct fake_ops *f)
{
    memset(f, 0, sizeof(*f));
    f->directory = "/nonexistent/reports";
    f->ops = (struct ml_ops){.ctx = f,
                             .status = fake_status,
                             .sweep = fake_sweep,
                             .config_get = fake_config,
                             .config_reload = fake_config,
                             .report_directory = fake_directory,
                             .monitor_start = fake_monitor_start,
                             .monitor_stop = fake_monitor_stop,
                             .detach = fake_detach};
}
