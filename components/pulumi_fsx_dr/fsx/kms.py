"""Names of KMS keys: key ids, ARNs and aliases."""

import re
from dataclasses import dataclass

_ARN = re.compile(
    r"arn:(?P<partition>[\w-]+):kms:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<resource>(?:key|alias)/.+)"
)
_KEY_ID = re.compile(r"(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|mrk-[0-9a-f]{32})", re.IGNORECASE)
_ARN_IN_TEXT = re.compile(r"arn:[\w-]+:kms:[a-z0-9-]*:\d*:(?:key|alias)/[\w/-]+")
_ALIAS = re.compile(r"alias/[a-zA-Z0-9/_-]{1,250}")
KEY_IN_TEXT = "[KMS key]"


@dataclass(frozen=True, slots=True)
class KeyName:
    """The name of a KMS key: `key/<id>` or `alias/<name>`. Only ARNs have a Region, partition and account."""

    resource: str
    region: str | None = None
    partition: str | None = None
    account: str | None = None

    @classmethod
    def parse(cls, text: str) -> "KeyName | None":
        """Parse a key id, key ARN, alias name or alias ARN; return None for other text."""
        region = partition = account = None
        if arn := _ARN.fullmatch(text):
            region, partition, account = arn["region"], arn["partition"], arn["account"]
            text = arn["resource"].removeprefix("key/")
        if _ALIAS.fullmatch(text):
            return cls(text, region, partition, account)
        if _KEY_ID.fullmatch(text):
            return cls(f"key/{text.lower()}", region, partition, account)
        return None

    @property
    def is_alias(self) -> bool:
        """Whether this is an alias; only KMS can return its key."""
        return self.resource.startswith("alias/")


def same_key(one: str | None, other: str | None) -> bool:
    """Return whether two names that are not aliases name the same key."""
    if not one or not other:
        return False
    names = KeyName.parse(one), KeyName.parse(other)
    if names[0] is None or names[1] is None:
        return one == other
    # Region and account are ignored: not every name has them, and a key encrypts only in its own Region.
    return names[0].resource == names[1].resource


def spellings(name: str) -> list[str]:
    """Return the forms, other than ARNs, in which an error of AWS may contain this key."""
    key = KeyName.parse(name)
    return [name, key.resource.removeprefix("key/")] if key else [name]


def without_keys(text: str, *names: str | None) -> str:
    """Return a text of AWS without key ARNs and without these keys: both may be secret."""
    text = _ARN_IN_TEXT.sub(KEY_IN_TEXT, text)
    for form in (form for name in filter(None, names) for form in spellings(name)):
        text = text.replace(form, KEY_IN_TEXT)
    return text
