"""The plugin's gRPC server, as the Pulumi engine calls it."""

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
from pulumi_fsx_dr.copies.names import camel_case
from pulumi_fsx_dr.copies.outputs import OUTPUTS, is_own
from pulumi_fsx_dr.engine.serving import end_with_the_engine, engine_at
from pulumi_fsx_dr.errors import FsxDrError
from pulumi_fsx_dr.fsx.backup import BACKUP_ID
from pulumi_fsx_dr.fsx.partitions import partition_of
from pulumi_fsx_dr.lifecycle.check import check
from pulumi_fsx_dr.lifecycle.create import create
from pulumi_fsx_dr.lifecycle.delete import delete
from pulumi_fsx_dr.lifecycle.diff import diff
from pulumi_fsx_dr.lifecycle.import_copy import import_copy
from pulumi_fsx_dr.lifecycle.read import read
from pulumi_fsx_dr.lifecycle.update import update
from pulumi_fsx_dr.session.session import Session

from . import config, differences
from .call import NativeCall
from .construct import construct
from .names import spoken
from .proofs import Proofs
from .schema import schema
from .values import UNKNOWN, Properties

_CLOSING_SECONDS = 5.0  # what pkg/host gives Cancel when it closes a plugin; after a Ctrl-C it gives 30
_RECORDING_SECONDS = 3.0  # of those; other plugins may have to share them
_CALLS_AT_ONCE = 1024  # more than the engine's --parallel ever asks for; threads start only when needed
_T = TypeVar("_T")


def _one_sentence(method: Callable[..., _T]) -> Callable[..., _T]:
    """Let every error reach the user as one sentence, and nothing hang the deployment."""

    @functools.wraps(method)
    def guarded(self: Any, request: Any, context: Any) -> _T:
        try:
            with self.under_way:
                return method(self, request, context)
        except FsxDrError as error:
            context.abort(grpc.StatusCode.UNKNOWN, spoken(str(error)))
        except (SystemExit, KeyboardInterrupt) as error:
            sentence = f"{method.__name__} was interrupted ({error!r}); run pulumi up again."
            context.abort(grpc.StatusCode.UNKNOWN, sentence)
        raise AssertionError  # abort has raised

    return guarded


