"""The pages of an image file: a TIFF file of a scanner or a fax has several."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

MAX_PAGES = 10_000
SUBFILE_TYPE, IS_REDUCED = 254, 1
"""The tag that says what an image of a TIFF file is, and the bit of a small copy of another one (TIFF 6.0, page 36)."""


def page_frames(data: bytes) -> Sequence[int]:
    r"""Return the positions of the images of a file that are its pages; only a TIFF file has more than one.

    >>> page_frames(b"\x89PNG..."), page_frames(b"II*\0\x08\0\0\0\0\0\x0e\0\0\0\0\0\0\0\0\0")
    ((0,), [0, 1])
    """
    if not data.startswith((b"II*\0", b"MM\0*")):
        return (0,)
    return [index for index, is_page in enumerate(_tiff_images(data)) if is_page] or (0,)


def _tiff_images(data: bytes) -> Iterator[bool]:
    """Yield for each image of a TIFF file whether it is a page; what is damaged ends it."""
    order = "<" if data.startswith(b"II") else ">"
    offset, known_offsets = 4, set[int]()
    try:
        while (offset := struct.unpack_from(f"{order}I", data, offset)[0]) and offset not in known_offsets:
            known_offsets.add(offset)
            if len(known_offsets) > MAX_PAGES:
                return
            (count,) = struct.unpack_from(f"{order}H", data, offset)
            entries = [struct.unpack_from(f"{order}HHII", data, offset + 2 + 12 * index) for index in range(count)]
            yield not any(tag == SUBFILE_TYPE and value & IS_REDUCED for tag, _, _, value in entries)
            offset += 2 + 12 * count
    except struct.error:
        return
