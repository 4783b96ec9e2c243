"""The webhooks: subscriptions, what is sent, held back, lost and sent again."""

from collections.abc import Collection

from ml_connector.sim.shipbob.account import Books, locked
from ml_connector.sim.shipbob.books.access import PAT_APPLICATION
from ml_connector.sim.shipbob.values.vocabulary import TOPICS


class PostRoom:
    """What becomes of webhooks. Every method may be called from any thread."""

    def __init__(self, books: Books) -> None:
        self.books = books

    @locked
    def subscribe(
        self, url: str, topics: Collection[str] = TOPICS, secret: str | None = None
    ) -> tuple[str, str]:
        """A webhook subscription of the application ``SMA``.

        Returns:
            its id and its secret.
        """
        made = self.books.webhooks.subscribe(
            url=url,
            topics=topics,
            now=self.books.clock.now(),
            application=f"pat:{PAT_APPLICATION}",
            secret=secret,
        )
        return made.id, made.secret

    @locked
    def redeliver(self, webhook_id: str) -> None:
        """Send a webhook again, under the same ``webhook-id``, as the portal can.

        Raises:
            LookupError: there is no such message.
        """
        message = self.books.webhooks.messages.get(webhook_id)
        if message is None:
            raise LookupError(f"There is no webhook {webhook_id}.")
        self.books.sender.send(message)

    @locked
    def tune_webhooks(
        self,
        variant: str | None = None,
        duplicates: float | None = None,
        losses: float | None = None,
        disorder: float | None = None,
    ) -> None:
        """Change the bodies of webhooks, and the shares of those that go wrong.

        Args:
            variant: one of ``bodies.VARIANTS``, or ``mixed``.
            duplicates: the share of messages that are sent twice, under the same webhook-id.
            losses: the share of events that nobody is told about.
            disorder: the share of messages that are held back until the next one has gone.

        Raises:
            ValueError: there is no such variant.
        """
        self.books.announcer.tune(variant, duplicates, losses, disorder)

    @locked
    def hold_webhooks(self) -> None:
        """Keep all webhooks back until they are released."""
        self.books.announcer.hold()

    @locked
    def release_webhooks(self, order: str = "as-made") -> int:
        """Send what was held back: ``as-made``, ``reversed`` or ``shuffled``.

        Returns:
            how many messages were sent.
        """
        return self.books.announcer.release(order)

    def wait_for_webhooks(self, timeout_seconds: float = 30.0) -> bool:
        """Wait until every webhook has had its due attempts.

        Those that failed and wait for their next attempt don't count.

        Returns:
            whether that was reached in time.
        """
        with self.books.lock:
            self.books.announcer.flush()
        return self.books.sender.wait_until_quiet(timeout_seconds)
