"""The documents of a difference: what is taken as it is, and what corrects it. Pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec.structs import replace

from ml_connector.awaited import AwaitedKind
from ml_connector.config.connection import ConnectionSettings
from ml_connector.errors import NeedsHuman
from ml_connector.flows.month_end.facts import DifferenceFacts, StandingDifference
from ml_connector.ledger.decisions.differences import DecidedDifference
from ml_connector.ledger.postings.documents import Document, JournalLine, Posted, TakeAsItIs
from ml_connector.rules.adjustments import (
    AdjustmentHead,
    StockChange,
    Subsidiaries,
    adjustment_subsidiary,
    inventory_adjustment,
    refuse_unnamed_lot,
)
from ml_connector.rules.decisions.accepted import ACCEPTED_PART
from ml_connector.rules.decisions.corrections import CORRECTED
from ml_connector.rules.posting_dates import posting_date
from ml_connector.words import Cause, DocumentKind, ExternalIdPrefix


def whole_name(about: DecidedDifference) -> str:
    """Return what journal rows of a difference follow from: the document that it is about."""
    return about.external_id or f"record {about.record}"


def accepted(
    key: str,
    number: int,
    more: Decimal,
    about: DecidedDifference | None,
    like: Posted | None,
) -> Document:
    """Return the row by which the journal says what NetSuite has.

    Args:
        key: of the difference.
        number: which one of its sort it is.
        more: units or money that the journal gains by it, signed.
        about: what is decided; None where nothing is any more.
        like: the last one that was booked; None where none was. It says what is taken back.
    """
    external_id = f"{ExternalIdPrefix.ACCEPTED_DIFFERENCE}{key}-{number}"
    if about is None:
        if like is None:
            raise ValueError(f"{external_id} takes nothing and takes nothing back")
        line, record = like.lines[0], like.remote_id or ""
    else:
        line, record = _line(key, about), about.record
    has_money = line.currency is not None
    return Document(
        system="netsuite",
        kind=DocumentKind.ACCEPTED_DIFFERENCE,
        external_id=external_id,
        title=f"Journal row: {'' if about else 'not '}taken as it is in NetSuite",
        request=TakeAsItIs(record_id=record),
        lines=(
            replace(
                line,
                quantity=None if has_money else int(more),
                amount=more if has_money else None,
            ),
        ),
    )


def accepted_lines(
    key: str, number: int, lines: Sequence[JournalLine], record: str, *, taken: bool
) -> Document:
    """Return the rows by which the journal says what NetSuite has, at several places or days.

    Args:
        key: of the difference.
        number: which one of its sort it is.
        lines: what the journal gains.
        record: internal id of the document that is taken.
        taken: whether it still is.
    """
    return Document(
        system="netsuite",
        kind=DocumentKind.ACCEPTED_DIFFERENCE,
        external_id=f"{ExternalIdPrefix.ACCEPTED_DIFFERENCE}{key}-{number}",
        title=f"Journal rows: {'' if taken else 'not '}taken as it is in NetSuite",
        request=TakeAsItIs(record_id=record),
        lines=tuple(lines),
    )


def move_lines(key: str, about: DecidedDifference) -> Iterator[JournalLine]:
    """Yield what the journal gains by a difference of several places, days or currencies."""
    for one in about.moves:
        yield JournalLine(
            source=f"difference {key}",
            source_line=f"{whole_name(about)}{ACCEPTED_PART}",
            fact_date=one.day,
            posting_date=one.day,
            sku=one.sku,
            item=one.item,
            location=one.location,
            quantity=None if one.currency else int(one.value),
            amount=one.value if one.currency else None,
            account=one.account,
            currency=one.currency,
            detail="accepted",
        )


def _line(key: str, about: DecidedDifference) -> JournalLine:
    return JournalLine(
        source=f"difference {key}",
        source_line=f"{whole_name(about)}{ACCEPTED_PART}",
        fact_date=about.day,
        posting_date=about.day,
        sku=about.sku,
        item=about.item,
        location=about.location,
        account=about.account,
        currency=about.currency,
        detail="accepted",
    )


def correction(
    facts: DifferenceFacts,
    one: StandingDifference,
    number: int,
    units: int,
    settings: ConnectionSettings,
) -> Document:
    """Return the inventory adjustment that corrects NetSuite's stock by the difference.

    Args:
        facts: of the difference.
        one: the decision.
        number: which one of its sort it is.
        units: that it changes, signed.
        settings: of the connection.

    Raises:
        NeedsHuman: no account is set, the item is kept by lot or serial number, or the period is
            closed.
    """
    about = one.difference
    subject = f"{about.sku} at location {about.location}"
    item, location = about.item or "", about.location or ""
    external_id = f"{ExternalIdPrefix.MONTH_CORRECTION}{facts.key}-{number}"
    account = settings.accounts.inventory_adjustment
    if account is None:
        raise NeedsHuman(
            f"{subject} needs an inventory adjustment, but no account is set",
            cause=Cause.ACCOUNT_UNMAPPED,
            remedy="Set inventory_adjustment under [accounts] and apply the connection again.",
            waiting_for=[AwaitedKind.ACCOUNT.named("inventory_adjustment")],
        )
    if item in facts.items:
        refuse_unnamed_lot(
            facts.items[item],
            about.sku,
            None,
            f"Difference {facts.key}",
            remedy="Adjust it by hand in NetSuite, and decide handled.",
        )
    day = posting_date(
        about.day,
        facts.periods,
        settings.policies.closed_period,
        document=f"the correction of {subject}",
    )
    known = Subsidiaries(facts.location_subsidiaries, setting=settings.netsuite.subsidiary)
    human = f"Difference {facts.key} of {about.external_id or about.record}: {subject}"
    line = replace(
        _line(facts.key, about),
        source_line=f"{whole_name(about)} / {CORRECTED}",
        posting_date=day,
        quantity=units,
        detail=CORRECTED,
    )
    return inventory_adjustment(
        AdjustmentHead(
            external_id=external_id,
            date=day,
            account=account,
            subsidiary=adjustment_subsidiary(location, known, subject),
            memo=f"{human[:150]} [{external_id}]",
            title=f"Inventory adjustment that corrects {subject}",
        ),
        [StockChange(item=item, location=location, quantity=units)],
        [line],
    )
