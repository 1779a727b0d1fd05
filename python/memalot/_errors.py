# SPDX-License-Identifier: MIT
"""The exceptions that the package raises itself."""

from __future__ import annotations


class InvalidOptionsError(ValueError):
    """An option has a value that it cannot have.

    Attributes:
        option: The option's name.
        value: What was given.
        allowed: What may be given, in words.
    """

    def __init__(self, option: str, value: object, allowed: str) -> None:
        super().__init__(option, value, allowed)
        self.option = option
        self.value = value
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.option} must be {self.allowed}, not {_shown(self.value)}"


class MonitoringError(RuntimeError):
    """Monitoring is not possible here and now; as a rule because another monitor, which
    cannot work beside this one, is at it already."""


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 120 else text[:117] + "..."
