"""The OpenAI client, Chat Completions: exported tools, two parallel calls answered by one request, the final answer."""

from openai import OpenAI
from openai.types.chat import ChatCompletionFunctionToolParam

import acquaint
import scripted_model

client = OpenAI(base_url=f"{scripted_model.start()}/v1", api_key="unused", max_retries=0)
token = acquaint.chat_customer("openai-chat")

for strict in (True, False):
    tools = acquaint.call("GET", f"/v1/tools?format=openai-chat&strict={str(strict).lower()}", token=token)
    acquaint.expect_typed(tools, ChatCompletionFunctionToolParam)
    acquaint.expect_bound([(tool["function"]["name"], tool["function"]["parameters"]) for tool in tools])
    assert {tool["function"]["strict"] for tool in tools} == {strict}

    messages = [{"role": "user", "content": "Where is my order?"}]
    first = client.chat.completions.create(model="scripted", messages=messages, tools=tools)
    assistant = first.choices[0].message.model_dump(mode="json", exclude_none=True)
    results = acquaint.call("POST", "/v1/tool-calls", assistant, token=token)
    messages += [assistant, *results]

    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool"], messages
    assert [result["tool_call_id"] for result in results] == [call["id"] for call in assistant["tool_calls"]]
    assert "Ada" in results[0]["content"], results[0]
    last = client.chat.completions.create(model="scripted", messages=messages, tools=tools)
    assert last.choices[0].message.content == "Your latest order is OPENAI-CHAT-1.", last
