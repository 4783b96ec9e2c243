"""Settings of the installation: a TOML file, overridden by the environment."""

import json
import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import pydantic
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from ml_connector.config import toml_file
from ml_connector.config.fault_words import fault_in_words
from ml_connector.errors import UserError
from ml_connector.secret import Secret

FILE_NAME = "ml-connector.toml"
DEFAULT_DATA_DIR = Path("ml-connector-data")
DEFAULT = "default"

_PREFIX = "MLC_"
_SOURCES = "MLC_INTERNAL_SOURCES"
"""Tells the parts of a service where its settings come from: they find all in the environment."""


def _as_secret(value: object) -> Secret | None:
    if value is None or isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ValueError("a text is wanted here")  # noqa: TRY004 - pydantic wants a ValueError
    return Secret(value)


Network = IPv4Network | IPv6Network


def _network(word: object) -> Network:
    try:
        return ip_network(str(word))
    except ValueError:
        raise ValueError(
            'write addresses or networks, separated by commas, such as "10.0.0.7, 10.1.0.0/24"'
        ) from None


def _is_web_address(text: str) -> bool:
    """Whether browsers and ShipBob can be sent there, and further paths be put behind it."""
    if not text.isprintable() or any(one in text for one in " ?#@"):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port  # is parsed, and refused, only when it is asked for
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


class Settings(BaseSettings):
    """The settings of an installation. Their names in the environment begin with ``MLC_``."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, extra="forbid", frozen=True, arbitrary_types_allowed=True
    )

    database_url: str | None = None
    """A ``postgresql://`` URL; None: an embedded PostgreSQL in the data folder."""
    data_dir: Path = DEFAULT_DATA_DIR
    master_key: Secret | None = None
    master_key_file: Path | None = None
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    """Addresses or networks of proxies: how many connections one has is its own affair."""
    public_url: str | None = None
    """The address at which ShipBob reaches us, such as ``https://connector.example.com``."""
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    admin_password: Secret | None = None
    """Read by ``init`` only."""

    _sources: dict[str, str] = pydantic.PrivateAttr(default_factory=dict)

    @property
    def sources(self) -> Mapping[str, str]:
        """Where each setting comes from: ``default``, a variable's name, or the path of a file."""
        return {name: self._sources.get(name, DEFAULT) for name in type(self).model_fields}

    _secrets = pydantic.field_validator("master_key", "admin_password", mode="before")(_as_secret)

    @pydantic.field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @pydantic.field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: str | None) -> str | None:
        if value is None or value == "":
            return None
        if not value.startswith(("postgresql://", "postgres://")):
            raise ValueError("the database must be a postgresql:// URL")
        return value

    @pydantic.field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        words = value.split(",") if isinstance(value, str) else value
        if not isinstance(words, list):
            return words
        texts = [str(word).strip() for word in words]
        return tuple(_network(text) for text in texts if text)

    @pydantic.field_validator("public_url")
    @classmethod
    def _reachable(cls, value: str | None) -> str | None:
        if value and not _is_web_address(value):
            raise ValueError(
                "write an address such as https://connector.example.com, without name, password,"
                " question mark or number sign"
            )
        return value

    @pydantic.field_validator("data_dir", "master_key_file")
    @classmethod
    def _no_zero(cls, value: Path | None) -> Path | None:
        if "\0" in str(value):
            raise ValueError("write a path without a zero byte")
        return value

    @pydantic.field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        try:
            return value.expanduser().absolute()
        except RuntimeError:
            raise ValueError("the home of that user is not known here") from None

    def of_its_own_in(self, folder: Path) -> "Settings":
        """Return these settings for an installation in a folder, with a database of its own."""
        return self.model_copy(
            update={
                "data_dir": folder,
                "database_url": None,
                "master_key": None,
                "master_key_file": None,
            }
        )

    def environment(self) -> dict[str, str]:
        """Return these settings as variables, for processes that would not find their file."""
        given = {
            "DATABASE_URL": self.database_url,
            "DATA_DIR": self.data_dir,
            "MASTER_KEY": self.master_key.reveal() if self.master_key else None,
            "MASTER_KEY_FILE": self.master_key_file,
            "PUBLIC_URL": self.public_url,
            "TRUSTED_PROXIES": ",".join(map(str, self.trusted_proxies)) or None,
            "LOG_FORMAT": self.log_format,
            "LOG_LEVEL": self.log_level,
        }
        return {
            _SOURCES: json.dumps(dict(self.sources)),
            **{
                f"{_PREFIX}{name}": str(value)
                for name, value in given.items()
                if value is not None
            },
        }

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, whose values are the init arguments."""
        del settings_cls, dotenv_settings, file_secret_settings
        assert isinstance(init_settings, InitSettingsSource)  # noqa: S101 - pydantic's own contract
        return env_settings, init_settings


def load(path: Path | None = None) -> Settings:
    """Load the settings from the environment and this file.

    Without a path: ``ml-connector.toml`` in the current folder, then in the data folder.

    Such a file decides where the master key and the database are, so it is read only if no other
    user can have put it there. A file that is named is always read.

    Raises:
        UserError: the file or a value can't be used, or the file belongs to another user; it
            says where.
    """
    if path is None:
        environment = _validated(Path("(environment)"), {}, "")
        folder = environment.data_dir
        candidates = (Path(FILE_NAME), folder / FILE_NAME)
        path = next((one for one in candidates if one.is_file()), None)
        if path is None:
            return environment
        toml_file.check_trusted(path, folder)
    table, text = toml_file.read(path)
    return _validated(path, table, text)


def _validated(path: Path, table: dict[str, Any], text: str) -> Settings:
    try:
        settings = Settings(**table)
    except pydantic.ValidationError as error:
        raise _named_by_variable(path, text, error) from error
    settings._sources.update(_sources(path, table))  # noqa: SLF001 - of this very module
    return settings


def _sources(path: Path, table: Mapping[str, Any]) -> dict[str, str]:
    """Return where settings come from, those that are no defaults."""
    told = os.environ.get(_SOURCES)
    if told is not None:
        return {str(name): str(source) for name, source in json.loads(told).items()}
    given = {name.upper() for name in os.environ}
    from_file = {name: str(path.absolute()) for name in table}
    from_environment = {
        name: f"{_PREFIX}{name.upper()}"
        for name in Settings.model_fields
        if f"{_PREFIX}{name.upper()}" in given
    }
    return from_file | from_environment


def _named_by_variable(path: Path, text: str, error: pydantic.ValidationError) -> UserError:
    if text:
        return toml_file.explain(path, text, Settings, error)
    faults = [
        f"  - MLC_{str(detail['loc'][0]).upper()}: {fault_in_words(detail)}"
        for detail in error.errors(include_url=False)
    ]
    return UserError(
        "The settings can't be used:\n" + "\n".join(faults),
        where="environment",
        next_step="Correct the variables and run the same command again.",
    )
