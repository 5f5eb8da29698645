"""Whatever happens to whole stacks, in whatever order: nothing leaves without a reason, and nothing is forgotten."""

from hypothesis import Phase, settings

from tests.stacks.lives import Life

TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=int(__import__("os").environ.get("EX", "30")),
    stateful_step_count=int(__import__("os").environ.get("ST", "20")),
    print_blob=True,
    deadline=None,
    derandomize=False,
    report_multiple_bugs=False,
    database=None,
    phases=[Phase.generate, Phase.shrink],
)
