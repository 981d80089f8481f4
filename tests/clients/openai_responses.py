"""The OpenAI client, Responses: flat tools, function call items in, function call outputs out."""

from openai import OpenAI
from openai.types.responses import FunctionToolParam

import acquaint
import scripted_model

client = OpenAI(base_url=f"{scripted_model.start()}/v1", api_key="unused", max_retries=0)
token = acquaint.chat_customer("openai-responses")

for strict in (True, False):
    tools = acquaint.call("GET", f"/v1/tools?format=openai-responses&strict={str(strict).lower()}", token=token)
    acquaint.expect_typed(tools, FunctionToolParam)
    acquaint.expect_bound([(tool["name"], tool["parameters"]) for tool in tools])
    assert {tool["strict"] for tool in tools} == {strict}

    items = [{"role": "user", "content": "Where is my order?"}]
    first = client.responses.create(model="scripted", input=items, tools=tools)
    response = first.model_dump(mode="json", exclude_none=True)
    results = acquaint.call("POST", "/v1/tool-calls", response, token=token)
    items += [*response["output"], *results]

    assert [item["type"] for item in items[1:]] == ["function_call"] * 2 + ["function_call_output"] * 2, items
    assert [result["call_id"] for result in results] == [call["call_id"] for call in response["output"]]
    assert "Ada" in results[0]["output"], results[0]
    last = client.responses.create(model="scripted", input=items, tools=tools)
    assert last.output_text == "Your latest order is OPENAI-RESPONSES-1.", last
