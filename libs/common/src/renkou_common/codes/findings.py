"""What is wrong, or merely odd, with a code that somebody entered.

Tree of errors: ValueError > CodeError > AreaCodeError, ResidentIdError, PeriodError, PersonNameError.
Texts never repeat an ID number: they end up in logs and error sheets.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: a stable machine code and what it means in Chinese and English."""

    code: str
    zh: str
    en: str

    def text(self, language: str = "zh") -> str:
        """The message in `zh` or `en`; any other language reads English."""
        return self.zh if language == "zh" else self.en


class CodeError(ValueError):
    """A value that does not follow its standard. `finding` says why; `field` names the member of an object that
    is wrong where a rule is about several of them."""

    def __init__(self, code: str, zh: str, en: str, *, field: str = "") -> None:
        super().__init__(f"{zh} / {en}")
        self.finding = Finding(code, zh, en)
        self.field = field

    @property
    def code(self) -> str:
        return self.finding.code

    @property
    def zh(self) -> str:
        return self.finding.zh

    @property
    def en(self) -> str:
        return self.finding.en
