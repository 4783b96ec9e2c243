"""The external ids of item receipts, by which anybody can tell whose units they hold. Pure."""

from ml_connector.words import ExternalIdPrefix


def receipt_id(wro_id: int, number: int) -> str:
    """Return the external id of a WRO's item receipt, numbered from 1."""
    return f"{_of_wro(wro_id)}{number}"


def is_receipt_of(wro_id: int, external_id: str | None) -> bool:
    """Return whether an item receipt is one that we made for this WRO."""
    return (external_id or "").startswith(_of_wro(wro_id))


def is_receipt_of_other(wro_id: int, external_id: str | None) -> bool:
    """Return whether an item receipt is ours, but not for this WRO."""
    ours = (external_id or "").startswith(ExternalIdPrefix.RECEIPT)
    return ours and not is_receipt_of(wro_id, external_id)


def _of_wro(wro_id: int) -> str:
    return f"{ExternalIdPrefix.RECEIPT}{wro_id}-"
