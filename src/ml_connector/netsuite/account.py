"""A NetSuite account: its id, its hosts and the addresses of its services."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from ml_connector.errors import UserError
from ml_connector.transport.guard.guard import check_base_url

_ACCOUNT_ID: Final = re.compile(r"[A-Za-z0-9]+([_-][A-Za-z0-9]+)*")
_LONGEST_ACCOUNT_ID: Final = 60  # a label of a host name ends at 63 characters
_EXTERNAL_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
_COPY: Final = re.compile(r"[_-](SB\d*|RP\d*)$", re.IGNORECASE)
_TEST_DRIVE: Final = "TSTDRV"
_REST_HOST: Final = ".suitetalk.api.netsuite.com"
_RESTLETS_HOST: Final = ".restlets.api.netsuite.com"
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

_RECORD_PATH: Final = "/services/rest/record/v1"


def check_account_id(account_id: str) -> str:
    """Return the account id if it is one (netsuite.md section 1.3).

    The id becomes part of the host that the signed assertion is posted to, so one with
    characters of a URL in it could lead it elsewhere.

    Raises:
        UserError: it is not made of letters and digits joined by single ``_`` or ``-``.
    """
    if len(account_id) > _LONGEST_ACCOUNT_ID or not _ACCOUNT_ID.fullmatch(account_id):
        raise UserError(
            "The NetSuite account id can't be used: letters and digits are wanted, joined by"
            " single _ or -, such as 1234567 or 1234567_SB1",
            where="netsuite.account_id",
            next_step="Copy it from Setup > Company > Company Information in NetSuite.",
        )
    return account_id


def host_label(account_id: str) -> str:
    """Return the account's part of its host names (netsuite.md section 1.2).

    ``1234567_SB1`` becomes ``1234567-sb1``.
    """
    return check_account_id(account_id).lower().replace("_", "-")


def account_key(account_id: str) -> str:
    """Return an account id in one spelling: NetSuite takes it in several (section 1.3).

    ``1234567-sb1`` becomes ``1234567_SB1``. A sandbox is another account than its original.
    """
    return account_id.upper().replace("-", "_")


def environment(account_id: str) -> str:
    """Return what kind of account an id is of (section 1.2), such as ``sandbox``. Pure."""
    copy = _COPY.search(account_id)
    if copy is not None:
        return "sandbox" if copy[1].upper().startswith("SB") else "release preview"
    return "test drive" if account_id.upper().startswith(_TEST_DRIVE) else "production"


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account and where its services are (netsuite.md sections 1.1 and 1.6).

    Attributes:
        account_id: as NetSuite shows it, such as ``1234567_SB1``.
        base_url: scheme and host of the REST services, without a slash at the end.
        restlets_url: the same for RESTlets and certificate rotation.
    """

    account_id: str
    base_url: str
    restlets_url: str

    @classmethod
    def of(
        cls, account_id: str, *, base_url: str | None = None, restlets_url: str | None = None
    ) -> "Account":
        """Make an account from its settings; its hosts follow from its id unless given.

        When only the address of the REST services is given, and it is not one of NetSuite's, it is
        used for both: a gateway or a simulator must not be mixed with the real system.

        Raises:
            UserError: the id or an address can't be used.
        """
        label = host_label(account_id)
        if base_url is not None and restlets_url is None:
            restlets_url = base_url.replace(_REST_HOST, _RESTLETS_HOST)
        return cls(
            account_id=account_id,
            base_url=_address(base_url, f"https://{label}{_REST_HOST}"),
            restlets_url=_address(restlets_url, f"https://{label}{_RESTLETS_HOST}"),
        )

    @property
    def token_url(self) -> str:
        """The address of the token endpoint (netsuite.md section 2.1)."""
        return f"{self.base_url}/services/rest/auth/oauth2/v1/token"

    @property
    def is_copy(self) -> bool:
        """Whether this is a sandbox or a release preview (netsuite.md section 1.2).

        Each refresh of one clears its certificate mappings (section 1.7).
        """
        return _COPY.search(self.account_id) is not None

    def certificates_url(self, client_id: str) -> str:
        """Return the address of the certificate service (netsuite.md section 3.5)."""
        return (
            f"{self.restlets_url}/services/rest/auth/oauth2/v1/clients/"
            f"{quote(client_id, safe='')}/certificates"
        )

    @property
    def suiteql_url(self) -> str:
        """The address of SuiteQL, without limit and offset (netsuite.md section 4.1)."""
        return f"{self.base_url}/services/rest/query/v1/suiteql"

    @property
    def limits_url(self) -> str:
        """The address that tells administrators the limits (netsuite.md section 10.3)."""
        return f"{self.base_url}/services/rest/system/v1/governanceLimits"

    @property
    def metadata_url(self) -> str:
        """The address of the metadata catalogue (netsuite.md section 6.9)."""
        return f"{self.base_url}{_RECORD_PATH}/metadata-catalog"

    def record_url(self, record_type: str, key: str | None = None) -> str:
        """Return the address of a record type, or of one record of it.

        Args:
            record_type: such as ``itemReceipt``.
            key: an internal id, or what ``external_key`` returned.
        """
        url = f"{self.base_url}{_RECORD_PATH}/{_word(record_type)}"
        return url if key is None else f"{url}/{quote(key, safe=':')}"

    def transform_url(self, from_type: str, key: str, to_type: str) -> str:
        """Return the address that turns one record into another (netsuite.md section 7.1)."""
        return f"{self.record_url(from_type, key)}/!transform/{_word(to_type)}"


def external_key(external_id: str) -> str:
    """Return the form of an external id in an address (netsuite.md section 6.7).

    Raises:
        ValueError: it has characters other than letters, digits, ``_`` and ``-``, which that
            form does not allow. External ids of ours never have them.
    """
    if not _EXTERNAL_ID.fullmatch(external_id):
        raise ValueError(f"{external_id!r} can't stand in an address as an external id")
    return f"eid:{external_id}"


def new_record_id(location: str | None, record_type: str) -> str | None:
    """Return the internal id of a new record from its ``Location`` (netsuite.md section 6.1).

    Record types are compared without case, since answers differ in it (section 6.2). None
    when the header is missing or names anything but one record of this type.
    """
    if not location:
        return None
    try:
        path = urlsplit(location).path
    except ValueError:
        return None
    found = re.fullmatch(r".*/record/v1/([A-Za-z0-9_]+)/(\d+)/?", path)
    if found is None or found[1].lower() != record_type.lower():
        return None
    return found[2]


def _word(record_type: str) -> str:
    if not _WORD.fullmatch(record_type):
        raise ValueError(f"{record_type!r} is no record type")
    return record_type


def _address(given: str | None, default: str) -> str:
    if given is None:
        return default
    check_base_url(given)
    return given.rstrip("/")
