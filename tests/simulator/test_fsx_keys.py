"""Copies are encrypted with keys of their own Region, looked up in KMS."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME, Clients
from simulator.fsx.regions import new_id

pytest_plugins = ["simulator.fsx.fixtures"]

SPELLINGS: dict[str, Callable[[str, str], str]] = {
    "key id": lambda key_arn, _: bare_id(key_arn),
    "key ARN": lambda key_arn, _: key_arn,
    "alias": lambda _, alias: alias,
    "alias ARN": lambda key_arn, alias: f"{key_arn.rpartition(':')[0]}:{alias}",
}
# moto changes a key's state by its bare id only.
SPOILERS: dict[str, Callable[[Any, str], Any]] = {
    "disabled": lambda kms, key: kms.disable_key(KeyId=bare_id(key)),
    "pending deletion": lambda kms, key: kms.schedule_key_deletion(KeyId=bare_id(key), PendingWindowInDays=7),
}


def bare_id(key_arn: str) -> str:
    return key_arn.rpartition("/")[2]


def new_key(kms: Any, **properties: str) -> str:
    arn: str = kms.create_key(**properties)["KeyMetadata"]["Arn"]
    return arn


def copy(client: Any, source: str, **key: str) -> Any:
    return client.copy_backup(SourceBackupId=source, SourceRegion=HOME, **key)["Backup"]


def refusal_code(client: Any, source: str, **key: str) -> str:
    with pytest.raises(ClientError) as refusal:
        copy(client, source, **key)
    code: str = refusal.value.response["Error"]["Code"]
    return code


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_key_may_be_spelled_in_four_ways(
    fsx_client: Clients, fsx_source: str, spell: Callable[[str, str], str]
) -> None:
    kms = fsx_client(AWAY, "kms")
    key, alias = new_key(kms), f"alias/{new_id('dr')}"
    kms.create_alias(AliasName=alias, TargetKeyId=key)

    assert copy(fsx_client(), fsx_source, KmsKeyId=spell(key, alias))["KmsKeyId"] == key


def test_without_a_key_fsx_takes_its_own(fsx_client: Clients, fsx_source: str) -> None:
    made = copy(fsx_client(), fsx_source)

    key = fsx_client(AWAY, "kms").describe_key(KeyId="alias/aws/fsx")["KeyMetadata"]
    assert (made["KmsKeyId"], key["KeyManager"]) == (key["Arn"], "AWS")


@pytest.mark.parametrize("spoil", SPOILERS.values(), ids=SPOILERS)
def test_a_destination_key_that_cannot_be_used_is_refused(
    fsx_client: Clients, fsx_source: str, spoil: Callable[[Any, str], Any]
) -> None:
    kms = fsx_client(AWAY, "kms")
    key = new_key(kms)
    spoil(kms, key)

    assert refusal_code(fsx_client(), fsx_source, KmsKeyId=key) == "InvalidDestinationKmsKey"


def test_a_key_of_another_region_is_refused(fsx_client: Clients, fsx_source: str) -> None:
    key = new_key(fsx_client(HOME, "kms"))

    assert refusal_code(fsx_client(), fsx_source, KmsKeyId=key) == "InvalidDestinationKmsKey"


@pytest.mark.parametrize("key", ["alias/nobody", "00000000-0000-0000-0000-000000000000", "not a key"])
def test_a_key_that_does_not_exist_is_refused(fsx_client: Clients, fsx_source: str, key: str) -> None:
    assert refusal_code(fsx_client(), fsx_source, KmsKeyId=key) == "InvalidDestinationKmsKey"


def test_an_asymmetric_key_is_refused(fsx_client: Clients, fsx_source: str) -> None:
    key = new_key(fsx_client(AWAY, "kms"), KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")

    assert refusal_code(fsx_client(), fsx_source, KmsKeyId=key) == "InvalidDestinationKmsKey"


@pytest.mark.parametrize("spoil", SPOILERS.values(), ids=SPOILERS)
def test_a_source_whose_key_cannot_be_used_is_refused(
    fsx_client: Clients, fsx_service: FsxService, spoil: Callable[[Any, str], Any]
) -> None:
    kms = fsx_client(HOME, "kms")
    key = new_key(kms)
    source = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME), kms_key_id=key)
    spoil(kms, key)

    assert refusal_code(fsx_client(), source) == "InvalidSourceKmsKey"


def test_kms_can_deny_to_describe_a_key(fsx_client: Clients, fsx_service: FsxService) -> None:
    fsx_service.add_fault("access_denied", "DescribeKey", service="kms", times=1)
    kms = fsx_client(AWAY, "kms")

    with pytest.raises(ClientError, match="not authorized to perform: kms:DescribeKey"):
        kms.describe_key(KeyId="alias/aws/fsx")

    assert kms.describe_key(KeyId="alias/aws/fsx")["KeyMetadata"]["Enabled"]
