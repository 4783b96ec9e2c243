"""Which service answers which path, for whom (reference 1.6, 2.7, 10.3)."""

from datetime import timedelta
from typing import Final

from ml_connector.sim.netsuite.books.company import Company
from ml_connector.sim.netsuite.http.certificates import CertificateService
from ml_connector.sim.netsuite.http.jobs import PREFIX as JOBS
from ml_connector.sim.netsuite.http.jobs import JobService
from ml_connector.sim.netsuite.http.limits import Limits
from ml_connector.sim.netsuite.http.tba import TokenBased, is_tba
from ml_connector.sim.netsuite.http.tokens import TOKEN_PATH, SignIn, Token
from ml_connector.sim.netsuite.records.metadata import CATALOG, answer_catalog
from ml_connector.sim.netsuite.records.records import PREFIX, Permit, RecordService
from ml_connector.sim.netsuite.records.roles import (
    ADMINISTRATOR,
    ANALYTICS,
    OAUTH,
    REST,
    Action,
    Role,
    Roles,
    permission_missing,
)
from ml_connector.sim.netsuite.suiteql import suiteql
from ml_connector.sim.netsuite.suiteql.faces import faces
from ml_connector.sim.netsuite.suiteql.late_writes import LateWrites
from ml_connector.sim.netsuite.suiteql.resolver import Hidden
from ml_connector.sim.netsuite.values import instants
from ml_connector.sim.netsuite.values.messages import Answer, Request, answer_json
from ml_connector.sim.netsuite.values.refusal import (
    Refusal,
    invalid_login,
    invalid_request,
    login_page,
    malformed_bearer,
)
from ml_connector.sim.netsuite.values.wordings import worded
from ml_connector.sim.readings.netsuite import ERROR_TEXTS
from ml_connector.sim.readings.netsuite_accounts import REFUSED_ACCESS
from ml_connector.sim.readings.netsuite_queries import (
    MISSING_NAME,
    MISSING_WORDS,
    TIMES,
    WRITES_SEEN,
)

LAG: Final = timedelta(seconds=2)
"""After how long queries see a write, in a world where they don't at once."""

QUERY_PATH: Final = "/services/rest/query/v1/suiteql"
LIMITS_PATH: Final = "/services/rest/system/v1/governanceLimits"
TIME_PATH: Final = "/services/rest/system/v1/serverTime"

_SINGLE: Final = Hidden(
    frozenset({"subsidiary", "vendorsubsidiaryrelationship"}),
    frozenset(
        f"{table}.subsidiary"
        for table in ("transaction", "transactionline", "item", "location", "vendor", "customer")
    ),
)
"""What an account without OneWorld doesn't have (13.1)."""

_NO_SHIPMENTS: Final = Hidden(frozenset({"inboundshipment", "inboundshipmentitem"}))


