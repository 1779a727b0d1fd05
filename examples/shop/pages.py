# SPDX-License-Identifier: MIT
"""What a product page shows, prepared for the template."""

from shop.catalog import Catalog, Product
from shop.events import bus


class ProductPage:
    """One product with recommendations; follows price changes while it is rendered."""

    def __init__(self, product: Product, catalog: Catalog, search: str) -> None:
        self.product = product
        self.price = product.price
        self.search = search
        self.breadcrumbs = ["Shop", product.title.split()[-1], product.title]
        self.recommended = [
            {"sku": other.sku, "title": other.title, "price": other.price}
            for other in catalog.products.values()
            if other is not product and other.title.split()[-1] == self.breadcrumbs[1]
        ]
        # The second leak: the bus keeps the bound method, the method keeps this page,
        # and nobody unsubscribes when the request is over.
        bus.subscribe("price-changed", self.on_price_changed)

    def on_price_changed(self, product: Product) -> None:
        """Show the new price if it is ours."""
        if product is self.product:
            self.price = product.price
