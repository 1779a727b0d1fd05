# SPDX-License-Identifier: MIT
"""An in-process event bus: modules tell each other what happened without importing."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

Handler = Callable[[Any], None]


class EventBus:
    """Calls every handler of an event, in the order they were subscribed."""

    def __init__(self) -> None:
        self.handlers: defaultdict[str, list[Handler]] = defaultdict(list)

    def subscribe(self, event: str, handler: Handler) -> None:
        """Call `handler` with the payload whenever `event` is published."""
        self.handlers[event].append(handler)

    def unsubscribe(self, event: str, handler: Handler) -> None:
        """Stop calling `handler`; it must have been subscribed."""
        self.handlers[event].remove(handler)

    def publish(self, event: str, payload: Any) -> None:
        """Tell everybody who subscribed."""
        for handler in list(self.handlers[event]):
            handler(payload)


bus = EventBus()
