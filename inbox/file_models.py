"""Tables of files: what lies on disk, and where it is attached."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Double, ForeignKey
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime
from inbox import filetypes


def _ref(target: str, *, null: bool = True, index: bool = True) -> Any:
    kept = Column(BigId, ForeignKey(target, ondelete="CASCADE"), nullable=null, index=index)
    return Field(default=None, sa_column=kept)


class StoredFile(SQLModel, table=True):
    """A content that lies on disk once, however often it is attached."""

    __tablename__ = "stored_file"
    digest: str = Field(primary_key=True, max_length=64)
    """SHA-256 of it, in hex; its place below `data_dir/files`."""
    size: int = Field(sa_column=Column(BigId, nullable=False))
    at: datetime = Field(default=None, sa_column=Column(UtcDateTime, nullable=False))


class Attached(SQLModel, table=True):
    """A file at one place: of a reply, a note or a message; at none of them yet, it lies beside its author's draft."""

    __tablename__ = "attached"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    digest: str = Field(sa_column=Column(ForeignKey("stored_file.digest"), nullable=False, index=True), max_length=64)
    conversation_id: int = _ref("conversation.id", null=False)
    author: str = Field(default="", max_length=40)
    """`user:3`; empty for a picture that a customer sent."""
    reply_id: int | None = _ref("reply.id")
    note_id: int | None = _ref("note.id")
    message_id: int | None = _ref("message.id")
    place: int = 0
    """Of a message's attachments, which one."""
    name: str = Field(max_length=200)
    mime: str = Field(max_length=100)
    kind: str = Field(max_length=10)
    """image, video, audio or file."""
    alt: str = Field(default="", max_length=1500)
    """What a picture or a video shows, in words."""
    size: int = Field(sa_column=Column(BigId, nullable=False))
    seconds: float = Field(default=0.0, sa_column=Column(Double, nullable=False, server_default="0"))
    """How long a video is; 0: it does not tell."""
    width: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    height: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """What a video measures as it is shown, in pixels; 0: it does not tell."""
    uploaded: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """What the platform said when it took the file for this reply; its connector alone reads it."""
    at: datetime = Field(default=None, sa_column=Column(UtcDateTime, nullable=False))

    @property
    def plays(self) -> bool:
        """A page may play it."""
        return self.mime in filetypes.PLAYED
