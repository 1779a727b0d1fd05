# SPDX-License-Identifier: MIT
"""What the shop sells. Prices are in cents and may change while the shop is open."""

from dataclasses import dataclass

from shop.events import bus

ADJECTIVES = ("Blue", "Folding", "Quiet", "Solid", "Little", "Second", "Warm", "Round")
NOUNS = ("Teapot", "Lamp", "Chair", "Radio", "Blanket", "Clock", "Basket", "Kettle")


@dataclass
class Product:
    """One thing on sale."""

    sku: str
    title: str
    price: int
    stock: int


class Catalog:
    """All products by their stock-keeping unit."""

    def __init__(self) -> None:
        self.products: dict[str, Product] = {}

    def add(self, product: Product) -> None:
        """Put one product on sale."""
        self.products[product.sku] = product

    def find(self, sku: str) -> Product | None:
        """Return the product, or None when it is not sold here."""
        return self.products.get(sku)

    def page(self, start: int = 0, count: int = 12) -> list[Product]:
        """Return some products in the order they were added."""
        return list(self.products.values())[start : start + count]

    def reprice(self, sku: str, price: int) -> None:
        """Change a price and tell everybody who shows it."""
        product = self.products[sku]
        product.price = price
        bus.publish("price-changed", product)


def stocked_catalog() -> Catalog:
    """Return the assortment the demo starts with."""
    catalog = Catalog()
    for i, adjective in enumerate(ADJECTIVES):
        for j, noun in enumerate(NOUNS):
            price = 990 + 350 * i + 120 * j
            sku = f"{noun[:3]}{i}{j}".upper()
            catalog.add(Product(sku, f"{adjective} {noun}", price, stock=40))
    return catalog
