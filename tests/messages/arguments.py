"""Refused arguments of resources, and refused settings of a stack."""

import json
from collections.abc import Mapping
from typing import Any, cast

import pulumi
from pulumi_fsx_dr import BackupCopy, DrKey, DrRegion
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.provider import BackupCopyProvider
from pulumi_fsx_dr.settings import Settings

from tests.messages.collecting import Messages, configured, refusal
from tests.recording import RecordingEngine

# Without types, because type checkers also refuse wrong arguments.
_BackupCopy, _DrRegion, _DrKey = cast("tuple[Any, Any, Any]", (BackupCopy, DrRegion, DrKey))
BACKUP, FILE_SYSTEM = "backup-0123456789abcdef0", "fs-0123456789abcdef0"
HOME, AWAY = "eu-central-1", "eu-west-1"

_COPY = {"source_backup_id": BACKUP, "source_region": HOME, "region": AWAY}
_BACKUP_COPY: Mapping[str, dict[str, Any]] = {
    "source_backup_id is missing": {"source_backup_id": None},
    "source_backup_id is another id": {"source_backup_id": "fs-0123456789abcdef0"},
    "source_backup_id is an ARN": {"source_backup_id": f"arn:aws:fsx:{HOME}:111122223333:backup/{BACKUP}"},
    "region is missing": {"region": None},
    "region is unknown": {"region": "eu-west"},
    "source_region is in another partition": {"source_region": "cn-north-1"},
    "kms_key_id is not a key": {"kms_key_id": "my key"},
    "kms_key_id is of another Region": {"kms_key_id": f"arn:aws:kms:{HOME}:111122223333:alias/dr"},
    "copy_tags is not a boolean": {"copy_tags": "yes"},
    "tags are not a map": {"tags": ["team"]},
    "tags have a reserved key": {"tags": {"aws:team": "storage"}},
    "tags have the ownership tag": {"tags": {"fsx-dr:managed-by": "me"}},
    "tags have a long key": {"tags": {"k" * 129: "x"}},
    "tags have a long value": {"tags": {"team": "x" * 257}},
    "tags have a value that is not a string": {"tags": {"team": 7}},
    "tags have a forbidden character": {"tags": {"team": "a\tb"}},
    "tags are too many": {"tags": {f"tag-{n}": "x" for n in range(50)}},
    "unknown argument": {"regin": AWAY},
    "region has no FSx": {"region": "eu-central-12"},
    "adopt_backup_id is the source": {"adopt_backup_id": BACKUP},
    "adopt_backup_id is not an id": {"adopt_backup_id": "latest"},
}

_SOURCE = {"file_system_id": FILE_SYSTEM, "region": HOME}
_DR_REGION: Mapping[str, dict[str, Any]] = {
    "unknown argument": {"sourcs": []},
    "region is missing": {"region": None},
    "region is unknown": {"region": "eu-west"},
    "sources are not a list": {"sources": _SOURCE},
    "region has no FSx": {"region": "sa-west-1"},
    "source twice": {"sources": [_SOURCE, _SOURCE]},
    "source has an unknown key": {"sources": [{**_SOURCE, "zone": 1}]},
    "source is in another partition": {"sources": [{**_SOURCE, "region": "cn-north-1"}]},
    "kms_key_id is of another Region": {"kms_key_id": f"arn:aws:kms:{HOME}:111122223333:alias/dr"},
    "source is not a dict": {"sources": [FILE_SYSTEM]},
    "source names two things": {"sources": [{**_SOURCE, "backup_id": BACKUP}]},
    "source has no region": {"sources": [{"file_system_id": FILE_SYSTEM}]},
    "source has an unknown region": {"sources": [{**_SOURCE, "region": "eu-central"}]},
    "file_system_id is an output": {"sources": [{**_SOURCE, "file_system_id": ["an output"]}]},
    "file_system_id is another id": {"sources": [{**_SOURCE, "file_system_id": BACKUP}]},
    "tags select everything": {"sources": [{"tags": {}, "region": HOME}]},
    "add_tags are not strings": {"sources": [{**_SOURCE, "add_tags": {"tier": 1}}]},
    "exclude without tags": {"sources": [{**_SOURCE, "exclude": [FILE_SYSTEM]}]},
    "keep is zero": {"keep": 0},
    "keep of a source is a fraction": {"sources": [{**_SOURCE, "keep": 7.5}]},
    "keep has an unknown rule": {"keep": {"hourly": 1}},
    "keep has no rule": {"keep": {}},
    "keep has a wrong number": {"keep": {"weekly": 0}},
    "keep has a wrong duration": {"keep": {"within": "30"}},
    "adopt_existing is not a boolean": {"adopt_existing": "yes"},
}

_DR_KEY: Mapping[str, dict[str, Any]] = {
    "region is missing": {"region": None},
    "replica_regions are not a list": {"replica_regions": AWAY},
    "Region is not a string": {"replica_regions": [7]},
    "Region twice": {"replica_regions": [HOME]},
    "two partitions": {"replica_regions": ["cn-north-1"]},
    "alias is not an alias": {"alias": "fsx-dr"},
    "account_id is not an account": {"account_id": "1234"},
    "tags are not strings": {"tags": {"team": 7}},
    "protect is not a boolean": {"protect": "no"},
}

