"""Wrong programs, with the words that the refusal of each must contain."""

from collections.abc import Mapping

HEAD = """
import pulumi
from pulumi_fsx_dr import BackupCopy, DrKey, DrRegion, RestoredFileSystem

FILE_SYSTEM, BACKUP = "fs-0123456789abcdef0", "backup-0123456789abcdef0"
HOME, AWAY = "eu-central-1", "eu-west-1"
SOURCE = {"file_system_id": FILE_SYSTEM, "region": HOME}
COPY = {"source_backup_id": BACKUP, "source_region": HOME, "region": AWAY}
REGION = {"region": AWAY, "sources": [SOURCE]}
KEY = {"region": HOME, "replica_regions": [AWAY]}
RESTORED = {"backup_id": BACKUP, "kind": "WINDOWS", "region": AWAY, "subnet_ids": ["subnet-0123456789abcdef0"]}
LATER = pulumi.Output.from_input("fs-0123456789abcdef0")


def options(**timeouts):
    return pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(**timeouts))


def copy(**change):
    BackupCopy("one", {**COPY, **change})


def region(**change):
    DrRegion("dr", {**REGION, **change})


def source(**change):
    region(sources=[SOURCE, {"backup_id": BACKUP, "region": HOME}, {**SOURCE, **change}])


def select(**change):
    region(sources=[{"tags": {"dr": "yes"}, "region": HOME, **change}])


def key(**change):
    DrKey("keys", {**KEY, **change})


def restored(**change):
    RestoredFileSystem("files", {**RESTORED, **change})
"""

COPIES: Mapping[str, tuple[str, ...]] = {
    'BackupCopy("one")': ("BackupCopy one", "arguments"),
    'BackupCopy("one", None)': ("BackupCopy one", "arguments"),
    'BackupCopy("one", {})': ("BackupCopy one", "arguments"),
    'BackupCopy("one", BACKUP)': ("BackupCopy one", "dict", "str"),
    'BackupCopy("one", COPY, region=AWAY)': ("BackupCopy one", "region", "both"),
    'BackupCopy("", COPY)': ("BackupCopy", "name"),
    "BackupCopy(7, COPY)": ("BackupCopy", "name"),
    'BackupCopy("one", COPY, opts={"protect": True})': ("BackupCopy one", "opts", "dict"),
    'BackupCopy("one", COPY, options(create="a day"))': ("BackupCopy one", "create", "custom_timeouts", "24h"),
    'BackupCopy("one", COPY, options(delete="1d"))': ("BackupCopy one", "delete", "24h"),
    'BackupCopy("one", COPY, options(update=600))': ("BackupCopy one", "update", "custom_timeouts"),
    'BackupCopy("one", COPY, pulumi.ResourceOptions(delete_before_replace=True))': (
        "BackupCopy one",
        "delete_before_replace",
    ),
    "copy(source_backup_id=None)": ("BackupCopy one", "source_backup_id", "required"),
    'copy(source_backup_id="")': ("BackupCopy one", "source_backup_id", "required"),
    "copy(source_backup_id=FILE_SYSTEM)": ("BackupCopy one", "source_backup_id", "backup-0123456789abcdef0"),
    "copy(source_backup_id=7)": ("BackupCopy one", "source_backup_id"),
    'copy(source_backup_id=f"arn:aws:fsx:{HOME}:111122223333:backup/{BACKUP}")': ("BackupCopy one", "source_backup_id"),
    'copy(region="eu-west")': ("BackupCopy one", "region", "eu-west-1"),
    'copy(region="eu-central-12")': ("BackupCopy one", "region", "eu-central-1", "boto3"),
    'copy(region="sa-west-1")': ("BackupCopy one", "region", "sa-east-1", "boto3"),
    'copy(region="")': ("BackupCopy one", "region"),
    "copy(region=[AWAY])": ("BackupCopy one", "region"),
    'copy(source_region="eu-centrl-1")': ("BackupCopy one", "source_region", "eu-central-1"),
    'copy(source_region="cn-north-1")': ("BackupCopy one", "source_region", "partition"),
    'copy(source_region="")': ("BackupCopy one", "source_region"),
    'copy(kms_key_id="my key")': ("BackupCopy one", "kms_key_id", "alias/NAME"),
    'copy(kms_key_id="")': ("BackupCopy one", "kms_key_id"),
    'copy(kms_key_id=f"arn:aws:kms:{HOME}:111122223333:alias/dr")': ("BackupCopy one", "kms_key_id", "another Region"),
    'copy(kms_key_id=f"arn:aws:fsx:{AWAY}:111122223333:backup/{BACKUP}")': ("BackupCopy one", "kms_key_id"),
    'copy(copy_tags="yes")': ("BackupCopy one", "copy_tags", "True or False"),
    "copy(copy_tags=1)": ("BackupCopy one", "copy_tags", "True or False"),
    'copy(tags=["team"])': ("BackupCopy one", "tags", "map"),
    'copy(tags="team=storage")': ("BackupCopy one", "tags", "map"),
    'copy(tags={"aws:team": "storage"})': ("BackupCopy one", "tags", "aws:"),
    'copy(tags={"k" * 129: "x"})': ("BackupCopy one", "tags", "128"),
    'copy(tags={"team": "x" * 257})': ("BackupCopy one", "tags", "256"),
    'copy(tags={"team": 7})': ("BackupCopy one", "tags", "string"),
    'copy(tags={"team": None})': ("BackupCopy one", "tags", "string"),
    'copy(tags={f"tag-{number}": "x" for number in range(50)})': ("BackupCopy one", "tags", "50"),
    'copy(tags={"team": LATER, "aws:team": "x"})': ("BackupCopy one", "tags", "aws:"),
    "copy(adopt_backup_id=BACKUP)": ("BackupCopy one", "adopt_backup_id", "source"),
    'copy(adopt_backup_id="latest")': ("BackupCopy one", "adopt_backup_id"),
    'copy(deletion_protection="false")': ("BackupCopy one", "deletion_protection", "True or False"),
    "copy(regoin=AWAY)": ("BackupCopy", "regoin", "Did you mean region?"),
    'copy(kmsKeyId="alias/dr")': ("BackupCopy", "kmsKeyId", "Did you mean kms_key_id?"),
}