class Services:
    """Routes signed-in requests.

    Args:
        company: books and preferences.
        sign_in: tokens and certificates.
        limits: for governanceLimits.
        roles: what tokens may do.
        users: names of employees by id.
    """

    def __init__(
        self,
        company: Company,
        sign_in: SignIn,
        limits: Limits,
        roles: Roles,
        users: dict[int, str],
    ) -> None:
        self.company = company
        self.sign_in = sign_in
        self.limits = limits
        self.roles = roles
        self.records = RecordService(company)
        self.token_based = TokenBased(sign_in)
        self.certificates = CertificateService(sign_in, roles, users)
        self._of_world = self._unshown()
        is_late = company.readings[WRITES_SEEN] == "seconds-later"
        self._late = LateWrites(company.books, LAG) if is_late else None
        self.jobs = JobService(company.books.clock, self._signed_in)

    def answer(self, request: Request) -> Answer:
        """Answer one request.

        Raises:
            Refusal: as NetSuite refuses.
        """
        try:
            return self._answer(request)
        except Refusal as refusal:
            raise worded(refusal, self.company.readings[ERROR_TEXTS]) from refusal

    def _answer(self, request: Request) -> Answer:
        if request.path == TOKEN_PATH:
            if request.method != "POST":
                raise invalid_request("POST is wanted.", status=405)
            return self.sign_in.answer_token(request)
        token = self.token_of(request)
        if request.path.startswith(JOBS):
            return self.jobs.answer(request, token.client_id)
        if self.jobs.wanted(request):
            return self.jobs.submit(request, token.client_id)
        return self._route(request, token)

    def _signed_in(self, request: Request) -> Answer:
        return self._route(request, self.token_of(request))

    def _route(self, request: Request, token: Token) -> Answer:
        role = self.roles.get(token.role)
        certificates = self.certificates.answer(request, token)
        if certificates is not None:
            return certificates
        if not role.may(REST):
            raise permission_missing(as_400=False)
        if request.path == QUERY_PATH:
            return self._suiteql(request, role)
        if request.path == LIMITS_PATH:
            return self._governance(role)
        if request.path == TIME_PATH:
            return answer_json({"serverTime": instants.utc_text(self.sign_in.now())})
        if request.path.startswith(f"{PREFIX}{CATALOG}"):
            return answer_catalog(self.company, request)
        if request.path.startswith(f"{PREFIX}/"):
            return self.records.answer(request, self._permit(role))
        raise invalid_request("The requested resource does not exist.", status=404)

    def token_of(self, request: Request) -> Token:
        """Who is calling.

        Raises:
            Refusal: 401 for a bad token, 400 for an Authorization that isn't one (2.7).
        """
        if self.token_based.tokens and is_tba(request):
            return self._signed(request)
        given = request.headers.get("authorization", "")
        scheme, _, text = given.partition(" ")
        if given and (scheme.lower() != "bearer" or not text.strip()):
            raise malformed_bearer(self.company.account_id)
        token = self.sign_in.holder(text.strip())
        if token is None or "rest_webservices" not in token.scopes:
            raise self._refused_token()
        if not self.roles.get(token.role).may(OAUTH):
            raise self._refused_token()
        return token

    def _signed(self, request: Request) -> Token:
        holder = self.token_based.holder(request)
        if holder is None:
            raise self._refused_token()
        return holder

    def _refused_token(self) -> Refusal:
        account = self.company.account_id
        to_login = self.company.readings[REFUSED_ACCESS] == "login-page"
        return login_page(account) if to_login else invalid_login(account)

    def forget_token(self, request: Request) -> None:
        """Revoke the token of a request."""
        text = request.headers.get("authorization", "").partition(" ")[2].strip()
        self.sign_in.revoke_token(text)

    def _permit(self, role: Role) -> Permit:
        def permit(key: str, action: Action) -> None:
            self.roles.require(role, key, action)

        return permit

    def _suiteql(self, request: Request, role: Role) -> Answer:
        self.roles.require(role, ANALYTICS, "view")
        if request.method != "POST":
            raise invalid_request("POST is wanted.", status=405)
        preferences = request.headers.get("prefer", "").lower().replace(",", " ").split()
        if "transient" not in preferences:
            raise Refusal(
                400,
                "INVALID_HEADER",
                "The required request header 'Prefer' is missing or its value is wrong. "
                "Use 'Prefer: transient'.",
                header="Prefer",
            )
        page = suiteql.run(
            self.company.books,
            body=request.json(),
            query=request.query,
            url=f"{request.origin}{QUERY_PATH}",
            hidden=self._hidden(role),
            connection=(self._late.connection() if self._late else self.company.books.connection),
            readings=self.company.readings,
        )
        return answer_json(page, kind="application/vnd.oracle.resource+json; type=collection")

    def _hidden(self, role: Role) -> Hidden:
        hidden = role.hidden
        if not self.company.preferences.one_world:
            hidden |= _SINGLE
        if not self.company.preferences.inbound_shipments:
            hidden |= _NO_SHIPMENTS
        return hidden | self._of_world

    def _unshown(self) -> Hidden:
        """What queries show otherwise, or not at all, in this world."""
        readings = self.company.readings
        name = readings[MISSING_NAME]
        missing = frozenset({name} - {"none"})
        return Hidden(
            tables=frozenset(one for one in missing if "." not in one),
            columns=frozenset(one for one in missing if "." in one),
            words=readings[MISSING_WORDS],
            faces=faces(readings),
            user_times=readings[TIMES] != "account",
        )

    def _governance(self, role: Role) -> Answer:
        if role.id != ADMINISTRATOR:
            raise permission_missing(as_400=False)
        limits = self.limits
        return answer_json(
            {
                "accountConcurrencyLimit": limits.concurrency,
                "accountUnallocatedConcurrencyLimit": limits.concurrency - limits.reserved,
                "integrationLimitType": "accountLimit",
            }
        )
