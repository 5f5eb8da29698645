"""The gRPC server of the plugin."""

import functools
import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc
from pulumi_fsx_dr.copies.messages import missing_alias_text
from pulumi_fsx_dr.copies.names import camel_case
from pulumi_fsx_dr.copies.outputs import OUTPUTS
from pulumi_fsx_dr.copies.state_copy import StateCopy
from pulumi_fsx_dr.engine.grpc_call import end_with_the_engine, engine_at
from pulumi_fsx_dr.errors import FsxDrError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID
from pulumi_fsx_dr.fsx.partitions import require_fsx_region
from pulumi_fsx_dr.lifecycle.check import check
from pulumi_fsx_dr.lifecycle.create import create
from pulumi_fsx_dr.lifecycle.delete import delete
from pulumi_fsx_dr.lifecycle.diff import diff
from pulumi_fsx_dr.lifecycle.import_copy import import_copy
from pulumi_fsx_dr.lifecycle.read import read
from pulumi_fsx_dr.lifecycle.update import update
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime

from . import config, differences
from .call import NativeCall
from .construct import construct
from .names import for_all_languages
from .schema import schema
from .values import UNKNOWN, Properties

_PARALLEL_CALLS = 1024  # more than a sensible --parallel of the engine; threads start only when needed
_T = TypeVar("_T")


