"""`File`: an image, a recording or a PDF as a part of a prompt."""

from __future__ import annotations

from base64 import b64encode
from pathlib import PurePath
from typing import Any, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from structkit.documents.media_types import media_type
from structkit.documents.read_source import MAX_FILE_BYTES, MAX_NAME_CHARS, FileSource, is_url, read_source, source_name
from structkit.errors import PromptError
from structkit.values import JSON
from structkit.values.data_url import find_url_fault

ImageDetail: TypeAlias = Literal["low", "high", "auto"]

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})
"""Suffixes by which the URL of an image is recognised, since it is not fetched."""

AUDIO_FORMATS = {"audio/wav": "wav", "audio/mpeg": "mp3", "audio/flac": "flac", "audio/ogg": "ogg", "audio/mp4": "m4a"}
"""The names of audio formats in `input_audio`."""

MAX_SHOWN_CHARS = 60
"""Characters of a longer URL that are shown."""


class File:
    """A file as a part of a prompt, beside text.

        client.extract(Receipt, ["What was paid?", structkit.File("receipt.jpg")])

    The kind is determined by the content: images become `image_url` parts, audio `input_audio` parts, and PDFs `file`
    parts. The URL of an image is passed on, and the endpoint fetches it; `File.fetch` downloads it here.

    Args:
        source: A path, the URL of an image, the bytes, or an open binary file.
        name: The name that the endpoint sees for a PDF; by default that of the path.
        detail: The resolution at which the model sees an image: `low`, `high` or `auto`.
        max_bytes: The size above which the file is rejected.

    Raises:
        PromptError: The file cannot be read, is empty, is too large, or is none of these kinds.

    >>> File(b"%PDF-1.7 ...", name="bill.pdf").part["file"]["filename"]
    'bill.pdf'
    """

    __slots__ = ("_data", "detail", "media_type", "name", "url")

    def __init__(
        self,
        source: FileSource,
        *,
        name: str | None = None,
        detail: ImageDetail | None = None,
        max_bytes: int = MAX_FILE_BYTES,
    ) -> None:
        """Read the file."""
        self.url = source if isinstance(source, str) and is_url(source) else None
        self.detail = _validated_detail(detail)
        if not isinstance(name, str | None):
            raise PromptError(f"the name of a file must be a text, not {type(name).__name__}")
        if self.url is not None:
            self._data, self.media_type = b"", _media_type_of_url(_validated_url(self.url))
            self.name = name or PurePath(urlsplit(self.url).path).name
            return
        self.name = (name or source_name(source))[-MAX_NAME_CHARS:]
        self._data = read_source(source, self.name, max_bytes)
        self.media_type = _require_media_type(self._data, self.name)

    @classmethod
    def image(cls, source: FileSource, *, detail: ImageDetail | None = None, max_bytes: int = MAX_FILE_BYTES) -> File:
        """Return an image; its URL may have any suffix.

        Raises:
            PromptError: It is not an image, or as for `File`.
        """
        if isinstance(source, str) and is_url(source):
            file = cls.__new__(cls)
            file._data, file.url, file.media_type = b"", _validated_url(source), "image/*"  # noqa: SLF001 (its own class)
            file.detail, file.name = _validated_detail(detail), PurePath(urlsplit(source).path).name
            return file
        file = cls(source, detail=detail, max_bytes=max_bytes)
        if not file.media_type.startswith("image/"):
            raise PromptError(f"{file.name!r} is not an image but {file.media_type}: use structkit.File(...)")
        return file

    @classmethod
    def fetch(
        cls,
        url: str,
        *,
        name: str | None = None,
        detail: ImageDetail | None = None,
        max_bytes: int = MAX_FILE_BYTES,
        timeout: float = 60.0,
    ) -> File:
        """Download a file over HTTP; nothing else in structkit fetches a URL.

        Args:
            url: An address with `http` or `https`. It must come from you and not from data: the server that runs this
                code sends the request.
            name: As for `File`.
            detail: As for `File`.
            max_bytes: As for `File`.
            timeout: Seconds that the server may be silent; the whole download may take ten times as long.

        Raises:
            PromptError: The download fails, or as for `File`.
        """
        from structkit.documents.download import download

        data = download(url, max_bytes, timeout)
        return cls(data, name=name or PurePath(urlsplit(url).path).name, detail=detail, max_bytes=max_bytes)

    @property
    def part(self) -> JSON:
        """The file as a content part of a message."""
        kind = self.media_type.partition("/")[0]
        if kind == "image":
            detail = {"detail": self.detail} if self.detail else {}
            return {"type": "image_url", "image_url": {"url": self.url or self._data_url, **detail}}
        if kind == "audio":
            audio = {"data": b64encode(self._data).decode(), "format": AUDIO_FORMATS[self.media_type]}
            return {"type": "input_audio", "input_audio": audio}
        return {"type": "file", "file": {"filename": self.name or "document.pdf", "file_data": self._data_url}}

    @property
    def _data_url(self) -> str:
        return f"data:{self.media_type};base64,{b64encode(self._data).decode()}"

    @property
    def size(self) -> int:
        """The number of bytes; 0 for a URL."""
        return len(self._data)

    def __repr__(self) -> str:
        """The name, the kind and the size."""
        source = self.url or self.name
        name = source if len(source) <= MAX_NAME_CHARS else f"{source[:MAX_SHOWN_CHARS]}..."
        return f"File({name!r}, {self.media_type}, {self.size:,} bytes)"

    def __eq__(self, other: object) -> bool:
        """Whether the endpoint would receive the same."""
        return isinstance(other, File) and self.part == other.part

    def __hash__(self) -> int:
        """By the content."""
        return hash((self.url, self._data))


def _validated_url(url: str) -> str:
    """Return a URL.

    Raises:
        PromptError: It has white space or a control character, as a line of a file does, or is a broken data URL.
    """
    if (fault := find_url_fault(url)) is not None:
        raise PromptError(f"the URL {url[:MAX_SHOWN_CHARS]!r} cannot be read: {fault}")
    if not url.isprintable() or " " in url:
        raise PromptError(f"the URL {url[:MAX_SHOWN_CHARS]!r} has white space or a control character: remove it")
    return url


def _validated_detail(detail: Any) -> Any:
    """Return the resolution of an image.

    Raises:
        PromptError: There is no such resolution.
    """
    if detail is not None and detail not in get_args(ImageDetail):
        raise PromptError(f"detail must be one of {', '.join(get_args(ImageDetail))}, not {detail!r}")
    return detail


def _media_type_of_url(url: str) -> str:
    """Return the media type of a URL that is passed on.

    Raises:
        PromptError: It may not be an image: the endpoint fetches only images.
    """
    if url[:11].lower() == "data:image/" or PurePath(urlsplit(url).path).suffix.lower() in IMAGE_SUFFIXES:
        return "image/*"
    raise PromptError(
        "only images can be passed by their URL: use File.image(url) for an image without a suffix, or File.fetch(url) "
        "to download it"
    )


def _require_media_type(data: bytes, name: str) -> str:
    kind = media_type(data)
    if kind is None:
        raise PromptError(
            f"{name or 'the file'!r} is not an image, audio or a PDF by its content: "
            "pass the text of a text file as the prompt"
        )
    return kind
