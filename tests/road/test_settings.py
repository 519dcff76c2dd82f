"""Settings and secrets: a wrong one is named before anything starts; a right one is stable."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.secrets import LENGTH, secret_key, telegram_secret
from bot.settings import BadSettings, ChannelSecrets, Settings, channel_secrets, load, unknown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("KEEP_DAYS", "0"),
        ("KEEP_DAYS", "99999999999"),
        ("TELEGRAM_MODE", "pigeon"),
        ("LOG_LEVEL", "loud"),
        ("SEMANTIC", "perhaps"),
        ("DATABASE_URL", "postgresql://localhost/thamdai"),
        ("DATABASE_URL", "mysql://localhost/thamdai"),
        ("DATABASE_URL", "sqlite+aiosqlite:///"),
        ("PUBLIC_URL", "chat.example.go.th"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "http://[bad"),
        ("PUBLIC_URL", "https://a.example b"),
        ("DATABASE_URL", "sqlite+aiosqlite:///:memory:"),
        ("DATABASE_URL", "postgresql+asyncpg://thamdai:pass@word:@[db/thamdai"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"THAMDAI_{name}", value)

    with pytest.raises(BadSettings, match=f"THAMDAI_{name}"):
        load()


def test_the_database_lies_in_the_data_folder_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("THAMDAI_DATABASE_URL", raising=False)
    monkeypatch.setenv("THAMDAI_DATA_DIR", "/srv/thamdai")
    assert load().database == "sqlite+aiosqlite:////srv/thamdai/thamdai.db"

    monkeypatch.setenv("THAMDAI_DATABASE_URL", "postgresql+asyncpg://db/thamdai")
    assert load().database == "postgresql+asyncpg://db/thamdai"


def test_an_empty_setting_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"THAMDAI_{name.upper()}", raising=False)
    unset = load()
    for name in Settings.model_fields:
        monkeypatch.setenv(f"THAMDAI_{name.upper()}", "")

    assert load() == unset


def test_a_password_in_an_address_that_cannot_be_read_is_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("THAMDAI_DATABASE_URL", "postgresql+asyncpg://thamdai:pass@word:@[db/x")

    with pytest.raises(BadSettings) as found:
        load()
    assert "word" not in str(found.value).replace("PASSWORD", "")


def test_an_agencys_secrets_come_from_its_own_variables() -> None:
    found = channel_secrets(
        "tha-po",
        {
            "THAMDAI_THA_PO_LINE_CHANNEL_SECRET": " s ",
            "THAMDAI_THA_PO_TELEGRAM_TOKEN": "1:a",
            "THAMDAI_OTHER_LINE_ACCESS_TOKEN": "not ours",
        },
    )

    assert found == ChannelSecrets(line_channel_secret="s", telegram_token="1:a")


def test_a_variable_that_nothing_reads_is_named() -> None:
    given = {
        "THAMDAI_KEEPDAYS": "30",
        "THAMDAI_KEEP_DAYS": "30",
        "thamdai_port": "1",
        "THAMDAI_THA_PO_LINE_ACCESS_TOKEN_FILE": "x",
        "THAMDAI_THAPO_LINE_ACCESS_TOKEN": "x",
        "PATH": "/bin",
    }

    assert unknown(["tha-po"], given) == ["THAMDAI_KEEPDAYS", "THAMDAI_THAPO_LINE_ACCESS_TOKEN"]


def test_a_secret_in_a_file_is_read_without_its_line_end_and_byte_order_mark(
    tmp_path: Path,
) -> None:
    file = tmp_path / "token"
    file.write_bytes("\ufefftoken-of-line\r\n".encode())

    found = channel_secrets("aa", {"THAMDAI_AA_LINE_ACCESS_TOKEN_FILE": str(file)})

    assert found.line_access_token == "token-of-line"


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xba"])
def test_a_secrets_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(BadSettings, match="THAMDAI_AA_TELEGRAM_TOKEN_FILE") as caught:
        channel_secrets("aa", {"THAMDAI_AA_TELEGRAM_TOKEN_FILE": str(file)})

    assert "\ufffd" not in str(caught.value)


def test_an_empty_secret_is_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("\n")

    found = channel_secrets(
        "aa", {"THAMDAI_AA_LINE_ACCESS_TOKEN": "  ", "THAMDAI_AA_TELEGRAM_TOKEN_FILE": str(file)}
    )

    assert found == ChannelSecrets()


@pytest.mark.parametrize("secret", ["ลับ", "a b", "x" * 257, "semi;colon"])
def test_a_telegram_secret_that_telegram_would_refuse_is_named_and_not_shown(secret: str) -> None:
    with pytest.raises(BadSettings, match="THAMDAI_AA_TELEGRAM_SECRET") as caught:
        channel_secrets("aa", {"THAMDAI_AA_TELEGRAM_SECRET": secret})

    assert secret not in str(caught.value)


def test_the_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "var"

    key = secret_key(folder)

    assert len(key) == LENGTH
    assert secret_key(folder) == key
    assert stat.S_IMODE((folder / "secret.key").stat().st_mode) == 0o600
    assert [file.name for file in folder.iterdir()] == ["secret.key"]


def test_processes_that_start_together_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: secret_key(tmp_path), range(32)))

    assert len(set(keys)) == 1


@pytest.mark.parametrize("damaged", [b"", b"short"])
def test_a_damaged_key_is_refused_rather_than_used(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "secret.key").write_bytes(damaged)

    with pytest.raises(BadSettings, match=r"secret\.key"):
        secret_key(tmp_path)


def test_each_agencys_telegram_secret_is_its_own_and_stable() -> None:
    key = b"k" * LENGTH

    assert telegram_secret(key, "aa") == telegram_secret(key, "aa")
    assert telegram_secret(key, "aa") != telegram_secret(key, "bb")
    assert telegram_secret(key, "aa") != telegram_secret(b"l" * LENGTH, "aa")
