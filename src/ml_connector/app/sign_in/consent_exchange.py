"""The exchange of what a consent brought back for tokens (ShipBob reference, section 3.2)."""

import secrets

import msgspec

from ml_connector.app.sign_in.consent_refusals import ERRORS, ConsentRefused, plain_word
from ml_connector.errors import ConnectorError
from ml_connector.secret import Secret
from ml_connector.shipbob.sign_in import oauth
from ml_connector.shipbob.sign_in.hosts import check_issuer
from ml_connector.shipbob.sign_in.id_tokens import claims
from ml_connector.shipbob.sign_in.oauth import Application, Granted, Sends


class HeldConsent(msgspec.Struct, frozen=True):
    """The secrets of a consent that is under way."""

    verifier: str
    nonce: str

    def __repr__(self) -> str:
        return "HeldConsent(***)"


async def exchange(
    transport: Sends,
    application: Application,
    held: HeldConsent,
    *,
    api_url: str,
    code: str,
    error: str,
) -> Granted:
    """Exchange ShipBob's code for tokens.

    Args:
        transport: sends the call.
        application: with which the consent was begun.
        held: its secrets.
        api_url: where the tokens will be used.
        code: that ShipBob gave; empty when there is none.
        error: OAuth's error code; empty when nothing went wrong.

    Raises:
        ConsentRefused: consent was denied, ShipBob refused the code, or its answer belongs to
            another consent.
    """
    if error or not code:
        sentence, next_step = ERRORS.get(
            error,
            (
                (
                    "ShipBob ended the consent with an error"
                    f" ({plain_word(error) or 'no code came'})"
                ),
                "Open the link again; if it goes on, check the application at ShipBob.",
            ),
        )
        raise ConsentRefused(sentence, next_step=next_step)
    try:
        granted = await oauth.exchange_code(
            transport, application, code=Secret(code), verifier=Secret(held.verifier)
        )
        check_issuer(granted.token.access, api_url=api_url, auth_url=application.auth_url)
    except ConnectorError as failure:
        raise ConsentRefused(
            f"ShipBob did not exchange the consent for tokens: {failure}",
            next_step=f"{failure.remedy} A code of ShipBob's is good once, for two minutes:"
            " open the link again.",
        ) from failure
    nonce = claims(granted.id_token).nonce
    if nonce and not secrets.compare_digest(nonce.encode(), held.nonce.encode()):
        raise ConsentRefused(
            "ShipBob's answer belongs to another consent than the one begun here",
            next_step="Open the link again, in one window only.",
        )
    return granted
