"""A documentation page made on the server from the OpenAPI document; loads nothing from outside."""

from html import escape
from typing import Any

_STYLE = """
body{font:16px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;max-width:60rem;
margin:2rem auto;padding:0 1rem;color:#111}
details{border:1px solid #999;border-radius:6px;margin:.4rem 0;padding:.4rem .8rem}
summary{cursor:pointer} code{background:#eee;padding:0 .3em;border-radius:3px}
.m{display:inline-block;min-width:4.5em;font-weight:700} table{border-collapse:collapse;width:100%}
td,th{border:1px solid #bbb;padding:.2rem .5rem;text-align:left;vertical-align:top}
"""


def _schema_name(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " | ".join(_schema_name(option) for option in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{_schema_name(schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type") or "any")


def _rows(properties: dict[str, Any], required: list[str]) -> str:
    return "".join(
        f"<tr><td><code>{escape(name)}</code>{' *' if name in required else ''}</td>"
        f"<td>{escape(_schema_name(schema))}</td><td>{escape(str(schema.get('description', '')))}</td></tr>"
        for name, schema in properties.items()
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    parameters = "".join(
        f"<tr><td><code>{escape(p['name'])}</code> ({escape(p['in'])})"
        f"{' *' if p.get('required') else ''}</td>"
        f"<td>{escape(_schema_name(p.get('schema', {})))}</td>"
        f"<td>{escape(str(p.get('description', '')))}</td></tr>"
        for p in operation.get("parameters", [])
    )
    bodies = operation.get("requestBody", {}).get("content", {})
    body = "".join(
        f"<p>{escape(kind)}: <code>{escape(_schema_name(content.get('schema', {})))}</code></p>"
        for kind, content in bodies.items()
    )
    answers = "".join(
        f"<li><code>{escape(code)}</code> {escape(answer.get('description', ''))}</li>"
        for code, answer in operation.get("responses", {}).items()
    )
    table = f"<table>{parameters}</table>" if parameters else ""
    return (
        f'<details><summary><span class="m">{escape(method.upper())}</span> <code>{escape(path)}</code> '
        f"{escape(operation.get('summary', ''))}</summary>"
        f"<p>{escape(operation.get('description', ''))}</p>{table}{body}<ul>{answers}</ul></details>"
    )


def docs_page(document: dict[str, Any]) -> str:
    """Return the page for an OpenAPI 3.1 document."""
    info = document["info"]
    operations = "".join(
        _operation(path, method, operation)
        for path, methods in document.get("paths", {}).items()
        for method, operation in methods.items()
    )
    schemas = "".join(
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code> '
        f"{escape(str(schema.get('description', '')))[:200]}</summary>"
        f"<table>{_rows(schema.get('properties', {}), schema.get('required', []))}</table></details>"
        for name, schema in document.get("components", {}).get("schemas", {}).items()
    )
    return (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{escape(info["title"])}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('description', ''))}</p>"
        f'<p><a href="/openapi.json">openapi.json</a></p><h2>接口 Operations</h2>{operations}'
        f"<h2>数据结构 Schemas</h2>{schemas}</html>"
    )
