"""What a program tells the provider of one of its copies, in a property of it that never reaches the state."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .call import StateEntry
from .presence import is_there

# The property. Check takes it out: in the state, a nonce that is new in each run would look like a change in each.
TOLD = "__program"


@dataclass(frozen=True, slots=True)
class Told:
    """The message; it is also how a finished copy is handed over to the program.

    Attributes:
        nonce: what the program will record the copy under once the state holds it; "" if create is to do so.
        program: where to ask whether its code still runs when the copy is done; "" if nobody can.
        held: what the state holds of the same source, or under the same name.
    """

    nonce: str = ""
    program: str = ""
    held: tuple[StateEntry, ...] = ()

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> "Told":
        """Read it from the properties as they come; a program of another version may have sent anything."""
        try:
            sent = json.loads(properties.get(TOLD) or "{}")
            held = [{name: str(entry.get(name) or "") for name in StateEntry.__slots__} for entry in sent["held"]]
            return cls(sent["nonce"], sent["program"], tuple(StateEntry(**entry) for entry in held))
        except (AttributeError, KeyError, TypeError, ValueError):
            return cls()

    def sent(self) -> str:
        """Return it as one string, which costs the SDK much less than a map."""
        return json.dumps(asdict(self))

    @property
    def is_taken_over(self) -> bool:
        """Whether there is a program that will record the copy."""
        return bool(self.nonce) and is_there(self.program)

    @property
    def takes_unfinished(self) -> bool:
        """A program learns nothing of a copy whose registration fails."""
        return False

    @property
    def takes_adopted(self) -> bool:
        """The engine deletes nothing before the program has ended."""
        return True
