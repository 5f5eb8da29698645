"""Properties in messages: unknown and secret values keep their state."""

from typing import Any

from fsx_dr_plugin.values import UNKNOWN, Properties
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct

# pulumi/pulumi, sdk/go/common/resource: properties.go and the signatures in sig/
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_ON_THE_WIRE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "value": value}


def received(bag: dict[str, Any]) -> Properties:
    return Properties.of(ParseDict(bag, Struct()))


def test_plain_values_get_snake_case_names() -> None:
    read = received({"sourceBackupId": "backup-1", "copyTags": True, "tags": {"costCenter": "1"}, "sizeInBytes": 5})

    assert read.values == {
        "source_backup_id": "backup-1",
        "copy_tags": True,
        "tags": {"costCenter": "1"},
        "size_in_bytes": 5.0,
    }
    assert read.secrets == frozenset()


def test_nulls_and_internal_properties_are_dropped() -> None:
    assert received({"kmsKeyId": None, "__defaults": ["x"], "__internal": {}}).values == {}


def test_secret_stays_secret_when_sent() -> None:
    read = received({"kmsKeyId": secret("key"), "region": "eu-west-1"})

    assert (read.values["kms_key_id"], set(read.secrets)) == ("key", {"kms_key_id"})
    sent = read.sent({"kms_key_id": "key", "region": "eu-west-1", "kms_key_arn": "arn"}, {"kms_key_arn"})
    assert MessageToDict(sent) == {"kmsKeyId": secret("key"), "region": "eu-west-1", "kmsKeyArn": secret("arn")}


def test_only_secret_tags_are_sent_as_secret() -> None:
    read = received({"tags": {"open": "seen", "hidden": secret("x")}})

    assert read.values == {"tags": {"open": "seen", "hidden": "x"}}
    assert MessageToDict(read.sent(read.values)) == {"tags": {"open": "seen", "hidden": secret("x")}}
    assert MessageToDict(read.sent({"tags": {"open": "seen"}})) == {"tags": secret({"open": "seen"})}


def test_secret_value_may_be_unknown() -> None:
    read = received({"kmsKeyId": secret(UNKNOWN_ON_THE_WIRE), "region": UNKNOWN_ON_THE_WIRE})

    assert read.values == {"kms_key_id": UNKNOWN, "region": UNKNOWN}
    assert MessageToDict(read.sent(read.values)) == {
        "kmsKeyId": secret(UNKNOWN_ON_THE_WIRE),
        "region": UNKNOWN_ON_THE_WIRE,
    }


def test_output_value_is_read() -> None:
    read = received(
        {
            "region": {SIGNATURE: OUTPUT, "value": "eu-west-1", "dependencies": []},
            "kmsKeyId": {SIGNATURE: OUTPUT, "value": "key", "secret": True},
            "sourceRegion": {SIGNATURE: OUTPUT},
        }
    )

    assert read.values == {"region": "eu-west-1", "kms_key_id": "key", "source_region": UNKNOWN}
    assert read.secrets == {"kms_key_id"}


def test_repr_hides_secrets() -> None:
    assert "hush" not in repr(received({"kmsKeyId": secret("hush")}))
