"""How an HTTP client asks the other services of the node: by TLS, where the node has an authority for it."""

import httpx

from renkou_common.settings import ServiceSettings
from renkou_common.tls import client_context


def ways_to_services(settings: ServiceSettings) -> dict[str, httpx.AsyncHTTPTransport]:
    """Return a client's ``mounts``: at the services' addresses nothing counts but the node's own authority, everywhere
    else what the system trusts. None at all without an authority."""
    if settings.service_ca_file is None:
        return {}
    context = client_context(settings.service_ca_file)
    origins = {str(httpx.URL(url).copy_with(raw_path=b"/")).rstrip("/") for url in settings.service_urls}
    return {each: httpx.AsyncHTTPTransport(verify=context, trust_env=False) for each in sorted(origins)}
