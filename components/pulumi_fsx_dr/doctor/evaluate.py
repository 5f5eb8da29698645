"""Findings about the first `pulumi up`: what would fail, and why."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pulumi_fsx_dr.copies.ownership import OWNERSHIP_TAG
from pulumi_fsx_dr.errors import AccessDeniedError, CredentialsError, ServiceError, TransientError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.diagnostics import CallerIdentity, KmsKey
from pulumi_fsx_dr.fsx.kms import KeyName
from pulumi_fsx_dr.fsx.quotas import COPIES_AT_ONCE, QUOTA_NAMES, USER_INITIATED_BACKUPS
from pulumi_fsx_dr.rules.copyable import obstacle
from pulumi_fsx_dr.rules.dr_arguments import Source
from pulumi_fsx_dr.rules.preview_notes import kind_of
from pulumi_fsx_dr.rules.sources import source_label

from .collect import Facts, RegionFacts
from .first_run import FirstRun, copied_backups, first_runs

Level = Literal["ok", "note", "fails", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        check: stable name of the check: `preview`, `credentials`, `region`, `key`, `source-key`, `permissions`,
            `source`, `quota` or `slots`.
        level: `fails` if `pulumi up` would fail or not copy anything, `unknown` if AWS did not answer.
        about: the Region, key or source.
    """

    check: str
    level: Level
    about: str
    message: str


def evaluate(facts: Facts) -> list[Finding]:
    checks = (_credentials, _regions, _keys, _permissions, _sources, _quotas, _slots)
    return [finding for check in checks for finding in check(facts)]


def _credentials(facts: Facts) -> Iterator[Finding]:
    identities = [one.identity for one in facts.regions.values() if isinstance(one.identity, CallerIdentity)]
    accounts = sorted({identity.account for identity in identities})
    if len(accounts) > 1:
        message = f"The credentials belong to several accounts ({', '.join(accounts)}). Use credentials of one account."
        yield Finding("credentials", "fails", "credentials", message)
    elif identities:
        message = f"Account {accounts[0]}, {identities[0].arn}."
        yield Finding("credentials", "ok", "credentials", message)


def _regions(facts: Facts) -> Iterator[Finding]:
    accepting = [name for name, one in facts.regions.items() if isinstance(one.identity, CallerIdentity)]
    for name, region in facts.regions.items():
        error = next((one for one in (region.identity, region.backups) if isinstance(one, ServiceError)), None)
        if error is None:
            yield Finding("region", "ok", name, f"Reachable. Backups: {len(region.known_backups)}.")
        elif isinstance(error, CredentialsError) and accepting:
            message = (
                f"The credentials work in {accepting[0]} but not in {name}. Enable {name} for the account. ({error})"
            )
            yield Finding("region", "fails", name, message)
        else:
            yield _failed("region", name, error)


def _keys(facts: Facts) -> Iterator[Finding]:
    for region, answers in facts.regions.items():
        of_copies = facts.configuration.keys_in(region)
        if None in of_copies and answers.answered:
            yield Finding("key", "ok", f"{region} key", "Copies use aws/fsx, the key that FSx manages.")
        for named, key in answers.keys.items():
            check, about = ("key", f"{region} key") if named in of_copies else ("source-key", f"{region} source key")
            if isinstance(key, KmsKey):
                is_fsx = named.endswith("alias/aws/fsx")
                level, message = _judge_key(key, region, is_managed_allowed=check == "source-key" or is_fsx)
                yield Finding(check, level, about, message)
            elif check == "source-key" and isinstance(key, AccessDeniedError):
                yield Finding(check, "note", about, f"The credentials may not describe this key. ({key})")
            else:
                yield _failed(check, about, key)


def _judge_key(key: KmsKey, region: str, *, is_managed_allowed: bool) -> tuple[Level, str]:
    name = KeyName.parse(key.arn)
    if name is None or name.region != region:
        return "fails", f"{key.arn} is not in {region}. Use a key in {region}."
    if (key.spec, key.usage) != ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"):
        return "fails", f"{key.arn} has spec {key.spec} and usage {key.usage}. FSx needs a symmetric encryption key."
    if key.state != "Enabled":
        return "fails", f"{key.arn} is {key.state}. Enable it, or use another key."
    if key.is_managed_by_aws and not is_managed_allowed:
        return "note", f"{key.arn} is an AWS managed key. FSx can use only aws/fsx: remove kms_key_id to use that one."
    return "ok", f"{key.arn} is enabled and symmetric."


def _permissions(facts: Facts) -> Iterator[Finding]:
    if facts.decisions is None:
        return
    if isinstance(facts.decisions, ServiceError):
        message = f"IAM's policy simulator cannot be used, so only read actions were checked. ({facts.decisions})"
        yield Finding("permissions", "note", "permissions", message)
        return
    denied = sorted(
        {(one.action, _place(one.resource), one.decision) for one in facts.decisions if one.decision != "allowed"}
    )
    for action, place, word in denied:
        message = f"{action} is not allowed{place} ({word}). Run `fsx-dr policy` to print the policy that allows it."
        if action.startswith("kms:"):
            yield Finding("permissions", "note", "permissions", f"{message} The key policy may allow it.")
        else:
            yield Finding("permissions", "fails", "permissions", message)
    if not denied:
        actions = {one.action for one in facts.decisions}
        yield Finding("permissions", "ok", "permissions", f"IAM allows all {len(actions)} actions of the policy.")


