"""`fsx-dr policy` under the eyes of IAM: it is enough for a copy's whole life, and none of it is too much."""

from typing import Any

import pytest
from pulumi_fsx_dr.errors import FsxDrError
from pulumi_fsx_dr.rules.iam_policy import policy

from rehearsal.fsx import FsxService
from rehearsal.fsx.fixtures import AWAY, HOME
from rehearsal.fsx.regions import ACCOUNT_ID
from tests.provider.deploying import Stack, copy_args

ACCESS_KEY = "rehearsal"
SOME_KEY = f"arn:aws:kms:{AWAY}:{ACCOUNT_ID}:key/0a1b2c3d-1111-4111-8111-0a1b2c3d4e5f"
# FSx user guides, Encryption at rest: FSx can do without them.
OPTIONAL = {"kms:Encrypt", "kms:ReEncrypt*"}


def printed(key: str) -> dict[str, Any]:
    return policy(ACCOUNT_ID, source_regions=[HOME], dr_regions=[AWAY], key_arns={AWAY: [key]})


def whole_life(service: FsxService, stack: Stack, source: str, key: str) -> None:
    """Make a copy under an alias of a key, change its tags, and delete it."""
    (file_system,) = service.file_systems(HOME)
    assert stack.run().region(HOME).fsx.file_system_exists(file_system["FileSystemId"])
    alias = "alias/dr"
    stack.up({"nightly": copy_args(source, kms_key_id=alias, copy_tags=True, tags={"app": "ledger", "old": "x"})})
    stack.up({"nightly": copy_args(source, kms_key_id=key, copy_tags=True, tags={"app": "books"})})
    stack.refresh()
    stack.destroy()


def test_the_policy_allows_the_whole_life_of_a_copy(service: FsxService, stack: Stack, source: str, key: str) -> None:
    service.attach_policies(ACCESS_KEY, [printed(key)])

    whole_life(service, stack, source, key)

    assert service.backups(AWAY) == []
    assert "AccessDeniedException" not in {entry["error"] for entry in service.journal()}


@pytest.mark.parametrize("sid", [statement["Sid"] for statement in printed(SOME_KEY)["Statement"]])
def test_no_statement_can_be_left_out(service: FsxService, stack: Stack, source: str, key: str, sid: str) -> None:
    document = printed(key)
    document["Statement"] = [statement for statement in document["Statement"] if statement["Sid"] != sid]
    service.attach_policies(ACCESS_KEY, [document])

    with pytest.raises(FsxDrError, match="lack permission for"):
        whole_life(service, stack, source, key)


@pytest.mark.parametrize(
    ("sid", "action"),
    [
        (statement["Sid"], action)
        for statement in printed(SOME_KEY)["Statement"]
        for action in statement["Action"]
        if action not in OPTIONAL
    ],
)
def test_no_action_can_be_left_out(  # noqa: PLR0913, PLR0917  # fixtures
    service: FsxService, stack: Stack, source: str, key: str, sid: str, action: str
) -> None:
    document = printed(key)
    (statement,) = [each for each in document["Statement"] if each["Sid"] == sid]
    statement["Action"].remove(action)
    service.attach_policies(ACCESS_KEY, [document])

    with pytest.raises(FsxDrError, match=f"lack permission for {action}"):
        whole_life(service, stack, source, key)


def test_a_policy_that_names_the_arns_of_what_has_none_allows_nothing(
    service: FsxService, stack: Stack, source: str, key: str
) -> None:
    document = printed(key)
    document["Statement"][0]["Resource"] = [
        f"arn:aws:fsx:*:{ACCOUNT_ID}:{kind}/*" for kind in ("backup", "file-system")
    ]
    service.attach_policies(ACCESS_KEY, [document])

    with pytest.raises(FsxDrError, match="lack permission for fsx:Describe"):
        whole_life(service, stack, source, key)
