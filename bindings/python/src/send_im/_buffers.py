"""Faster serialisation for the generated code.

UniFFI passes a record as one buffer of bytes. The generated Python writes it field by field into native memory, with
several foreign calls and context managers a field; a message costs more than the rest of a call together. Here the
fields are joined in Python and handed over in one foreign call, and read from one copy. The bytes are the same: the
converters that decide on them stay as generated. The version of UniFFI is pinned, so both sides move together.
"""

from __future__ import annotations

import ctypes
from struct import Struct
from typing import Any, Callable, Optional

from ._native import send_im_uniffi as native

_I8, _U8, _I16, _U16 = Struct(">b"), Struct(">B"), Struct(">h"), Struct(">H")
_I32, _U32, _I64, _U64 = Struct(">i"), Struct(">I"), Struct(">q"), Struct(">Q")
_F32, _F64 = Struct(">f"), Struct(">d")


class _ForeignBytes(ctypes.Structure):
    _fields_ = (("len", ctypes.c_int32), ("data", ctypes.c_char_p))


# Looked up by index: a function object of our own, whose argument types are not those of the generated code.
_from_bytes: Any = native._UniffiLib["ffi_send_im_uniffi_rustbuffer_from_bytes"]
_from_bytes.argtypes = (_ForeignBytes, ctypes.POINTER(native._UniffiRustCallStatus))
_from_bytes.restype = native._UniffiRustBuffer
_free: Any = native._UniffiLib.ffi_send_im_uniffi_rustbuffer_free


class _Writer:
    """Collects what a converter writes."""

    __slots__ = ("_parts", "write")

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.write = self._parts.append

    def finish(self) -> Any:
        data = b"".join(self._parts)
        status = native._UniffiRustCallStatus()
        buffer = _from_bytes(_ForeignBytes(len(data), data), status)
        if status.code:
            native._uniffi_check_call_status(None, status)
        return buffer


class _Reader:
    """Gives a converter what it reads."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def remaining(self) -> int:
        return len(self._data) - self._at

    def read(self, size: int) -> bytes:
        at = self._at
        self._at = end = at + size
        if end > len(self._data):
            raise native.InternalError("read past the end of a buffer")
        return self._data[at:end]


def _writing(layout: Struct) -> Callable[[_Writer, Any], None]:
    pack = layout.pack

    def write(self: _Writer, value: Any) -> None:
        self.write(pack(value))

    return write


def _reading(layout: Struct) -> Callable[[_Reader], Any]:
    unpack, size = layout.unpack_from, layout.size

    def read(self: _Reader) -> Any:
        at = self._at
        self._at = at + size
        return unpack(self._data, at)[0]

    return read


for _name, _layout in {
    "i8": _I8,
    "u8": _U8,
    "i16": _I16,
    "u16": _U16,
    "i32": _I32,
    "u32": _U32,
    "i64": _I64,
    "u64": _U64,
    "float": _F32,
    "double": _F64,
}.items():
    setattr(_Writer, f"write_{_name}", _writing(_layout))
    setattr(_Reader, f"read_{_name}", _reading(_layout))


def _take(buffer: Any) -> bytes:
    data = ctypes.string_at(buffer.data, buffer.len) if buffer.len else b""
    _free(buffer, native._UniffiRustCallStatus())
    return data


def _lower(cls: Any, value: Any) -> Any:
    writer = _Writer()
    cls.write(value, writer)
    return writer.finish()


def _lift(cls: Any, buffer: Any) -> Any:
    reader = _Reader(_take(buffer))
    value = cls.read(reader)
    if reader.remaining():
        raise native.InternalError("a buffer holds more than its type")
    return value


def _lower_text(value: str) -> Any:
    writer = _Writer()
    writer.write(value.encode())
    return writer.finish()


def _lift_text(buffer: Any) -> str:
    return _take(buffer).decode()


def _call(error_converter: Optional[Any], function: Callable[..., Any], *arguments: Any) -> Any:
    status = native._UniffiRustCallStatus()
    result = function(*arguments, status)
    if status.code:
        native._uniffi_check_call_status(error_converter, status)
    return result


native._UniffiConverterRustBuffer.lower = classmethod(_lower)
native._UniffiConverterRustBuffer.lift = classmethod(_lift)
native._UniffiFfiConverterString.lower = staticmethod(_lower_text)
native._UniffiFfiConverterString.lift = staticmethod(_lift_text)
native._uniffi_rust_call_with_error = _call
