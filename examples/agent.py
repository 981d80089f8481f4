"""An agent with one customer in front of it: the loop of README.md as a program.

    pip install httpx openai
    python examples/agent.py --key KEY --customer email:ada@example.com "Where is my parcel?"

KEY is a secret key with the scopes `customers:any profile:read`, as your back end has it. It mints
a token for the customer, and the agent works with the token alone. If you have a token, use --token
TOKEN instead. The model is any server that speaks OpenAI's Chat Completions: OPENAI_BASE_URL and
OPENAI_API_KEY name it.
"""

import argparse
import os
import sys

import httpx, openai


def option(flags, name, help, default=None):
    """A flag with an environment variable as its default."""
    variable = f"ACQUAINT_{name.upper()}"
    value = os.environ.get(variable) or default
    flags.add_argument(f"--{name}", default=value, help=f"{help} (or ${variable})", metavar=name.upper())


def mint(server, key, customer):
    """A token for a customer who has signed in (`verified`), as a back end makes it for a chat."""
    wanted = {"customer": customer, "ttl_s": 900, "verification": "verified"}
    answer = httpx.post(f"{server}/v1/sessions", headers={"Authorization": f"Bearer {key}"}, json=wanted)
    return answer.raise_for_status().json()["token"]


flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
option(flags, "server", "where acquaint is", "http://127.0.0.1:8080")
option(flags, "token", "a session token")
option(flags, "key", "a secret key to mint one with")
option(flags, "customer", "whom it is for, such as email:ada@example.com")
flags.add_argument("--model", default=os.environ.get("OPENAI_MODEL", "gpt-5-mini"), help="(or $OPENAI_MODEL)")
flags.add_argument("question", nargs="?", default="Where is my parcel?")
given = flags.parse_args()
if not given.token and not (given.key and given.customer):
    sys.exit("no customer\nhint: set --token, or --key and --customer")

server, model, question = given.server, given.model, given.question
token = given.token or mint(server, given.key, given.customer)

acquaint = httpx.Client(base_url=server, headers={"Authorization": f"Bearer {token}"})
catalogue = acquaint.get("/v1/tools", params={"format": "openai-chat", "strict": True})
tools = catalogue.raise_for_status().json()
messages = [{"role": "user", "content": question}]
while True:
    answer = openai.OpenAI().chat.completions.create(model=model, messages=messages, tools=tools)
    reply = answer.choices[0].message
    messages.append(reply.model_dump(exclude_none=True))
    if not reply.tool_calls:
        break
    messages += acquaint.post("/v1/tool-calls", json=messages[-1]).raise_for_status().json()
print(reply.content)
