"""The bytes of an answer, no more than can be true, however small they were packed."""

import zlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from connectors.graph.problems import unreachable
from insights.outside import read_all

if TYPE_CHECKING:
    import httpx

PIECE = 65_536
PACKED = {"gzip", "x-gzip"}
GZIP = zlib.MAX_WBITS | 16


async def read_body(response: "httpx.Response", most: int) -> bytes:
    """The body unpacked; raises TooLong, ValueError where it is damaged, Unavailable for another packing.

    httpx would unpack a whole piece at once, a thousandfold, and once more for each packing that is named.
    """
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing in {"", "identity"}:
        return await read_all(response.aiter_raw(), most)
    if packing not in PACKED:
        raise unreachable()
    return await read_all(_unpacked(response.aiter_raw()), most)


async def _unpacked(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    unpacking = zlib.decompressobj(GZIP)
    async for piece in pieces:
        rest = piece
        while rest:
            try:
                yield unpacking.decompress(rest, PIECE)
            except zlib.error as error:
                raise ValueError("damaged") from error
            rest = unpacking.unconsumed_tail
    yield unpacking.flush()
    if not unpacking.eof:
        raise ValueError("cut off")