_SETTINGS: Mapping[str, dict[str, Any]] = {
    "unknown setting, near another": {"keeep": 3},
    "unknown setting": {"xyz": 3},
    "unknown field of a source": {"sources": [{"filesystemid": FILE_SYSTEM, "region": HOME}]},
    "unknown field of a Region": {"regions": [{"region": AWAY, "key": "alias/dr"}]},
    "entry without region": {"regions": [{"kmsKeyId": "alias/dr"}]},
    "Region twice": {"regions": [{"region": AWAY}, {"region": AWAY}]},
    "sources are not a list": {"sources": {"region": HOME}},
    "tags are not an object": {"tags": ["team"]},
    "keep is a word": {"keep": "seven"},
    "copyTags is a word": {"copyTags": "maybe"},
    "source is wrong": {"sources": [{"fileSystemId": BACKUP, "region": HOME}], "regions": [{"region": AWAY}]},
    "rpoHours is not a number": {"rpoHours": "a day"},
    "rpoHours is negative": {"rpoHours": "-3"},
}

_ROLE = {"roleArn": "arn:aws:iam::111122223333:role/dr"}
_AWS_SETTINGS: Mapping[str, dict[str, Any]] = {
    "endpoints are not a list": {"endpoints": {"fsx": "https://fsx.example.com"}},
    "endpoint is not a URL": {"endpoints": [{"fsx": "fsx.example.com"}]},
    "assumeRoles is not a list of roles": {"assumeRoles": [{"sessionName": "night"}]},
    "role has an unknown field": {"assumeRoles": [{**_ROLE, "extrenalId": "7"}]},
    "role has a wrong duration": {"assumeRoles": [{**_ROLE, "duration": "1 hour"}]},
    "role has a wrong policy": {"assumeRoles": [{**_ROLE, "policy": "{"}]},
    "web identity without a token": {"assumeRoleWithWebIdentity": _ROLE},
    "web identity is not an object": {"assumeRoleWithWebIdentity": ["x"]},
    "account ids are not digits": {"allowedAccountIds": ["1111"]},
    "flag is not a boolean": {"skipMetadataApiCheck": "maybe"},
    "credentials file does not exist": {"sharedCredentialsFiles": ["/nonexistent"]},
    "several credentials files": {"sharedCredentialsFiles": ["/a", "/b"]},
    "setting that is not followed": {"insecure": True},
}


def backup_copy() -> Messages:
    for case, change in _BACKUP_COPY.items():
        args = {name: value for name, value in {**_COPY, **change}.items() if value is not None}
        yield case, "\n    ".join(failure.reason for failure in BackupCopyProvider().check({}, args).failures)
    yield "no arguments", _refused(lambda: _BackupCopy("nightly"))
    yield "a dict and keywords", _refused(lambda: _BackupCopy("nightly", _COPY, region=AWAY))
    yield "not a dict", _refused(lambda: _BackupCopy("nightly", BACKUP))
    yield "no name", _refused(lambda: _BackupCopy("", _COPY))
    yield "options are not ResourceOptions", _refused(lambda: _BackupCopy("nightly", _COPY, {"protect": True}))
    for case, timeouts in {"timeouts in days": pulumi.CustomTimeouts(create="1d"), "timeouts are a dict": {}}.items():
        options = pulumi.ResourceOptions(custom_timeouts=cast("Any", timeouts))
        yield case, _refused(lambda options=options: _BackupCopy("nightly", _COPY, options))
    options = pulumi.ResourceOptions(delete_before_replace=True)
    yield "delete_before_replace", _refused(lambda: _BackupCopy("nightly", _COPY, options))


def dr_region() -> Messages:
    args = {"region": AWAY, "sources": [_SOURCE]}
    for case, change in _DR_REGION.items():
        yield case, _refused(lambda change=change: _DrRegion("dr", {**args, **change}))
    yield "no arguments", _refused(lambda: _DrRegion("dr"))


def dr_key() -> Messages:
    args = {"region": HOME, "replica_regions": [AWAY]}
    for case, change in _DR_KEY.items():
        yield case, _refused(lambda change=change: _DrKey("dr", {**args, **change}))
    yield "no arguments", _refused(lambda: _DrKey("dr"))


def settings() -> Messages:
    for case, given in _SETTINGS.items():
        with configured({f"fsx-dr:{name}": _written(value) for name, value in given.items()}):
            yield case, refusal(Settings.read)
    with configured({}):
        yield "nothing is configured", str(Settings.read().warning)
    with configured({"fsx-dr:sources": _written([{"fileSystemId": FILE_SYSTEM, "region": HOME}])}):
        yield "no Region is configured", str(Settings.read().warning)


def aws_settings() -> Messages:
    for case, given in _AWS_SETTINGS.items():
        with configured({f"aws:{name}": _written(value) for name, value in given.items()}):
            yield case, refusal(Credentials.of_stack)


def _refused(declare: Any) -> str:
    return refusal(lambda: RecordingEngine().run(declare))


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
