"""UUID version 7: identifiers that sort by the time they were made (RFC 9562, section 5.7)."""

from __future__ import annotations

import secrets
import time
from uuid import UUID

__all__ = ["uuid7"]

NS_PER_MS = 1_000_000
FRACTION_STEPS = 4096  # 12 bits


def uuid7() -> UUID:
    """Return a new UUID version 7.

    Returns
    -------
    UUID
        48 bits of milliseconds since the Unix epoch, 12 bits of the fraction of the millisecond (RFC 9562, section 6.2,
        method 3) and 62 random bits. Python has one of its own from 3.14 on.

    """
    milliseconds, rest_ns = divmod(time.time_ns(), NS_PER_MS)
    fraction = rest_ns * FRACTION_STEPS // NS_PER_MS
    version = 0x7
    variant = 0b10
    return UUID(int=milliseconds << 80 | version << 76 | fraction << 64 | variant << 62 | secrets.randbits(62))
