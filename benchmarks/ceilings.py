"""Ceilings: the cost of Flask, Peewee and the disk without any work.

Run by gunicorn with the settings of the server, on a connection with the same pragmas.
"""

from flask import Flask, Response, jsonify, request
from peewee import AutoField, IntegerField, Model

import settings
from storage.database import connect, database


class Ceiling(Model):
    id = AutoField()
    value = IntegerField()

    class Meta:
        database = database
        table_name = "benchmark_ceiling"


database.initialize(connect(settings.load().database_url))
with database.connection_context():
    database.create_tables([Ceiling])
    if not Ceiling.select().exists():
        Ceiling.create(value=0)
    _row_id = Ceiling.get().id
database.close_all()

application = Flask("ceilings", static_folder=None)


@application.get("/time")
def has_started() -> Response:
    return jsonify(ok=True)


@application.post("/J")
def parse_json() -> Response:
    """Parses the body and answers."""
    request.get_json()
    return jsonify(ok=True)


@application.post("/R")
def read_row() -> Response:
    """The same, and reads one row."""
    request.get_json()
    with database.connection_context():
        Ceiling.get_by_id(_row_id)
    return jsonify(ok=True)


@application.post("/W")
def write_row() -> Response:
    """The same, and commits once."""
    request.get_json()
    with database.connection_context():
        Ceiling.get_by_id(_row_id)
        Ceiling.update(value=Ceiling.value + 1).where(Ceiling.id == _row_id).execute()
    return jsonify(ok=True)
