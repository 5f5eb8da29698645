"""The wording of all messages, in one golden file: tests/messages.txt."""

from collections.abc import Callable, Iterator, Mapping

import pytest
from pulumi_fsx_dr import provider

from tests.faults.harness import unreadable
from tests.messages import arguments, aws, calls, commands, copies, plans, plugin, regions, restores
from tests.messages.collecting import Messages
from tests.messages.golden_file import section, sections, write

Area = Callable[[pytest.MonkeyPatch], Messages]
AREAS: Mapping[str, Area] = {
    "Arguments of a BackupCopy": lambda _: arguments.backup_copy(),
    "Arguments of a DrRegion": lambda _: arguments.dr_region(),
    "Arguments of a DrKey": lambda _: arguments.dr_key(),
    "Arguments of a RestoredFileSystem": lambda _: restores.file_systems(),
    "Settings of the bundled program": lambda _: arguments.settings(),
    "Settings of pulumi-aws": lambda _: arguments.aws_settings(),
    "Settings and refusals of the plugin": lambda _: plugin.settings(),
    "Copies": lambda _: copies.copies(),
    "Copies: status lines, and rare errors": lambda _: calls.calls(),
    "DrRegion": lambda patch: regions.dr_region(patch.setenv),
    "DrRegion: rare cases": lambda _: plans.plans(),
    "Errors of AWS": lambda _: aws.errors(),
    "fsx-dr: help": lambda _: commands.help_texts(),
    "fsx-dr: failures": lambda patch: commands.failures(patch.setenv),
    "fsx-dr: stacks": lambda patch: commands.stacks(patch.setenv),
    "fsx-dr: output": lambda patch: commands.outputs(patch.setenv),
    "fsx-dr check": lambda _: commands.checks(),
    "fsx-dr doctor": lambda patch: commands.diagnoses(patch.setenv),
}


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "PULUMI_FSX_DR_POLL_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    former = provider.current()
    yield
    provider.start(former)


@pytest.mark.parametrize("title", AREAS)
def test_messages_match_golden_file(
    title: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    messages = list(AREAS[title](monkeypatch))
    if title not in ("fsx-dr: help", "fsx-dr: output"):  # their lines are not sentences
        assert unreadable(line for _, text in messages for line in text.splitlines()) == []

    if request.config.getoption("--write-messages"):
        write(title, section(messages), AREAS)
    assert section(messages) == sections().get(title)


def test_golden_file_has_no_unused_sections() -> None:
    assert list(sections()) == list(AREAS)
