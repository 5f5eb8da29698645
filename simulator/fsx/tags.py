"""The rules for tags."""

from simulator.fsx.errors import FsxError, bad_request

MAX_TAGS = 50
RESERVED = "aws:"
TagList = list[dict[str, str]]


def requested(tags: TagList | None) -> dict[str, str]:
    """Return the tags of a request.

    Raises:
        FsxError: `BadRequest` for a key that comes twice, or is reserved for AWS.
    """
    listed = tags or []
    found = {tag["Key"]: tag["Value"] for tag in listed}
    if len(found) < len(listed):
        raise bad_request("The tag keys of a request must differ from each other.")
    refuse_reserved(list(found))
    return found


def refuse_reserved(keys: list[str]) -> None:
    """Raise `BadRequest` if a key belongs to AWS."""
    reserved = [key for key in keys if key.lower().startswith(RESERVED)]
    if reserved:
        raise bad_request(f"Tag keys that start with aws: are reserved for AWS: {reserved[0]}")


def too_many(tags: dict[str, str]) -> bool:
    """Tell whether a resource would carry more tags than allowed; AWS's own do not count."""
    return len(own(tags)) > MAX_TAGS


def own(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags that are not AWS's."""
    return {key: value for key, value in tags.items() if not key.startswith(RESERVED)}


def merged(source: dict[str, str], explicit: dict[str, str]) -> dict[str, str]:
    """Return the tags of a copy with `CopyTags`: the source's, overruled by the request's.

    Raises:
        FsxError: `ServiceLimitExceeded` if they are too many.
    """
    together = own(source) | explicit
    if too_many(together):
        raise FsxError("ServiceLimitExceeded", f"A backup has at most {MAX_TAGS} tags.", Limit="TOTAL_USER_TAGS")
    return together