def _place(resource: str) -> str:
    return f" in {resource.split(':')[3]}" if resource.startswith("arn:") else ""


def _sources(facts: Facts) -> Iterator[Finding]:
    for source in facts.configuration.sources:
        name, region = source_label(source), facts.regions[source["region"]]
        exists = region.file_systems.get(name, True)
        if isinstance(exists, ServiceError) and not isinstance(exists, TransientError):
            yield Finding("source", "fails", name, str(exists))
        if region.answered:
            level, message = _judge_source(source, facts.backups_of(source), is_missing=exists is False)
            yield Finding("source", level, name, message)
        else:
            yield Finding("source", "unknown", name, f"Could not list the backups in {source['region']}.")


def _judge_source(source: Source, backups: list[Backup], *, is_missing: bool) -> tuple[Level, str]:
    region = source["region"]
    if "tags" in source:
        return "fails", f"No file system in {region} has these tags, so nothing is copied. Correct the tags."
    if not backups and (is_missing or "backup_id" in source):
        return "fails", f"This source does not exist in {region}. Correct its id or Region."
    points = [backup for group in copied_backups(source, backups) for backup in group]
    if not points:
        why = obstacle(backups) or "it cannot be copied"
        return "fails", f"{why[0].upper()}{why[1:]}."
    newest = max(points, key=lambda backup: backup.creation_time)
    skipped = Counter(backup.copy_obstacle for backup in backups if backup.copy_obstacle)
    left_out = "".join(f" Not copied: {number} ({why})." for why, number in skipped.items())
    message = f"Newest backup to copy: {newest.id}, created {newest.creation_time:%Y-%m-%d %H:%M} UTC.{left_out}"
    if newest.type == "AWS_BACKUP":
        return "note", f"{message} AWS Backup created it, so FSx may refuse to copy it."
    return "note" if skipped else "ok", message


def _quotas(facts: Facts) -> Iterator[Finding]:
    for run in first_runs(facts):
        for kind in sorted({kind_of(one.backups[0]) for one in run.planned}):
            yield _quota(run, kind, facts.regions[run.region])


def _quota(run: FirstRun, kind: str, region: RegionFacts) -> Finding:
    # The quota counts copies and backups of AWS Backup, but not automatic backups.
    present = [b for b in region.known_backups if kind_of(b) == kind and b.type != "AUTOMATIC" and not b.is_dead]
    own = Counter(b.subject for b in present if b.source_backup_id and OWNERSHIP_TAG in b.tags)
    planned = [
        (one, limit) for one, limit in zip(run.planned, run.limits, strict=True) if kind_of(one.backups[0]) == kind
    ]
    more = sum(max(limit - own[one.backups[0].subject], 0) for one, limit in planned)
    now = min(more, sum(kind_of(backup) == kind for backup in run.backups))
    # A new copy is made before the old one is deleted.
    spare = len({one.backups[0].subject for one, _ in planned})
    total, (allowed, origin) = len(present) + more + spare, _allowed(kind, region)
    message = (
        f"User-initiated {kind} backups: {len(present)} exist, the next run adds {now}, later runs add up to "
        f"{more - now}, and {spare} more while new copies replace old ones. "
        f"Total: {total}. Quota: {allowed} ({origin})."
    )
    if allowed is None:
        return Finding("quota", "note", f"{run.region} quota", f"The quota for {kind} backups is not known.")
    if total > allowed:
        message += f' Ask AWS to raise the quota "{QUOTA_NAMES.get(kind, kind)}", or lower keep.'
        return Finding("quota", "fails", f"{run.region} quota", message)
    return Finding("quota", "ok", f"{run.region} quota", message)


def _allowed(kind: str, region: RegionFacts) -> tuple[int | None, str]:
    in_force = {} if isinstance(region.quotas, ServiceError) else region.quotas
    if (name := QUOTA_NAMES.get(kind, "")) in in_force:
        return in_force[name], "Service Quotas"
    return USER_INITIATED_BACKUPS.get(kind), "default quota"


def _slots(facts: Facts) -> Iterator[Finding]:
    for region in facts.configuration.sources_of:
        if running := sum(backup.is_running_copy for backup in facts.regions[region].known_backups):
            message = f"{running} of {COPIES_AT_ONCE} copy slots are in use. New copies may have to wait for a slot."
            yield Finding("slots", "note", f"{region} slots", message)


def _failed(check: str, about: str, error: ServiceError) -> Finding:
    return Finding(check, "unknown" if isinstance(error, TransientError) else "fails", about, str(error))
