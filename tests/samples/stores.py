"""A folder of an object store that one test alone has."""

from __future__ import annotations


class Store:
    """A folder of a store that this test alone has."""

    def __init__(self, url: str) -> None:
        import fsspec  # an extra

        self.url = url
        self.files, self.path = fsspec.url_to_fs(url)

    def write(self, name: str, data: bytes) -> str:
        self.files.pipe_file(f"{self.path}/{name}", data)
        return f"{self.url}/{name}"

    def read(self, name: str) -> bytes:
        self.files.invalidate_cache()
        return bytes(self.files.cat_file(f"{self.path}/{name}"))

    def names(self) -> list[str]:
        self.files.invalidate_cache()
        paths = (str(path) for path in self.files.find(self.path))
        return sorted(path.removeprefix(self.path).lstrip("/") for path in paths)
