"""What happens often is logged as a count."""

from structlog.testing import CapturingLogger

from ml_connector.config.log_counts import EVERY_SECONDS, LogCounts


class Desk:
    def __init__(self) -> None:
        self.now = 100.0
        self.lines = CapturingLogger()
        self.counts = LogCounts(self.lines, clock=lambda: self.now)  # type: ignore[arg-type] # a capturing one

    @property
    def said(self) -> list[tuple[str, object, int]]:
        return [
            (call.args[0], call.kwargs.get("reason"), call.kwargs["times"])
            for call in self.lines.calls
        ]


def test_the_first_of_a_kind_is_told_at_once_and_the_others_as_a_count() -> None:
    desk = Desk()
    for number in range(1000):
        desk.counts.note("refused", 401, reason=f"number {number}")
    before = desk.said
    desk.now += EVERY_SECONDS
    desk.counts.flush()

    assert before == [("refused", "number 0", 1)]
    assert desk.said == [*before, ("refused", "number 999", 999)]


def test_a_kind_that_goes_on_is_told_once_a_minute() -> None:
    desk = Desk()
    for _ in range(10 * 60):
        desk.counts.note("refused", 401, reason="wrong")
        desk.now += 1.0

    assert [times for *_, times in desk.said] == [1, *[60] * 9]


def test_each_kind_has_lines_of_its_own() -> None:
    desk = Desk()
    for status in (401, 404, 401, 404, 404):
        desk.counts.note("refused", status, reason=status)
    desk.now += EVERY_SECONDS
    desk.counts.flush()

    assert desk.said == [
        ("refused", 401, 1),
        ("refused", 404, 1),
        ("refused", 401, 1),
        ("refused", 404, 2),
    ]


def test_what_is_still_counted_is_told_at_the_end() -> None:
    desk = Desk()
    for _ in range(3):
        desk.counts.note("refused", 401, reason="wrong")
    desk.counts.flush(everything=True)
    desk.counts.flush(everything=True)

    assert [times for *_, times in desk.said] == [1, 2]


def test_however_many_kinds_there_are_few_are_kept() -> None:
    desk = Desk()
    for number in range(5_000):
        desk.counts.note("refused", number)

    assert len(desk.counts) <= 1_000
