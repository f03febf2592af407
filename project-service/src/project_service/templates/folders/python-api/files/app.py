"""The API of this project: notes, kept in memory."""

from sanic import Request, Sanic, json
from sanic.exceptions import BadRequest, NotFound
from sanic.response import HTTPResponse

app = Sanic("api")
app.ctx.notes = {}


@app.get("/")
async def about(request: Request) -> HTTPResponse:
    return json({"name": "{{project_name}}", "description": "{{description}}"})


@app.get("/notes")
async def list_notes(request: Request) -> HTTPResponse:
    return json(list(request.app.ctx.notes.values()))


@app.post("/notes")
async def add_note(request: Request) -> HTTPResponse:
    text = (request.json or {}).get("text")
    if not isinstance(text, str) or not text.strip():
        raise BadRequest("Give a text.")
    note = {"id": len(request.app.ctx.notes) + 1, "text": text}
    request.app.ctx.notes[note["id"]] = note
    return json(note, status=201)


@app.get("/notes/<note_id:int>")
async def get_note(request: Request, note_id: int) -> HTTPResponse:
    if note_id not in request.app.ctx.notes:
        raise NotFound("There is no such note.")
    return json(request.app.ctx.notes[note_id])


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=8080, single_process=True)
