"""Whether the code of the program still runs: the provider asks, over a socket on the same machine.

The program records a copy after create has answered. After a Ctrl-C, or an error elsewhere in the stack, its process
lives on until its last call to the engine returns, but its code runs no more. So the provider asks before it leaves the
recording to the program; if nobody answers, create records the copy itself.
"""

import asyncio
import socket

_HERE = b"1"
_PATIENCE = 5.0  # seconds that a program that is at work may take to answer


class Presence:
    """Answers as long as the program's event loop runs.

    Attributes:
        address: where to ask.
    """

    def __init__(self) -> None:
        # The loopback interface, so that nobody else in the network can ask.
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        # Served by the event loop itself: its answer proves that the loop still runs, which that of a thread would not.
        self._server = asyncio.ensure_future(asyncio.start_server(self._answer, sock=self._socket))

    async def _answer(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_HERE)
        await writer.drain()
        writer.close()

    async def end(self) -> None:
        """Answer no more."""
        (await self._server).close()


def is_there(address: str) -> bool:
    """Tell whether a program answers; one that gave no address is taken to be there."""
    if not address:
        return True
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_PATIENCE) as connection:
            return connection.recv(1) == _HERE
    except OSError:
        # If the program was only slow, it later writes the same mark as create did, because the nonce is its own.
        return False
