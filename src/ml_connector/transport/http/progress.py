"""How far a request has come, and that it got no whole answer."""


class Progress:
    """How far a request has come.

    Attributes:
        sending: some of it may have left.
    """

    def __init__(self) -> None:
        self.sending = False


class Unanswered(Exception):
    """No whole answer came; the text says what the other side did, as the end of a sentence.

    Attributes:
        repeatable: another try may help.
    """

    def __init__(self, what: str, *, repeatable: bool = True) -> None:
        super().__init__(what)
        self.repeatable = repeatable
