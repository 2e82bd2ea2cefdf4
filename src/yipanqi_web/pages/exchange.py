"""数据交换: uploads with preview and confirmation, copies with reasons, and workbooks out."""

import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from yipanqi.kernel.findings import Finding
from yipanqi.policy.wording import say
from yipanqi_web.actions.sites import NotPossibleError
from yipanqi_web.exchange import intake, outgoing, preview
from yipanqi_web.exchange.preview import Upload
from yipanqi_web.pages.frame import language, page
from yipanqi_web.pages.listing import listing
from yipanqi_web.permissions.actor import Actor
from yipanqi_web.queries import exchange as queries


def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What can be taken out, the door for uploads, and the uploads so far."""
    return _overview(request, actor)


def _overview(request: HttpRequest, actor: Actor, finding: Finding | None = None) -> HttpResponse:
    return page(request, actor, "exchange/overview.html", {
        "list": listing(request, queries.imports(actor), ()),
        "kinds": list(outgoing.KINDS),
        "out_names": {kind: f"web.exchange.out.{kind}" for kind in outgoing.KINDS},
        "prefix": f"{actor.place}-",
        "suffixes": ",".join(intake.SUFFIXES),
        "readable": "、".join(intake.SUFFIXES),
        "limit": intake.LIMIT // 2**20,
        "finding": finding,
        "here": "exchange",
    }, status=422 if finding else 200)  # fmt: skip


def upload(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Take a file in and show what it would change."""
    file = request.FILES.get("file")
    if file is None:
        limit = f"{intake.LIMIT // 2**20} MiB"
        return _overview(request, actor, Finding("web.exchange.no_file", params={"limit": limit}))
    try:
        record = preview.receive(Upload(file.name or "", file.size or 0, file.chunks()), by=actor)
    except NotPossibleError as error:
        return _overview(request, actor, error.finding)
    return redirect("import", public_id=record.public_id)


def one(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponse:
    """One upload: its preview, or what it wrote."""
    record = _record(actor, public_id)
    return page(request, actor, "exchange/import.html", {
        "record": record,
        "findings": preview.shown(record),
        "here": "exchange",
    })  # fmt: skip


def confirm(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponse:
    """Write it, all or nothing."""
    preview.confirm(_record(actor, public_id), by=actor)
    messages.success(request, say("web.exchange.done", language()))
    return redirect("import", public_id=public_id)


def copy(request: HttpRequest, actor: Actor, public_id: str) -> HttpResponseBase:
    """The user's own sheet with the reasons."""
    record = _record(actor, public_id)
    stem = Path(record.name).stem
    name = say("web.exchange.copy_name", language(), name=stem)
    with tempfile.TemporaryDirectory(prefix="yipanqi-") as folder:
        path = Path(folder) / "copy.xlsx"
        preview.copy(record, path, by=actor, language=language())
        return FileResponse(path.open("rb"), as_attachment=True, filename=f"{name}.xlsx")


def out(request: HttpRequest, actor: Actor, kind: str) -> HttpResponseBase:
    """A workbook out."""
    if kind not in outgoing.KINDS:
        raise Http404
    name = say(f"web.exchange.out.{kind}", language())
    with tempfile.TemporaryDirectory(prefix="yipanqi-") as folder:
        path = Path(folder) / "out.xlsx"
        outgoing.KINDS[kind](actor, path, language())
        filename = f"{name}-{actor.on.isoformat()}.xlsx"
        return FileResponse(path.open("rb"), as_attachment=True, filename=filename)


def _record(actor: Actor, public_id: str) -> Any:
    record = queries.one(actor, public_id)
    if record is None:
        raise Http404
    return record
