/* SPDX-License-Identifier: MIT
 *
 * An agent without a Python: what methods ask for is recorded and answered with fixed
 * words, so that the server can be driven over a real socket. Sweeps are never
 * answered by themselves; the test does it under `token`.
 */
#ifndef ML_TESTS_FAKE_OPS_H
#define ML_TESTS_FAKE_OPS_H

#include "ops.h"

#define FAKE_OPS_SWEEPS 2048

struct fake_ops {
    struct ml_ops ops;               /* hand this to the server; ctx is the fake */
    struct ml_sweep_request request; /* of the last sweep */
    struct ml_monitor_request monitor; /* of the running or last monitor */
    bool monitoring;
    uint64_t token[FAKE_OPS_SWEEPS]; /* in the order in which they came */
    int sweeps;
    int detached;
    const char *directory;
    size_t status_padding; /* bytes to make `status` large */
    int fail;              /* when set, every op fails with this code */
    void (*on_detach)(void *ctx);
    void *on_detach_ctx;
};

void fake_ops_init(struct fake_ops *f);

#endif
