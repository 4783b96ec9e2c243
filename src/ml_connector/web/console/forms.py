"""What people typed into a form."""

from litestar.datastructures import FormMultiDict

from ml_connector.errors import UserError
from ml_connector.secret import Secret
from ml_connector.web.address import WebRequest
from ml_connector.words import Role


class Typed:
    """The fields of one form.

    Args:
        fields: as the browser sent them.
    """

    def __init__(self, fields: FormMultiDict) -> None:
        self._fields = fields

    @classmethod
    async def into(cls, request: WebRequest) -> "Typed":
        """Return what was typed into a form.

        Raises:
            UserError: something that nobody can type.
        """
        fields = await request.form()
        for name, value in fields.multi_items():
            if "\0" in name or (isinstance(value, str) and "\0" in value):
                raise UserError(
                    "There is a zero character in what was typed",
                    where=name[:64],
                    next_step="Type it anew.",
                )
        return cls(fields)

    def text(self, name: str) -> str:
        """Return a field without the spaces around it; empty where there is none."""
        value = self._fields.get(name)
        return value.strip() if isinstance(value, str) else ""

    def every(self, name: str) -> list[str]:
        """Return all values of a field that may come several times."""
        return [value for value in self._fields.getall(name, []) if isinstance(value, str)]

    def secret(self, name: str) -> Secret:
        """Return a field exactly as it was typed."""
        value = self._fields.get(name)
        return Secret(value if isinstance(value, str) else "")

    def role(self, name: str) -> Role:
        """Return a role that was chosen.

        Raises:
            UserError: it is none.
        """
        try:
            return Role(self.text(name))
        except ValueError:
            raise UserError(
                "There is no such role",
                where=name,
                next_step=f"Choose one of {', '.join(Role)}.",
            ) from None
