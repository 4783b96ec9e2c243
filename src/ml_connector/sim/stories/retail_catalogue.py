"""The retailer's assortment, centers and vendors."""

from decimal import Decimal
from typing import Final

from ml_connector.sim.stories.retail_events import Article, Center

CENTERS: Final = (
    Center(id=228, name="Moreno Valley (CA)", location=6),
    Center(id=10, name="Cicero (IL)", location=7),
)
QUARANTINE: Final = 9

VENDORS: Final = ("Norfolk Mills", "Harbor Knitwear", "Lakeside Denim")

STYLES: Final = (
    ("TEE", "T-shirt", "4.20", "19.00"),
    ("LST", "Long sleeve", "5.80", "27.00"),
    ("POL", "Polo", "7.10", "35.00"),
    ("HOD", "Hoodie", "13.40", "59.00"),
    ("CRW", "Crew neck", "11.90", "49.00"),
    ("JOG", "Joggers", "12.30", "55.00"),
    ("JNS", "Jeans", "16.50", "79.00"),
    ("CHI", "Chinos", "14.20", "69.00"),
    ("SHO", "Shorts", "8.60", "39.00"),
    ("SKI", "Skirt", "9.40", "45.00"),
    ("DRS", "Dress", "15.10", "75.00"),
    ("JCK", "Jacket", "24.80", "119.00"),
)
COLOURS: Final = (
    ("BLK", "black"),
    ("WHT", "white"),
    ("NVY", "navy"),
    ("OLV", "olive"),
    ("RED", "red"),
)
SIZES: Final = ("XS", "S", "M", "L", "XL", "XXL")


def catalogue(styles: int) -> list[Article]:
    """The SKUs of the first styles, such as ``TEE-BLK-M``."""
    return [
        Article(
            sku=f"{style}-{colour}-{size}",
            style=style,
            name=f"{name}, {colour_name}, {size}",
            cost=Decimal(cost),
            price=Decimal(price),
        )
        for style, name, cost, price in STYLES[:styles]
        for colour, colour_name in COLOURS
        for size in SIZES
    ]
