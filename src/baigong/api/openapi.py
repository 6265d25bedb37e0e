"""The OpenAPI document and its page, made from the declared operations: what is documented is what runs."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from baigong.api.wire import JSON, PROBLEM, Operation
from baigong.vocab.errors import error_kinds

_PART = re.compile(r"{(\w+)}")


class Problem(Struct, frozen=True, kw_only=True):
    """RFC 9457 problem document; every error has this shape."""

    type: str
    title: str
    title_zh: str
    status: int
    code: str
    place: str
    advice: str
    advice_zh: str
    fields: dict[str, Any] = {}


def document(operations: Sequence[Operation], version: str, prefix: str) -> dict[str, Any]:
    """Return an OpenAPI 3.1 document."""
    kinds: list[Any] = [Problem]
    for operation in operations:
        kinds += [kind for kind in (operation.body, operation.answer, operation.query) if kind is not None]
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    known = {_key(kind): schema for kind, schema in zip(kinds, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(prefix + operation.path, {})[operation.method.lower()] = _operation(
            operation, known, components
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Baigong",
            "version": version,
            "description": "The industrial internet platform. Errors are RFC 9457 problem documents.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "baigong_session"},
            },
        },
        "x-error-codes": sorted(error_kinds()),
    }


def _key(kind: Any) -> str:
    return repr(kind)


def _operation(operation: Operation, known: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "operationId": _name(operation),
        "summary": operation.summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _PART.findall(operation.path)
        ],
        "responses": {
            "default": {
                "description": "What went wrong, and what helps",
                "content": {PROBLEM: {"schema": known[_key(Problem)]}},
            }
        },
    }
    if operation.everyone:
        made["security"] = []
    if operation.query is not None:
        made["parameters"] += _parameters(known[_key(operation.query)], components)
    if operation.body is not None:
        made["requestBody"] = {"required": True, "content": {JSON: {"schema": known[_key(operation.body)]}}}
    elif operation.takes:
        made["requestBody"] = {"required": True, "content": {media: {"schema": {}} for media in operation.takes}}
    if operation.answer is None and operation.gives == (JSON,):
        made["responses"]["204"] = {"description": "Done"}
    else:
        content: dict[str, Any] = {media: {"schema": {}} for media in operation.gives}
        if operation.answer is not None:
            content[JSON] = {"schema": known[_key(operation.answer)]}
        made["responses"]["200"] = {"description": operation.summary, "content": content}
    return made


def _parameters(schema: dict[str, Any], components: dict[str, Any]) -> list[dict[str, Any]]:
    fields = components[schema["$ref"].rpartition("/")[2]]
    required = fields.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": kind}
        for name, kind in fields["properties"].items()
    ]


def _name(operation: Operation) -> str:
    """Name an operation for generated code: get_points_name_why."""
    words = [operation.method.lower(), *re.findall(r"\w+", operation.path)]
    return "_".join(words)


def page(operations: Sequence[Operation], version: str, prefix: str) -> str:
    """Return a page that lists the operations; no script, nothing from elsewhere."""
    rows = "".join(
        f"<tr><td><code>{o.method}</code></td><td><code>{html.escape(prefix + o.path)}</code></td>"
        f"<td>{html.escape(o.summary)}</td></tr>"
        for o in operations
    )
    codes = "".join(
        f"<tr><td><code>{code}</code></td><td>{kind.status}</td><td>{html.escape(kind.advice)}</td></tr>"
        for code, kind in sorted(error_kinds().items())
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Baigong API</title>"
        "<style>body{font:15px/1.5 system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem}"
        "td{padding:.2rem .8rem .2rem 0;vertical-align:top}</style>"
        f"<h1>Baigong API {html.escape(version)}</h1>"
        f'<p>For programs: <a href="{prefix}/openapi.json">OpenAPI 3.1</a>. '
        f"Live values: WebSocket <code>{prefix}/live</code>.</p>"
        f"<table>{rows}</table><h2>Errors</h2><table>{codes}</table></html>"
    )
