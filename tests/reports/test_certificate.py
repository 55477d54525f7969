"""The certificate: given only for what is certified, and refused for every way of being wrong."""

from __future__ import annotations

import base64
import json
import random
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]  # generated
from in_toto_attestation.predicates.test_result.v0 import (  # type: ignore[import-untyped]  # generated
    test_result_pb2,
)
from in_toto_attestation.v1.statement import Statement  # type: ignore[import-untyped]  # no marker
from jsonschema_rs import Draft202012Validator
from report_support import run_of_lines
from securesystemslib.dsse import Envelope

from udckit.conformance import InvocationError, KnownFailure, Settings
from udckit.reports._format import Run
from udckit.reports._seen import ended
from udckit.reports.certificate import (
    Demand,
    NotIssuedError,
    PrivateKey,
    PublicKey,
    RefusedError,
    certificate_schema,
    commit,
    generate,
    image,
    issue,
    read_private_key,
    read_public_key,
    told,
    verify,
)
from udckit.reports.certificate._envelope import PAYLOAD_TYPE, canonical, sealed
from udckit.reports.certificate._errors import REASONS

MakeLines = Callable[..., list[dict[str, Any]]]
A_DAY = 86_400
HORSE = "correct horse"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "ab" * 32


@dataclass(frozen=True)
class Signed:
    """A certificate of a real run, and what belongs to it."""

    content: bytes
    key: PrivateKey
    record: Path
    ended: float

    @property
    def statement(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(base64.b64decode(json.loads(self.content)["payload"]))
        return value

    def changed(self, change: Callable[[dict[str, Any]], None]) -> bytes:
        """Sign a statement that says something else, with the right key."""
        statement = self.statement
        change(statement)
        return sealed(statement, self.key)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return generate(tmp_path_factory.mktemp("keys") / "platform.key")


@pytest.fixture(scope="module")
def public(keys: tuple[Path, Path]) -> PublicKey:
    return read_public_key(keys[1])


@pytest.fixture(scope="module")
def signed(right: Run, keys: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Signed:
    record = next(tmp_path_factory.getbasetemp().glob("right*/run.jsonl"))
    key = read_private_key(keys[0])
    moment = ended(right.record)
    content = issue(
        record, key, now=moment, subjects=[image(f"shop@sha256:{DIGEST}"), commit(COMMIT)]
    )
    return Signed(content, key, record, moment)


def refusal(content: bytes, key: PublicKey, now: float, **more: Any) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        verify(content, key, now=now, **more)
    return caught.value


def test_a_certificate_of_a_right_droplet_is_believed(signed: Signed, public: PublicKey) -> None:
    found = verify(signed.content, public, now=signed.ended, record=signed.record)

    assert found.covers == ("shape",)
    assert found.key_id == public.id
    assert [(each.name, each.claimed) for each in found.subjects[1:]] == [
        ("shop", True),
        ("git commit", True),
    ]
    assert not found.subjects[0].claimed
    assert found.expires == int(signed.ended) + 90 * A_DAY


def test_signing_twice_gives_the_same_bytes(signed: Signed) -> None:
    subjects = [image(f"shop@sha256:{DIGEST}"), commit(COMMIT)]

    assert issue(signed.record, signed.key, now=signed.ended, subjects=subjects) == signed.content
    later = issue(signed.record, signed.key, now=signed.ended + A_DAY, subjects=subjects)
    assert later == signed.content


def test_the_statement_is_valid_for_the_published_schema(signed: Signed) -> None:
    Draft202012Validator(dict(certificate_schema())).validate(signed.statement)


def test_in_totos_own_library_reads_it(signed: Signed) -> None:
    value = signed.statement
    statement = Statement([], value["predicateType"], value["predicate"])
    ParseDict(value["subject"][0], statement.pb.subject.add())
    result = ParseDict(value["predicate"], test_result_pb2.TestResult(), ignore_unknown_fields=True)

    statement.validate()
    assert result.result == value["predicate"]["result"]
    assert "UDC-HEALTH-001" in result.passed_tests
    assert [each.name for each in result.configuration][-1] == "run.jsonl"


def test_a_certificate_says_what_it_does_not_speak_for(signed: Signed) -> None:
    facts = signed.statement["predicate"]["udckit"]

    silent = {each["what"]: each["why"] for each in facts["doesNotSpeakFor"]}
    assert silent["stage security"] == "not asked"
    assert silent["capability tls"] == "the target shows none"
    assert silent["UDC-HEALTH-012"] == "/health shows no checks"
    assert facts["stages"]["shape"]["word"] == "certified"
    assert facts["stages"]["shape"]["verdicts"]["fail"] == len(facts["shouldsNotMet"])


def test_each_of_two_hundred_changed_bytes_is_refused(signed: Signed, public: PublicKey) -> None:
    dice = random.Random(20270115)  # noqa: S311 - a seed, no secret
    for _ in range(200):
        content = bytearray(signed.content)
        place = dice.randrange(len(content))
        content[place] ^= dice.randrange(1, 256)

        refusal(bytes(content), public, signed.ended)


@pytest.mark.parametrize(
    "respelled",
    [
        lambda value: json.dumps(value).encode() + b"\n",
        lambda value: canonical(value),
        lambda value: canonical(value) + b"\n\n",
        lambda value: b" " + canonical(value) + b"\n",
        lambda value: canonical(value | {"note": 1}) + b"\n",
        lambda value: canonical(value).replace(b'"payload"', b'"pay\\u006coad"') + b"\n",
        lambda value: canonical(value)[:-1] + b',"payload":"e30="}\n',
    ],
)
def test_the_same_envelope_spelled_otherwise_is_refused(
    signed: Signed, public: PublicKey, respelled: Callable[[dict[str, Any]], bytes]
) -> None:
    content = respelled(json.loads(signed.content))

    assert refusal(content, public, signed.ended).reason in {"canonical", "form"}


def test_base64_with_loose_last_bits_is_refused(signed: Signed, public: PublicKey) -> None:
    value = json.loads(signed.content)
    signature = value["signatures"][0]["sig"]
    assert signature.endswith("==")
    value["signatures"][0]["sig"] = f"{signature[:-3]}{chr(ord(signature[-3]) + 1)}=="
    assert base64.b64decode(value["signatures"][0]["sig"]) == base64.b64decode(signature)

    assert refusal(canonical(value) + b"\n", public, signed.ended).reason == "canonical"


@pytest.mark.parametrize(("before", "behind"), [(b" ", b""), (b"", b"\n")])
def test_a_signed_statement_of_another_spelling_is_refused(
    signed: Signed, public: PublicKey, before: bytes, behind: bytes
) -> None:
    envelope = Envelope(before + canonical(signed.statement) + behind, PAYLOAD_TYPE, {})
    envelope.sign(signed.key.signer)

    content = canonical(envelope.to_dict()) + b"\n"
    assert refusal(content, public, signed.ended).reason == "canonical"


def test_a_second_signature_is_refused(signed: Signed, public: PublicKey) -> None:
    value = json.loads(signed.content)
    value["signatures"].append({"keyid": "00", "sig": value["signatures"][0]["sig"]})

    assert refusal(canonical(value) + b"\n", public, signed.ended).reason == "key"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b"null", b'{"payload":1}', b"\xff\xfe", b"[" * 100_000]
)
def test_what_is_no_certificate_is_refused_as_that(content: bytes, public: PublicKey) -> None:
    assert refusal(content, public, 0).reason == "form"


