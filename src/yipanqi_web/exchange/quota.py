"""No request brings in more than the limit: counted while it arrives, before anything of it is looked at."""

from typing import IO, Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from yipanqi.files.gate import MAX_BYTES

#: A request so large that the rest of it is not even read.
_ABSURD = 10 * MAX_BYTES


class Quota(FileUploadHandler):
    """Stands before the handlers that keep files, and stops an upload that is or becomes too large."""

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: Any,  # noqa: N803 - Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Note how much was announced."""
        self.announced, self.arrived = content_length, 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """The form's own fields have come by now, so its token still counts."""
        super().new_file(*args, **kwargs)
        if self.announced > MAX_BYTES + 2**20:
            raise StopUpload(connection_reset=self.announced > _ABSURD)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Count, and hand on."""
        self.arrived += len(raw_data)
        if self.arrived > MAX_BYTES:
            raise StopUpload(connection_reset=self.arrived > _ABSURD)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler keeps the file."""
