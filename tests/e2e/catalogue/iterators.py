# SPDX-License-Identifier: MIT
"""Iterators and other lazy objects of the language."""

from holders import holder


@holder("iterators.zip_source.kept.iterators[0].sequence[0]")
def zip_source(held):
    """What zip takes from"""
    zip_source.kept = zip([held])


@holder("iterators.map_function.kept.function.__self__")
def map_function(held):
    """The function of map"""
    type(held).__call__ = lambda self, value: value
    map_function.kept = map(held.__call__, [])
