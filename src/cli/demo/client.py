import os

import httpx
from openai import OpenAI

client = OpenAI()
acquaint = httpx.Client(base_url="{BASE}")
acquaint.headers["Authorization"] = "Bearer " + os.environ["TOKEN"]
tools = acquaint.get("/v1/tools?format=openai-chat").json()
messages = [{"role": "user", "content": "Where is my order?"}]
while True:
    answer = client.chat.completions.create(
        model="gpt-4.1-mini", messages=messages, tools=tools
    )
    message = answer.choices[0].message.model_dump(exclude_none=True)
    messages.append(message)
    if not message.get("tool_calls"):
        break
    messages += acquaint.post("/v1/tool-calls", json=message).json()
print(message["content"])