def test_another_key_is_refused(signed: Signed, tmp_path: Path) -> None:
    _, other = generate(tmp_path / "other.key")

    found = refusal(signed.content, read_public_key(other), signed.ended)

    assert found.reason == "key"
    assert "not by the key given" in str(found)


def test_a_key_id_that_lies_is_refused(signed: Signed, tmp_path: Path) -> None:
    private, other = generate(tmp_path / "other.key")
    value = json.loads(sealed(signed.statement, read_private_key(private)))
    value["signatures"][0]["keyid"] = json.loads(signed.content)["signatures"][0]["keyid"]

    content = canonical(value) + b"\n"

    assert refusal(content, read_public_key(other), signed.ended).reason == "key"


def test_a_signature_under_the_right_key_id_by_another_is_refused(
    signed: Signed, public: PublicKey, tmp_path: Path
) -> None:
    private, _ = generate(tmp_path / "other.key")
    value = json.loads(sealed(signed.statement, read_private_key(private)))
    value["signatures"][0]["keyid"] = public.id

    assert refusal(canonical(value) + b"\n", public, signed.ended).reason == "signature"


def test_the_last_second_counts_and_the_next_is_expired(signed: Signed, public: PublicKey) -> None:
    end = int(signed.ended) + 90 * A_DAY

    assert verify(signed.content, public, now=end - 1)
    assert refusal(signed.content, public, end).reason == "expired"


def test_a_certificate_from_the_future_is_refused(signed: Signed, public: PublicKey) -> None:
    assert refusal(signed.content, public, signed.ended - 3600).reason == "early"


def test_a_stage_that_is_not_covered_is_refused(signed: Signed, public: PublicKey) -> None:
    found = refusal(
        signed.content, public, signed.ended, demand=Demand(stages=("shape", "security"))
    )

    assert found.reason == "stage"
    assert str(found) == "It does not cover security; it covers shape."


@pytest.mark.parametrize("subject", [COMMIT, f"sha256:{DIGEST}", f"shop@sha256:{DIGEST}", "shop"])
def test_a_subject_is_matched_by_digest_or_name(
    signed: Signed, public: PublicKey, subject: str
) -> None:
    assert verify(signed.content, public, now=signed.ended, demand=Demand(subject=subject))


@pytest.mark.parametrize("digest", ["00", "0" * 64, "f" * 64, DIGEST[:-1], f"{DIGEST}0"])
def test_another_subject_is_refused(signed: Signed, public: PublicKey, digest: str) -> None:
    demand = Demand(subject=f"sha256:{digest}")

    assert refusal(signed.content, public, signed.ended, demand=demand).reason == "subject"


