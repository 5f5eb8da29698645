"""iam:SimulatePrincipalPolicy: the permissions of the caller, even if the request names another identity."""

from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from simulator.fsx.calls import Answer, Call, Request
from simulator.fsx.permissions import Access, verdict
from simulator.fsx.state import State

ACTION = "SimulatePrincipalPolicy"

_DECISIONS = {"allowed": "allowed", "denied": "explicitDeny", "not allowed": "implicitDeny"}
_NAMESPACE = "https://iam.amazonaws.com/doc/2010-05-08/"


def simulate(state: State, call: Call, request: Request) -> Answer:
    """Return IAM's answer; an identity without policies has all permissions."""
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    documents = state.policies.get(call.access_key)
    results = ""
    for action in _members(form, "ActionNames"):
        for resource in _members(form, "ResourceArns") or ["*"]:
            access = Access(action, resource, _context(form))
            found = "allowed" if documents is None else verdict(documents, access)
            results += (
                f"<member><EvalActionName>{escape(action)}</EvalActionName>"
                f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
                f"<EvalDecision>{_DECISIONS[found]}</EvalDecision></member>"
            )
    result = f"<EvaluationResults>{results}</EvaluationResults><IsTruncated>false</IsTruncated>"
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