REGIONS: Mapping[str, tuple[str, ...]] = {
    'DrRegion("dr", {})': ("DrRegion dr", "arguments"),
    'DrRegion("dr", REGION, opts="protect")': ("DrRegion dr", "opts", "str"),
    "region(region=None)": ("DrRegion dr", "region"),
    "region(region=LATER)": ("DrRegion dr", "region", "output"),
    'region(region="eu-west")': ("DrRegion dr", "region", "eu-west-1"),
    'region(region="eu-central-12")': ("DrRegion dr", "region", "eu-central-1", "boto3"),
    "region(sources=None)": ("DrRegion dr", "sources"),
    "region(sources=SOURCE)": ("DrRegion dr", "sources", "list"),
    "region(sources=LATER)": ("DrRegion dr", "sources", "list"),
    "region(sources=[FILE_SYSTEM])": ("DrRegion dr", "sources[0]", "dict"),
    "region(sources=[None])": ("DrRegion dr", "sources[0]", "dict"),
    "region(sources=[SOURCE, SOURCE])": ("DrRegion dr", "sources[0]", "sources[1]", "Remove"),
    "region(sorces=[SOURCE])": ("DrRegion dr", "sorces", "Did you mean sources?"),
    "region(keep=0)": ("DrRegion dr", "keep", "at least 1"),
    'region(keep="seven")': ("DrRegion dr", "keep", "whole number"),
    "region(keep=7.5)": ("DrRegion dr", "keep", "whole number"),
    "region(keep=True)": ("DrRegion dr", "keep", "whole number"),
    "region(keep={})": ("DrRegion dr", "keep", "daily"),
    'region(keep={"dayly": 7})': ("DrRegion dr", "dayly", "Did you mean daily?"),
    'region(keep={"weekly": -1})': ("DrRegion dr", "weekly", "at least 1"),
    'region(keep={"within": "30"})': ("DrRegion dr", "within", "30d"),
    'region(adopt_existing="yes")': ("DrRegion dr", "adopt_existing"),
    "region(kms_key_id=7)": ("DrRegion dr", "kms_key_id"),
    'region(kms_key_id=f"arn:aws:kms:{HOME}:111122223333:alias/dr")': ("DrRegion dr", "kms_key_id", "another Region"),
    'region(copy_tags="yes")': ("DrRegion dr", "copy_tags", "True or False"),
    'region(tags={"aws:team": "x"})': ("DrRegion dr", "tags", "aws:"),
    'region(tags=["team"])': ("DrRegion dr", "tags", "map"),
    'region(deletion_protection="on")': ("DrRegion dr", "deletion_protection"),
}

