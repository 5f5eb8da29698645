"""Whether the program still follows what the engine does, asked by the provider on the same machine.

After a Ctrl-C, or an error elsewhere in the stack, the program's process waits for its last call to the engine, but
its code runs no more: a copy that is done then must be recorded by its create.
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
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
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
        return False
