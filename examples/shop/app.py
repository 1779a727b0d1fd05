# SPDX-License-Identifier: MIT
"""The shop's web pages: a list, a product, a cart, the till."""

from flask import Flask, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from shop.catalog import Product, stocked_catalog
from shop.pages import ProductPage
from shop.sessions import CartItem, Session, open_session

COOKIE = "sid"


def create_app() -> Flask:
    """Return the application with a stocked catalogue."""
    app = Flask("shop")
    catalog = stocked_catalog()
    app.add_template_filter(lambda cents: f"{cents / 100:.2f}", "money")

    def known(sku: str) -> Product:
        return catalog.find(sku) or abort(404)

    @app.before_request
    def find_session() -> None:
        visitor = request.headers.get("X-Visitor", "guest")
        g.session = open_session(request.cookies.get(COOKIE), visitor)
        g.session.visit(request.path, request.referrer or "")

    @app.after_request
    def send_cookie(response: Response) -> Response:
        session: Session = g.session
        response.set_cookie(COOKIE, session.sid, httponly=True, samesite="Lax")
        return response

    @app.get("/")
    def home() -> str:
        return render_template("home.html", products=catalog.page())

    @app.get("/product/<sku>")
    def product(sku: str) -> str:
        page = ProductPage(known(sku), catalog, request.args.get("q", ""))
        return render_template("product.html", page=page)

    @app.post("/cart/<sku>")
    def add_to_cart(sku: str) -> Response:
        chosen = known(sku)
        quantity = request.form.get("quantity", 1, type=int)
        g.session.cart.append(CartItem(chosen, quantity, chosen.price))
        return redirect(url_for("cart"))

    @app.get("/cart")
    def cart() -> str:
        return render_template("cart.html", session=g.session)

    @app.post("/checkout")
    def checkout() -> Response:
        for item in g.session.cart:
            item.product.stock -= item.quantity
        g.session.cart.clear()
        return redirect(url_for("home"))

    return app
