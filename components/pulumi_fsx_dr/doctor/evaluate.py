"""What would fail in the first `up`, judged by what AWS answered; a pure judgement."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pulumi_fsx_dr.errors import AccessDeniedError, CredentialsError, ServiceError, TransientError
from pulumi_fsx_dr.fsx.backup import Backup
from pulumi_fsx_dr.fsx.diagnostics import Decision, Identity, Key
from pulumi_fsx_dr.fsx.kms import KeyName
from pulumi_fsx_dr.fsx.partitions import partition_of
from pulumi_fsx_dr.fsx.quotas import COPIES_AT_ONCE, QUOTA_NAMES, USER_INITIATED_BACKUPS
from pulumi_fsx_dr.rules.copy_size import Series, series
from pulumi_fsx_dr.rules.copyable import obstacle
from pulumi_fsx_dr.rules.dr_arguments import KEEP, Source
from pulumi_fsx_dr.rules.retention import Keep
from pulumi_fsx_dr.rules.sources import source_label

from .collect import Answer, Configuration, RegionAnswers, Survey, of_source
from .first_run import FirstRun, recovery_points

Verdict = Literal["ok", "note", "fails", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination.

    Attributes:
        verdict: `fails` if `up` would fail or copy nothing, `unknown` if that could not be asked.
        about: a Region, key or source, or what else was looked at.
        said: what was found, in a sentence.
    """

    verdict: Verdict
    about: str
    said: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings, and what the first run copies into each DR Region that answers."""

    findings: list[Finding]
    runs: list[FirstRun]

    @property
    def exit_code(self) -> int:
        """0 if nothing stands in the way, 1 if something would fail, 2 if something could not be asked."""
        verdicts = {finding.verdict for finding in self.findings}
        return 1 if "fails" in verdicts else 2 if "unknown" in verdicts else 0


def diagnose(configuration: Configuration, seen: Survey) -> Diagnosis:
    """Judge what AWS answered of a configuration."""
    runs = [
        _first_run(region, configuration, seen)
        for region in configuration.regions
        if _has_answered(seen.answers[region])
    ]
    findings = [
        *_credentials(seen.answers),
        *_partitions(configuration),
        *(finding for name in configuration.names for finding in _region(name, seen.answers)),
        *(finding for name in configuration.names for finding in _keys(name, configuration, seen.answers[name])),
        *_permissions(seen.decisions),
        *(finding for source in configuration.sources for finding in _source(source, seen.answers[source["region"]])),
        *(finding for run in runs for finding in _room(run, seen.answers[run.region])),
    ]
    return Diagnosis(findings, runs)


def _credentials(answers: Mapping[str, RegionAnswers]) -> Iterator[Finding]:
    identities = [one.identity for one in answers.values() if isinstance(one.identity, Identity)]
    accounts = {identity.account for identity in identities}
    if len(accounts) > 1:
        yield Finding("fails", "credentials", f"They are of several accounts, {_listed(accounts)}: use those of one.")
    elif identities:
        yield Finding("ok", "credentials", f"Account {identities[0].account}, as {identities[0].arn}.")


def _partitions(configuration: Configuration) -> Iterator[Finding]:
    partitions = {partition_of(name) for name in configuration.names}
    if len(partitions) > 1:
        said = f"They are of several, {_listed(partitions)}: FSx copies no backups between partitions."
        yield Finding("fails", "partitions", said)


def _region(name: str, answers: Mapping[str, RegionAnswers]) -> Iterator[Finding]:
    for answer in (answers[name].identity, answers[name].backups):
        if isinstance(answer, ServiceError):
            yield _unasked(name, _opted_out(answer, answers) or str(answer), answer)
            return
    yield Finding("ok", name, f"It is enabled and answers; {len(answers[name].listed)} backups are there.")


def _opted_out(error: ServiceError, answers: Mapping[str, RegionAnswers]) -> str | None:
    """Say so if the credentials that this Region does not know are good elsewhere."""
    others = [other for other, one in answers.items() if isinstance(one.identity, Identity)]
    if not isinstance(error, CredentialsError) or not others:
        return None
    return f"It does not know the credentials that {others[0]} knows: enable the Region for the account. ({error})"


def _keys(region: str, configuration: Configuration, answers: RegionAnswers) -> Iterator[Finding]:
    of_copies = configuration.keys_of(region)
    if None in of_copies and _has_answered(answers):
        yield Finding("ok", f"{region} key", "Copies get the key that FSx manages, aws/fsx.")
    for named, answer in answers.keys.items():
        about = f"{region} key" if named in of_copies else f"{region} source key"
        if isinstance(answer, Key):
            yield _key(about, named, answer, region)
        elif named not in of_copies and isinstance(answer, AccessDeniedError):
            yield Finding("note", about, f"Not allowed to look at it. ({answer})")
        else:
            yield _unasked(about, str(answer), answer)


def _key(about: str, named: str, key: Key, region: str) -> Finding:
    found = KeyName.parse(key.arn)
    if found is None or found.region != region:
        return Finding("fails", about, f"{key.arn} is not of {region}: name a key of {region}.")
    if (key.spec, key.usage) != ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"):
        said = f"{key.arn} is {key.spec} for {key.usage}: FSx encrypts with symmetric keys only."
        return Finding("fails", about, said)
    if key.state != "Enabled":
        return Finding("fails", about, f"{key.arn} is {key.state}: enable it, or name another.")
    if key.is_managed_by_aws and about == f"{region} key" and not named.endswith("alias/aws/fsx"):
        said = f"AWS manages {key.arn}: FSx can use it only if it is aws/fsx; leave the key out to have that one."
        return Finding("note", about, said)
    return Finding("ok", about, f"{key.arn} is enabled and symmetric.")


def _permissions(decisions: Answer[Iterable[Decision]] | None) -> Iterator[Finding]:
    if decisions is None:
        return
    if isinstance(decisions, ServiceError):
        said = f"IAM was not asked whether the policy's actions are allowed; reading was tried. ({decisions})"
        yield Finding("note", "permissions", said)
        return
    listed = list(decisions)
    denied = sorted({(one.action, _place(one.resource), one.word) for one in listed if one.word != "allowed"})
    for action, place, word in denied:
        said = f"IAM does not allow {action}{place} ({word}): fsx-dr policy prints what is needed."
        if action.startswith("kms:"):
            yield Finding("note", "permissions", f"{said} The key's own policy may allow it.")
        else:
            yield Finding("fails", "permissions", said)
    if not denied:
        yield Finding("ok", "permissions", f"IAM allows the policy's {len({one.action for one in listed})} actions.")


def _place(resource: str) -> str:
    return f" in {resource.split(':')[3]}" if resource.startswith("arn:") else ""


def _source(source: Source, answers: RegionAnswers) -> Iterator[Finding]:
    name = source_label(source)
    exists = answers.file_systems.get(name, True)
    if isinstance(exists, ServiceError) and not isinstance(exists, TransientError):
        yield Finding("fails", name, str(exists))
    if not _has_answered(answers):
        yield Finding("unknown", name, f"{source['region']} did not tell its backups.")
        return
    if "tags" in source:
        said = f"No file system in {source['region']} has these tags, or none is shown, so nothing would be copied."
        yield Finding("fails", name, said)
        return
    backups = of_source(source, answers.listed)
    if backups:
        yield _backups(name, source, backups)
        return
    there = "There is no such file system or backup" if exists is False or "backup_id" in source else "It has no backup"
    yield Finding("fails", name, f"{there} in {source['region']}, so nothing would be copied.")


def _backups(name: str, source: Source, backups: list[Backup]) -> Finding:
    points = [backup for series in _points(source, backups) for backup in series]
    if points:
        newest = max(points, key=lambda backup: backup.creation_time)
        passed_over = Counter(backup.copy_obstacle for backup in backups if backup.copy_obstacle)
        left_out = "".join(f" {number} are left out: {why}." for why, number in passed_over.items())
        said = f"The newest that can be copied is {newest.id} of {newest.creation_time:%Y-%m-%d %H:%M} UTC.{left_out}"
        return Finding("note" if passed_over else "ok", name, said)
    why = obstacle(backups) or "it cannot be copied"
    return Finding("fails", name, f"{why[0].upper()}{why[1:]}.")


def _points(source: Source, backups: list[Backup], keep: Keep = KEEP) -> list[list[Backup]]:
    if "backup_id" in source:
        return [[one] for one in backups if one.is_available and one.type != "AWS_BACKUP" and not one.copy_obstacle]
    return recovery_points(backups, source.get("keep", keep))


def _first_run(region: str, configuration: Configuration, seen: Survey) -> FirstRun:
    args, answers = configuration.regions[region], seen.answers[region]
    keep = args.get("keep", KEEP)
    found: list[Series] = []
    for source in configuration.sources:
        key = answers.keys.get(configuration.key_of(source, region) or "")
        points = _points(source, of_source(source, seen.answers[source["region"]].listed), keep)
        # Without a key of its own it is the one that FSx manages, which copies there cannot be told to have.
        found += series(key.arn if isinstance(key, Key) else None, points, answers.listed)
    return FirstRun(region, found)


def _room(run: FirstRun, answers: RegionAnswers) -> Iterator[Finding]:
    # The quota counts all but automatic backups, so copies and those of AWS Backup, too.
    present = Counter(b.file_system_type for b in answers.listed if b.type != "AUTOMATIC" and not b.is_dead)
    for kind, more in Counter(backup.file_system_type for backup in run.backups).items():
        allowed, origin = _quota(kind or "", answers)
        if allowed is None:
            yield Finding("note", f"{run.region} quota", f"FSx does not tell the type of {more} backups to copy.")
            continue
        together = present[kind] + more
        said = f"{present[kind]} user-initiated {kind} backups and {more} more are {together} of {allowed} ({origin})"
        if together > allowed:
            yield Finding("fails", f"{run.region} quota", f"{said}: have AWS raise it, or keep fewer.")
        else:
            yield Finding("ok", f"{run.region} quota", f"{said}.")
    running = sum(backup.is_running_copy for backup in answers.listed)
    if running:
        said = f"{running} copies run, of {COPIES_AT_ONCE} at once: the first ones wait their turn."
        yield Finding("note", f"{run.region} slots", said)


def _quota(kind: str, answers: RegionAnswers) -> tuple[int | None, str]:
    """Return how many backups are allowed, and who says so."""
    in_force = {} if isinstance(answers.quotas, ServiceError) else answers.quotas
    if (name := QUOTA_NAMES.get(kind)) in in_force:
        return in_force[str(name)], "Service Quotas"
    return USER_INITIATED_BACKUPS.get(kind), "the user guide, unless raised"


def _unasked(about: str, said: str, error: ServiceError) -> Finding:
    return Finding("unknown" if isinstance(error, TransientError) else "fails", about, said)


def _has_answered(answers: RegionAnswers) -> bool:
    return not isinstance(answers.identity, ServiceError) and not isinstance(answers.backups, ServiceError)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
