"""TagResource, UntagResource and ListTagsForResource."""

from simulator.fsx import tags
from simulator.fsx.calls import Call
from simulator.fsx.errors import FsxError, bad_request
from simulator.fsx.paging import page
from simulator.fsx.records import Backup, Description, FileSystem, tag_list
from simulator.fsx.regions import arn
from simulator.fsx.service_state import ServiceState


def tag_resource(world: ServiceState, call: Call) -> Description:
    """Add or change tags."""
    resource = _resource(world, call)
    together = resource.tags | tags.requested(call.parameters["Tags"])
    if tags.too_many(together):
        raise bad_request(f"A resource has at most {tags.MAX_TAGS} tags.")
    _retag(world, resource, together)
    return {}


def untag_resource(world: ServiceState, call: Call) -> Description:
    """Remove tags; keys that the resource does not carry are passed over."""
    resource = _resource(world, call)
    removed = call.parameters["TagKeys"]
    tags.refuse_reserved(removed)
    _retag(world, resource, {key: value for key, value in resource.tags.items() if key not in removed})
    return {}


def list_tags_for_resource(world: ServiceState, call: Call) -> Description:
    """Return a page of a resource's tags."""
    resource = _resource(world, call)
    keys, token = page(world, call, sorted(resource.tags), str)
    return tag_list({key: resource.tags[key] for key in keys}) | token


def _retag(world: ServiceState, resource: Backup | FileSystem, changed: dict[str, str]) -> None:
    if isinstance(resource, Backup):
        resource.retag(changed, world.clock.now(), world.settings.tags_shown_after_seconds)
    else:
        resource.tags = changed


def _resource(world: ServiceState, call: Call) -> Backup | FileSystem:
    name = call.parameters["ResourceARN"]
    kind, _, resource_id = name.rpartition(":")[2].partition("/")
    if kind not in {"backup", "file-system"}:
        raise FsxError("NotServiceResourceError", "The ARN is of no backup and no file system.", ResourceARN=name)
    file_systems = world.file_systems(call.region, call.account)
    found = world.backup(call.region, resource_id, call.account) or file_systems.get(resource_id)
    if found is None or name != arn("fsx", call.region, call.account, f"{kind}/{resource_id}"):
        raise FsxError("ResourceNotFound", "The ARN's resource does not exist here.", ResourceARN=name)
    return found
