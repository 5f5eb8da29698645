"""TagResource and UntagResource, and the rules for tags."""

from simulator.fsx.calls import Call
from simulator.fsx.errors import FsxError, bad_request
from simulator.fsx.records import Backup, Description, FileSystem
from simulator.fsx.regions import arn
from simulator.fsx.state import State

_MAX_TAGS = 50


def tag_resource(state: State, call: Call) -> Description:
    """Add or change tags."""
    resource = _resource(state, call)
    together = resource.tags | requested(call.parameters["Tags"])
    if len(_own(together)) > _MAX_TAGS:
        raise bad_request(f"A resource has at most {_MAX_TAGS} tags.")
    _change_tags(state, resource, together)
    return {}


def untag_resource(state: State, call: Call) -> Description:
    """Remove tags; keys that the resource does not have are ignored."""
    resource = _resource(state, call)
    removed = call.parameters["TagKeys"]
    _refuse_reserved(removed)
    _change_tags(state, resource, {key: value for key, value in resource.tags.items() if key not in removed})
    return {}


def requested(tags: list[dict[str, str]] | None) -> dict[str, str]:
    """Return the tags of a request.

    Raises:
        FsxError: `BadRequest` for a repeated key, or a key that is reserved for AWS.
    """
    listed = tags or []
    found = {tag["Key"]: tag["Value"] for tag in listed}
    if len(found) < len(listed):
        raise bad_request("The tag keys of a request must differ from each other.")
    _refuse_reserved(list(found))
    return found


def merged(source: dict[str, str], explicit: dict[str, str]) -> dict[str, str]:
    """Return the tags of a copy with `CopyTags`: the source backup's tags, overwritten by the request's.

    Raises:
        FsxError: `ServiceLimitExceeded` for too many tags.
    """
    together = _own(source) | explicit
    if len(together) > _MAX_TAGS:
        raise FsxError("ServiceLimitExceeded", f"A backup has at most {_MAX_TAGS} tags.", Limit="TOTAL_USER_TAGS")
    return together


def _own(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags without AWS's own, which do not count against the limit."""
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


def _refuse_reserved(keys: list[str]) -> None:
    reserved = [key for key in keys if key.lower().startswith("aws:")]
    if reserved:
        raise bad_request(f"Tag keys that start with aws: are reserved for AWS: {reserved[0]}")


def _change_tags(state: State, resource: Backup | FileSystem, changed: dict[str, str]) -> None:
    if isinstance(resource, Backup):
        resource.change_tags(changed, state.clock.now(), state.settings.tags_shown_after_seconds)
    else:
        resource.tags = changed


def _resource(state: State, call: Call) -> Backup | FileSystem:
    name = call.parameters["ResourceARN"]
    kind, _, resource_id = name.rpartition(":")[2].partition("/")
    if kind not in {"backup", "file-system"}:
        raise FsxError("NotServiceResourceError", "The ARN is not of a backup or file system.", ResourceARN=name)
    found = state.resource(call.region, resource_id, call.account)
    if found is None or name != arn("fsx", call.region, call.account, f"{kind}/{resource_id}"):
        raise FsxError("ResourceNotFound", "The resource does not exist in this Region and account.", ResourceARN=name)
    return found
