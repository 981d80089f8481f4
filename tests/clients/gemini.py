"""The Gemini client: exported function declarations, function calls in, one content with their responses out."""

from google import genai
from google.genai import types

import acquaint
import scripted_model

client = genai.Client(api_key="unused", http_options=types.HttpOptions(base_url=scripted_model.start()))
token = acquaint.chat_customer("gemini")

tools = [types.Tool.model_validate(tool) for tool in acquaint.call("GET", "/v1/tools?format=gemini", token=token)]
declared = [function for tool in tools for function in tool.function_declarations]
schemas = [function.parameters_json_schema or function.parameters.model_dump() for function in declared]
acquaint.expect_bound(list(zip([function.name for function in declared], schemas, strict=True)))
automatic = types.AutomaticFunctionCallingConfig(disable=True)
config = types.GenerateContentConfig(tools=tools, automatic_function_calling=automatic)

contents = [types.Content(role="user", parts=[types.Part(text="Where is my order?")])]
first = client.models.generate_content(model="scripted", contents=contents, config=config)
asked = first.candidates[0].content
results = acquaint.call(
    "POST", "/v1/tool-calls", asked.model_dump(mode="json", by_alias=True, exclude_none=True), token=token
)
contents += [asked, types.Content.model_validate(results)]

assert contents[-1].role == "user", results
answered = [part.function_response for part in contents[-1].parts]
assert [response.name for response in answered] == [part.function_call.name for part in asked.parts]
assert "Ada" in str(answered[0].response), results
last = client.models.generate_content(model="scripted", contents=contents, config=config)
assert last.text == "Your latest order is GEMINI-1.", last
