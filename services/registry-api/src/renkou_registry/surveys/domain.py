"""Questions as data, and what an answer counts as. No I/O."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from renkou_common.codes.offices import QuestionKind
from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_common.errors import FieldError, Text

_MEASURES = {
    QuestionKind.SATISFACTION: (Measure.SATISFACTION_VALID, Measure.SATISFACTION_SATISFIED),
    QuestionKind.AWARENESS: (Measure.AWARENESS_VALID, Measure.AWARENESS_CORRECT),
}


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its options by code: True counts for, False against, None is no valid answer."""

    code: str
    kind: QuestionKind
    options: Mapping[str, bool | None]


def parse_questions(data: Sequence[Mapping[str, Any]]) -> list[Question]:
    """Return the questions of an edition as stored."""
    return [
        Question(
            each["code"],
            QuestionKind(each["kind"]),
            {option["code"]: option["positive"] for option in each["options"]},
        )
        for each in data
    ]


def question_errors(questions: Sequence[Question]) -> Iterator[FieldError]:
    """Yield what is wrong with questions beyond their form: codes twice, nothing to count for or against."""
    seen: set[str] = set()
    for number, question in enumerate(questions):
        pointer = f"/questions/{number}"
        if question.code in seen:
            yield FieldError(f"{pointer}/code", "code_twice", Text("代码重复", "this code is used already"))
        seen.add(question.code)
        values = set(question.options.values())
        if question.kind is QuestionKind.CHOICE:
            if values - {None}:
                text = Text("选择题的选项不计正负", "options of a choice count neither for nor against")
                yield FieldError(f"{pointer}/options", "choice_counts", text)
        elif not {True, False} <= values:
            text = Text(
                "须各有计正 (满意、正确) 和计负的选项",
                "needs an option that counts for and one that counts against",
            )
            yield FieldError(f"{pointer}/options", "options_count", text)


def answer_errors(questions: Sequence[Question], chosen: Mapping[str, str]) -> Iterator[FieldError]:
    """Yield what is wrong with an answer: questions or options that are not there. Leaving out is allowed."""
    known = {question.code: question for question in questions}
    for code, option in chosen.items():
        if code not in known:
            text = Text("没有此问题", "there is no such question")
            yield FieldError(f"/options/{code}", "question_unknown", text)
        elif option not in known[code].options:
            allowed = ", ".join(known[code].options)
            text = Text(f"只能是 {allowed}", f"must be one of {allowed}")
            yield FieldError(f"/options/{code}", "option_unknown", text)


def answer_lines(
    questions: Sequence[Question], chosen: Mapping[str, str], area: int, on: date
) -> Counter[LineKey]:
    """Return one valid answer for each question answered validly, and one good one where it is."""
    lines: Counter[LineKey] = Counter()
    for question in questions:
        positive = question.options.get(chosen.get(question.code, ""))
        if positive is None or question.kind not in _MEASURES:
            continue
        valid, good = _MEASURES[question.kind]
        key = LineKey(Population.OFFICE, f"{area:012d}", on, valid)
        lines[key] += 1
        if positive:
            lines[key._replace(measure=good)] += 1
    return lines
