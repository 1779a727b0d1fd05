# SPDX-License-Identifier: MIT
"""What looks as if it held and does not, and what holds beside a weak reference."""

from holders import holder


@holder(gone=True)
def weak_reference(held):
    """A weak reference does not hold"""
    import weakref

    weak_reference.kept = weakref.ref(held)
