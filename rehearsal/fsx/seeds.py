"""Descriptions of file systems as FSx gives them."""

from collections.abc import Callable
from dataclasses import dataclass

from rehearsal.fsx.records import Description, FileSystem
from rehearsal.fsx.regions import arn, new_id

SUBNET = "subnet-0b1c2d3e4f5a6b7c8"
_BACKUPS: Description = {
    "AutomaticBackupRetentionDays": 7,
    "DailyAutomaticBackupStartTime": "02:00",
    "WeeklyMaintenanceStartTime": "7:04:00",
}


@dataclass(frozen=True)
class Place:
    """Where, by which name, when (seconds since 1970) and under which key (ARN) a file system is made."""

    region: str
    account: str
    name: str
    created: float
    kms_key: str


def file_system(place: Place, kind: str, deployment: str | None) -> FileSystem:
    """Return a file system of type WINDOWS, LUSTRE, OPENZFS or ONTAP; `deployment` defaults to a common one.

    Raises:
        ValueError: there is no such type.
    """
    if kind not in _KINDS:
        raise ValueError(f"There is no file system type {kind}; take one of {', '.join(_KINDS)}.")
    usual, member, configure = _KINDS[kind]
    common = _common(place)
    configuration = _BACKUPS | {"DeploymentType": deployment or usual} | configure(common["DNSName"])
    description = common | {"FileSystemType": kind, member: configuration}
    volume = _ontap_volume(place) if kind == "ONTAP" else None
    return FileSystem(description, volume, place.kms_key, {})


def _common(place: Place) -> Description:
    return {
        "OwnerId": place.account,
        "CreationTime": place.created,
        "FileSystemId": place.name,
        "Lifecycle": "AVAILABLE",
        "StorageCapacity": 1200,
        "StorageType": "SSD",
        "VpcId": "vpc-0a1b2c3d4e5f6a7b8",
        "SubnetIds": [SUBNET],
        "NetworkInterfaceIds": ["eni-0c1d2e3f4a5b6c7d8"],
        "DNSName": f"{place.name}.fsx.{place.region}.amazonaws.com",
        "KmsKeyId": place.kms_key,
        "ResourceARN": arn("fsx", place.region, place.account, f"file-system/{place.name}"),
    }


def _windows(dns_name: str) -> Description:
    return {
        "ActiveDirectoryId": "d-9067a1b2c3",
        "ThroughputCapacity": 32,
        "RemoteAdministrationEndpoint": dns_name,
        "PreferredSubnetId": SUBNET,
        "PreferredFileServerIp": "10.0.1.12",
        "CopyTagsToBackups": True,
        "MaintenanceOperationsInProgress": [],
    }


def _lustre(_: str) -> Description:
    return {
        "MountName": "fsx",
        "PerUnitStorageThroughput": 125,
        "CopyTagsToBackups": True,
        "DataCompressionType": "LZ4",
    }


def _openzfs(_: str) -> Description:
    return {
        "CopyTagsToBackups": True,
        "CopyTagsToVolumes": True,
        "ThroughputCapacity": 160,
        "DiskIopsConfiguration": {"Mode": "AUTOMATIC", "Iops": 3600},
        "RootVolumeId": new_id("fsvol"),
    }


def _ontap(dns_name: str) -> Description:
    def endpoint(role: str, address: str) -> Description:
        name, _, rest = dns_name.partition(".")
        return {"DNSName": f"{name}.{role}.{rest}", "IpAddresses": [address]}

    return {
        "DiskIopsConfiguration": {"Mode": "AUTOMATIC", "Iops": 3600},
        "Endpoints": {
            "Intercluster": endpoint("intercluster", "10.0.1.20"),
            "Management": endpoint("management", "10.0.1.21"),
        },
        "PreferredSubnetId": SUBNET,
        "ThroughputCapacity": 128,
        "HAPairs": 1,
    }


def _ontap_volume(place: Place) -> Description:
    volume_id = new_id("fsvol")
    return {
        "CreationTime": place.created,
        "FileSystemId": place.name,
        "Lifecycle": "CREATED",
        "Name": "vol1",
        "ResourceARN": arn("fsx", place.region, place.account, f"volume/{place.name}/{volume_id}"),
        "VolumeId": volume_id,
        "VolumeType": "ONTAP",
        "OntapConfiguration": {
            "JunctionPath": "/vol1",
            "SecurityStyle": "UNIX",
            "SizeInMegabytes": 102400,
            "StorageEfficiencyEnabled": True,
            "StorageVirtualMachineId": new_id("svm"),
            "OntapVolumeType": "RW",
            "TieringPolicy": {"CoolingPeriod": 31, "Name": "AUTO"},
        },
    }


_KINDS: dict[str, tuple[str, str, Callable[[str], Description]]] = {
    "WINDOWS": ("SINGLE_AZ_2", "WindowsConfiguration", _windows),
    "LUSTRE": ("PERSISTENT_2", "LustreConfiguration", _lustre),
    "OPENZFS": ("SINGLE_AZ_HA_2", "OpenZFSConfiguration", _openzfs),
    "ONTAP": ("MULTI_AZ_1", "OntapConfiguration", _ontap),
}
