# SPDX-License-Identifier: MIT
"""Built-in containers."""

from holders import holder


@holder("containers.dict_value.kept['k']")
def dict_value(held):
    """A value of a dict"""
    dict_value.kept = {"k": held}


@holder("containers.dict_key.kept.keys()[*]")
def dict_key(held):
    """A key of a dict"""
    dict_key.kept = {held: None}


@holder("containers.set_member.kept{*}")
def set_member(held):
    """A member of a set"""
    set_member.kept = {held}
