"""The SDMX structure of figures as SDMX-JSON 2.0: dataflow, data structure, concepts and code lists. No I/O.

The code lists of indicators and areas are those of the moment; everything else is fixed. The schema it follows:
https://github.com/sdmx-twg/sdmx-json, structure-message, 2.0.0.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from renkou_common.errors import Text
from renkou_reporting.indicators.domain import HIGHEST_PARITY
from renkou_reporting.outputs.domain import Dims
from renkou_reporting.outputs.sdmx import (
    AGENCY,
    ATTRIBUTES,
    DATAFLOW,
    DIMENSIONS,
    MEASURES,
    STRUCTURE,
    VERSION,
)
from renkou_reporting.populations import POPULATION_NAMES

STRUCTURE_TYPE = "application/vnd.sdmx.structure+json; version=2.0.0; charset=utf-8"
SCHEMA = (
    "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/structure-message/tools/schemas/2.0.0/"
    "sdmx-json-structure-schema.json"
)
_CONCEPTS = {
    "FREQ": Text("频率", "Frequency"),
    "REF_AREA": Text("区划", "Area"),
    "POPULATION": Text("统计人口", "Population"),
    "INDICATOR": Text("指标", "Indicator"),
    "SEX": Text("性别", "Sex"),
    "PARITY": Text("孩次", "Parity"),
    "AGE": Text("年龄", "Age"),
    "DETAIL": Text("细分", "Scheme, method or kind"),
    "TIME_PERIOD": Text("统计期", "Period"),
    "OBS_VALUE": Text("数值", "Value"),
    "NUMERATOR": Text("分子", "Numerator"),
    "DENOMINATOR": Text("分母", "Denominator"),
    "OBS_STATUS": Text("数据状态", "Observation status"),
    "CONF_STATUS": Text("保密状态", "Confidentiality status"),
    "UNIT_MEASURE": Text("计量单位", "Unit of measure"),
    "DECIMALS": Text("小数位数", "Decimals"),
    "INDICATOR_VERSION": Text("指标版本", "Version of the indicator"),
    "PUBLICATION_VERSION": Text("公布版本", "Published version"),
    "COMMENT_OBS": Text("说明", "Comment"),
}
_LISTS: Mapping[str, Mapping[str, Text]] = {
    "FREQ": {
        "M": Text("月", "Monthly"),
        "Q": Text("季", "Quarterly"),
        "S": Text("半年", "Half-yearly"),
        "A": Text("年", "Annual"),
        "_O": Text("截至某月", "Months so far"),
    },
    "SEX": {
        "_T": Text("合计", "Total"),
        "M": Text("男", "Male"),
        "F": Text("女", "Female"),
        "_U": Text("未知", "Unknown"),
        "_N": Text("未说明", "Not stated"),
    },
    "OBS_STATUS": {
        "A": Text("公布数", "Normal: published"),
        "P": Text("初步数", "Provisional: not published"),
        "M": Text("无数值", "Missing value; data cannot exist"),
        "Q": Text("不予公布", "Missing value; suppressed"),
    },
    "CONF_STATUS": {
        "F": Text("公开", "Free for publication"),
        "C": Text("保密", "Confidential statistical information"),
    },
}
_CODED = ("FREQ", "REF_AREA", "POPULATION", "INDICATOR", "SEX", "PARITY", "OBS_STATUS", "CONF_STATUS")
_WHOLE = ("DECIMALS", "INDICATOR_VERSION", "PUBLICATION_VERSION")
type Codes = Mapping[str, tuple[Text, str | None]]
"""Names of codes and the code that each is a part of."""


def structure(
    indicators: Mapping[str, Text], areas: Sequence[tuple[str, str]], made: datetime
) -> dict[str, Any]:
    """Return the structure message for indicators by code and areas with names."""
    known = {code for code, _ in areas}
    lists: dict[str, Codes] = {
        concept: {code: (name, None) for code, name in codes.items()} for concept, codes in _LISTS.items()
    }
    lists["POPULATION"] = {one.value: (Text(*name), None) for one, name in POPULATION_NAMES.items()}
    lists["INDICATOR"] = {code: (name, None) for code, name in indicators.items()}
    lists["REF_AREA"] = {code: (Text(name, code), _above(code, known)) for code, name in areas}
    lists["PARITY"] = dict(_parities())
    return {
        "meta": {
            "schema": SCHEMA,
            "id": "RENKOU_FIGURES_STRUCTURE",
            "prepared": made.isoformat(),
            "contentLanguages": ["zh", "en"],
            "sender": {"id": AGENCY},
        },
        "data": {
            "dataflows": [
                _named("Dataflow", DATAFLOW, Text("人口服务管理考核统计", "Figures of population services"))
                | {"structure": _urn("datastructure.DataStructure", STRUCTURE)}
            ],
            "dataStructures": [
                _named("DataStructure", STRUCTURE, Text("考核统计数据结构", "Structure of the figures"))
                | {"dataStructureComponents": _components()}
            ],
            "conceptSchemes": [
                _named("ConceptScheme", "CS_FIGURES", Text("概念", "Concepts"))
                | {"concepts": [{"id": one, **_names(name)} for one, name in _CONCEPTS.items()]}
            ],
            "codelists": [
                _named("Codelist", f"CL_{concept}", _CONCEPTS[concept])
                | {"codes": [_code(one, *of) for one, of in lists[concept].items()]}
                for concept in _CODED
            ],
        },
    }  # fmt: skip


def _above(code: str, known: set[str]) -> str | None:
    """Return the nearest area of the list that a code lies in."""
    return max((each for each in known if each != code and code.startswith(each)), key=len, default=None)


def _parities() -> Iterable[tuple[str, tuple[Text, str | None]]]:
    yield "_T", (Text("合计", "Total"), None)
    for number in range(1, HIGHEST_PARITY + 1):
        for text, code in ((str(number), f"P{number}"), (f"{number}+", f"P_GE{number}")):
            yield code, (Dims(parity=text).label, None)


def _components() -> dict[str, Any]:
    def component(concept: str) -> dict[str, Any]:
        of: dict[str, Any] = {"format": {"dataType": "String"}}
        if concept in _CODED:
            of = {"enumeration": _urn("codelist.Codelist", f"CL_{concept}")}
        elif concept in MEASURES:
            of = {"format": {"dataType": "Decimal"}}
        elif concept in _WHOLE:
            of = {"format": {"dataType": "Integer"}}
        return {"id": concept, "conceptIdentity": _concept(concept), "localRepresentation": of}

    time = {
        "id": "TIME_PERIOD",
        "conceptIdentity": _concept("TIME_PERIOD"),
        "localRepresentation": {"format": {"dataType": "ObservationalTimePeriod"}},
    }
    return {
        "dimensionList": {
            "id": "DimensionDescriptor",
            "dimensions": [{**component(one), "position": at} for at, one in enumerate(DIMENSIONS, 1)],
            "timeDimension": time,
        },
        "measureList": {
            "id": "MeasureDescriptor",
            "measures": [{**component(one), "usage": "optional"} for one in MEASURES],
        },
        "attributeList": {
            "id": "AttributeDescriptor",
            "attributes": [
                {
                    **component(one),
                    "usage": "mandatory" if one == "OBS_STATUS" else "optional",
                    "attributeRelationship": {"observation": {}},
                }
                for one in ATTRIBUTES
            ],
        },
    }


def _named(kind: str, identifier: str, name: Text) -> dict[str, Any]:
    return {
        "id": identifier, "version": VERSION, "agencyID": AGENCY, **_names(name),
        "links": [{"rel": "self", "type": kind.lower(), "urn": _urn(f"{_PACKAGES[kind]}.{kind}", identifier)}],
    }  # fmt: skip


_PACKAGES = {
    "Dataflow": "datastructure",
    "DataStructure": "datastructure",
    "ConceptScheme": "conceptscheme",
    "Codelist": "codelist",
}


def _names(name: Text) -> dict[str, Any]:
    return {"name": name.zh, "names": {"zh": name.zh, "en": name.en}}


def _code(identifier: str, name: Text, above: str | None) -> dict[str, Any]:
    return {"id": identifier, **_names(name)} | ({"parent": above} if above else {})


def _urn(of: str, identifier: str) -> str:
    return f"urn:sdmx:org.sdmx.infomodel.{of}={AGENCY}:{identifier}({VERSION})"


def _concept(identifier: str) -> str:
    return f"{_urn('conceptscheme.Concept', 'CS_FIGURES')}.{identifier}"
