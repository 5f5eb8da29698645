"""Descriptions of file systems and volumes, with the members that recorded ones have."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from simulator.fsx.records import Description, FileSystem, Volume
from simulator.fsx.regions import arn, new_id

SUBNETS = ["subnet-0b1c2d3e4f5a6b7c8", "subnet-0c2d3e4f5a6b7c8d9"]
ROOT_VOLUME = "fsx_root"
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

    @property
    def dns_name(self) -> str:
        """Return the file system's DNS name."""
        return f"{self.name}.fsx.{self.region}.amazonaws.com"


def file_system(place: Place, kind: str, deployment: str | None, storage_type: str = "SSD") -> FileSystem:
    """Return a file system of type WINDOWS, LUSTRE, OPENZFS or ONTAP; `deployment` defaults to a common one.

    Raises:
        ValueError: there is no such type.
    """
    if kind not in _KINDS:
        raise ValueError(f"There is no file system type {kind}; take one of {', '.join(_KINDS)}.")
    usual, member, configure = _KINDS[kind]
    deployed_as = deployment or usual
    subnets = SUBNETS if deployed_as.startswith("MULTI_AZ") else SUBNETS[:1]
    description = placed(place, subnets) | {
        "FileSystemType": kind,
        "StorageCapacity": 1200,
        "StorageType": storage_type,
        member: _BACKUPS | {"DeploymentType": deployed_as} | configure(place),
    }
    if kind == "LUSTRE":
        description["FileSystemTypeVersion"] = "2.15"
    if kind == "ONTAP":
        del description["DNSName"]
    return FileSystem(description, place.kms_key, {})


def placed(place: Place, subnets: list[str]) -> Description:
    """Return what the description of a file system says of its place."""
    return {
        "OwnerId": place.account,
        "CreationTime": place.created,
        "FileSystemId": place.name,
        "VpcId": "vpc-0a1b2c3d4e5f6a7b8",
        "SubnetIds": subnets,
        "NetworkInterfaceIds": ["eni-0c1d2e3f4a5b6c7d8"],
        "DNSName": place.dns_name,
        "KmsKeyId": place.kms_key,
        "ResourceARN": arn("fsx", place.region, place.account, f"file-system/{place.name}"),
    }


def volume(place: Place, name: str, style: str) -> Volume:
    """Return a volume of the ONTAP file system at `place`; `style` is FLEXVOL or FLEXGROUP."""
    is_root = name == ROOT_VOLUME
    volume_id = new_id("fsvol")
    tiering: Description = {"Name": "NONE"} if is_root else {"CoolingPeriod": 31, "Name": "AUTO"}
    ontap = {
        "FlexCacheEndpointType": "NONE",
        "JunctionPath": "/" if is_root else f"/{name}",
        "SecurityStyle": "UNIX",
        "SizeInMegabytes": 1024 if is_root else 102400,
        "StorageEfficiencyEnabled": False,
        "StorageVirtualMachineId": f"svm-{place.name.removeprefix('fs-'):0>17}",
        "StorageVirtualMachineRoot": is_root,
        "TieringPolicy": tiering,
        "UUID": str(uuid4()),
        "OntapVolumeType": "RW",
    }
    description = {
        "CreationTime": place.created,
        "FileSystemId": place.name,
        "Lifecycle": "CREATED",
        "Name": name,
        "OntapConfiguration": ontap | ({"VolumeStyle": style} if style == "FLEXGROUP" else {}),
        "ResourceARN": arn("fsx", place.region, place.account, f"volume/{place.name}/{volume_id}"),
        "VolumeId": volume_id,
        "VolumeType": "ONTAP",
    }
    return Volume(description, place.region)


def _windows(place: Place) -> Description:
    return {
        "ActiveDirectoryId": "d-9067a1b2c3",
        "AuditLogConfiguration": {"FileAccessAuditLogLevel": "DISABLED", "FileShareAccessAuditLogLevel": "DISABLED"},
        "CopyTagsToBackups": True,
        "DiskIopsConfiguration": {"Mode": "AUTOMATIC", "Iops": 3600},
        "PreferredFileServerIp": "10.0.1.12",
        "PreferredSubnetId": SUBNETS[0],
        "RemoteAdministrationEndpoint": place.dns_name,
        "ThroughputCapacity": 32,
    }


def _lustre(_: Place) -> Description:
    return {
        "CopyTagsToBackups": True,
        "DataCompressionType": "LZ4",
        "LogConfiguration": {"Level": "DISABLED"},
        "MountName": "fsx",
        "PerUnitStorageThroughput": 125,
    }


def _openzfs(_: Place) -> Description:
    return {
        "CopyTagsToBackups": True,
        "CopyTagsToVolumes": True,
        "DiskIopsConfiguration": {"Mode": "AUTOMATIC", "Iops": 3600},
        "RootVolumeId": new_id("fsvol"),
        "ThroughputCapacity": 160,
    }


def _ontap(place: Place) -> Description:
    def endpoint(role: str, address: str) -> Description:
        return {"DNSName": f"{role}.{place.dns_name}", "IpAddresses": [address]}

    return {
        "DiskIopsConfiguration": {"Mode": "AUTOMATIC", "Iops": 3600},
        "EndpointIpAddressRange": "198.19.255.0/24",
        "Endpoints": {
            "Intercluster": endpoint("intercluster", "10.0.1.20"),
            "Management": endpoint("management", "198.19.255.38"),
        },
        "HAPairs": 1,
        "PreferredSubnetId": SUBNETS[0],
        "RouteTableIds": ["rtb-0d1e2f3a4b5c6d7e8"],
        "ThroughputCapacity": 128,
        "ThroughputCapacityPerHAPair": 128,
    }


_KINDS: dict[str, tuple[str, str, Callable[[Place], Description]]] = {
    "WINDOWS": ("SINGLE_AZ_2", "WindowsConfiguration", _windows),
    "LUSTRE": ("PERSISTENT_2", "LustreConfiguration", _lustre),
    "OPENZFS": ("SINGLE_AZ_HA_2", "OpenZFSConfiguration", _openzfs),
    "ONTAP": ("MULTI_AZ_1", "OntapConfiguration", _ontap),
}
