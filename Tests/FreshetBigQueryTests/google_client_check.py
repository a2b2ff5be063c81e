"""Asks the BigQuery mock with Google's own client, so that the mock is no private fiction.

    google_client_check.py check URL               everything the mock claims to play
    google_client_check.py rows URL PROJECT.DATASET.TABLE
                                                   the rows of a table, with the types the client gives them, as JSON

Needs `pip install google-cloud-bigquery`. Exits 0 when all is well; prints what was checked.
"""

import datetime
import decimal
import io
import json
import math
import sys
import urllib.request

from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.oauth2 import service_account

UTC = datetime.timezone.utc
SCHEMA = [
    bigquery.SchemaField("id", "INTEGER", mode="REQUIRED"),
    bigquery.SchemaField("f", "FLOAT64"),
    bigquery.SchemaField("b", "BOOL"),
    bigquery.SchemaField("s", "STRING"),
    bigquery.SchemaField("at", "TIMESTAMP"),
    bigquery.SchemaField("day", "DATE"),
    bigquery.SchemaField("n", "NUMERIC"),
    bigquery.SchemaField("big", "BIGNUMERIC"),
    bigquery.SchemaField("j", "JSON"),
]
FULL = {
    "id": "9223372036854775807",
    "f": 0.1,
    "b": True,
    "s": "line\nbreak 🐟",
    "at": "2023-05-28T14:42:40.250001Z",
    "day": "2024-02-29",
    "n": "12345678901234567890123456789.123456789",
    "big": "-0.00000000000000000000000000000000000001",
    "j": {"a": [1, 2.5, None], "b": "text"},
}
WANTED = {
    "id": 9223372036854775807,
    "f": 0.1,
    "b": True,
    "s": "line\nbreak 🐟",
    "at": datetime.datetime(2023, 5, 28, 14, 42, 40, 250001, tzinfo=UTC),
    "day": datetime.date(2024, 2, 29),
    "n": decimal.Decimal("12345678901234567890123456789.123456789"),
    "big": decimal.Decimal("-0.00000000000000000000000000000000000001"),
    "j": {"a": [1, 2.5, None], "b": "text"},
}


def client(url, credentials=None, project="local"):
    return bigquery.Client(
        project=project,
        credentials=credentials or AnonymousCredentials(),
        client_options={"api_endpoint": url},
    )


def done(what):
    print("ok", what)


def raises(kind, reason, call):
    try:
        call()
    except kind as error:
        found = error.errors[0]["reason"] if error.errors else None
        assert found == reason, (found, reason)
        return error
    raise AssertionError(f"{kind.__name__} was expected")


def check_table(bq, table):
    wanted = bigquery.Table(table, schema=SCHEMA)
    wanted.time_partitioning = bigquery.TimePartitioning(field="at")
    wanted.clustering_fields = ["id", "s"]
    wanted.labels = {"made_by": "check"}
    made = bq.create_table(wanted)
    assert [(f.name, f.field_type, f.mode) for f in made.schema][0] == ("id", "INTEGER", "REQUIRED"), made.schema
    raises(exceptions.Conflict, "duplicate", lambda: bq.create_table(wanted))
    got = bq.get_table(table)
    assert got.time_partitioning.field == "at" and got.time_partitioning.type_ == "DAY"
    assert got.clustering_fields == ["id", "s"] and got.num_rows == 0 and got.labels == {"made_by": "check"}
    assert [t.table_id for t in bq.list_tables(table.rsplit(".", 1)[0])] == [table.rsplit(".", 1)[1]]
    done("create_table, get_table, list_tables: schema, partitioning, clustering, labels; a second create is a Conflict")


def load(bq, table, rows, **options):
    job_id = options.pop("job_id", None)
    config = bigquery.LoadJobConfig(source_format="NEWLINE_DELIMITED_JSON", **options)
    job = bq.load_table_from_json(rows, table, job_config=config, job_id=job_id)
    return job.result()


def check_loads(bq, table):
    job = load(bq, table, [FULL, {"id": 1}], schema=SCHEMA, job_id="check_1")
    assert job.state == "DONE" and job.output_rows == 2, (job.state, job.output_rows)
    error = raises(exceptions.Conflict, "duplicate", lambda: load(bq, table, [FULL], schema=SCHEMA, job_id="check_1"))
    assert "Already Exists: Job" in error.message, error.message
    assert bq.get_table(table).num_rows == 2
    fetched = bq.get_job("check_1")
    assert fetched.job_type == "load" and fetched.state == "DONE" and fetched.error_result is None
    done("load_table_from_json (multipart), get_job; a job id twice is a Conflict and loads nothing")
    first, second = sorted(bq.list_rows(table), key=lambda row: -row["id"])
    assert dict(first) == WANTED, dict(first)
    assert dict(second) == {**dict.fromkeys(WANTED), "id": 1}, dict(second)
    assert all(type(first[name]) is type(value) for name, value in WANTED.items())
    done("list_rows: " + ", ".join(f"{f.field_type} → {type(first[f.name]).__name__}" for f in SCHEMA))
    assert math.isinf(next(iter(check_special(bq, table + "_special")))["f"])
    done("a float that is infinite")


def check_special(bq, table):
    load(bq, table, [{"f": "Infinity"}], schema=[bigquery.SchemaField("f", "FLOAT64")])
    return bq.list_rows(table)


