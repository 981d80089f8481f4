"""The server under test as its users meet it: the command line, the collection routes, the staff API, the tools.

`run` starts the server and says in the environment where it is. `acquaint.mjs` is the same for JavaScript.
"""

import base64
import contextlib
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from pydantic import TypeAdapter

SERVER = os.environ["SERVER_URL"]
STAFF_KEY = os.environ["STAFF_KEY"]
FAULTS = ["503-before", "503-after", "429"]

PRODUCTS = [
    {"product_id": "p-1", "sku": "KTL-1", "name": "Enamel kettle", "quantity": 1, "price": 39.5},
    {"product_id": "p-2", "sku": "CUP-4", "name": "Stoneware cup", "quantity": 2, "price": 7.5},
]


def order(order_id):
    """Properties of an `Order Completed` for the products above."""
    return {"order_id": order_id, "total": 54.5, "currency": "EUR", "products": PRODUCTS}


def cli(*arguments):
    """Runs one command and returns what it prints with `--json`."""
    command = [os.environ["ACQUAINT_BIN"], *arguments, "--database", os.environ["SERVER_DATABASE"], "--json"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=30).stdout)


def add_source(name):
    """Adds a source and returns its write key."""
    added = cli("source", "add", name, "--kind", "segment")
    assert (added["source"], added["kind"]) == (name, "segment"), added
    return added["write_key"]


def session(customer):
    """A token bound to one customer, as a company's backend mints it for a chat."""
    return cli("session", "create", "--customer", customer)["token"]


def call(method, path, body=None, token=STAFF_KEY, base=SERVER, authorization=None):
    """One request; the answer's JSON. Any status but 2xx fails with the server's words."""
    headers = {"Authorization": authorization or f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{method} {path} answered {error.code}: {error.read().decode()}") from None


def collect(write_key, events):
    """Sends events without an SDK."""
    basic = base64.b64encode(f"{write_key}:".encode()).decode()
    answer = call("POST", "/v1/batch", {"batch": events}, authorization=f"Basic {basic}")
    assert answer["success"] and not answer.get("rejected"), answer


@contextlib.contextmanager
def fault_proxy():
    """The URL of a proxy that fails the first three requests with events, each in another way."""
    script = Path(__file__).with_name("fault_proxy.py")
    command = [sys.executable, str(script), "--upstream", SERVER, "--faults", ",".join(FAULTS)]
    proxy = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield proxy.stdout.readline().strip()
    finally:
        proxy.terminate()
        proxy.wait()


def expect_faults(proxy):
    """Every fault happened, and the request that was stored and then failed was accepted in full."""
    log = [entry for entry in call("GET", "/fault-proxy/log", base=proxy) if entry["method"] == "POST"]
    assert [entry["fault"] for entry in log if entry["fault"]] == FAULTS, log
    assert all(entry["stored"] == 200 for entry in log if entry["fault"] in (None, "503-after")), log
    assert log[-1]["answered"] == 200, log


def expect_once(customer, source, expected):
    """The customer's events are exactly the expected (type, name) pairs, each stored once, all from the source."""
    page = call("GET", f"/v1/profiles/{customer}/events?limit=100")
    stored = [(event["type"], event["name"] or "") for event in page["data"]]
    assert sorted(stored) == sorted(expected), f"expected {sorted(expected)}, stored {sorted(stored)}"
    assert len({event["message_id"] for event in page["data"]}) == len(expected), page
    assert {event["source"] for event in page["data"]} == {source}, page
    assert not page.get("next_cursor"), page


def expect_purchase(customer, order_id):
    """`recent_purchases` shows the order once, with what was bought and what it cost."""
    envelope = call("POST", "/v1/tools/recent_purchases", {"customer": customer})
    found = [entry for entry in objects(envelope["data"]) if entry.get("order_id") == order_id]
    assert len(found) == 1, envelope
    text = json.dumps(found[0])
    assert all(product["name"] in text for product in PRODUCTS), text
    assert re.search(r"\b(5450|54\.50?)\b", text) and "EUR" in text, text


def objects(value):
    """Every JSON object within a value."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from objects(inner)


def expect_typed(values, typed_dict):
    """The values are what a client library declares: its fields with its types, and no field it does not know."""
    TypeAdapter(list[typed_dict]).validate_python(values)
    for value in values:
        unknown = set(value) - set(typed_dict.__annotations__)
        assert not unknown, f"{typed_dict.__name__} has no {unknown}"


def chat_customer(name):
    """A new customer called Ada with one order, `<NAME>-1`, and a token bound to them."""
    customer, key = f"{name}-1", add_source(name)
    who = {"userId": customer, "context": {}}
    traits = {"name": "Ada Byron", "email": f"ada@{name}.example"}
    collect(
        key,
        [
            {**who, "type": "identify", "messageId": f"{name}-m1", "traits": traits},
            {
                **who,
                "type": "track",
                "messageId": f"{name}-m2",
                "event": "Order Completed",
                "properties": order(f"{name.upper()}-1"),
            },
        ],
    )
    return session(f"user_id:{customer}")


def expect_bound(names_and_schemas):
    """No tool that a customer's token can reach lets the model name a customer."""
    assert names_and_schemas
    for name, schema in names_and_schemas:
        assert "customer" not in schema.get("properties", {}), f"{name} takes a customer"
        assert name != "find_customer", "find_customer is for staff"
