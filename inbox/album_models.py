"""The table of albums: messages that are several posts on their platform."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Column, ForeignKey
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


class AlbumItem(SQLModel, table=True):
    """One post of an album: its own key there, and what it says."""

    __tablename__ = "album_item"
    key: str = Field(primary_key=True, max_length=500)
    album: str = Field(default="", max_length=500, sa_column_kwargs={"server_default": ""}, index=True)
    """What the platform calls the whole, where it tells: posts that come later belong to it."""
    message_id: int = Field(
        sa_column=Column(BigId, ForeignKey("message.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    place: int
    text: str
    edited_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    gone: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    """It was deleted on its platform."""
