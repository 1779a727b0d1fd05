# SPDX-License-Identifier: MIT
"""Who is in the shop: one Session for each browser, found by its cookie."""

import secrets
import time
from dataclasses import dataclass, field

from shop.catalog import Product

LIFETIME = 30 * 60  # seconds


@dataclass
class User:
    """Somebody in front of a browser."""

    name: str
    language: str = "en"


@dataclass
class CartItem:
    """Some pieces of one product, at the price that was shown."""

    product: Product
    quantity: int
    price: int


@dataclass
class Visit:
    """One page that was looked at."""

    path: str
    at: float
    referrer: str


@dataclass
class Session:
    """Everything the shop knows about one visitor."""

    sid: str
    user: User
    expires_at: float
    cart: list[CartItem] = field(default_factory=list)
    history: list[Visit] = field(default_factory=list)

    def visit(self, path: str, referrer: str) -> None:
        """Note a page view and push the end of the session back."""
        now = time.time()
        self.history.append(Visit(path, now, referrer))
        self.expires_at = now + LIFETIME

    def total(self) -> int:
        """Return what the cart costs, in cents."""
        return sum(item.price * item.quantity for item in self.cart)


# The first leak: a session that has expired is not handed out again, but nothing ever
# takes it out of this dict.
SESSIONS: dict[str, Session] = {}


def open_session(sid: str | None, visitor: str) -> Session:
    """Return the visitor's session, a new one when there is none or it has expired."""
    session = SESSIONS.get(sid) if sid else None
    if session is None or session.expires_at < time.time():
        sid = secrets.token_urlsafe(16)
        session = Session(sid, User(visitor), time.time() + LIFETIME)
        SESSIONS[sid] = session
    return session
