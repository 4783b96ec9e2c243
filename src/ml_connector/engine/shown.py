"""What a list of the source shows of a subject, beside what its last run saw. Pure.

A source may change a subject and not its dates: so a sweep compares what it shows with what was
planned from.
"""

import hashlib

from ml_connector.engine.flow import LookAgain, Looked


def shown_otherwise(asked: LookAgain, before: object, now: object) -> Looked | None:
    """Return that a subject must run where it is shown otherwise than before; else None.

    It runs once each time that such a difference comes: what a list never shows as the subject's
    own address does lets it run no more, and what goes there and back lets it run each time.

    Args:
        asked: the subject.
        before: of the last run, as far as a list shows it, in values whose text is always the
            same.
        now: the same of what the list shows.
    """
    if before == now:
        return None
    digest = hashlib.sha256(repr((before, now)).encode()).hexdigest()[:16]
    return Looked(asked.last.facts, must_run=True, version=f"shown otherwise {digest}")


def told_by_itself(asked: LookAgain) -> Looked:
    """Return that a subject runs for the version that its sweep gave it, and once for each."""
    return Looked(asked.last.facts, must_run=True, version=asked.seen.version)