SOURCES: Mapping[str, tuple[str, ...]] = {
    "source(region=None)": ("DrRegion dr", "sources[2]", "region"),
    'source(region="eu-central")': ("DrRegion dr", "sources[2]", "region", "eu-central-1"),
    'source(region="sa-west-1")': ("DrRegion dr", "sources[2]", "region", "sa-east-1"),
    'source(region="cn-north-1")': ("DrRegion dr", "sources[2]", "region", "partition"),
    "source(backup_id=BACKUP)": ("DrRegion dr", "sources[2]", "exactly one"),
    "source(file_system_id=BACKUP)": ("DrRegion dr", "sources[2]", "file_system_id", "fs-0123456789abcdef0"),
    "source(file_system_id=None)": ("DrRegion dr", "sources[2]", "file_system_id"),
    "source(file_system_id=LATER)": ("DrRegion dr", "sources[2]", "file_system_id", "output", "backup_id"),
    'source(filesystem_id="x")': ("DrRegion dr", "sources[2]", "filesystem_id", "Did you mean file_system_id?"),
    "source(zone=7)": ("DrRegion dr", "sources[2]", "zone", "Valid names", "keep"),
    "source(keep=0)": ("DrRegion dr", "sources[2]", "keep"),
    'source(kms_key_id="my key")': ("DrRegion dr", "sources[2]", "kms_key_id"),
    'source(add_tags={"tier": 1})': ("DrRegion dr", "sources[2]", "add_tags", "string"),
    'source(add_tags={"aws:tier": "1"})': ("DrRegion dr", "sources[2]", "add_tags", "aws:"),
    'source(exclude=["fs-0123456789abcdef1"])': ("DrRegion dr", "sources[2]", "exclude", "tags"),
    "select(tags={})": ("DrRegion dr", "sources[0]", "tags", "at least one"),
    'select(tags="dr")': ("DrRegion dr", "sources[0]", "tags"),
    'select(tags={"dr": LATER})': ("DrRegion dr", "sources[0]", "tags", "known"),
    "select(exclude=FILE_SYSTEM)": ("DrRegion dr", "sources[0]", "exclude", "list"),
    'region(sources=[{"backup_id": FILE_SYSTEM, "region": HOME}])': ("DrRegion dr", "sources[0]", "backup_id"),
    'region(sources=[{"backup_id": BACKUP, "region": HOME}] * 2)': ("DrRegion dr", "sources[1]", "Remove"),
    "region(sources=[{}])": ("DrRegion dr", "sources[0]", "exactly one"),
}

KEYS: Mapping[str, tuple[str, ...]] = {
    'DrKey("keys")': ("DrKey keys", "arguments"),
    "key(region=None)": ("DrKey keys", "region"),
    "key(replica_regions=None)": ("DrKey keys", "replica_regions"),
    "key(replica_regions=AWAY)": ("DrKey keys", "replica_regions", "list"),
    "key(replica_regions=[7])": ("DrKey keys", "replica_regions", "string"),
    'key(replica_regions=["eu-west-11"])': ("DrKey keys", "replica_regions", "eu-west-1"),
    'key(region="eu-central-12")': ("DrKey keys", "region", "eu-central-1"),
    "key(replica_regions=[HOME])": ("DrKey keys", "eu-central-1", "twice"),
    'key(replica_regions=["cn-north-1"])': ("DrKey keys", "partition"),
    'key(alias="fsx-dr")': ("DrKey keys", "alias", "alias/fsx-dr"),
    'key(alias="alias/aws/fsx")': ("DrKey keys", "alias", "alias/aws/"),
    'key(account_id="1234")': ("DrKey keys", "account_id", "12 digits"),
    'key(tags={"team": 7})': ("DrKey keys", "tags"),
    'key(protect="no")': ("DrKey keys", "protect", "True or False"),
    'key(aliass="alias/dr")': ("DrKey keys", "aliass", "Did you mean alias?"),
}

RESTORES: Mapping[str, tuple[str, ...]] = {
    'RestoredFileSystem("files")': ("RestoredFileSystem files", "arguments"),
    "restored(backup_id=None)": ("RestoredFileSystem files", "backup_id"),
    "restored(backup_id=FILE_SYSTEM)": ("RestoredFileSystem files", "backup_id", "backup-0123456789abcdef0"),
    'restored(kind="NTFS")': ("RestoredFileSystem files", "kind", "WINDOWS"),
    'restored(kind="windows")': ("RestoredFileSystem files", "kind", "WINDOWS"),
    "restored(kind=LATER)": ("RestoredFileSystem files", "kind"),
    'restored(kind="ONTAP")': ("RestoredFileSystem files", "ONTAP", "CreateVolumeFromBackup"),
    'restored(region="eu-west")': ("RestoredFileSystem files", "region", "eu-west-1"),
    'restored(subnet_ids="subnet-0123456789abcdef0")': ("RestoredFileSystem files", "subnet_ids", "list"),
    "restored(subnet_ids=[])": ("RestoredFileSystem files", "subnet_ids", "list"),
    "restored(subnet_ids=[7])": ("RestoredFileSystem files", "subnet_ids"),
    'restored(security_group_ids="sg-1")': ("RestoredFileSystem files", "security_group_ids", "list"),
    'restored(kms_key_id="my key")': ("RestoredFileSystem files", "kms_key_id"),
    'restored(tags=["team"])': ("RestoredFileSystem files", "tags"),
    'restored(settings="x")': ("RestoredFileSystem files", "settings", "dict"),
    'restored(settings={"trhoughput_capacity": 8})': (
        "RestoredFileSystem files",
        "trhoughput_capacity",
        "Did you mean throughput_capacity?",
    ),
    'restored(kind="LUSTRE", settings={"deployment_type": "SCRATCH_2"})': (
        "RestoredFileSystem files",
        "deployment_type",
        "SCRATCH_2",
    ),
    'restored(settings={"self_managed_active_directory": "corp"})': (
        "RestoredFileSystem files",
        "self_managed_active_directory",
        "dict",
    ),
    "restored(subnets=[])": ("RestoredFileSystem files", "subnets", "Did you mean subnet_ids?"),
}

PROGRAMS: Mapping[str, tuple[str, ...]] = {**COPIES, **REGIONS, **SOURCES, **KEYS, **RESTORES}
