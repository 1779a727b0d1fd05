# SPDX-License-Identifier: MIT
"""The options of monitors and snapshots: which there are, what they may be, what they
mean to the agent.

One row of `RULES` is one option: how its value is checked, its default, and the key of
the agent's configuration (docs/config.md) that it becomes. Where the text goes is not
told to the agent; that is `_output.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from ._errors import InvalidOptionsError

DAY = 86400.0
TEXT_BYTES = 255  # of one name, and
TEXTS = 32  # so many names: config/settings.h
PATH_BYTES = 1023
MILLION = 1_000_000


class _Wrong(Exception):
    """A check's way of saying no; its text says what is allowed."""


Check = Callable[[object], Any]


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("True or False")
    return value


def _flag_or_none(value: object) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise _Wrong("True, False or None")
    return value


def _index(value: object) -> int | None:
    """Return `value` as an int if it is one (numpy's count, True does not)."""
    if isinstance(value, bool):
        return None
    try:
        return value.__index__()  # type: ignore[attr-defined, no-any-return]
    except (AttributeError, TypeError):
        return None


def whole(least: int, most: int) -> Check:
    """Check for a whole number in a range."""

    def check(value: object) -> int:
        number = _index(value)
        if number is None or not least <= number <= most:
            raise _Wrong(f"a whole number from {least} to {most}")
        return number

    return check


def at_least(least: int, unlimited: int, none: bool = False) -> Check:
    """Check for a whole number; from `unlimited` on, and for None, there is no limit."""

    def check(value: object) -> int | None:
        number = _index(value)
        if value is None and none:
            return None
        if number is None or number < least:
            raise _Wrong(f"a whole number of {least} or more{' or None' * none}")
        if number >= unlimited:
            return None if none else unlimited
        return number

    return check


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or isinstance(value, (str, bytes)):
        return None
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number == number else None


def seconds(least: float, most: float = 365 * DAY) -> Check:
    """Check for a number of seconds in a range."""

    def check(value: object) -> float:
        number = _seconds(value)
        if number is None or not least <= number <= most:
            raise _Wrong(f"a number of seconds from {least:g} to {most:.0f}")
        return number

    return check


def _timeout(value: object) -> float | None:
    number = _seconds(value)
    if value is None or (number is not None and number > DAY):
        return None
    if number is None or number < 0.001:
        raise _Wrong("a number of seconds of 0.001 or more or None")
    return number


def _names(value: object) -> tuple[str, ...]:
    if (
        isinstance(value, (str, bytes))
        or not isinstance(value, Collection)
        or not all(isinstance(name, str) and name for name in value)
    ):
        raise _Wrong("a set or other collection of strings that are not empty")
    if len(value) > TEXTS or not all(_fits(name, TEXT_BYTES) for name in value):
        raise _Wrong(
            f"at most {TEXTS} strings of at most {TEXT_BYTES} bytes, "
            "without control characters"
        )
    return tuple(sorted(value))


