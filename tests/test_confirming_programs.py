"""What a program with a BackupCopy does to AWS by itself: it records the copies that this run made, and no others."""

from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks
from pulumi_fsx_dr import BackupCopy
from pulumi_fsx_dr.copies.ownership import MARK_TAG, Recorded, parse_mark
from pulumi_fsx_dr.program import recording as confirming
from pulumi_fsx_dr.session.told import Told

from rehearsal.fsx import Control
from rehearsal.fsx.fixtures import AWAY, HOME
from tests.recording import RecordingEngine

TYPE = "pulumi-python:dynamic/fsx:BackupCopy"


class Maker(mocks.Mocks):
    """Answers a registration with a copy that is there, made under the nonce of some run."""

    def __init__(self, copy: dict[str, Any], nonce: str | None = None) -> None:
        self._copy, self._nonce = copy, nonce

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError(args.token)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        nonce = self._nonce or Told.of(args.inputs).nonce
        return self._copy["BackupId"], {**args.inputs, "arn": self._copy["ResourceARN"], "nonce": nonce}


@pytest.fixture
def copy(aws: Control) -> dict[str, Any]:
    source = aws.seed_backup(HOME, aws.seed_file_system(HOME))
    client = aws.client("fsx", AWAY)
    made: dict[str, Any] = client.copy_backup(SourceBackupId=source, SourceRegion=HOME)["Backup"]
    client.close()
    aws.clear_journal()
    return made


