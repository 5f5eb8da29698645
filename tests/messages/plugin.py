"""Messages of the plugin for all languages."""

from collections.abc import Mapping
from typing import Any

from fsx_dr_plugin.server import Provider
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2

from tests.engine.plugin_stack import PluginContext
from tests.messages.collecting import Messages, refusal

_PROVIDER = "urn:pulumi:prod::files::pulumi:providers:fsx-dr::default_0_1_0"
_SETTINGS: Mapping[str, dict[str, Any]] = {
    "unknown setting": {"color": "blue"},
    "setting of the plugin's own": {"ownerId": "x"},
    "unknown region": {"region": "nowhere"},
    "pollSeconds is negative": {"pollSeconds": -1},
    "assumeRoles is not a list of roles": {"assumeRoles": "x"},
}


def settings() -> Messages:
    for case, news in _SETTINGS.items():
        request = provider_pb2.CheckRequest(urn=_PROVIDER, olds=Struct(), news=_struct(news))
        [failure] = Provider().CheckConfig(request, PluginContext()).failures
        yield case, failure.reason
    yield "old Pulumi CLI", refusal(lambda: _configured(id_=""))
    component = provider_pb2.ConstructRequest(type="fsx-dr:index:Other", config={})
    yield "unknown component", refusal(lambda: _configured().Construct(component, PluginContext()))
    account = provider_pb2.ConstructRequest(type="fsx-dr:index:DrRegion", config={"aws:profile": "prod"})
    yield "account setting of pulumi-aws", refusal(lambda: _configured().Construct(account, PluginContext()))
    urn = "urn:pulumi:prod::files::fsx-dr:index:BackupCopy::nightly"
    imported = provider_pb2.ReadRequest(id="nightly", urn=urn)
    yield "import of another id", refusal(lambda: _configured().Read(imported, PluginContext()))


def _configured(id_: str = "0f0c2bb4") -> Provider:
    provider = Provider()
    provider.Configure(provider_pb2.ConfigureRequest(id=id_, urn=_PROVIDER, args=Struct()), PluginContext())
    return provider


def _struct(values: Mapping[str, Any]) -> Struct:
    made = Struct()
    made.update(values)
    return made
