"""Whatever happens to whole stacks, in whatever order: nothing leaves without a reason, and nothing is forgotten."""

from hypothesis import settings

from tests.stacks.lives import Life

TestLife = Life.TestCase
TestLife.settings = settings(max_examples=30, stateful_step_count=20, deadline=None, derandomize=True)
