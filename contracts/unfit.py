"""How the check of a value says no: in English and in Chinese, and where inside the thing that was checked."""


class UnfitError(ValueError):
    """A value does not fit. `place` leads from what was checked to the field at fault, where that is one of its own."""

    def __init__(self, en: str, zh: str, *place: str | int) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh
        self.place = place
