"""How many calls something may make in all, such as a look at an account."""

from ml_connector.errors import Retryable
from ml_connector.words import Cause


class EnoughCalls(Retryable):
    """As many calls as were allowed have been made; this one was not sent."""


class CallBudget:
    """Counts what is sent, up to a number that may be raised.

    Args:
        most: calls; sending one again counts again.

    Attributes:
        spent: calls that were sent.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.spent = 0

    def take(self) -> None:
        """Count one call.

        Raises:
            EnoughCalls: it may not be sent.
        """
        if self.spent >= self.most:
            raise EnoughCalls(f"No more than {self.most} calls are made", cause=Cause.RATE_LIMITED)
        self.spent += 1
