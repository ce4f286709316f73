"""The error that a check of a value raises, with a message in English and in Chinese."""


class FieldError(ValueError):
    """A value is not valid. `place` is the path from the checked object to the field; empty for the object itself."""

    def __init__(self, en: str, zh: str, *place: str | int) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh
        self.place = place
