"""The certificate rotation endpoint of the restlets host (reference 3.5)."""

import re
from datetime import datetime
from typing import Final

from ml_connector.sim.netsuite.http.tokens import Certificate, CertificateError, SignIn, Token
from ml_connector.sim.netsuite.records.roles import CERTIFICATES, Action, Roles
from ml_connector.sim.netsuite.values.messages import Answer, Request, answer_json
from ml_connector.sim.netsuite.values.refusal import invalid_content, invalid_request, not_found

_PATH: Final = re.compile(
    r"/services/rest/auth/oauth2/v1/clients/(?P<client>[^/]+)/certificates"
    r"(?:/(?P<certificate>[^/]+)/(?P<action>revoke))?"
)


class CertificateService:
    """List, add and revoke certificates.

    Args:
        sign_in: where they are kept.
        roles: the caller needs "Manage own OAuth 2.0 Client Credentials Certificates".
        users: names of employees by id.
    """

    def __init__(self, sign_in: SignIn, roles: Roles, users: dict[int, str]) -> None:
        self.sign_in = sign_in
        self.roles = roles
        self.users = users

    def answer(self, request: Request, token: Token) -> Answer | None:
        """Answer a call of this service; ``None`` when the path isn't one.

        Raises:
            Refusal: no permission, a client that isn't the token's, an unusable certificate.
        """
        match = _PATH.fullmatch(request.path)
        if match is None:
            return None
        action: Action = "view" if request.method == "GET" else "create"
        self.roles.require(self.roles.get(token.role), CERTIFICATES, action)
        if match["client"] != token.client_id:
            raise not_found()
        if match["action"]:
            return self._revoke(request, token, match["certificate"])
        if request.method == "GET":
            found = [
                self._listed(certificate)
                for certificate in self.sign_in.certificates.values()
                if certificate.client_id == token.client_id
            ]
            return answer_json(found, kind="application/json")
        if request.method == "POST":
            return self._add(request, token)
        raise invalid_request("GET or POST is wanted.", status=405)

    def _revoke(self, request: Request, token: Token, certificate_id: str) -> Answer:
        if request.method != "POST":
            raise invalid_request("POST is wanted.", status=405)
        certificate = self.sign_in.certificates.get(certificate_id)
        if certificate is None or certificate.client_id != token.client_id:
            raise not_found()
        self.sign_in.revoke_certificate(certificate_id)
        return Answer(200, b"Successfully revoked", {"content-type": "text/plain"})

    def _add(self, request: Request, token: Token) -> Answer:
        body = request.json()
        if not isinstance(body, dict):
            raise invalid_request("The request body must be a JSON object.")
        pem = body.get("fileContent")
        role, entity = body.get("role", token.role), body.get("entity", token.entity)
        if not isinstance(pem, str):
            raise invalid_content("fileContent is missing.", path="fileContent")
        if not str(role).isdecimal() or not str(entity).lstrip("-").isdecimal():
            raise invalid_content("role and entity must be ids.", path="role")
        try:
            certificate = self.sign_in.register(
                token.client_id, pem, role=int(str(role)), entity=int(str(entity))
            )
        except CertificateError as error:
            raise invalid_content(str(error), path="fileContent") from error
        return answer_json(self._added(certificate), kind="application/json")

    def _listed(self, certificate: Certificate) -> dict[str, object]:
        application = self.sign_in.applications[certificate.client_id]
        role = self.roles.get(certificate.role)
        return {
            "application": {
                "id": application,
                "name": f"Integration {application}",
                "url": f"/app/common/integration/integrapp.nl?id={application}",
                "application_id": self.sign_in.application_id(certificate.client_id),
            },
            "entity": {
                "id": certificate.entity,
                "name": self.users.get(certificate.entity, "integration user"),
                "url": f"/app/common/entity/entity.nl?id={certificate.entity}",
            },
            "role": {"id": role.id, "name": role.name, "url": f"/app/setup/role.nl?id={role.id}"},
            "created": _day(certificate.created),
            "valid_from": _day(certificate.valid_from),
            "valid_until": _day(certificate.valid_until),
            "revoked": certificate.revoked,
            "certificate_id": certificate.id,
            "algorithm": certificate.algorithm,
        }

    def _added(self, certificate: Certificate) -> dict[str, object]:
        company = self.sign_in.account_id.partition("_")[0]
        return {
            "entity_role_id": {
                "com": company,
                "ent": certificate.entity,
                "rol": certificate.role,
            },
            "application_id": self.sign_in.applications[certificate.client_id],
            "certificate_id": certificate.id,
            "certificate": certificate.pem,
            "algorithm": certificate.algorithm,
            "created_at": _day(certificate.created),
            "valid_from": _day(certificate.valid_from),
            "valid_until": _day(certificate.valid_until),
            "invalidated": certificate.revoked,
        }


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
