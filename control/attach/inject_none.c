/* SPDX-License-Identifier: MIT
 *
 * inject on machines that it has not been written for.
 */
#include "attach.h"

int
ml_attach_inject(const struct ml_attach_target *target, const struct ml_attach_order *order,
                 struct ml_error *err)
{
    return ml_error_set(err, ML_EUNSUPPORTED,
                        "attach stops threads on x86-64 only; on this machine it takes "
                        "CPython 3.14 or later, or start the program by 'memalotctl run'");
}
