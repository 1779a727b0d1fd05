# SPDX-License-Identifier: MIT
"""A small web shop with two memory leaks, for memalot's demo.

It is ordinary code on purpose: nothing in it calls for memalot, and both leaks are of
the kind that pass a review. `python -m shop` serves it on the loopback interface.
"""
