"""The Anthropic client: exported tools, and all results of parallel calls in one user message."""

from anthropic import Anthropic
from anthropic.types import ToolParam

import acquaint
import scripted_model

client = Anthropic(base_url=scripted_model.start(), api_key="unused", max_retries=0)
token = acquaint.chat_customer("anthropic")

tools = acquaint.call("GET", "/v1/tools?format=anthropic", token=token)
acquaint.expect_typed(tools, ToolParam)
acquaint.expect_bound([(tool["name"], tool["input_schema"]) for tool in tools])

messages = [{"role": "user", "content": "Where is my order?"}]
first = client.messages.create(model="scripted", max_tokens=100, messages=messages, tools=tools)
assistant = {
    "role": "assistant",
    "content": [block.model_dump(mode="json", exclude_none=True) for block in first.content],
}
results = acquaint.call("POST", "/v1/tool-calls", assistant, token=token)
messages += [assistant, results]

assert results["role"] == "user", results
assert [block["type"] for block in results["content"]] == ["tool_result"] * 2, results
assert [block["tool_use_id"] for block in results["content"]] == [block["id"] for block in assistant["content"]]
assert "Ada" in str(results["content"][0]), results
last = client.messages.create(model="scripted", max_tokens=100, messages=messages, tools=tools)
assert last.content[0].text == "Your latest order is ANTHROPIC-1.", last
