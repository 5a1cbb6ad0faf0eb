"""What can go wrong, in two words: the writer can't do its work, or bytes are not our format.

Invariant: no message holds record content; places are named by file, offset and sequence.
"""


class AuditError(Exception):
    """A record can't be made durable, or the log can't be opened. The caller must not go on."""


class DiskStalled(AuditError):
    """The disk takes no more records, and doesn't say why: it hangs, or is far behind."""


class FormatError(ValueError):
    """Bytes are not what FORMAT.md specifies."""


class ShortBatchError(FormatError):
    """A file ends inside a header or a batch: nothing in that batch was ever acknowledged.

    Attributes:
        offset: where the incomplete header or batch begins, in bytes.
    """

    def __init__(self, offset: int) -> None:
        super().__init__(f"the file ends inside the batch that begins at byte {offset}")
        self.offset = offset