def test_another_record_is_refused(signed: Signed, public: PublicKey, tmp_path: Path) -> None:
    other = tmp_path / "run.jsonl"
    other.write_bytes(signed.record.read_bytes() + b"\n")

    assert refusal(signed.content, public, signed.ended, record=other).reason == "record"


def test_a_statement_that_its_record_does_not_give_is_refused(
    signed: Signed, public: PublicKey
) -> None:
    def more(statement: dict[str, Any]) -> None:
        statement["predicate"]["passedTests"].append("AUTH-002")

    found = refusal(signed.changed(more), public, signed.ended, record=signed.record)

    assert found.reason == "rejudged"
    assert "passedTests" in str(found)


def test_a_signed_statement_of_another_kind_is_refused(signed: Signed, public: PublicKey) -> None:
    def less(statement: dict[str, Any]) -> None:
        del statement["predicate"]["udckit"]["expires"]

    assert refusal(signed.changed(less), public, signed.ended).reason == "content"


def test_every_reason_for_a_refusal_has_its_test() -> None:
    text = Path(__file__).read_text()

    assert all(f'"{each}"' in text for each in REASONS)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"verdict": "fail", "expected": "x", "observed": "y"}, "shape is failed"),
        ({"verdict": "not_observed", "message": "m"}, "shape is incomplete"),
    ],
)
def test_nothing_is_signed_for_a_stage_that_is_not_certified(
    make_lines: MakeLines, signed: Signed, tmp_path: Path, said: dict[str, Any], says: str
) -> None:
    run_of_lines(make_lines({"UDC-HEALTH-001": said}), tmp_path)

    with pytest.raises(NotIssuedError, match=says):
        issue(tmp_path / "run.jsonl", signed.key, now=4)


def test_known_failures_earn_no_certificate(
    signed: Signed, make_lines: MakeLines, tmp_path: Path
) -> None:
    known = KnownFailure("UDC-HEALTH-002", "billing mends it", date(2027, 3, 31))
    settings = Settings("http://127.0.0.1:8010", reached="launch", known_failures=(known,))
    lines = make_lines({"UDC-HEALTH-002": {"verdict": "fail"}}, settings=settings, exit_code=0)
    run_of_lines(lines, tmp_path)

    with pytest.raises(NotIssuedError, match="No certificate is given: shape is failed") as refusal:
        issue(tmp_path / "run.jsonl", signed.key, now=4)

    assert refusal.value.exit_code == 1


def test_nothing_is_signed_for_some_rows_or_half_a_run(
    make_lines: MakeLines, signed: Signed, tmp_path: Path
) -> None:
    only = Settings("http://127.0.0.1:8010", only=("UDC-HEALTH-001",))
    run_of_lines(make_lines(settings=only), tmp_path / "only")
    run_of_lines(make_lines(exit_code=None), tmp_path / "half")

    with pytest.raises(NotIssuedError, match="asked for no stage"):
        issue(tmp_path / "only" / "run.jsonl", signed.key, now=4)
    with pytest.raises(NotIssuedError, match="ended early"):
        issue(tmp_path / "half" / "run.jsonl", signed.key, now=4)


def test_a_record_that_was_touched_is_not_signed(signed: Signed, tmp_path: Path) -> None:
    text = signed.record.read_text().replace('"verdict":"not_observed"', '"verdict":"pass"', 1)
    (tmp_path / "run.jsonl").write_text(text)

    with pytest.raises(NotIssuedError, match="comes to something else"):
        issue(tmp_path / "run.jsonl", signed.key, now=signed.ended)


def test_an_old_run_is_not_made_young_by_signing_it(signed: Signed) -> None:
    with pytest.raises(NotIssuedError, match="would be expired already"):
        issue(signed.record, signed.key, now=signed.ended + 90 * A_DAY)


def test_a_stage_that_was_not_asked_for_is_not_signed(signed: Signed) -> None:
    with pytest.raises(NotIssuedError, match="security is not asked"):
        issue(signed.record, signed.key, now=signed.ended, stages=("shape", "security"))
    with pytest.raises(InvocationError, match="'forms' is no stage"):
        issue(signed.record, signed.key, now=signed.ended, stages=("forms",))


def test_a_private_key_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    private, public = generate(tmp_path / "a.key")

    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert b"PRIVATE" not in public.read_bytes()
    with pytest.raises(InvocationError, match="is there already, and a key is never overwritten"):
        generate(private)


def test_an_encrypted_key_wants_its_password(tmp_path: Path) -> None:
    private, public = generate(tmp_path / "a.key", password=HORSE)

    assert read_private_key(private, password=HORSE).public.id == (read_public_key(public).id)
    with pytest.raises(InvocationError, match="UDCKIT_KEY_PASSWORD"):
        read_private_key(private)
    with pytest.raises(InvocationError, match="that can be read with this password"):
        read_private_key(private, password=HORSE[::-1])


def test_a_person_reads_what_it_says_and_what_it_does_not(
    signed: Signed, public: PublicKey
) -> None:
    text = told(verify(signed.content, public, now=signed.ended), width=120)

    assert text.startswith("✓ certified: shape until ")
    assert "claimed by the signer, not seen" in text
    assert "does not speak for" in text
    assert public.id in text
