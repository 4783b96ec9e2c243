"""What is cut out of a recording: credentials, and what names a person."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit

import msgspec

MASK: Final = "***"

Json = str | int | float | bool | Decimal | None | list["Json"] | dict[str, "Json"]
"""A value of a JSON document; broken numbers with the digits they were written with."""

# Parts of a key, in lower case and without punctuation, that mean a credential.
_CREDENTIAL: Final = re.compile(
    r"token|secret|password|passwd|passphrase|assertion|credential|apikey|privatekey|cookie"
    r"|session|signature|codeverifier|^(proxy|x)?authori[sz]ation$|^pwd$|^jwt$"
)
# In a form or query of OAuth; in JSON it is what errors are told apart by.
_FORM_CREDENTIAL: Final = "code"

# What a key of NetSuite's or ShipBob's means about a person.
_PERSONAL: Final = re.compile(
    r"e?mail|phone|mobile|^fax$|firstname|lastname|middlename|fullname|contactname|recipientname"
    r"|customername|companyname|^attention$|addressee|^addr\d?$|addr(ess)?(line)?\d?(text)?$"
    r"|street|^city$|^zip|postalcode|postcode|latitude|longitude|giftmessage"
)

# Everything of these is about a person: no text below such a key is kept.
_PERSON: Final = re.compile(
    r"^(recipient|customer|consignee|contact|shopper|buyer|returncustomer|entity)s?$"
    r"|address$|addressbook|^(ship|bill)to$"
)

_NAME: Final = frozenset({"name", "title", "company"})

# What is kept of a person: which record it is, and where in the world.
_NOT_PERSONAL: Final = frozenset({"id", "country", "countrycode", "currency", "href", "rel"})

# In text that is not JSON: what can be told by its looks. Every pattern begins where a word
# does and is bounded before its telling part, so that no text takes more than linear time.
_IN_TEXT: Final = (
    (re.compile(r"(?i)\b(bearer|basic)\s{1,9}[\w.~+/=-]+"), r"\1 " + MASK),
    (re.compile(r"(?<![\w-])eyJ[\w-]*\.[\w-]+\.?[\w-]*"), MASK),
    (re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]+(\.[\w-]+)+"), MASK),
    (
        re.compile(
            r"""(?i)(?<![\w-])([\w-]{0,40}?(?:token|secret|password|assertion|api_?key|cookie)"""
            r"""[\w-]{0,40}["']?\s{0,9}[:=]\s{0,9})(?:"[^"]*"?|'[^']*'?|[^\s&,;"'<>]+)"""
        ),
        r"\1" + MASK,
    ),
    (
        re.compile(
            r"""(?i)(["'][\w-]{0,40}?(?:mail|phone|address\d?|first_?name|last_?name|full_?name"""
            r"""|addressee|street|zip_?code)["']\s{0,9}:\s{0,9})(?:"[^"]*"?|[^\s,}\]]+)"""
        ),
        r"\1" + MASK,
    ),
)


def is_credential(key: str) -> bool:
    """Whether a header, field or parameter of this name holds a credential."""
    return bool(_CREDENTIAL.search(_bare(key)))


def redact(value: Json, *, within_person: bool = False) -> Json:
    """Return the document with credentials and what names a person masked. Pure.

    A ``name`` is masked only where it stands beside other fields of a person: SKUs, fulfillment
    centers and items have names too, and those are what a trail is read for.
    """
    if isinstance(value, list):
        return [redact(each, within_person=within_person) for each in value]
    if isinstance(value, dict):
        about_person = any(_PERSONAL.search(_bare(key)) for key in value)
        return {
            key: _field(_bare(key), each, about_person=about_person, within_person=within_person)
            for key, each in value.items()
        }
    if not isinstance(value, str) or not value:
        return value
    return MASK if within_person else redact_text(value)


def _field(bare: str, value: Json, *, about_person: bool, within_person: bool) -> Json:
    """Return a field's value with what has to be masked of it masked.

    Args:
        bare: the field's name, in lower case and without punctuation.
        value: of the field.
        about_person: whether other fields beside it are a person's.
        within_person: whether it stands below a field that is about a person.
    """
    is_empty = value is None or value == ""
    if _CREDENTIAL.search(bare):
        return value if is_empty else _masked(value)
    if _PERSONAL.search(bare):
        inside = isinstance(value, list | dict) or is_empty
        return redact(value, within_person=True) if inside else MASK
    if about_person and bare in _NAME:
        return value if value is None else MASK
    if bare in _NOT_PERSONAL:
        return redact(value)
    return redact(value, within_person=within_person or bool(_PERSON.search(bare)))


def redact_text(text: str) -> str:
    """Mask what looks like a credential or an e-mail address in text of no known form."""
    for pattern, replacement in _IN_TEXT:
        text = pattern.sub(replacement, text)
    return text


def redact_form(text: str) -> str:
    """Mask the fields of a form body or query that hold credentials."""
    pairs = parse_qsl(text, keep_blank_values=True)
    shown = [
        (name, MASK if is_form_credential(name) else redact_text(each)) for name, each in pairs
    ]
    return urlencode(shown, safe="*,:/")


def is_form_credential(name: str) -> bool:
    """Whether a field of a form or query holds a credential."""
    return name.lower() == _FORM_CREDENTIAL or is_credential(name)


def redact_url(url: str) -> str:
    """Mask user info and parameters that hold credentials; the fragment is cut off."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    host = parts.netloc.rpartition("@")[2]
    query = redact_form(parts.query) if parts.query else ""
    return parts._replace(netloc=host, query=query, fragment="").geturl()


def secrets_in_headers(headers: Mapping[str, str]) -> set[str]:
    """Collect the credentials in headers, to mask them wherever they come back."""
    found: set[str] = set()
    for name, value in headers.items():
        if is_credential(name):
            # "Bearer x" may come back whole or as x alone.
            found.update({value, *value.split()[1:]})
    return found


def secrets_in_form(text: str) -> set[str]:
    """Collect the credentials in a form body or query."""
    return {each for name, each in parse_qsl(text) if is_form_credential(name)}


def secrets_in_document(document: Json) -> set[str]:
    """Collect the credentials in a JSON document."""
    return set(_credentials(document))


def without(text: str, secrets: Iterable[str]) -> str:
    """Mask these secrets in a text, also as they look in JSON and in a form."""
    looks: set[str] = set()
    for secret in secrets:
        # Shorter ones would mask pieces of ordinary words and numbers.
        if len(secret) >= _SHORTEST_SECRET:
            looks.update({secret, quote(secret, safe=""), quote_plus(secret, safe="*,:/")})
            looks.add(msgspec.json.encode(secret).decode()[1:-1])
    for look in sorted(looks, key=len, reverse=True):
        text = text.replace(look, MASK)
    return text


_SHORTEST_SECRET: Final = 6


def _credentials(value: Json, *, inside: bool = False) -> Iterable[str]:
    match value:
        case str():
            if inside:
                yield value
        case list():
            for each in value:
                yield from _credentials(each, inside=inside)
        case dict():
            for key, each in value.items():
                yield from _credentials(each, inside=inside or is_credential(key))


def _masked(value: Json) -> Json:
    """Mask a value but keep its shape where that says something: an empty list stays one."""
    if isinstance(value, list):
        return [_masked(each) for each in value]
    return MASK


def _bare(key: str) -> str:
    return "".join(character for character in key.lower() if character.isalnum())
