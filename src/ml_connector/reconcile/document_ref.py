"""How a report names a document of either system."""

import msgspec


class DocumentRef(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A document that a difference is about, in either system.

    Attributes:
        type: what people call it, such as Item receipt.
        id: internal id; empty where it is not there any more.
        number: what people see on it.
    """

    type: str
    id: str = ""
    number: str = ""
    external_id: str = ""
    date: str = ""