def declare(copy: dict[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
    BackupCopy(
        "nightly",
        {"source_backup_id": copy["SourceBackupId"], "source_region": HOME, "region": AWAY},
        opts,
    )


def run(maker: Maker, program: Callable[[], Any], *, preview: bool = False) -> RecordingEngine:
    engine = RecordingEngine()
    engine.mocks = maker
    engine.run(program, preview=preview)
    return engine


def tagged(aws: Control, copy: dict[str, Any]) -> str | None:
    tags: dict[str, str] = aws.backup(AWAY, copy["BackupId"])["tags"]
    return tags.get(MARK_TAG)


def test_a_program_records_the_copy_that_was_made_for_it(aws: Control, copy: dict[str, Any]) -> None:
    engine = run(Maker(copy), lambda: declare(copy))

    mark = parse_mark(tagged(aws, copy))
    assert isinstance(mark, Recorded)
    assert mark.nonce == Told.of(engine.only(TYPE).inputs).nonce
    assert mark.identity == "dr/prod/nightly"


def test_each_registration_gets_a_nonce_of_its_own(copy: dict[str, Any]) -> None:
    nonces = {Told.of(run(Maker(copy), lambda: declare(copy)).only(TYPE).inputs).nonce for _ in range(3)}

    assert len(nonces) == 3


def test_a_copy_of_an_earlier_run_is_left_alone(aws: Control, copy: dict[str, Any]) -> None:
    run(Maker(copy, nonce="of-an-earlier-run"), lambda: declare(copy))

    assert tagged(aws, copy) is None
    assert aws.counts() == {"DescribeBackups": 1}, "one look at all that is pending"


def test_a_program_without_answers_of_its_own_asks_aws_nothing(aws: Control, copy: dict[str, Any]) -> None:
    """So it is in the unit tests of a program, whose mocks know no nonce."""
    RecordingEngine().run(lambda: declare(copy))

    assert aws.counts() == {}


def test_a_preview_records_nothing(aws: Control, copy: dict[str, Any]) -> None:
    engine = run(Maker(copy), lambda: declare(copy), preview=True)

    assert Told.of(engine.only(TYPE).inputs).nonce == ""
    assert aws.counts() == {}


@pytest.mark.parametrize("given_to", ["copy", "list", "parent"])
def test_with_a_provider_of_its_own_a_copy_is_recorded_by_that(
    aws: Control, copy: dict[str, Any], given_to: str
) -> None:
    """Its settings, and so its credentials, need not be those of the program."""

    def program() -> None:
        provider = pulumi.ProviderResource("pulumi-python", "other", {})
        if given_to == "parent":
            parent = pulumi.ComponentResource("a:b:C", "c", opts=pulumi.ResourceOptions(providers=[provider]))
            declare(copy, pulumi.ResourceOptions(parent=parent))
        elif given_to == "list":
            declare(copy, pulumi.ResourceOptions(providers=[provider]))
        else:
            declare(copy, pulumi.ResourceOptions(provider=provider))

    engine = run(Maker(copy), program)

    assert Told.of(engine.only(TYPE).inputs).nonce == ""
    assert tagged(aws, copy) is None


def test_a_copy_that_cannot_be_recorded_is_a_warning_that_names_it(
    aws: Control, copy: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    aws.add_fault("access_denied", "TagResource", region=AWAY)

    run(Maker(copy), lambda: declare(copy))

    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert f"{copy['BackupId']} in {AWAY} is in the state, and the next pulumi up does what is left to do" in warning
    assert "lack permission for fsx:TagResource" in warning


def test_a_mistake_while_it_is_recorded_is_a_warning_too(
    aws: Control, copy: dict[str, Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: Any, **__: Any) -> list[str]:
        raise KeyError("arn")

    monkeypatch.setattr(confirming, "record_held", mistaken)

    engine = run(Maker(copy), lambda: declare(copy))

    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith(f"{copy['BackupId']} in {AWAY} is in the state, but not all about it is done yet: ")
    assert engine.only(TYPE)
    assert aws.counts() == {}


class Remembering(Maker):
    """Tells too what the state held before."""

    def __init__(self, copy: dict[str, Any], *held: dict[str, Any]) -> None:
        super().__init__(copy, nonce="of-an-earlier-run")
        self._held = held

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        assert args.token == "pulumi:pulumi:readStackResourceOutputs"  # no secret
        urns = (f"urn:pulumi:prod::dr::{TYPE}::{name}" for name in ("nightly", "weekly", "monthly"))
        return {"outputs": {u: {"type": TYPE, "outputs": o} for u, o in zip(urns, self._held, strict=False)}}, []


def test_the_provider_is_told_what_the_state_holds_of_the_same_name_or_source(copy: dict[str, Any]) -> None:
    """A create is shown nothing of it by the engine, and must not hand it out again."""
    of_same_name = {"arn": "arn:x/backup-1", "region": AWAY, "source_region": HOME, "source_backup_id": "backup-a"}
    of_same_source = {"arn": "arn:x/backup-2", "source_backup_id": copy["SourceBackupId"], "token": "t"}
    of_others = {"arn": "arn:x/backup-3", "source_backup_id": "backup-b"}

    engine = run(Remembering(copy, of_same_name, of_same_source, of_others), lambda: declare(copy))

    told = Told.of(engine.only(TYPE).inputs).held
    assert {(held.id, held.region, held.token) for held in told} == {
        ("backup-1", AWAY, ""),
        ("backup-2", "", "t"),
    }


def test_where_the_engine_answers_before_it_writes_the_program_records_nothing(
    aws: Control, copy: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With PULUMI_SKIP_CHECKPOINTS a kill would leave a recorded copy that no state holds; the next run records it."""
    monkeypatch.setenv("PULUMI_SKIP_CHECKPOINTS", "true")

    run(Maker(copy), lambda: declare(copy))

    assert tagged(aws, copy) is None


def test_a_mark_that_another_engine_wrote_at_the_same_time_is_named(
    aws: Control, copy: dict[str, Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither sees the other's when it writes its own, so each looks once more when all is done."""
    theirs = Recorded("of-another-engine", None, "dr/prod/nightly")
    unpatched = confirming.record_held

    def recorded(*args: Any, **kwargs: Any) -> list[str]:
        warnings = list(unpatched(*args, **kwargs))
        aws.set_tags(AWAY, copy["BackupId"], {MARK_TAG: str(theirs)})
        return warnings

    monkeypatch.setattr(confirming, "record_held", recorded)

    run(Maker(copy), lambda: declare(copy))

    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith(
        f"{copy['BackupId']} in {AWAY} bears the mark of another resource or run (dr/prod/nightly), and this state "
        "holds it too"
    )
