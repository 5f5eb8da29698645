"""What can be set takes its own values only, from a program and from outside."""

from collections.abc import Iterator
from typing import Any

import pytest

from simulator.fsx import Control, FsxService, ManualClock, listening
from simulator.fsx.base_control import BaseControl

WRONG_SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "a word for another": ({"token_after_deletion": "lost"}, "'lost'; it takes one of 'deleted', 'forgotten', "),
    "a text for seconds": ({"copy_seconds": "60"}, "copy_seconds cannot be '60'; it takes float"),
    "a flag for a number": ({"page_size": True}, "page_size cannot be True; it takes int"),
    "a number for a flag": ({"short_pages": 1}, "short_pages cannot be 1; it takes bool"),
    "numbers for Regions": ({"regions_without_multi_az": [1]}, r"regions_without_multi_az cannot be \[1\]"),
    "no such setting": ({"colour": "red"}, "There is no setting colour"),
}
WRONG_SCENES: dict[str, tuple[str, list[Any], dict[str, Any], str]] = {
    "a kind of fault that there is not": ("add_fault", ["flood"], {}, "'flood'; it takes one of 'throttled', "),
    "a darkness that there is not": (
        "make_unreachable",
        ["eu-west-1", "dim"],
        {},
        "kind cannot be 'dim'; it takes one of",
    ),
    "a count that is a text": ("add_fault", ["expired"], {"times": "1"}, r"times cannot be '1'; it takes int \| None"),
    "tags that are a list": ("seed_file_system", ["eu-west-1"], {"tags": ["a"]}, "tags cannot be"),
    "tags that are no texts": ("seed_file_system", ["eu-west-1"], {"tags": {"a": 1}}, "tags cannot be"),
}


@pytest.fixture(params=["in process", "over HTTP"])
def stage(request: Any) -> Iterator[BaseControl]:
    service = FsxService(ManualClock())
    if request.param == "in process":
        yield service
        return
    with listening(service) as url:
        yield Control(url)


@pytest.mark.parametrize(("changes", "message"), WRONG_SETTINGS.values(), ids=WRONG_SETTINGS)
def test_a_setting_that_does_not_fit_is_refused(stage: BaseControl, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stage.configure(**changes)


@pytest.mark.parametrize(("changes", "message"), WRONG_SETTINGS.values(), ids=WRONG_SETTINGS)
def test_a_service_is_not_made_with_settings_that_do_not_fit(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FsxService(ManualClock(), **changes)


@pytest.mark.parametrize(("scene", "args", "kwargs", "message"), WRONG_SCENES.values(), ids=WRONG_SCENES)
def test_a_scene_that_cannot_be_is_refused(
    stage: BaseControl, scene: str, args: list[Any], kwargs: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(stage, scene)(*args, **kwargs)


def test_whole_numbers_are_seconds_and_lists_are_tuples(stage: BaseControl) -> None:
    stage.configure(copy_seconds=2, regions_without_multi_az=["eu-west-1"], shuffle_seed=None)

    with pytest.raises(ValueError, match="There is no setting"):
        stage.configure(copyseconds=2)
