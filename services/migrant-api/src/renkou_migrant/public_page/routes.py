"""HTTP of the public page: the form, its answer, and the files that it is made of. Nothing is stored."""

from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from renkou_common.errors import NotFound
from renkou_migrant.certificates.shown import district_names
from renkou_migrant.checks import service as checks
from renkou_migrant.checks.domain import CheckResult
from renkou_migrant.credentials.sdjwt import MAX_PRESENTATION
from renkou_migrant.public_page.page import STATIC, page
from renkou_migrant.runtime import CurrentRuntime, Runtime

router = APIRouter(prefix="/verify", include_in_schema=False)
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
FILES = {
    "verify.js": "text/javascript; charset=utf-8",
    "verify.css": "text/css; charset=utf-8",
    "jsqr.js": "text/javascript; charset=utf-8",
    "jsqr.LICENSE": "text/plain; charset=utf-8",
}


@router.get("")
async def read_page(runtime: CurrentRuntime) -> HTMLResponse:
    """The page with the camera and a field for text. Open to everyone."""
    return HTMLResponse(page(None, {}), headers=HEADERS)


@router.post("")
async def verify_shown(request: Request, runtime: CurrentRuntime) -> HTMLResponse:
    """The page with what the text sent in the form came to; without a text the empty page again.

    Open to everyone; nothing is stored but the digest of a holder's proof.
    """
    form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=4)
    text = form.get("text", [""])[0][: 2 * MAX_PRESENTATION]
    found, names = await _verified(runtime, text) if text.strip() else (None, {})
    return HTMLResponse(page(found, names), headers=HEADERS)


async def _verified(runtime: Runtime, text: str) -> tuple[CheckResult, dict[str, tuple[str, str]]]:
    found = await checks.verify_once(runtime, text)
    return found, district_names(runtime, await checks.trust_list(runtime))


@router.get("/{name}")
async def read_file(name: str) -> Response:
    """A file of the page. Open to everyone."""
    if name not in FILES:
        raise NotFound.of("文件", "file")
    content = (STATIC / name).read_bytes()
    return Response(content, media_type=FILES[name], headers={"Cache-Control": "public, max-age=3600"})
