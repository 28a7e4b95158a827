import os
import subprocess
import sys
from pathlib import Path

import pytest

from smarthub_portal.env import BASE_DIR, SECRETS, Env, EnvError, load


def read(**given: str):
    return load({"PORTAL_ENV_FILE": os.devnull, **given})


def problems(**given: str) -> list[str]:
    with pytest.raises(EnvError) as error:
        read(**given)
    return error.value.problems


def test_nothing_given_is_a_simulated_portal_on_this_machine() -> None:
    env = read()

    assert env.is_simulated
    assert env.public_url == "http://127.0.0.1:8000"
    assert env.data_dir == BASE_DIR / "var"
    assert (env.SMARTHUB_RATE_PER_MINUTE, env.SMARTHUB_PAGE_SIZE, env.SYNC_INTERVAL_MINUTES) == (600, 100, 60)


def test_all_mistakes_are_told_at_once_by_name() -> None:
    told = problems(
        PORT="eighty",
        DEBUG="perhaps",
        BILLING_TIME_ZONE="Mars/Base",
        SMARTHUB_RATE_PER_MINUTE="0",
        SMARTHUB_API_KEY="k",
    )

    assert sorted(told) == [
        "BILLING_TIME_ZONE must be a time zone such as Europe/Berlin.",
        "DEBUG must be true or false.",
        "PORT must be a whole number.",
        "SMARTHUB_BASE_URL must be set where SMARTHUB_API_KEY is.",
        "SMARTHUB_RATE_PER_MINUTE must be at least 1.",
    ]


def test_a_mistake_never_shows_a_secret() -> None:
    told = problems(DATABASE_URL="mysql://portal:hunter2@db/portal", SECRET_KEY="hunter2")

    assert "hunter2" not in " ".join(told)
    assert told == [
        "DATABASE_URL must begin with postgres:// or postgresql://.",
        "SECRET_KEY must be at least 32 characters long.",
    ]


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("http://api.example.com/v1", "must begin with https://"),
        ("https://api.example.com", "must end in /v1"),
        ("api.example.com/v1", "must be an address such as"),
    ],
)
def test_a_carrier_address_that_cannot_be_used(address: str, complaint: str) -> None:
    assert complaint in problems(SMARTHUB_BASE_URL=address, SMARTHUB_API_KEY="k")[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_plain_http_is_fine_on_this_machine(host: str) -> None:
    env = read(SMARTHUB_BASE_URL=f"http://{host}:8100/v1/", SMARTHUB_API_KEY="k")

    assert f"http://{host}:8100/v1" == env.SMARTHUB_BASE_URL
    assert not env.is_simulated


def test_an_empty_value_is_not_set() -> None:
    assert read(SMARTHUB_API_KEY="", SMARTHUB_BASE_URL="", PORT="").is_simulated


def test_secrets_are_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")

    env = read(SMARTHUB_API_KEY_FILE=str(tmp_path / "key"), SMARTHUB_BASE_URL="https://x.example.com/v1")

    assert env.SMARTHUB_API_KEY == "from-a-file"
    assert "from-a-file" not in repr(env)


def test_whatever_is_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    assert set(SECRETS) == {name for name, field in Env.model_fields.items() if not field.repr}
    values = {name: f"{name.lower()}-{'x' * 32}" for name in SECRETS}
    values |= {"DATABASE_URL": "postgres://of-a-file/portal", "REDIS_URL": "redis://of-a-file"}
    for name, value in values.items():
        (tmp_path / name).write_text(f"{value}\n")

    env = read(
        SMARTHUB_BASE_URL="https://x.example.com/v1", **{f"{name}_FILE": str(tmp_path / name) for name in SECRETS}
    )

    assert {name: getattr(env, name) for name in SECRETS} == values


def test_a_secret_file_that_is_not_there_or_too_much(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("x" * 40)
    told = problems(SECRET_KEY="y" * 40, SECRET_KEY_FILE=str(tmp_path / "key"), REDIS_URL_FILE=str(tmp_path / "gone"))

    assert told == [
        f"REDIS_URL_FILE cannot be read: {tmp_path / 'gone'} (No such file or directory).",
        "SECRET_KEY and SECRET_KEY_FILE are both set: remove one.",
    ]


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9001\nHOST=127.0.0.2\n")

    env = load({"PORTAL_ENV_FILE": str(tmp_path / ".env"), "PORT": "9002"})

    assert (env.PORT, env.HOST) == (9002, "127.0.0.2")


def test_the_public_address_gives_hosts_and_origins() -> None:
    env = read(PUBLIC_URL="https://sims.example.com/", HOST="0.0.0.0")

    assert env.allowed_hosts == ["127.0.0.1", "[::1]", "localhost", "sims.example.com"]
    assert env.csrf_trusted_origins == ["https://sims.example.com"]
    assert env.is_https


def test_listening_everywhere_answers_to_every_name_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smarthub_portal.hosts.socket.gethostname", lambda: "rack-7")

    env = read(HOST="0.0.0.0")

    assert "rack-7" in env.allowed_hosts
    assert env.public_url == "http://localhost:8000"


def test_a_list_is_split_at_commas_and_blanks() -> None:
    assert read(TRUSTED_PROXIES="10.0.0.0/8, 127.0.0.1").TRUSTED_PROXIES == ("10.0.0.0/8", "127.0.0.1")
    assert "must be IP addresses or networks" in problems(TRUSTED_PROXIES="proxy")[0]


def test_a_command_tells_the_mistakes_without_a_traceback() -> None:
    wrong = {**os.environ, "PORT": "eighty", "DEBUG": "perhaps"}
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, cwd=BASE_DIR, env=wrong, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert done.stderr == "PORT must be a whole number.\nDEBUG must be true or false.\n"