def check_resumable(bq, table):
    lines = "".join(json.dumps({"id": number, "s": "x" * 100}) + "\n" for number in range(4000)).encode()
    config = bigquery.LoadJobConfig(
        source_format="NEWLINE_DELIMITED_JSON", schema=SCHEMA, write_disposition="WRITE_TRUNCATE"
    )
    job = bq.load_table_from_file(io.BytesIO(lines), table, job_config=config)
    job.result()
    assert job.output_rows == 4000 and bq.get_table(table).num_rows == 4000
    assert [row["id"] for row in bq.list_rows(table, page_size=700)] == list(range(4000))
    done("load_table_from_file (resumable), WRITE_TRUNCATE, list_rows in pages")


def check_schema_rules(bq, table):
    new = SCHEMA + [bigquery.SchemaField("added", "STRING")]
    error = raises(exceptions.BadRequest, "invalid", lambda: load(bq, table, [{"id": 1, "added": "x"}], schema=new))
    assert "Cannot add fields" in error.message, error.message
    load(bq, table, [{"id": -1, "added": "x"}], schema=new, schema_update_options=["ALLOW_FIELD_ADDITION"])
    rows = list(bq.query(f"SELECT id, added FROM `{table}` ORDER BY id LIMIT 2").result())
    assert [(row.id, row.added) for row in rows] == [(-1, "x"), (0, None)], rows
    raises(exceptions.BadRequest, "invalid", lambda: load(bq, table, [{"id": None}], schema=new))
    raises(exceptions.BadRequest, "invalid", lambda: load(bq, table, [{"id": 1, "day": "no"}], schema=new))
    assert bq.get_table(table).num_rows == 4001
    done("ALLOW_FIELD_ADDITION; a failed load changes nothing")


def check_queries(bq, table):
    assert [row.n for row in bq.query(f"SELECT COUNT(*) AS n FROM `{table}`").result()] == [4001]
    config = bigquery.QueryJobConfig(
        query_parameters=[
            bigquery.ArrayQueryParameter("keys", "STRING", ["a", "b"]),
            bigquery.ScalarQueryParameter("at", "TIMESTAMP", datetime.datetime(2024, 1, 1, tzinfo=UTC)),
        ]
    )
    fields = [
        bigquery.SchemaField("k", "STRING"), bigquery.SchemaField("v", "INTEGER"),
        bigquery.SchemaField("gone", "TIMESTAMP"),
    ]
    target, staging = table + "_target", table + "_staging"
    load(bq, target, [{"k": "a", "v": 1}, {"k": "b", "v": 2}, {"k": "c", "v": 3}], schema=fields)
    load(bq, staging, [{"k": "a", "v": 10}, {"k": "d", "v": 4}], schema=fields)
    job = bq.query(
        f"""MERGE `{target}` AS t USING `{staging}` AS s ON t.k = s.k
        WHEN MATCHED THEN UPDATE SET v = s.v
        WHEN NOT MATCHED BY SOURCE AND t.k IN UNNEST(@keys) THEN UPDATE SET gone = @at
        WHEN NOT MATCHED BY TARGET THEN INSERT (k, v) VALUES (s.k, s.v)""",
        job_config=config,
    )
    job.result()
    assert job.statement_type == "MERGE" and job.num_dml_affected_rows == 3, job.num_dml_affected_rows
    rows = [tuple(row.values()) for row in bq.query(f"SELECT * FROM `{target}` ORDER BY k").result()]
    gone = datetime.datetime(2024, 1, 1, tzinfo=UTC)
    assert rows == [("a", 10, None), ("b", 2, gone), ("c", 3, None), ("d", 4, None)], rows
    raises(exceptions.BadRequest, "invalidQuery", lambda: bq.query(f"SELECT FROM `{target}`").result())
    raises(exceptions.NotFound, "notFound", lambda: bq.query("SELECT * FROM `games.none`").result())
    assert [tuple(r.values()) for r in bq.query_and_wait(f"SELECT k FROM `{target}` WHERE v > 3 ORDER BY v DESC")] == [
        ("a",), ("d",),
    ]
    done("query: parameters, MERGE with counts, ORDER BY, LIMIT, WHERE, errors; query_and_wait")


def check_tokens(url):
    with urllib.request.urlopen(f"{url}/credentials.json?project=local") as answer:
        info = json.load(answer)
    good = service_account.Credentials.from_service_account_info(info)
    signed = client(url, good)
    assert list(signed.list_rows("local.games.types_special"))
    assert signed._credentials.token.startswith("mock-token-"), "no token was asked for"
    wrong = service_account.Credentials.from_service_account_info({**info, "client_email": "someone@else"})
    try:
        client(url, wrong).get_table("local.games.types")
    except Exception as error:
        assert "invalid_grant" in str(error), error
    else:
        raise AssertionError("a wrong issuer got a token")
    done("service_account.Credentials: the signature is verified, the token is taken, a wrong issuer is refused")


def check(url):
    bq = client(url)
    table = "local.games.types"
    check_table(bq, table)
    check_loads(bq, table)
    check_resumable(bq, table)
    check_schema_rules(bq, table)
    check_queries(bq, table)
    check_tokens(url)
    bq.delete_table(table)
    raises(exceptions.NotFound, "notFound", lambda: bq.get_table(table))
    done("delete_table")


def rows(url, table):
    bq = client(url)
    found = [
        {name: [type(value).__name__, value if isinstance(value, dict) else str(value)] for name, value in row.items()}
        for row in bq.list_rows(table)
    ]
    print(json.dumps(found, sort_keys=True, ensure_ascii=False))


if __name__ == "__main__":
    {"check": check, "rows": rows}[sys.argv[1]](*sys.argv[2:])
