"""An intake that stores nothing: it takes every event of every batch at once."""

import asyncio
import json
import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_HEAD: Final = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"


@contextmanager
def null_intake() -> Iterator[str]:
    """Run one in a process of its own; yield its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(listening,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        process.terminate()
        process.join()
        listening.close()


def _serve(listening: socket.socket) -> None:
    async def serve() -> None:
        server = await asyncio.start_server(_answer_all, sock=listening)
        await server.serve_forever()

    asyncio.run(serve())


async def _answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            writer.close()
            return
        lines = dict(line.lower().split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:] if ": " in line)
        body = await reader.readexactly(int(lines.get("content-length", "0")))
        answer = json.dumps({"results": [{"status": "accepted"} for _ in json.loads(body)]}).encode()
        writer.write(_HEAD.format(len(answer)).encode() + answer)
        await writer.drain()
