"""Which texts are one tracking number.

Labels print numbers in groups, and people type them as they are printed, or paste them from a
mail. Carriers look at letters and digits only, whatever their case.
"""

import unicodedata
from typing import Final

_BETWEEN_GROUPS: Final = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Pd"})
"""Unicode's categories of blanks, of what is not printed, and of hyphens and dashes."""


def compared_number(number: str) -> str:
    """Return the text by which a tracking number is compared with another.

    Without blanks and hyphens, in capitals. Leading zeros stay: ``00123`` and ``123`` are two
    numbers. Nothing is written in this form: what is written is what ShipBob says.
    """
    # NFKC turns full-width letters and digits into the usual ones.
    plain = unicodedata.normalize("NFKC", number)
    return "".join(
        one for one in plain if unicodedata.category(one) not in _BETWEEN_GROUPS
    ).upper()
