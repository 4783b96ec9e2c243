"""What people call documents, and where units are. Pure."""

from ml_connector.reconcile.compare.document_pairs import FoundDocument, Place, PostedDocument


def named(posted: PostedDocument) -> str:
    """Return how a document of ours is called, by its external id."""
    return f"{posted.ref.type} {posted.external_id}"


def numbered(found: FoundDocument) -> str:
    """Return how a document in NetSuite is called, by its number."""
    number = f"{found.head.number} " if found.head.number else ""
    return f"{found.ref.type} {number}(id {found.head.id})"


def at(place: Place) -> str:
    """Return where units are; empty where no location is told."""
    return f" at location {place[1]}" if place[1] else ""
