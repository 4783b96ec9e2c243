"""Files that lie in the folder where a command is run are not ours: none of them runs."""

import os
from pathlib import Path

import pytest

from acceptance.merchant import Merchant

HOSTILE = "import os\nopen(os.environ['HOSTILE_RAN'], 'a').write(__name__)\nraise SystemExit(13)\n"

MODULES = (
    *("uvicorn", "uvloop", "litestar", "msgspec", "psycopg", "structlog", "aiohttp", "typer"),
    *("procrastinate", "pydantic", "sqlalchemy", "alembic", "json", "logging", "site"),
    "sitecustomize",
)


@pytest.fixture
def hostile(unserved: Merchant, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A merchant's folder in which somebody has laid modules; the file they would write."""
    ran = unserved.folder / "ran"
    monkeypatch.setenv("HOSTILE_RAN", str(ran))
    for name in MODULES:
        (unserved.folder / f"{name}.py").write_text(HOSTILE)
        (unserved.folder / "ml_connector").mkdir(exist_ok=True)
        (unserved.folder / "ml_connector" / "__init__.py").write_text(HOSTILE)
    return ran


def test_no_process_of_the_service_runs_a_module_of_the_folder(
    unserved: Merchant, hostile: Path
) -> None:
    with unserved.serving() as service:
        parts = service.parts()
        tee = unserved.sku("TEE")
        wro = unserved.deliver({tee: 5})
        unserved.wait_for(wro)
        environments = {
            name: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            for name, pid in parts.items()
        }

    assert not hostile.exists()
    assert set(parts) >= {"web", "worker"}
    assert all(b"-P" in words for words in environments.values())
    assert os.environ["HOSTILE_RAN"] == str(hostile)
