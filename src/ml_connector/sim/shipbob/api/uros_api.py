"""``/unidentified-receiving-order``, new in 2026-07 (reference shipbob.md, 2 and 9.4)."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from ml_connector.sim.shipbob.books.receiving import Receiving
from ml_connector.sim.shipbob.books.uros import Uro, UroAttachments, Uros
from ml_connector.sim.shipbob.http.answers import Answer, empty, fields
from ml_connector.sim.shipbob.http.call import Call, whole
from ml_connector.sim.shipbob.http.endpoint import SINCE_2026_07, Endpoint

PAGE_SIZE = 50


class Association(msgspec.Struct):
    """The body of ``:associateWRO``."""

    wro_id: int


class UrosApi:
    """The handlers.

    Attributes:
        unlinked: the ``linked_wro_id`` of one without a WRO: null or 0 (9.4).
        attachments: how pictures of a box are listed; their fields are unknown (12).
    """

    def __init__(self, *, uros: Uros, receiving: Receiving, now: Callable[[], datetime]) -> None:
        self._uros = uros
        self._receiving = receiving
        self._now = now
        self.unlinked: int | None = None
        self.attachments: UroAttachments = "none"

    def endpoints(self) -> list[Endpoint]:
        """The routes of this resource."""
        path = "/unidentified-receiving-order"
        read, write = ("receiving_read",), ("receiving_write",)
        return [
            Endpoint(
                method="GET",
                path=path,
                handler=self.list_uros,
                scopes=read,
                versions=SINCE_2026_07,
            ),
            Endpoint(
                method="GET",
                path=f"{path}/{{id:key}}",
                handler=self.show,
                scopes=read,
                versions=SINCE_2026_07,
            ),
            Endpoint(
                method="POST",
                path=f"{path}/{{id:key}}:associatewro",
                handler=self.associate,
                scopes=write,
                versions=SINCE_2026_07,
            ),
        ]

    def list_uros(self, call: Call) -> Answer:
        """A bare array, at most 50; ``isCompleted`` is false unless asked otherwise."""
        completed = call.query.flag("isCompleted") or False
        page = max(call.query.number("page") or 1, 1)
        found = [
            uro
            for uro in self._uros.by_id.values()
            if (uro.linked_wro_id is not None) == completed
        ]
        shown = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        return Answer(200, [uro.view(self.unlinked, self.attachments) for uro in shown])

    def show(self, call: Call) -> Answer:
        """One of them, completed or not."""
        return Answer(200, self._find(call).view(self.unlinked, self.attachments))

    def associate(self, call: Call) -> Answer:
        """Tell ShipBob which WRO the box belongs to: 204. Its content goes on that WRO."""
        uro = self._find(call)
        asked = call.body(Association, lambda errors: fields(400, errors))
        wro = self._receiving.wros.get(asked.wro_id)
        if wro is None:
            raise empty(404)
        if uro.linked_wro_id is None:
            uro.linked_wro_id, uro.linked = wro.id, self._now()
            if wro.open:
                self._receiving.stow(wro, uro.contents, None, None)
        return Answer(204)

    def _find(self, call: Call) -> Uro:
        text = call.ids["id"]
        uro = self._uros.by_id.get(whole(text))
        if uro is None:
            raise empty(404)
        return uro
