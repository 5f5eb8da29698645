"""The dynamic provider: what Pulumi's engine asks of a BackupCopy, in the engine's own order.

The pickled provider in users' state is this module and class by name, so `pulumi_fsx_dr.provider.BackupCopyProvider`
never moves, and it holds nothing: its collaborators belong to the process.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
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

from .copies import arguments, tags
from .copies.copy import Copy, UnfinishedCopyError, Wanted, gone, mark_of
from .copies.differences import replacements, updates
from .copies.outputs import described, known, outputs_of
from .copies.ownership import MARK_TAG
from .engine import host
from .engine.host import Call
from .errors import CopyError, FsxDrError, InvalidSettingsError, LostCopyError, ServiceError
from .fsx.backup import Backup
from .fsx.credentials import Credentials, default_region
from .lifecycle.adopt import OtherKeyError, adopt
from .lifecycle.delete import find_shown, leave_to, require_made, retire
from .lifecycle.make import Creation
from .lifecycle.tag import change_tags, record, record_kept, record_or_warn
from .lifecycle.wait import Watch, wait_until_available
from .session import session as process
from .session.ledger import TOLD, Ledger, Told
from .session.patience import PATIENCE, patiently
from .session.session import Region

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
    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Fill in defaults and refuse what FSx would refuse, before anything is changed."""
        urn, told, ledger = host.call_under_way().urn, Told.of(news), _ledger()
        given = {key: value for key, value in news.items() if key not in (host.PROVIDER_KEY, TOLD)}
        ledger.checked(urn, told, olds)
        former = olds or ledger.olds(urn) or _in_state(told, urn)
        try:
            process.poll_seconds()
            inputs = arguments.with_defaults(given, former, lambda: _region_for(former))
        except FsxDrError as error:
            return CheckResult(given, [CheckFailure("", str(error))])
        return CheckResult(inputs, [CheckFailure(*problem) for problem in arguments.problems(inputs)])

    @host.entry_point
    def diff(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Tell what a change of the arguments means: nothing, an update in place, or a replacement."""
        call = host.call_under_way()
        _ledger().shown(call.urn, id_, olds.get("nonce") or "")
        replaced = replacements(olds, news, lambda key: _key_arn(call, str(olds.get("region")), key))
        if replaced == ["kms_key_id"] and not _can_be_copied_again(call, id_, olds):
            replaced = []
        changed = bool(replaced) or updates(olds, news)
        return DiffResult(changes=changed, replaces=replaced, delete_before_replace=False)

    @host.entry_point
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make the copy, or pick up the one that an interrupted run started, and return once it is AVAILABLE."""
        call, ledger = host.call_under_way(), _ledger()
        wanted = _wanted(props, call.timeout or CREATE_TIMEOUT)
        here, there, told = _region(wanted.region), _region(wanted.source_region), ledger.told(call.urn)
        with _kept_if_unfinished(call, props):
            making = Creation(call, wanted, here, there, ledger, told)
            try:
                adopted = props.get("adopt_backup_id")
                copy = adopt(call, adopted, wanted, here, there, ledger, told) if adopted else making.run()
            except OtherKeyError:
                if adopted not in told.ids:
                    raise
                copy = making.run()  # what was adopted is to be replaced by one under another key
        ledger.made(call.urn, copy.backup.id, copy.ownership.nonce)
        return CreateResult(copy.backup.id, outputs_of(props, copy))

    @host.entry_point
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Look at the copy as it is; it is gone only on a sure answer."""
        call = host.call_under_way()
        here = _region(props["region"])
        _ledger().shown(call.urn, id_, props.get("nonce") or "")
        backup = find_shown(call, known(id_, props), here, here.clock.now() + (call.timeout or PATIENCE))
        if backup is None or backup.is_dead:
            _require_account(id_, props, here)
            return ReadResult(None, {})
        copy = _marked(call, described(props, backup), here)
        live = tags.live(props.get("tags") or {}, backup.tags)
        inputs = {key: props[key] for key in arguments.NAMES if props.get(key) is not None} | {"tags": live}
        return ReadResult(id_, outputs_of(inputs, copy), inputs)

    @host.entry_point
    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Change tags in place; for a copy that was kept unfinished, first see it through."""
        call = host.call_under_way()
        _ledger().shown(call.urn, id_, olds.get("nonce") or "")
        wanted = _wanted({**news, "region": olds["region"]}, call.timeout or CREATE_TIMEOUT)
        here = _region(wanted.region)
        timeout = call.timeout or UPDATE_TIMEOUT
        backup = find_shown(call, known(id_, olds), here, here.clock.now() + timeout)
        if backup is None or backup.lifecycle == "DELETED":
            _require_account(id_, olds, here)
            call.keep(id_, {**olds, "lifecycle": "DELETED"}, gone(id_, here.name))
            raise CopyError(gone(id_, here.name))
        copy = self._finish(call, described(olds, backup), wanted, here)
        if not copy.may_replace(mark_of(copy.backup)):
            call.warn(f"{_belongs_to_another(copy.backup)}: its tags are left to that one.")
            return UpdateResult(outputs_of(news, copy))
        change = tags.change(olds.get("tags") or {}, wanted.tags, copy.backup.tags)
        change_tags(call, copy.backup, change, here, here.clock.now() + timeout)
        return UpdateResult(outputs_of(news, described(olds, _find(call, id_, here) or copy.backup)))

    @host.entry_point
    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Delete the copy if it still is this resource's own, and return once it is gone."""
        call, ledger = host.call_under_way(), _ledger()
        here, copy = _region(props["region"]), known(id_, props)
        require_made(call, (props.get("volume_id") or "", props.get("file_system_id") or ""), id_, here, ledger)
        if holder := ledger.holder_beside(call.urn, id_, copy.ownership.nonce):
            leave_to(call, copy, here, holder)
        elif not retire(call, copy, here, here.clock.now() + (call.timeout or DELETE_TIMEOUT)):
            _require_account(id_, props, here)
        ledger.released(call.urn, id_)

    def _finish(self, call: Call, copy: Copy, wanted: Wanted, here: Region) -> Copy:
        """See a copy through that is not AVAILABLE or not recorded yet, unless it belongs to another by now."""
        mark = mark_of(copy.backup)
        if not copy.may_replace(mark):
            return copy
        if copy.backup.is_available:
            return record_or_warn(call, copy, here, here.clock.now() + PATIENCE)
        ledger = _ledger()
        ledger.making(call.urn, copy.backup.subject)
        watch = Watch(copy.ownership, marks=(mark,) if mark else (), seen=True)
        turn = here.copies.running_already(copy.backup.quota_group)
        with _kept_if_unfinished(call, call.inputs, dead=copy):
            try:
                copy = wait_until_available(call, copy, wanted, here, turn, watch)
            except UnfinishedCopyError as error:
                raise record_kept(call, error, here) from None
            finally:
                turn.end()
        ledger.made(call.urn, copy.backup.id, copy.ownership.nonce)
        return record_or_warn(call, copy, here, here.clock.now() + PATIENCE)


@contextmanager
def _kept_if_unfinished(call: Call, inputs: Mapping[str, Any], dead: Copy | None = None) -> Iterator[None]:
    """Have the engine keep a copy that FSx has accepted, and note that it was not made.

    Args:
        call: the create or update under way.
        inputs: the resource's inputs.
        dead: the copy that the state holds already, to be kept as FAILED if it comes to nothing.
    """
    try:
        yield
    except UnfinishedCopyError as error:
        _ledger().not_made(call.urn, error.copy.backup.subject)
        call.keep(error.copy.backup.id, outputs_of(inputs, error.copy), str(error))
        raise
    except Exception as error:
        _ledger().not_made(call.urn)
        if dead and isinstance(error, CopyError):
            failed = replace(dead, backup=replace(dead.backup, lifecycle="FAILED"))
            call.keep(dead.backup.id, outputs_of(inputs, failed), str(error))
        raise


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


def _marked(call: Call, copy: Copy, here: Region) -> Copy:
    """Record a copy of a state that an interrupted run left pending, or put its mark back; without permission not."""
    mark = mark_of(copy.backup)
    if MARK_TAG in copy.backup.tags and mark is None:
        return copy
    if copy.backup.is_available and copy.ownership.nonce and copy.may_replace(mark):
        with suppress(LostCopyError, ServiceError):
            return record(call, copy, here, 0)
    return copy


def _belongs_to_another(backup: Backup) -> str:
    mark = mark_of(backup)
    owner = mark.identity if mark else backup.tags.get(MARK_TAG)
    return f"{backup.id} in {backup.region} now belongs to {owner}, and this state holds it too"


def _find(call: Call, backup_id: str, here: Region) -> Backup | None:
    return patiently(call, here, here.clock.now() + PATIENCE, lambda: here.reads.find(backup_id))


def _can_be_copied_again(call: Call, backup_id: str, outputs: Mapping[str, Any]) -> bool:
    """Tell whether the source of a copy can be copied under another key; if not, the copy keeps the one it has."""
    source, region = outputs["source_backup_id"], outputs["source_region"]
    ledger = _ledger()
    try:
        ledger.require_light(region)
        found = process.current().source_region(region).source(source)
    except ServiceError as error:
        ledger.darkened(region, error)
        why = f"could not be looked up: {error}"
    else:
        if found and found.is_available:
            return True
        why = "is there no more."
    call.warn(f"{backup_id} in {outputs['region']} keeps its KMS key, because its source {source} in {region} {why}")
    return False


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
        call.warn(f"kms_key_id is taken to be the copy's present key, because it could not be looked up: {error}")
        return None


def _ledger() -> Ledger:
    return process.current().ledger


def _region(name: str) -> Region:
    return process.current().region(name)


def _in_state(told: Told, urn: str) -> Mapping[str, Any]:
    """Return where the state holds the copy, as the program tells it; `--replace` shows nothing of it."""
    held = told.entry(urn)
    return {"region": held.region, "source_region": held.source_region} if held else {}


def _region_for(former: Mapping[str, Any]) -> str | None:
    """Return the Region to use where the program names none.

    A copy stays where it is if only the environment changes: a laptop's AWS_REGION must not move terabytes.
    """
    here = process.current()
    return here.stack_region or former.get("region") or default_region(here.credentials)
