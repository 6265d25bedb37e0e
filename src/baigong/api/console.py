"""Serves the built console: hashed files for ever, everything else that is no file as index.html."""

from __future__ import annotations

import asyncio
import mimetypes
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from baigong.api.hygiene import new_nonce, page_policy
from baigong.api.wire import problem
from baigong.vocab.errors import FixConfiguration

_FOR_EVER = "public, max-age=31536000, immutable"
_BUILT = "built/"  # where the build puts files with a hash in their name
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# A missing file of these kinds is an error; any other name with a dot is a page: /points/pump1.flow.
_FILES = frozenset(_TYPES) | {".map", ".ico", ".png", ".json", ".txt", ".xml", ".html", ".php", ".webmanifest"}
_NONCE = "BAIGONG_NONCE"  # where the build leaves room for it (ui/vite.config.ts)
_NOT_BUILT = (
    "<!doctype html><meta charset=utf-8><title>Baigong</title><h1>Baigong 百工</h1>"
    "<p>The console has not been built here. The API is at <a href='/api/v1/docs'>/api/v1/docs</a>.</p>"
)


def built_console() -> Path:
    return Path(__file__).parent / "console"


def console_routes(folder: Path) -> list[Route]:
    root = folder.resolve()

    async def serve(request: Request) -> Response:
        path = request.path_params.get("path", "")
        if path == "api" or path.startswith("api/"):
            return problem(FixConfiguration("http.not_found", f"there is no /{path}", place=f"/{path}"))
        found = await asyncio.to_thread(_find, root, path)
        if found is not None and found.name != "index.html":
            kept = _FOR_EVER if path.startswith(_BUILT) else "no-cache"
            kind = _TYPES.get(found.suffix) or mimetypes.guess_type(found.name)[0] or "application/octet-stream"
            return FileResponse(found, media_type=kind, headers={"Cache-Control": kept})
        if path.startswith(_BUILT) or (Path(path).suffix in _FILES and path != "index.html"):
            return problem(FixConfiguration("http.not_found", f"there is no /{path}", place=f"/{path}"))
        index = await asyncio.to_thread(_find, root, "index.html")
        if index is None:
            return HTMLResponse(_NOT_BUILT, headers=_page_headers(new_nonce()))
        return await asyncio.to_thread(_page, index)

    return [Route("/", serve), Route("/{path:path}", serve)]


def _page(index: Path) -> Response:
    """Serve the page with a nonce of this answer alone: kept by nobody, or the next one would not fit."""
    nonce = new_nonce()
    return HTMLResponse(index.read_text("utf-8").replace(_NONCE, nonce), headers=_page_headers(nonce))


def _page_headers(nonce: str) -> dict[str, str]:
    return {"Cache-Control": "no-store", "Content-Security-Policy": page_policy(nonce)}


def _find(root: Path, path: str) -> Path | None:
    if not path or "\x00" in path:
        return None
    found = (root / path).resolve()
    return found if found.is_relative_to(root) and found.is_file() else None
