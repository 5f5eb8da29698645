"""iam:SimulatePrincipalPolicy: what an identity's policies here would allow, whoever is named."""

from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from simulator.fsx.calls import Answer, Call, Request
from simulator.fsx.permissions import Access, verdict
from simulator.fsx.service_state import ServiceState

ACTION = "SimulatePrincipalPolicy"

_WORDS = {"allowed": "allowed", "denied": "explicitDeny", "not allowed": "implicitDeny"}
_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"


def simulate(world: ServiceState, call: Call, request: Request) -> Answer:
    """Return IAM's answer about the identity that asks; one without policies may do everything."""
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    accesses = [
        Access(action, resource, _context(form))
        for action in _members(form, "ActionNames")
        for resource in _members(form, "ResourceArns") or ["*"]
    ]
    documents = world.policies.get(call.access_key)
    members = "".join(
        _member(access, "allowed" if documents is None else verdict(documents, access)) for access in accesses
    )
    result = f"<EvaluationResults>{members}</EvaluationResults><IsTruncated>false</IsTruncated>"
    body = f'<{ACTION}Response xmlns="{_NAMESPACE}"><{ACTION}Result>{result}</{ACTION}Result></{ACTION}Response>'
    return Answer(200, {"Content-Type": "text/xml"}, body.encode())


def _members(form: dict[str, str], name: str) -> list[str]:
    """Return a list of the query protocol: `Name.member.1` and so on."""
    found: list[str] = []
    while (key := f"{name}.member.{len(found) + 1}") in form:
        found.append(form[key])
    return found


def _context(form: dict[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    while (key := f"ContextEntries.member.{len(found) + 1}") + ".ContextKeyName" in form:
        found[form[f"{key}.ContextKeyName"]] = _members(form, f"{key}.ContextKeyValues")
    return found


def _member(access: Access, found: str) -> str:
    return (
        f"<member><EvalActionName>{escape(access.action)}</EvalActionName>"
        f"<EvalResourceName>{escape(access.resource)}</EvalResourceName>"
        f"<EvalDecision>{_WORDS[found]}</EvalDecision></member>"
    )
