"""A connection whose transaction only its owner ends, whoever works on it in between."""

from psycopg import Connection
from psycopg.rows import TupleRow


class OneTransaction(Connection[TupleRow]):
    """A connection on which commit, rollback and close do nothing.

    So the migrations, which commit each by itself, are part of a restore: all of it is there in
    the end, or nothing.
    """

    def commit(self) -> None:
        """Do nothing; see ``commit_it``."""

    def rollback(self) -> None:
        """Do nothing; see ``close_it``."""

    def close(self) -> None:
        """Do nothing; see ``close_it``."""

    def commit_it(self) -> None:
        """Commit the transaction."""
        super().commit()

    def close_it(self) -> None:
        """Close the connection. What was not committed is rolled back."""
        super().close()
