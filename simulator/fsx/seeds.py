"""Seeded file systems and volumes; descriptions have the same members as recorded ones."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from simulator.fsx.records import Description, FileSystem, Volume
from simulator.fsx.regions import ACCOUNT_ID, arn, new_id

_SUBNETS = ["subnet-0b1c2d3e4f5a6b7c8", "subnet-0c2d3e4f5a6b7c8d9"]
ROOT_VOLUME = "fsx_root"
_BACKUPS: Description = {
    "AutomaticBackupRetentionDays": 7,
    "DailyAutomaticBackupStartTime": "02:00",
    "WeeklyMaintenanceStartTime": "7:04:00",
}


@dataclass(frozen=True)
class Seed:
    """Region, id, creation time (seconds since 1970) and key (ARN) of a file system."""

    region: str
    file_system_id: str
    created: float
    kms_key: str

    @property
    def dns_name(self) -> str:
        """Return the file system's DNS name."""
        return f"{self.file_system_id}.fsx.{self.region}.amazonaws.com"


def file_system(seed: Seed, kind: str, deployment: str | None, storage_type: str = "SSD") -> FileSystem:
    """Return a file system of type WINDOWS, LUSTRE, OPENZFS or ONTAP; `deployment` defaults to a common one.

    Raises:
        ValueError: If the type is unknown.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind} is not a file system type. Choose from: {', '.join(KINDS)}.")
    usual, member, configure = KINDS[kind]
    deployed_as = deployment or usual
    subnets = _SUBNETS if deployed_as.startswith("MULTI_AZ") else _SUBNETS[:1]
    description = _placed(seed, subnets) | {
        "FileSystemType": kind,
        "StorageCapacity": 1200,
        "StorageType": storage_type,
        member: _BACKUPS | {"DeploymentType": deployed_as} | configure(seed),
    }
    if kind == "LUSTRE":
        description["FileSystemTypeVersion"] = "2.15"
    if kind == "ONTAP":
        del description["DNSName"]
    return FileSystem(description, seed.kms_key, {})


def _placed(seed: Seed, subnets: list[str]) -> Description:
    """Return the members of a description that depend on the seed."""
    return {
        "OwnerId": ACCOUNT_ID,
        "CreationTime": seed.created,
        "FileSystemId": seed.file_system_id,
        "VpcId": "vpc-0a1b2c3d4e5f6a7b8",
        "SubnetIds": subnets,
        "NetworkInterfaceIds": ["eni-0c1d2e3f4a5b6c7d8"],
        "DNSName": seed.dns_name,
        "KmsKeyId": seed.kms_key,
        "ResourceARN": arn("fsx", seed.region, ACCOUNT_ID, f"file-system/{seed.file_system_id}"),
    }


def volume(seed: Seed, name: str, style: str) -> Volume:
    """Return a volume of an ONTAP file system; `style` is FLEXVOL or FLEXGROUP."""
    is_root = name == ROOT_VOLUME
    volume_id = new_id("fsvol")
    tiering: Description = {"Name": "NONE"} if is_root else {"CoolingPeriod": 31, "Name": "AUTO"}
    ontap = {
        "FlexCacheEndpointType": "NONE",
        "JunctionPath": "/" if is_root else f"/{name}",
        "SecurityStyle": "UNIX",
        "SizeInMegabytes": 1024 if is_root else 102400,
        "StorageEfficiencyEnabled": False,
        "StorageVirtualMachineId": f"svm-{seed.file_system_id.removeprefix('fs-'):0>17}",
        "StorageVirtualMachineRoot": is_root,
        "TieringPolicy": tiering,
        "UUID": str(uuid4()),
        "OntapVolumeType": "RW",
    }
    description = {
        "CreationTime": seed.created,
        "FileSystemId": seed.file_system_id,
        "Lifecycle": "CREATED",
        "Name": name,
        "OntapConfiguration": ontap | ({"VolumeStyle": style} if style == "FLEXGROUP" else {}),
        "ResourceARN": arn("fsx", seed.region, ACCOUNT_ID, f"volume/{seed.file_system_id}/{volume_id}"),
        "VolumeId": volume_id,
        "VolumeType": "ONTAP",
    }
    return Volume(description, seed.region)


def _windows(seed: Seed) -> Description:
    return {
        "ActiveDirectoryId": "d-9067a1b2c3",
        "AuditLogConfiguration": {"FileAccessAuditLogLevel": "DISABLED", "FileShareAccessAuditLogLevel": "DISABLED"},
        "CopyTagsToBackups": True,
        "DiskIopsConfiguration": {"Mode": "AUTOMATIC", "Iops": 3600},
        "PreferredFileServerIp": "10.0.1.12",
        "PreferredSubnetId": _SUBNETS[0],
        "RemoteAdministrationEndpoint": seed.dns_name,
        "ThroughputCapacity": 32,
    }


def _lustre(_: Seed) -> Description:
    return {
        "CopyTagsToBackups": True,
        "DataCompressionType": "LZ4",
        "LogConfiguration": {"Level": "DISABLED"},
        "MountName": "fsx",
        "PerUnitStorageThroughput": 125,
    }


def _openzfs(_: Seed) -> Description:
    return {
        "CopyTagsToBackups": True,
        "CopyTagsToVolumes": True,
        "DiskIopsConfiguration": {"Mode": "AUTOMATIC", "Iops": 3600},
        "RootVolumeId": new_id("fsvol"),
        "ThroughputCapacity": 160,
    }


def _ontap(seed: Seed) -> Description:
    def endpoint(role: str, address: str) -> Description:
        return {"DNSName": f"{role}.{seed.dns_name}", "IpAddresses": [address]}

    return {
        "DiskIopsConfiguration": {"Mode": "AUTOMATIC", "Iops": 3600},
        "EndpointIpAddressRange": "198.19.255.0/24",
        "Endpoints": {
            "Intercluster": endpoint("intercluster", "10.0.1.20"),
            "Management": endpoint("management", "198.19.255.38"),
        },
        "HAPairs": 1,
        "PreferredSubnetId": _SUBNETS[0],
        "RouteTableIds": ["rtb-0d1e2f3a4b5c6d7e8"],
        "ThroughputCapacity": 128,
        "ThroughputCapacityPerHAPair": 128,
    }


KINDS: dict[str, tuple[str, str, Callable[[Seed], Description]]] = {
    "WINDOWS": ("SINGLE_AZ_2", "WindowsConfiguration", _windows),
    "LUSTRE": ("PERSISTENT_2", "LustreConfiguration", _lustre),
    "OPENZFS": ("SINGLE_AZ_HA_2", "OpenZFSConfiguration", _openzfs),
    "ONTAP": ("MULTI_AZ_1", "OntapConfiguration", _ontap),
}
