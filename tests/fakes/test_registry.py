"""The Registry's surface over real HTTP, interface A.8 to A.12."""

import threading
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import jwt
import pytest

from udckit.fakes import (
    FakeRegistry,
    ManualClock,
    NameTakenError,
    SigningKey,
    VerifyingKey,
    decode_unverified,
)


def test_register_gives_a_token_that_another_library_verifies(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    answer = ask(f"{registry.url}/register", registration)

    pem = ask(f"{registry.url}/auth/public-key").json["public_key"]
    assert answer.status == 201
    claims = jwt.decode(
        answer.json["token"],
        pem,
        algorithms=["RS256"],
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims["service_id"] == answer.json["service_id"]
    assert claims["service_name"] == "my-service"
    assert claims["capabilities"] == ["task_processing"]
    assert sorted(claims) == ["capabilities", "exp", "iat", "service_id", "service_name"]
    assert claims["exp"] - claims["iat"] == 3600
    assert jwt.get_unverified_header(answer.json["token"]) == {"alg": "RS256", "typ": "JWT"}


def test_service_id_is_an_integer_and_never_the_droplet_id(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    for number in (1001, 1002, 1004, 10):
        body = registration | {"name": f"d{number}", "droplet_id": number}
        assert ask(f"{registry.url}/register", body).json["service_id"] != number


def test_tokens_of_one_second_differ_and_their_exp_is_a_second_apart(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    tokens = [ask(f"{registry.url}/register", registration).json["token"] for _ in range(5)]

    expiries = [decode_unverified(token).claims["exp"] for token in tokens]  # type: ignore[union-attr]  # they are tokens
    assert len(set(tokens)) == 5
    assert [b - a for a, b in pairwise(expiries)] == [1, 1, 1, 1]


@pytest.mark.parametrize("lifetime", [-60, 0, 1, 3600])
def test_token_lives_as_long_as_it_was_asked_to_after_another_of_the_same_second(
    clock: ManualClock, lifetime: int
) -> None:
    registry = FakeRegistry(clock=clock)
    longer = [registry.mint(lifetime=7200) for _ in range(3)]

    minted = [registry.mint(lifetime=lifetime) for _ in range(3)]

    lives = [decode_unverified(token).claims["exp"] - int(clock.now()) for token in minted]  # type: ignore[union-attr]  # they are tokens
    away = -1 if lifetime <= 0 else 1
    assert lives == [lifetime, lifetime + away, lifetime + 2 * away]
    assert len({*longer, *minted}) == 6


def test_register_again_keeps_the_number_and_takes_the_new_facts(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    first = ask(f"{registry.url}/register", registration).json
    again = ask(f"{registry.url}/register", registration | {"port": 8011, "version": "1.1.0"}).json

    seen = ask(f"{registry.url}/services/by-name/my-service", token=again["token"]).json
    assert first["service_id"] == again["service_id"]
    assert first["token"] != again["token"]
    assert (seen["port"], seen["version"]) == (8011, "1.1.0")


def test_register_refuses_a_name_of_another_droplet(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    token = ask(f"{registry.url}/register", registration).json["token"]

    answer = ask(f"{registry.url}/register", registration | {"droplet_id": 11, "port": 9})

    assert answer.status == 409
    assert answer.json["error"]["code"] == "NAME_TAKEN"
    seen = ask(f"{registry.url}/services/by-name/my-service", token=token).json
    assert seen["port"] == 8010


@pytest.mark.parametrize(
    "member", ["name", "droplet_id", "port", "health_endpoint", "capabilities", "version"]
)
@pytest.mark.parametrize("how", ["missing", "null", "object"])
def test_register_refuses_a_missing_or_mistyped_member(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any], member: str, how: str
) -> None:
    body = {name: value for name, value in registration.items() if name != member}
    if how != "missing":
        body[member] = None if how == "null" else {}

    answer = ask(f"{registry.url}/register", body)

    assert answer.status == 400
    assert member in answer.json["error"]["message"]
    assert registry.services == ()


@pytest.mark.parametrize("port", [0, -1, 65536, "abc", 1.5])
def test_register_refuses_a_port_out_of_range(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any], port: Any
) -> None:
    assert ask(f"{registry.url}/register", registration | {"port": port}).status == 400


def test_register_needs_neither_udc_compliant_nor_strangers(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    del registration["udc_compliant"]

    assert ask(f"{registry.url}/register", registration | {"steward": "x"}).status == 201


@pytest.mark.parametrize(
    "name",
    ["../x", "a/b", "' OR 1=1 --", "naïve-✓", "nul\x00", "x" * 3000, "%2e%2e", "by-name", " "],
)
def test_a_name_of_any_characters_is_data_and_is_found_again(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any], name: str
) -> None:
    token = ask(f"{registry.url}/register", registration | {"name": name}).json["token"]

    seen = ask(f"{registry.url}/services/by-name/{quote(name, safe='')}", token=token)

    assert seen.status == 200
    assert seen.json["name"] == name
    assert [one["name"] for one in ask(f"{registry.url}/services", token=token).json] == [name]


def test_by_name_and_by_id_give_the_same_service(ask: Any, registry: FakeRegistry) -> None:
    given = registry.register("my-service", 10, port=4711)

    by_name = ask(f"{registry.url}/services/by-name/my-service", token=given.token)
    by_id = ask(f"{registry.url}/services/{given.service_id}", token=given.token)

    assert by_name.json == by_id.json
    assert (by_name.json["host"], by_name.json["port"]) == ("127.0.0.1", 4711)
    assert by_name.json["status"] == "unknown"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/services/by-name/nobody", 404),
        ("/services/by-name/My-Service", 404),
        ("/services/by-name/", 404),
        ("/services/by-name/..%2f", 404),
        ("/services/by-name/%ff", 404),
        ("/services/by-name/a/b", 404),
        ("/services/0", 404),
        ("/services/-1", 404),
        ("/services/9223372036854775808", 404),
        ("/services/" + "9" * 5000, 404),
        ("/services/abc", 400),
        ("/services/1.5", 400),
        ("/services/%D9%A1", 400),
        ("/services/", 404),
    ],
)
def test_what_is_not_registered_is_not_found(
    ask: Any, registry: FakeRegistry, path: str, status: int
) -> None:
    token = registry.register("my-service", 10).token

    answer = ask(registry.url + path, token=token)

    assert answer.status == status
    assert answer.json["error"]["code"].isupper()


@pytest.mark.parametrize("path", ["/services", "/services/1001", "/services/by-name/my-service"])
def test_discovery_wants_a_token(ask: Any, registry: FakeRegistry, path: str) -> None:
    registry.register("my-service", 10)

    assert ask(registry.url + path).status == 401


def test_no_answer_but_that_of_register_holds_a_token_or_a_private_key(
    ask: Any, registry: FakeRegistry
) -> None:
    token = registry.register("my-service", 10).token

    for path in ("/services", "/services/by-name/my-service", "/auth/public-key", "/state"):
        body = ask(registry.url + path, token=token).body.decode()
        assert "eyJ" not in body
        assert "PRIVATE" not in body


@pytest.mark.parametrize(
    ("rule", "sent", "host"),
    [
        ("peer", None, "127.0.0.1"),
        ("name", None, "my-service"),
        (lambda name, _: f"{name}.local", None, "my-service.local"),
        ("peer", "10.0.0.7", "10.0.0.7"),
        ("name", "http://no-host/", "my-service"),
    ],
)
def test_the_host_is_what_was_sent_else_what_the_rule_gives(
    ask: Any, registration: dict[str, Any], rule: Any, sent: str | None, host: str
) -> None:
    with FakeRegistry(host_from=rule) as registry:
        body = registration if sent is None else registration | {"host": sent}
        token = ask(f"{registry.url}/register", body).json["token"]

        seen = ask(f"{registry.url}/services/by-name/my-service", token=token).json

    assert seen["host"] == host


def test_concurrent_registrations_get_numbers_of_their_own(
    ask: Any, registry: FakeRegistry, registration: dict[str, Any]
) -> None:
    numbers: list[int] = []

    def register(number: int) -> None:
        body = registration | {"name": f"d{number}", "droplet_id": number}
        numbers.append(ask(f"{registry.url}/register", body).json["service_id"])

    threads = [threading.Thread(target=register, args=(number,)) for number in range(1, 21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(numbers)) == 20


def test_register_in_process_keeps_the_same_rules(registry: FakeRegistry) -> None:
    registry.register("my-service", 10)

    with pytest.raises(NameTakenError):
        registry.register("my-service", 11)
    with pytest.raises(ValueError, match="port"):
        registry.register("other", 12, port=0)


def test_a_rotated_key_is_served_and_old_tokens_no_longer_count(
    ask: Any, registry: FakeRegistry
) -> None:
    old = registry.register("my-service", 10).token
    before = ask(f"{registry.url}/auth/public-key").json["public_key"]
    assert ask(f"{registry.url}/services", token=old).status == 200

    registry.rotate_key()

    after = ask(f"{registry.url}/auth/public-key").json["public_key"]
    new = registry.register("my-service", 10).token
    assert before != after
    assert VerifyingKey(after).signed(new)
    assert ask(f"{registry.url}/services", token=old).status == 401
    assert ask(f"{registry.url}/services", token=new).status == 200
    assert registry.signed_by(old) == "udckit-test-key"
    assert registry.signed_by(new) == "fresh-1"


def test_a_fresh_key_is_no_shipped_key() -> None:
    assert FakeRegistry(key="fresh").public_key_pem != FakeRegistry().public_key_pem


def test_a_given_key_signs() -> None:
    key = SigningKey.generate()
    registry = FakeRegistry(key=key)

    assert key.public.signed(registry.register("my-service", 10).token)


def test_a_remembered_token_still_expires(
    ask: Any, registry: FakeRegistry, clock: ManualClock
) -> None:
    token = registry.register("my-service", 10).token
    assert ask(f"{registry.url}/services", token=token).status == 200

    clock.advance(3599)
    assert ask(f"{registry.url}/services", token=token).status == 200
    clock.advance(1)

    assert ask(f"{registry.url}/services", token=token).status == 401


def test_mint_overrides_adds_and_leaves_out(registry: FakeRegistry) -> None:
    token = registry.mint(
        service_id=7, lifetime=60, claims={"iat": ..., "aud": "x"}, headers={"kid": "../../etc"}
    )

    decoded = decode_unverified(token)
    assert decoded is not None
    assert decoded.claims["service_id"] == 7
    assert decoded.claims["aud"] == "x"
    assert "iat" not in decoded.claims
    assert decoded.header == {"alg": "RS256", "typ": "JWT", "kid": "../../etc"}
    assert registry.issued_as(token) == "minted for udckit-minted"


def test_a_restart_keeps_the_services_and_the_key(ask: Any, clock: ManualClock) -> None:
    registry = FakeRegistry(clock=clock).start()
    token = registry.register("my-service", 10).token
    registry.stop()

    with registry:
        assert ask(f"{registry.url}/services/by-name/my-service", token=token).status == 200


def test_reset_forgets_services_and_goes_on_with_the_numbers(registry: FakeRegistry) -> None:
    first = registry.register("my-service", 10).service_id

    registry.reset()

    assert registry.services == ()
    assert registry.register("my-service", 10).service_id > first
