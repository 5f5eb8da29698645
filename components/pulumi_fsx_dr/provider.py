"""The dynamic provider: what Pulumi's engine asks of a BackupCopy, in the engine's own order.

The pickled provider in users' state is this module and class by name, so `pulumi_fsx_dr.provider.BackupCopyProvider`
never moves, and it holds nothing: its collaborators belong to the process.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from . import arguments, host, process, tags
from .adopting import adopt
from .availability import may_be_ours, wait_until_available
from .copies import Copy, UnfinishedCopyError, Wanted, gone, mark_of, source_time
from .copying import Creation
from .differences import replacements, updates
from .errors import CopyError, FsxDrError, InvalidSettingsError, ServiceError
from .fsx import Backup, Credentials, default_region
from .host import Call
from .ownership import OFFERED_NONCE, Ownership, Recorded
from .patience import PATIENCE, patiently
from .process import Region
from .recording import change_tags, record, record_if_held
from .retiring import clear_away, clear_away_or_warn, retire, still_left

CREATE_TIMEOUT = 24 * 3600.0  # seconds
UPDATE_TIMEOUT = 600.0  # seconds
DELETE_TIMEOUT = 3600.0  # seconds


class BackupCopyProvider(ResourceProvider):
    """Copies of FSx backups, made by CopyBackup and removed by DeleteBackup."""

    serialize_as_secret_always = False  # the pickle is a name and holds no secret

    def configure(self, req: ConfigureRequest) -> None:
        """Take the stack's `aws:` settings; called once per process, whichever method comes first."""
        host.prepare()
        self._configure(req)

    @host.entry_point
    def _configure(self, req: ConfigureRequest) -> None:
        credentials = Credentials.from_config(req.config.get)
        process.start(process.Process(credentials, stack_region=req.config.get("aws:region")))

    @host.entry_point
    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Fill in defaults and refuse what FSx would refuse, before anything is changed."""
        given = {key: value for key, value in news.items() if key not in (host.PROVIDER_KEY, OFFERED_NONCE)}
        process.current().offer(host.call_under_way().urn, news.get(OFFERED_NONCE))
        try:
            process.poll_seconds()
            inputs = arguments.with_defaults(given, lambda: _region_for(_olds))
        except FsxDrError as error:
            return CheckResult(given, [CheckFailure("", str(error))])
        return CheckResult(inputs, [CheckFailure(*problem) for problem in arguments.problems(inputs)])

    @host.entry_point
    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Tell what a change of the arguments means: nothing, an update in place, or a replacement."""
        call = host.call_under_way()
        if region := _olds.get("region"):
            _region(region).held.add(_id)
        replaced = replacements(_olds, _news, lambda key: _key_arn(call, str(_olds.get("region")), key))
        changed = bool(replaced) or updates(_olds, _news) or _has_left(_olds)
        return DiffResult(changes=changed, replaces=replaced, delete_before_replace=False)

    @host.entry_point
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make the copy, or pick up the one that an interrupted run started, and return once it is AVAILABLE."""
        call = host.call_under_way()
        wanted = _wanted(props, call.timeout or CREATE_TIMEOUT)
        here, there = _region(wanted.region), _region(wanted.source_region)
        try:
            if adopted := props.get("adopt_backup_id"):
                copy = adopt(call, adopted, wanted, here, there)
            else:
                copy = Creation(call, wanted, here, there, process.current().take_offer(call.urn)).run()
        except UnfinishedCopyError as error:
            here.handed_out[error.copy.backup.id] = error.copy.ownership.nonce
            call.keep(error.copy.backup.id, _outputs(props, error.copy), str(error))
            raise
        here.handed_out[copy.backup.id] = copy.ownership.nonce
        return CreateResult(copy.backup.id, _outputs(props, copy))

    @host.entry_point
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Look at the copy as it is; it is gone only on a sure answer."""
        call = host.call_under_way()
        here = _region(props["region"])
        backup = _find(call, id_, here)
        if backup is None or backup.is_dead:
            _require_account(id_, props, here)
            return ReadResult(None, {})
        copy = _recorded(props, backup)
        record_if_held(call.urn, copy, here)
        live = tags.live(props.get("tags") or {}, backup.tags)
        inputs = {key: props[key] for key in arguments.NAMES if props.get(key) is not None} | {"tags": live}
        copy = replace(copy, superseded=still_left(copy.superseded, here))
        return ReadResult(id_, _outputs(inputs, copy), inputs)

    @host.entry_point
    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Change tags in place; for a copy that was kept unfinished, first see it through."""
        call = host.call_under_way()
        wanted = _wanted({**_news, "region": _olds["region"]}, call.timeout or CREATE_TIMEOUT)
        here = _region(wanted.region)
        backup = _find(call, _id, here)
        if backup is None or backup.lifecycle == "DELETED":
            _require_account(_id, _olds, here)
            call.keep(_id, {**_olds, "lifecycle": "DELETED"}, gone(_id, here.name))
            raise CopyError(gone(_id, here.name))
        copy = self._finished(call, _recorded(_olds, backup), wanted, here)
        change = tags.change(_olds.get("tags") or {}, wanted.tags, copy.backup.tags)
        timeout = call.timeout or UPDATE_TIMEOUT
        change_tags(call, copy.backup, change, here, here.clock.now() + timeout)
        left = clear_away_or_warn(call, copy.superseded, here, timeout)
        changed = _recorded(_olds, _find(call, _id, here) or copy.backup)
        return UpdateResult(_outputs(_news, replace(changed, superseded=left)))

    @host.entry_point
    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Delete the copy if it still is this resource's own, and return once it is gone."""
        call = host.call_under_way()
        here = _region(_props["region"])
        timeout = call.timeout or DELETE_TIMEOUT
        clear_away(call, _props.get("superseded") or {}, here, timeout)
        known = retire(call, _id, Ownership.of(_props), here, timeout)
        if not known:
            _require_account(_id, _props, here)

    def _finished(self, call: Call, copy: Copy, wanted: Wanted, here: Region) -> Copy:
        """See a copy through that is not recorded yet."""
        mark = mark_of(copy.backup)
        if isinstance(mark, Recorded) and copy.ownership.covers(mark) and copy.backup.is_available:
            return copy
        if mark is not None and not copy.ownership.covers(mark) and not may_be_ours(copy.backup, copy.token):
            raise CopyError(
                f"{copy.backup.id} in {here.name} now belongs to {mark.identity}: "
                "remove it from one of the two programs."
            )
        turn = here.copies.running_already()
        try:
            available = wait_until_available(call, copy, wanted, here, turn)
            return record(call, available, wanted, here, here.clock.now() + wanted.timeout)
        except UnfinishedCopyError as error:
            call.keep(copy.backup.id, _outputs(call.inputs, error.copy), str(error))
            raise
        except CopyError as error:
            dead = replace(copy, backup=replace(copy.backup, lifecycle="FAILED"))
            call.keep(copy.backup.id, _outputs(call.inputs, dead), str(error))
            raise
        finally:
            turn.end()


