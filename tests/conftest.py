"""What holds for all tests."""

from hypothesis import settings

# The first example of a property also pays for what is loaded once, so an example has no deadline.
settings.register_profile("specification", deadline=None)
settings.load_profile("specification")
