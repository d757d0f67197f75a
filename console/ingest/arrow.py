"""Lines that already lie in memory as an Arrow string column, without copying them.

arro3 builds string arrays only from Python strings, one object a line. Here the lines stay in the
buffer that was read: a view array says where each begins and ends, so that a line feed can be left
out without a copy. Source: https://arrow.apache.org/docs/format/Columnar.html, "Variable-size
Binary View Layout", and /CDataInterface.html.
"""

from __future__ import annotations

import ctypes
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

INLINE_BYTES = 12  # a view holds strings up to this length itself


class _Schema(ctypes.Structure):
    pass


class _Array(ctypes.Structure):
    pass


_ReleaseSchema = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Schema))
_ReleaseArray = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))

_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", ctypes.c_char_p),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.c_void_p),
    ("dictionary", ctypes.c_void_p),
    ("release", _ReleaseSchema),
    ("private_data", ctypes.c_void_p),
]
_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.c_void_p),
    ("dictionary", ctypes.c_void_p),
    ("release", _ReleaseArray),
    ("private_data", ctypes.c_void_p),
]

# What a consumer still reads, by the key in `private_data`.
_held: dict[int, object] = {}
_keys = iter(range(1, 1 << 62))


def _drop_schema(schema: Any) -> None:
    schema.contents.release = _ReleaseSchema()


_release_schema = _ReleaseSchema(_drop_schema)


def _drop_array(array: Any) -> None:
    _held.pop(array.contents.private_data, None)
    array.contents.release = _ReleaseArray()


_release_array = _ReleaseArray(_drop_array)


_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

_VIEW = np.dtype([("size", "<i4"), ("prefix", "<u4"), ("buffer", "<i4"), ("start", "<i4")])


def _views(
    buffer: NDArray[np.uint8], starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> NDArray[Any]:
    """The 16-byte views of n strings: size and first bytes, then the place or the rest."""
    views = np.zeros(len(starts), dtype=_VIEW)
    views["size"] = sizes
    padded = np.concatenate([buffer[-INLINE_BYTES:], np.zeros(INLINE_BYTES, np.uint8)])
    tail = max(0, len(buffer) - INLINE_BYTES)  # reading 12 bytes from here on would pass the end
    is_short = sizes <= INLINE_BYTES
    long_starts = starts[~is_short]
    prefix = np.zeros(len(long_starts), np.uint32)
    for byte in range(4):
        prefix |= buffer[long_starts + byte].astype(np.uint32) << np.uint32(8 * byte)
    views["prefix"][~is_short] = prefix
    views["start"][~is_short] = long_starts
    short_rows = np.flatnonzero(is_short)
    if len(short_rows):
        inline = np.zeros((len(short_rows), INLINE_BYTES), np.uint8)
        at, size = starts[short_rows], sizes[short_rows]
        for byte in range(INLINE_BYTES):
            has = size > byte
            place = at[has] + byte
            ends = place >= tail
            cell = np.empty(len(place), np.uint8)
            cell[~ends] = buffer[place[~ends]]
            cell[ends] = padded[place[ends] - tail]
            inline[has, byte] = cell
        views.view(np.uint8).reshape(-1, 16)[short_rows, 4:] = inline
    return views


class TextColumn:
    """n strings of one buffer, for `arro3.core.Array.from_arrow`.

    buffer: valid UTF-8 in each string, at most 2 GiB, unchanged while the column lives.
    starts, sizes: n byte positions and lengths.
    """

    def __init__(
        self, buffer: NDArray[np.uint8], starts: NDArray[np.int64], sizes: NDArray[np.int64]
    ) -> None:
        self.buffer, self.starts, self.sizes = buffer, starts, sizes
        self._views = _views(buffer, starts, sizes)
        self._lengths = np.array([len(buffer)], dtype=np.int64)

    def take(self, rows: NDArray[np.int64]) -> TextColumn:
        """These strings alone, in the same buffer."""
        taken = copy(self)
        taken.starts, taken.sizes = self.starts[rows], self.sizes[rows]
        taken._views = self._views[rows]
        return taken

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        pointers = (ctypes.c_void_p * 4)(
            None,
            self._views.ctypes.data,
            self.buffer.ctypes.data,
            self._lengths.ctypes.data,
        )
        key = next(_keys)
        _held[key] = (self.buffer, self._views, self._lengths, pointers)
        # The consumer moves both structs out of the capsules; they must live until it has.
        self._schema = _Schema(b"vu", b"", None, 0, 0, None, None, _release_schema, None)
        self._array = _Array(
            len(self._views), 0, 0, 4, 0, pointers, None, None, _release_array, key
        )
        return (
            _new_capsule(ctypes.addressof(self._schema), b"arrow_schema", None),
            _new_capsule(ctypes.addressof(self._array), b"arrow_array", None),
        )


_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype = ctypes.c_void_p
_pointer_of.argtypes = [ctypes.py_object, ctypes.c_char_p]


def texts_of(column: Any) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """A column of n strings (layout "Variable-size Binary", 32 bits) without a Python string each.

    Returns all bytes, and the n + 1 places in them between which the strings lie; neither is
    copied, and both keep the column's memory.
    """
    capsules = column.__arrow_c_array__()
    array = _Array.from_address(_pointer_of(capsules[1], b"arrow_array"))
    if not array.length:
        return np.zeros(0, np.uint8), np.zeros(1, np.int32)
    places = _borrowed(ctypes.c_int32, array.buffers[1], array.offset + array.length + 1, capsules)
    ends = places[array.offset :]
    size = int(ends[-1])
    if not size:
        return np.zeros(0, np.uint8), ends
    return _borrowed(ctypes.c_uint8, array.buffers[2], size, capsules), ends


def _borrowed(kind: Any, address: int, count: int, owner: object) -> NDArray[Any]:
    """Memory of `owner` as an array that holds it."""
    memory = (kind * count).from_address(address)
    memory.owner = owner
    return np.frombuffer(memory, kind)