def _wanted(props: Mapping[str, Any], timeout: float) -> Wanted:
    return Wanted(
        source_backup_id=props["source_backup_id"],
        source_region=props["source_region"],
        region=props["region"],
        kms_key_id=props.get("kms_key_id"),
        copy_tags=bool(props.get("copy_tags")),
        tags=props.get("tags") or {},
        timeout=timeout,
    )


def _outputs(inputs: Mapping[str, Any], copy: Copy) -> dict[str, Any]:
    """Return every output; the engine keeps none that an update leaves out."""
    backup = copy.backup
    outputs = {
        **{name: inputs.get(name) for name in arguments.NAMES},
        "arn": backup.arn,
        "lifecycle": backup.lifecycle,
        "kms_key_arn": backup.kms_key_arn,
        "creation_time": _text(backup.creation_time),
        "source_creation_time": _text(copy.source_creation_time),
        "size_in_bytes": backup.size_in_bytes,
        "owner_id": backup.owner_id,
        "backup_type": backup.type,
        "file_system_id": backup.file_system_id,
        "file_system_type": backup.file_system_type,
        "tags_all": tags.visible(backup.tags),
        "nonce": copy.ownership.nonce,
        "token": copy.ownership.token,
        "superseded": dict(copy.superseded) or None,
    }
    return {name: value for name, value in outputs.items() if value is not None}


def _recorded(olds: Mapping[str, Any], backup: Backup) -> Copy:
    """Return a live backup as the copy that a state describes."""
    mark = mark_of(backup)
    known = mark.source_creation_time if mark else None
    return Copy(
        backup=backup,
        ownership=Ownership.of(olds),
        source_creation_time=known or source_time(olds),
        superseded=olds.get("superseded") or {},
    )


def _text(time: datetime | None) -> str | None:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else None


def _has_left(olds: Mapping[str, Any]) -> bool:
    """Tell whether an interrupted run left something that the next update is to remove; a preview must not fail."""
    with suppress(ServiceError):
        superseded = olds.get("superseded") or {}
        return bool(superseded and still_left(superseded, _region(olds["region"])))
    return False


def _find(call: Call, backup_id: str, here: Region) -> Backup | None:
    return patiently(call, here, here.clock.now() + PATIENCE, lambda: here.reads.find(backup_id))


def _require_account(backup_id: str, outputs: Mapping[str, Any], here: Region) -> None:
    """Refuse to take "not found" for an answer when it was given to another account.

    Raises:
        CopyError: the credentials are not of the account that owns the copy.
    """
    owner, account = outputs.get("owner_id"), here.fsx.account()
    if owner and owner != account:
        raise CopyError(
            f"{backup_id} in {here.name} belongs to account {owner}, but the AWS credentials are of {account}: "
            "use credentials of the copy's own account."
        )


def _key_arn(call: Call, region: str, kms_key_id: str) -> str | None:
    try:
        return _region(region).fsx.key_arn(kms_key_id)
    except (InvalidSettingsError, ServiceError) as error:
        call.warn(f"{kms_key_id} is taken to be the copy's present key, because it could not be looked up: {error}")
        return None


def _region(name: str) -> Region:
    return process.current().region(name)


def _region_for(olds: Mapping[str, Any]) -> str | None:
    """Return the Region to use where the program names none.

    A copy stays where it is if only the environment changes: a laptop's AWS_REGION must not move terabytes.
    """
    here = process.current()
    return here.stack_region or olds.get("region") or default_region(here.credentials)