class _UnderWay:
    """Counts the calls that are being served."""

    def __init__(self) -> None:
        self.calls = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self.calls += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.calls -= 1


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The provider `fsx-dr`.

    Args:
        engine: its address, or "" where none is known yet.
    """

    def __init__(self, engine: str = "") -> None:
        self.under_way = _UnderWay()
        self._engine = engine
        self._ending = threading.Event()
        self._session: Session | None = None
        self._proofs: Proofs | None = None

    def start(self, session: Session) -> None:
        """Serve with these collaborators."""
        self._session, self._proofs = session, Proofs(session, self._call_for)

    @property
    def session(self) -> Session:
        """What all calls share."""
        if self._session is None:
            raise FsxDrError("The provider fsx-dr was not configured yet: report this.")
        return self._session

    @property
    def proofs(self) -> Proofs:
        """What the engine is known to hold."""
        if self._proofs is None:
            raise FsxDrError("The provider fsx-dr was not configured yet: report this.")
        return self._proofs

    @_one_sentence
    def Handshake(self, request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Agree on what this plugin understands."""
        self._engine = request.engine_address or self._engine
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True, accept_outputs=True)

    @_one_sentence
    def Attach(self, request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Serve another engine; for a plugin that a person has started."""
        self._engine = request.address
        return Empty()

    @_one_sentence
    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Tell the version."""
        return plugin_pb2.PluginInfo(version=version("pulumi-fsx-dr"))

    @_one_sentence
    def GetSchema(self, _request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Return the schema."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema()))

    @_one_sentence
    def CheckConfig(self, request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Refuse a configuration that cannot be used."""
        news = _settings(request.news)
        if problems := config.problems(news):
            return provider_pb2.CheckResponse(failures=_failures(problems))
        request.news.update(config.chosen(news, _settings(request.olds)))
        return provider_pb2.CheckResponse(inputs=request.news)

    @_one_sentence
    def DiffConfig(self, request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Tell that the configuration may change: no copy is replaced for it."""
        return provider_pb2.DiffResponse(changes=differences.any_of(request.news != request.old_inputs))

    @_one_sentence
    def Configure(self, request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Take the configuration."""
        self.start(config.session_of(_settings(request.args)))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True, acceptOutputs=True
        )

    @_one_sentence
    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Fill in defaults and refuse what FSx would refuse."""
        news = Properties.of(request.news)
        olds = Properties.of(request.olds)
        checked = check(self._call(request, context), self.session, olds.values, news.values)
        return provider_pb2.CheckResponse(
            inputs=news.sent(checked.inputs),
            failures=_failures((camel_case(name), spoken(reason)) for name, reason in checked.problems),
        )

    @_one_sentence
    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Tell what a change of the arguments means, argument by argument."""
        olds, news = Properties.of(request.olds), Properties.of(request.news)
        found = diff(self._call(request, context), self.session, request.id, olds.values, news.values)
        self.proofs.shown(request.urn, request.id, olds.values, is_replaced=bool(found.replaced))
        return differences.response(found, Properties.of(request.old_inputs), olds, news)

    @_one_sentence
    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Make the copy, or pick up the one that an interrupted run started."""
        inputs = Properties.of(request.properties)
        call = self._call(request, context, inputs)
        if request.preview:
            foreseen = dict.fromkeys(OUTPUTS, UNKNOWN) | inputs.values
            return provider_pb2.CreateResponse(properties=call.sent(foreseen))
        created = create(call, self.session, inputs.values)
        self.proofs.answered(request.urn, created.id, created.outputs)
        return provider_pb2.CreateResponse(id=created.id, properties=call.sent(created.outputs))

    @_one_sentence
    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Look at the copy as it is."""
        outputs, inputs = Properties.of(request.properties), Properties.of(request.inputs)
        call = self._call(request, context, outputs)
        if is_own(outputs.values):
            backup_id, found = request.id, read(call, self.session, request.id, outputs.values)
        else:
            region, backup_id = self._place_of(request.id, outputs.values)
            found = import_copy(call, self.session, region, backup_id, outputs.values.get("nonce"))
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=backup_id, properties=call.sent(found.outputs), inputs=inputs.sent(found.inputs)
        )

    @_one_sentence
    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Change tags in place; a copy that was kept unfinished is first seen through."""
        olds, news = Properties.of(request.olds), Properties.of(request.news)
        call = self._call(request, context, news)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=call.sent(differences.foreseen(olds, news)))
        outputs = update(call, self.session, request.id, olds.values, news.values)
        return provider_pb2.UpdateResponse(properties=call.sent(outputs))

    @_one_sentence
    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Delete the copy if it still is this resource's own."""
        outputs = Properties.of(request.properties)
        delete(self._call(request, context), self.session, request.id, outputs.values)
        return Empty()

    @_one_sentence
    def Construct(self, request: Any, _context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Register a DrRegion and its copies."""
        return construct(request, self.session, self._engine)

    @_one_sentence
    def Cancel(self, _request: Any, context: Any) -> Any:  # noqa: N802  # Pulumi's name
        """Keep what runs and begin nothing more, at a Ctrl-C; record what was made, at the end of a deployment."""
        self._ending.set()
        if self._proofs and self._is_over(context.time_remaining()):
            self._proofs.is_over(_RECORDING_SECONDS)
        return Empty()

    def _is_over(self, seconds: float | None) -> bool:
        """Tell whether a Cancel comes at the end of a deployment, when all answers are written.

        A Ctrl-C's comes with more time, and what was answered just before may not be written yet. After it, the end's
        comes, too.
        """
        return self.under_way.calls == 1 and seconds is not None and seconds <= _CLOSING_SECONDS

    def _call(self, request: Any, context: Any, inputs: Properties | None = None) -> NativeCall:
        call = self._call_for(request.urn)
        call.timeout = getattr(request, "timeout", 0)
        call.preview = getattr(request, "preview", False)
        call.context, call.ending, call.on_kept = context, self._ending, self.proofs.answered
        call.inputs = inputs or Properties()
        told = self.session.ledger.told(request.urn)  # by the DrRegion that was constructed here
        call.held = (*self.proofs.held_as(request.urn), *told.held)
        call.knows_held = self.session.ledger.is_told(request.urn)
        return call

    def _call_for(self, urn: str) -> NativeCall:
        return NativeCall(urn=urn, engine=engine_at(self._engine))

    def _place_of(self, given: str, outputs: Mapping[str, Any]) -> tuple[str, str]:
        """Return Region and id of a copy to import: `REGION/backup-…`, or the id alone in the provider's Region."""
        region, _, backup_id = given.rpartition("/")
        region = region or outputs.get("region") or self.session.default_region({}) or ""
        if not region or not BACKUP_ID.fullmatch(backup_id):
            raise FsxDrError(f"{given!r} is not what to import: give REGION/backup-0123456789abcdef0.")
        partition_of(region)
        return region, backup_id


def _failures(problems: Iterable[tuple[str, str]]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in problems]


def _settings(struct: Any) -> Mapping[str, Any]:
    """Return settings by their own names, which the core never sees."""
    return {camel_case(name): value for name, value in Properties.of(struct).values.items()}


@contextmanager
def serving(provider: Provider) -> Iterator[int]:
    """Serve a provider and give its port."""
    pool = ThreadPoolExecutor(_CALLS_AT_ONCE, thread_name_prefix="call")
    server = grpc.server(pool, options=_GRPC_CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(0).wait()


def serve(engine: str) -> None:
    """Serve an engine until it ends this process, or ends itself."""
    with serving(Provider(engine)) as port:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        end_with_the_engine(engine)
        threading.Event().wait()
