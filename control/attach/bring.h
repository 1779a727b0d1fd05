/* SPDX-License-Identifier: MIT
 *
 * The order's files where the process can open them: in a container, in a chroot, as
 * another user. What it sees and may read anyway stays where it is. The rest is copied
 *
 *     /tmp/memalot-UID/agent-VERSION/     0700, the process's user's
 *         _agent.cpython-311-x86_64-linux-gnu.so, the libraries it needs but libc's
 *         config.yaml
 *         memalotctl/                     a bundle (bundle.h): the writer
 *
 * and found there again by the next attach. It is left there: the agent's library stays
 * loaded after a detach too.
 */
#ifndef ML_ATTACH_BRING_H
#define ML_ATTACH_BRING_H

#include "attach.h"

/* `order` has paths of ours and gets the process's. ML_EUNSUPPORTED: its C library is
 * older than ours, or it has no directory that takes a program. */
int ml_attach_bring(const struct ml_attach_target *target,
                    struct ml_attach_order *order, struct ml_error *err);

#endif
