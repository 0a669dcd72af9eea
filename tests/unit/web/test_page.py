"""The page's files and the headers they are served with."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.api import problems
from app.web.page import CONTENT_TYPES, router, static_files

STATIC = Path(__file__).resolve().parents[3] / "app" / "web" / "static"
# The name of a vocabulary, which nobody fetches.
SVG_NAME = '"http://www.w3.org/2000/svg"'
SCRIPTS = sorted(STATIC.glob("*.js"))
# Each of these would make markup or code out of text.
DANGEROUS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|DOMParser|\beval\(|new Function"
    r"|setTimeout\(\s*[\"'`]"
)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(router)
    problems.install(app)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://page") as opened:
        yield opened


def directives(response: httpx.Response) -> dict[str, str]:
    policy = response.headers["content-security-policy"]
    return {name: value for name, _, value in (part.partition(" ") for part in policy.split("; "))}


async def test_the_page_is_served_with_headers_that_let_nothing_else_in(
    client: httpx.AsyncClient,
) -> None:
    response = await client.get("/")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert directives(response) == {
        "default-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


@pytest.mark.parametrize("name", sorted(path.name for path in STATIC.iterdir()))
async def test_every_file_has_its_own_content_type_and_the_same_headers(
    client: httpx.AsyncClient, name: str
) -> None:
    response = await client.get(f"/static/{name}")
    assert response.content == (STATIC / name).read_bytes()
    assert response.headers["content-type"] == CONTENT_TYPES[Path(name).suffix]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in response.headers


async def test_a_file_the_browser_has_already_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.get("/static/app.js")
    again = await client.get("/static/app.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    weak = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
    assert (await client.get("/static/app.js", headers=weak)).status_code == 304
    other = await client.get("/static/app.js", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


async def test_head_answers_the_headers_alone(client: httpx.AsyncClient) -> None:
    response = await client.head("/")
    assert response.status_code == 200
    assert "content-security-policy" in response.headers
    assert response.content == b""


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2fpage.py", "%2e%2e", "__init__.py", "app.js%00"]
)
async def test_only_the_pages_own_files_can_be_asked_for(
    client: httpx.AsyncClient, name: str
) -> None:
    response = await client.get(f"/static/{name}")
    assert response.status_code == 404
    assert response.json()["code"] == "NOT_FOUND"


def test_the_page_names_only_files_that_exist_and_no_other_address() -> None:
    html = (STATIC / "index.html").read_text()
    named = re.findall(r'(?:src|href)="([^"#]+)"', html)
    assert named
    assert [name for name in named if name.removeprefix("/static/") not in static_files()] == []


def test_every_module_is_loaded_early_and_every_import_exists() -> None:
    html = (STATIC / "index.html").read_text()
    early = set(re.findall(r'modulepreload" href="/static/([^"]+)"', html)) | {"app.js"}
    assert early == {path.name for path in SCRIPTS}
    imported = {
        name for path in SCRIPTS for name in re.findall(r'from "\./(.+?)"', path.read_text())
    }
    assert imported <= early


def test_the_page_has_no_inline_script_style_or_handler() -> None:
    html = (STATIC / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", html) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.name))
def test_a_script_makes_no_markup_from_text_and_names_no_other_address(script: Path) -> None:
    source = script.read_text()
    assert DANGEROUS.findall(source) == []
    assert re.findall(r"https?://|//[a-z]+\.[a-z]", source.replace(SVG_NAME, "")) == []


@pytest.mark.parametrize(
    "planted",
    ["node.innerHTML = text;", "setTimeout('go()', 1)", "new Function('x')", "eval(text)"],
)
def test_dangerous_code_is_noticed(planted: str) -> None:
    assert len(DANGEROUS.findall(planted)) == 1
