"""State entries stay readable in later versions of the package, and contain no secrets."""

import base64
import pickle
import threading
from functools import partial
from typing import Any

import boto3
import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi_fsx_dr import BackupCopy, provider
from pulumi_fsx_dr.copies import arguments
from pulumi_fsx_dr.errors import FsxDrError
from pulumi_fsx_dr.fsx import partitions
from pulumi_fsx_dr.fsx.aws_settings import AwsSettings
from pulumi_fsx_dr.fsx.client import FsxRegion
from pulumi_fsx_dr.fsx.credentials import Credentials
from pulumi_fsx_dr.provider import BackupCopyProvider
from pulumi_fsx_dr.runtime.hints import HINTS
from pulumi_fsx_dr.runtime.provider_runtime import ProviderRuntime
from pulumi_fsx_dr.runtime.work import LISTED_WITHIN

from simulator.fsx import FsxService, in_process
from simulator.fsx.fixtures import AWAY
from tests.engine.checks import copies
from tests.engine.stack import RefusedError, Stack, copy_args
from tests.engine.wire import Wire

IN_STATES = "gASVNAAAAAAAAACMFnB1bHVtaV9mc3hfZHIucHJvdmlkZXKUjBJCYWNrdXBDb3B5UHJvdmlkZXKUk5QpgZQu"
SECRETS = {"aws:accessKey": "AKIAIOSFODNN7EXAMPLE", "aws:secretKey": "wJalrXUtnFEMI", "aws:token": "FwoGZXIvYXdzE"}


def configured(monkeypatch: pytest.MonkeyPatch, **settings: str) -> tuple[Credentials, str | None]:
    """Return the credentials and the Region of a runtime started with these settings."""
    seen: list[tuple[Credentials, str | None]] = []
    make = provider.new_runtime

    def new_runtime(credentials: Credentials, stack_region: str | None = None) -> ProviderRuntime:
        seen.append((credentials, stack_region))
        return make(credentials, stack_region)

    monkeypatch.setattr(provider, "new_runtime", new_runtime)
    config = Config({key.replace("_", ":"): value for key, value in settings.items()}, "files")
    BackupCopyProvider().configure(ConfigureRequest(config))
    return seen[0]


def test_provider_in_existing_states_can_be_unpickled() -> None:
    found = pickle.loads(base64.b64decode(IN_STATES))  # noqa: S301  # the literal above

    assert type(found) is BackupCopyProvider


def test_provider_is_pickled_as_name_only(monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, **SECRETS)

    assert serialize_provider(BackupCopyProvider()) == IN_STATES
    assert vars(BackupCopyProvider()) == {}
    assert BackupCopyProvider.serialize_as_secret_always is False


def test_configure_uses_credentials_of_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    credentials, region = configured(monkeypatch, aws_region="eu-west-1", aws_profile="dr", **SECRETS)

    assert region == "eu-west-1"
    access, secret, token = SECRETS.values()
    assert credentials.settings == AwsSettings(
        region="eu-west-1", profile="dr", access_key=access, secret_key=secret, token=token
    )


def test_stack_credentials_override_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "from-the-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "from-the-environment")

    credentials, _ = configured(monkeypatch, **SECRETS)
    found = credentials.session().get_credentials()

    assert found
    assert found.access_key == SECRETS["aws:accessKey"]


@pytest.mark.parametrize("kind", ["access_denied", "not_enabled", "expired", "refuse", "malformed"])
def test_error_hides_credentials(service: FsxService, kind: Any) -> None:
    class Routed(Credentials):
        def session(self) -> boto3.Session:
            session = super().session()
            in_process(session, service)
            return session

    service.add_fault(kind, service=None)
    with pytest.raises(FsxDrError) as failure:
        FsxRegion("eu-west-1", Routed.from_config(SECRETS.get), impatient=True).account()

    assert not [secret for secret in SECRETS.values() if secret in str(failure.value)]


def test_every_output_is_declared(stack: Stack, source: str, key: str) -> None:
    stack.up({"monday": copy_args(source, kms_key_id=key)})

    assert stack.states["monday"].outputs.keys() - {"__provider"} <= BackupCopy.__annotations__.keys()
    assert set(arguments.ARGUMENTS) <= BackupCopy.__annotations__.keys()


def test_runtime_shares_region_between_threads() -> None:
    here, found = ProviderRuntime(partial(FsxRegion, credentials=Credentials()), poll_seconds=1.0), []
    threads = [threading.Thread(target=lambda: found.append(here.region("eu-west-1"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({id(region) for region in found}) == 1


@pytest.mark.parametrize("is_tagged", [True, False])
def test_provider_works_without_urn(wire: Wire, source: str, *, is_tagged: bool) -> None:
    stack, args = Stack(wire), copy_args(source)
    stack.up({"monday": args})
    made, sent = stack.states["monday"], {HINTS: stack.hints("monday", args).sent()}
    if not is_tagged:
        wire.service.set_tags(AWAY, made.id, {})
        wire.clock.sleep(LISTED_WITHIN)
    stack.run()
    alone = BackupCopyProvider()

    news = alone.check(made.inputs, {**args, **sent}).inputs
    changes = alone.diff(made.id, made.outputs, {**news, "__provider": "pickled"}).changes
    alone.update(made.id, made.outputs, news)
    alone.delete(made.id, made.outputs)

    assert changes is not is_tagged
    assert copies(wire.service) == []


def test_copy_in_region_unknown_to_botocore_can_be_deleted(
    stack: Stack, service: FsxService, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine with a newer botocore may have made the copy."""
    stack.up({"monday": copy_args(source)})
    monkeypatch.setattr(partitions, "_fsx_regions", lambda: ("us-east-1",))

    with pytest.raises(RefusedError, match="update boto3"):
        stack.up({"monday": copy_args(source)})
    stack.refresh()
    assert copies(service) == [stack.states["monday"].id]

    stack.destroy()

    assert (copies(service), stack.states) == ([], {})
