"""Forecasts as a chart: what was counted, every scenario, and how far such forecasts were off."""

from io import BytesIO

from PIL import Image
from pypdf import PdfReader

from renkou_common.contracts.lines import Line

from ..api.test_forecast import years
from ..support import Reporting

__all__ = ["years"]
QUESTION = {"area": "340103", "base": "2025"}


async def test_a_forecast_is_drawn_under_every_scenario(
    reporting: Reporting, years: list[list[Line]]
) -> None:
    await reporting.take_in("registry", *years)
    statistician = await reporting.staff("statistician", "340103")
    told = (await statistician.get("/forecasts/scenarios")).json()["items"]
    drawn = await statistician.get("/forecasts/chart.pdf", params=QUESTION)
    assert drawn.status_code == 200, drawn.text
    (page,) = PdfReader(BytesIO(drawn.content)).pages
    text = page.extract_text().replace("\0", "")
    assert all(one["zh"] in text for one in told if one["packaged"])
    assert "已统计" in text
    assert "平均误差" in text
    for of in ("population", "births"):
        picture = await statistician.get("/forecasts/chart.png", params=QUESTION | {"of": of})
        assert Image.open(BytesIO(picture.content)).size[0] == 1560


async def test_a_scenario_that_does_not_exist_is_refused(
    reporting: Reporting, years: list[list[Line]]
) -> None:
    await reporting.take_in("registry", *years)
    statistician = await reporting.staff("statistician", "340103")
    answer = await statistician.get("/forecasts/chart.png", params=QUESTION | {"scenario": "nothing"})
    assert answer.status_code == 422
    auditor = await reporting.staff("auditor", "340103")
    assert (await auditor.get("/forecasts/chart.png", params=QUESTION)).status_code == 403