def _prefixes(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    try:
        names = list(value)  # type: ignore[call-overload]
    except TypeError:
        names = []
    if names and not isinstance(value, (str, bytes)) and "" in names:
        return None  # what every name begins with
    try:
        return _names(value)
    except _Wrong as wrong:
        raise _Wrong(f"{wrong}, or None") from None


def _fits(text: str, most: int) -> bool:
    """Say whether the agent can take it: valid UTF-8, not too long, no controls."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return False
    return 0 < size <= most and not any(c < " " or "\x7f" <= c < "\xa0" for c in text)


def _directory(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, (str, os.PathLike)) or not isinstance(
        os.fspath(value), str
    ):
        raise _Wrong("a Path, a str or None")
    path = os.path.abspath(os.path.expanduser(value)) if os.fspath(value) else ""
    if not _fits(path, PATH_BYTES):
        raise _Wrong(
            f"a path of 1 to {PATH_BYTES} bytes in UTF-8, without control characters, "
            "or None"
        )
    return path


def _callable_or_none(value: object) -> object:
    if value is not None and not callable(value):
        raise _Wrong("callable or None")
    return value


class Rule(NamedTuple):
    """How one option is checked, its default, and the agent's key for it."""

    check: Check
    standard: object
    key: str | None = None


_DEPTH = at_least(1, MILLION, none=True)
_SEARCH = at_least(0, MILLION)

RULES: dict[str, Rule] = {
    "included_type_names": Rule(_names, frozenset(), "filter.include"),
    "excluded_type_names": Rule(_names, frozenset(), "filter.exclude"),
    "max_types_in_leak_summary": Rule(
        at_least(0, MILLION), 500, "report.max_types_in_leak_summary"
    ),
    "compute_size_in_leak_summary": Rule(
        _flag, False, "report.compute_size_in_leak_summary"
    ),
    "max_untracked_search_depth": Rule(_SEARCH, 3),
    "check_referrers": Rule(_flag, True, "referrers.check"),
    "max_object_details": Rule(whole(0, 10_000), 30, "report.max_object_details"),
    "referrers_max_depth": Rule(_DEPTH, 50, "referrers.max_depth"),
    "referrers_search_timeout": Rule(_timeout, 300.0, "referrers.search_timeout"),
    "single_object_referrer_limit": Rule(
        _DEPTH, 100, "referrers.single_object_limit"
    ),
    "referrers_module_prefixes": Rule(_prefixes, None, "referrers.module_prefixes"),
    "referrers_max_untracked_search_depth": Rule(_SEARCH, 30),
    "save_reports": Rule(_flag, True),
    "report_directory": Rule(_directory, None, "report.directory"),
    "str_func": Rule(_callable_or_none, None),
    "str_max_length": Rule(whole(0, 100_000), 100, "report.str_max_length"),
    "force_terminal": Rule(_flag_or_none, None),
    "output_func": Rule(_callable_or_none, None),
    "tee_console": Rule(_flag, False),
    "color": Rule(_flag, True),
    "max_object_lifetime": Rule(seconds(0.001), None),
    "warmup_time": Rule(seconds(0.0), None),
    "warmup_period": Rule(seconds(0.0), None),
    "warmup_calls": Rule(whole(0, MILLION), 1),
    "max_object_age_calls": Rule(whole(1, MILLION), 1),
}


def check(name: str, value: object) -> Any:
    """Return the option's value in the form used here.

    Raises:
        InvalidOptionsError: It is none that the option can have.
    """
    try:
        return RULES[name].check(value)
    except _Wrong as wrong:
        raise InvalidOptionsError(name, value, str(wrong)) from None


def check_all(given: Mapping[str, object]) -> dict[str, Any]:
    """Check every option in `given`, and those that depend on each other."""
    values = {name: check(name, value) for name, value in given.items()}
    if (
        values.get("output_func") is not None
        and values["force_terminal"]
        and not values["tee_console"]
    ):
        raise InvalidOptionsError(
            "force_terminal",
            True,
            "False or None when output_func is set and tee_console is False",
        )
    return values


def settings(given: Mapping[str, object], values: Mapping[str, Any]) -> str:
    """Return as YAML what differs from the defaults, to be put over the agent's own.

    An option left at its default thus follows the agent's configuration.
    """
    sections: dict[str, list[str]] = {}
    for name, value in values.items():
        rule = RULES[name]
        if rule.key is None:
            continue
        if value == rule.check(rule.standard) and (value is not None or given[name] is None):
            continue
        section, _, leaf = rule.key.partition(".")
        sections.setdefault(section, []).append(f'"{leaf}": {_yaml(value)}')
    parts = (f'"{name}": {{{", ".join(keys)}}}' for name, keys in sections.items())
    return "{" + ", ".join(parts) + "}"


def _yaml(value: object) -> str:
    """Write one value as YAML that is (but for escapes beyond the BMP) JSON too."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_yaml(item) for item in value) + "]"
    return '"' + "".join(map(_quoted, str(value))) + '"'


def _quoted(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"
