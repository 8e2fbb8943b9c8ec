"""What somebody asked of labels or themes cannot be done: a sentence with its values apart."""

from __future__ import annotations

from core.errors import BadPayload


class Unfit(BadPayload):
    """`text` holds `%(name)s` for each of `values`; as a string it is put together in English."""

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text % values if values else text)
        self.text = text
        self.values = values
