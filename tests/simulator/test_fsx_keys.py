"""Copies are encrypted with KMS keys of their Region."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simulator.fsx import FsxService
from simulator.fsx.fixtures import AWAY, HOME, Clients
from simulator.fsx.regions import new_id

pytest_plugins = ["simulator.fsx.fixtures"]


def bare_id(key_arn: str) -> str:
    return key_arn.rpartition("/")[2]


def new_key(kms: Any, **properties: str) -> str:
    arn: str = kms.create_key(**properties)["KeyMetadata"]["Arn"]
    return arn


def disabled(kms: Any) -> str:
    kms.disable_key(KeyId=bare_id(key := new_key(kms)))  # moto accepts only the key id
    return key


def pending_deletion(kms: Any) -> str:
    kms.schedule_key_deletion(KeyId=bare_id(key := new_key(kms)), PendingWindowInDays=7)
    return key


def asymmetric(kms: Any) -> str:
    return new_key(kms, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")


def copy(client: Any, source: str, **key: str) -> Any:
    return client.copy_backup(SourceBackupId=source, SourceRegion=HOME, **key)["Backup"]


def refusal_code(client: Any, source: str, **key: str) -> str:
    with pytest.raises(ClientError) as refusal:
        copy(client, source, **key)
    return str(refusal.value.response["Error"]["Code"])


def test_key_is_accepted_in_four_notations(fsx_client: Clients, fsx_source: str) -> None:
    kms = fsx_client(AWAY, "kms")
    key, alias = new_key(kms), f"alias/{new_id('dr')}"
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    notations = [bare_id(key), key, alias, f"{key.rpartition(':')[0]}:{alias}"]

    made = [copy(fsx_client(), fsx_source, KmsKeyId=notation)["KmsKeyId"] for notation in notations]

    assert made == [key] * 4


def test_copy_without_key_uses_managed_key(fsx_client: Clients, fsx_source: str) -> None:
    made = copy(fsx_client(), fsx_source)

    key = fsx_client(AWAY, "kms").describe_key(KeyId="alias/aws/fsx")["KeyMetadata"]
    assert (made["KmsKeyId"], key["KeyManager"]) == (key["Arn"], "AWS")


@pytest.mark.parametrize("unusable", [disabled, pending_deletion, asymmetric])
def test_unusable_destination_key_is_refused(
    fsx_client: Clients, fsx_source: str, unusable: Callable[[Any], str]
) -> None:
    key = unusable(fsx_client(AWAY, "kms"))

    assert refusal_code(fsx_client(), fsx_source, KmsKeyId=key) == "InvalidDestinationKmsKey"


@pytest.mark.parametrize("key", ["alias/nobody", "00000000-0000-0000-0000-000000000000", "not a key", HOME])
def test_unknown_destination_key_is_refused(fsx_client: Clients, fsx_source: str, key: str) -> None:
    key = new_key(fsx_client(HOME, "kms")) if key == HOME else key

    assert refusal_code(fsx_client(), fsx_source, KmsKeyId=key) == "InvalidDestinationKmsKey"


def test_unusable_source_key_is_refused(fsx_client: Clients, fsx_service: FsxService) -> None:
    kms = fsx_client(HOME, "kms")
    key = new_key(kms)
    source = fsx_service.seed_backup(HOME, fsx_service.seed_file_system(HOME), kms_key_id=key)
    kms.disable_key(KeyId=bare_id(key))

    assert refusal_code(fsx_client(), source) == "InvalidSourceKmsKey"
