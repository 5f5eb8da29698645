"""KMS keys, which moto stores."""

from typing import Any

from simulator.fsx.regions import arn

FSX_ALIAS = "alias/aws/fsx"


class KeyUnusableError(ValueError):
    """FSx cannot use the key: it is missing, in another Region or account, asymmetric, disabled or pending deletion."""


def resolve(account: str, region: str, key_id: str) -> str:
    """Return the ARN of a key that FSx can use; `key_id` is a key id, key ARN, alias name or alias ARN.

    Raises:
        KeyUnusableError: If the key is missing in the Region and account, or FSx cannot encrypt with it.
    """
    if key_id.startswith("arn:") and not key_id.startswith(arn("kms", region, account, "")):
        raise KeyUnusableError(f"{key_id} is not a key of {region} in account {account}.")
    key = _find(account, region, key_id)
    if key.key_spec != "SYMMETRIC_DEFAULT":
        raise KeyUnusableError(f"{key.arn} is not a symmetric encryption key.")
    if key.key_state != "Enabled":
        raise KeyUnusableError(f"{key.arn} is {key.key_state}.")
    return str(key.arn)


def arn_of(account: str, region: str, key_id: str) -> str | None:
    """Return the ARN of a key in any of these notations, or None if the key is missing."""
    try:
        return str(_find(account, region, key_id).arn)
    except KeyUnusableError:
        return None


def create(account: str, region: str, alias: str | None = None) -> str:
    """Create a symmetric key, with an alias if one is given, and return the key's ARN."""
    backend = _backend(account, region)
    key = backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)
    if alias:
        backend.create_alias(key.id, alias)
    return str(key.arn)


def _find(account: str, region: str, key_id: str) -> Any:
    backend = _backend(account, region)
    found = backend.keys.get(_bare_id(backend, key_id))
    if found is None:
        raise KeyUnusableError(f"{region} has no key {key_id}.")
    if FSX_ALIAS in found.aliases:
        found.key_manager = "AWS"
    return found


def _bare_id(backend: Any, key_id: str) -> str | None:
    name = backend.get_alias_name(key_id)
    found: str | None = backend.get_key_id_from_alias(name) if name.startswith("alias/") else backend.get_key_id(name)
    return found


def _backend(account: str, region: str) -> Any:
    from moto.kms.models import kms_backends  # noqa: PLC0415 - loading moto takes a second

    declare_fsx_alias()
    return kms_backends[account][region]


def declare_fsx_alias() -> None:
    """Make moto create FSx's managed key when its alias is first looked up, as KMS does."""
    from moto.kms.utils import RESERVED_ALIASES  # noqa: PLC0415 - loading moto takes a second

    if FSX_ALIAS not in RESERVED_ALIASES:
        RESERVED_ALIASES.append(FSX_ALIAS)