def _report_errors(method: Callable[..., _T]) -> Callable[..., _T]:
    """Report errors without a traceback. A call that does not end would block the deployment."""

    @functools.wraps(method)
    def guarded(self: Any, request: Any, context: Any) -> _T:
        try:
            return method(self, request, context)
        except FsxDrError as error:
            context.abort(grpc.StatusCode.UNKNOWN, for_all_languages(str(error)))
        except (SystemExit, KeyboardInterrupt) as error:
            message = f"{method.__name__} was interrupted ({error!r}). Run `pulumi up` again."
            context.abort(grpc.StatusCode.UNKNOWN, message)
        raise AssertionError  # not reached: abort raises

    return guarded


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The provider `fsx-dr`. `engine` is the address of the engine, if known."""

    def __init__(self, engine: str = "") -> None:
        self._engine = engine
        self._ending = threading.Event()
        self._owner_id = ""
        self._runtime: ProviderRuntime | None = None
        self._settings: Mapping[str, Any] = {}

    def start(self, runtime: ProviderRuntime, owner_id: str, settings: Mapping[str, Any] | None = None) -> None:
        self._runtime, self._owner_id, self._settings = runtime, owner_id, settings or {}

    @property
    def runtime(self) -> ProviderRuntime:
        if self._runtime is None:
            raise FsxDrError("Internal error: the provider fsx-dr is not configured. Please report this.")
        return self._runtime

    @_report_errors
    def Handshake(self, request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        self._engine = request.engine_address or self._engine
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True, accept_outputs=True)

    @_report_errors
    def Attach(self, request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        self._engine = request.address
        return Empty()

    @_report_errors
    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        return plugin_pb2.PluginInfo(version=version("pulumi-fsx-dr"))

    @_report_errors
    def GetSchema(self, _request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema()))

    @_report_errors
    def CheckConfig(self, request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        news = _settings(request.news)
        if problems := config.problems(news):
            # Without the name of the property: the engine would show its value, even if it is secret.
            return provider_pb2.CheckResponse(failures=_failures(("", problem) for problem in problems))
        request.news.update(config.chosen(news, _settings(request.olds)))
        return provider_pb2.CheckResponse(inputs=request.news)

    @_report_errors
    def DiffConfig(self, request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Return whether settings changed. A changed setting does not replace copies."""
        return provider_pb2.DiffResponse(changes=differences.any_of(request.news != request.old_inputs))

    @_report_errors
    def Configure(self, request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        if not request.id:
            # Older ones than 3.154 do not send the id.
            raise FsxDrError("fsx-dr needs the Pulumi CLI 3.246 or later. Update the CLI.")
        settings = _settings(request.args)
        self.start(config.new_runtime(settings), config.owner_id_of(request.id, request.urn), settings)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True, acceptOutputs=True
        )

    @_report_errors
    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Check the arguments of a copy, and add defaults."""
        news = Properties.of(request.news)
        olds = Properties.of(request.olds)
        checked = check(self._call(request, context), self.runtime, olds.values, news.values)
        return provider_pb2.CheckResponse(
            inputs=news.sent(checked.inputs),
            failures=_failures((camel_case(name), for_all_languages(reason)) for name, reason in checked.problems),
        )

    @_report_errors
    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Return the changed arguments, and whether they update or replace the copy."""
        olds, news = Properties.of(request.olds), Properties.of(request.news)
        state = StateCopy.read(request.urn, request.id, olds.values)
        found = diff(self._call(request, context), self.runtime, state, news.values)
        return differences.response(found, Properties.of(request.old_inputs), olds, news)

    @_report_errors
    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Make a copy, or resume a copy that an interrupted run started."""
        inputs = Properties.of(request.properties)
        call = self._call(request, context, inputs)
        if request.preview:
            self._warn_of_missing_alias(call, inputs)
            outputs = dict.fromkeys(OUTPUTS, UNKNOWN) | inputs.values
            return provider_pb2.CreateResponse(properties=call.sent(outputs))
        created = create(call, self.runtime, inputs.values)
        return provider_pb2.CreateResponse(id=created.id, properties=call.sent(created.outputs))

    @_report_errors
    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Read the copy, or import it."""
        outputs, inputs = Properties.of(request.properties), Properties.of(request.inputs)
        call = self._call(request, context, outputs)
        if outputs.values:
            state = StateCopy.read(request.urn, request.id, outputs.values)
            backup_id, found = request.id, read(call, self.runtime, state)
        else:
            region, backup_id = self._parse_import_id(request.id)
            found = import_copy(call, self.runtime, region, backup_id)
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=backup_id, properties=call.sent(found.outputs), inputs=inputs.sent(found.inputs)
        )

    @_report_errors
    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Update the tags of a copy. An unfinished copy is finished first."""
        olds, news = Properties.of(request.olds), Properties.of(request.news)
        call = self._call(request, context, news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=call.sent(differences.foreseen(olds, news)))
        state = StateCopy.read(request.urn, request.id, olds.values)
        outputs = update(call, self.runtime, state, news.values)
        return provider_pb2.UpdateResponse(properties=call.sent(outputs))

    @_report_errors
    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Delete a copy, if it still belongs to this resource."""
        outputs = Properties.of(request.properties)
        state = StateCopy.read(request.urn, request.id, outputs.values)
        delete(self._call(request, context), self.runtime, state)
        return Empty()

    @_report_errors
    def Construct(self, request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        config.require_same_account(self._settings, request.config)
        return construct(request, self.runtime, self._owner_id, self._engine)

    @_report_errors
    def Cancel(self, _request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """End the run: write running copies into the state, and start no new ones."""
        self._ending.set()
        return Empty()

    def _call(self, request: Any, context: Any, inputs: Properties | None = None) -> NativeCall:
        hints = self.runtime.checked.hints.get(request.urn)  # of the DrRegion that this process constructed
        return NativeCall(
            urn=request.urn,
            timeout=getattr(request, "timeout", 0),
            preview=getattr(request, "preview", False),
            owner_id=self._owner_id,
            state=hints.state if hints else (),
            knows_state=hints is not None,
            expired=hints.expired if hints else (),
            siblings=hints.siblings if hints else (),
            context=context,
            engine=engine_at(self._engine),
            inputs=inputs or Properties(),
            ending=self._ending,
        )

    def _warn_of_missing_alias(self, call: NativeCall, inputs: Properties) -> None:
        """Warn of a new copy with an alias that does not exist.

        It is not refused: in a preview, the name of an alias that the program creates is known, too.
        """
        region, key = inputs.values.get("region"), inputs.values.get("kms_key_id")
        if not (isinstance(region, str) and isinstance(key, str)) or "kms_key_id" in inputs.secrets:
            return
        # The copies of a DrRegion are checked when it is planned.
        if call.urn not in self.runtime.checked.hints and self.runtime.region(region).lacks_alias(key):
            call.warn(missing_alias_text(key, region, f"BackupCopy {call.name}"))

    def _parse_import_id(self, given: str) -> tuple[str, str]:
        """Parse `REGION/backup-…`. The default Region is that of the provider."""
        region, _, backup_id = given.rpartition("/")
        region = region or self.runtime.default_region({}) or ""
        if not region or not BACKUP_ID.fullmatch(backup_id):
            raise FsxDrError(
                f"{given!r} is not an import id. Use REGION/BACKUP, such as eu-west-1/backup-0123456789abcdef0."
            )
        require_fsx_region(region, "The Region of the id")
        return region, backup_id


def _failures(problems: Iterable[tuple[str, str]]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in problems]


def _settings(struct: Any) -> Mapping[str, Any]:
    return {camel_case(name): value for name, value in Properties.of(struct).values.items()}


@contextmanager
def serving(provider: Provider) -> Iterator[int]:
    pool = ThreadPoolExecutor(_PARALLEL_CALLS, thread_name_prefix="call")
    server = grpc.server(pool, options=_GRPC_CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(0).wait()


def serve(engine: str) -> None:
    with serving(Provider(engine)) as port:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        end_with_the_engine(engine)
        threading.Event().wait()
