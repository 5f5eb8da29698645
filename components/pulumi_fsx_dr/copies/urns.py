"""The parts of a URN: `urn:pulumi:STACK::PROJECT::TYPES::NAME`.

TYPES are the types of its parents and its own, joined by `$`. The name of a resource may contain `::`.
"""

_PARTS = 4


def is_urn(text: str) -> bool:
    return len(text.split("::", 3)) == _PARTS


def name_of(urn: str) -> str:
    """Return the logical name of a resource, or the whole text if it is not a URN."""
    return urn.split("::", 3)[-1]


def stack_and_project_of(urn: str) -> tuple[str, str]:
    stack, project, *_ = urn.removeprefix("urn:pulumi:").split("::", 3)
    return stack, project


def stack_part(urn: str) -> str:
    """Return the first two parts of a URN, which name the stack and the project."""
    return "::".join(urn.split("::", 2)[:2])


def types_of(urn: str) -> str:
    """Return the types of the parents and of the resource; "" if the text is not a URN."""
    return urn.split("::", 3)[2] if is_urn(urn) else ""


def type_of(urn: str) -> str:
    return types_of(urn).rpartition("$")[2]


def parent_type_of(urn: str) -> str:
    """Return the type of the parent; "" if it is the stack."""
    return types_of(urn).rpartition("$")[0].rpartition("$")[2]


def child_urn(parent: str, type_: str, name: str) -> str:
    """Return the URN of a child of a component."""
    return f"{stack_part(parent)}::{types_of(parent)}${type_}::{name}"
