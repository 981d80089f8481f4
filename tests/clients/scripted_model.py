"""A local model server whose model follows a script, in the four dialects that agents speak.

Asked with tools, it calls `get_customer_context` and `recent_purchases` in one turn. Given their results, it answers
with the number of the order it read in them. Requests that the real API would refuse are answered 400, so that the
client raises: tools against the documented limits, and results that do not follow their calls in order.
"""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from strict_schema import Refused, arguments_for, check_function, refuse_unless

CALLED = ["get_customer_context", "recent_purchases"]


def calls_for(schemas):
    """(call id, tool, arguments) of the parallel calls."""
    for name in CALLED:
        refuse_unless(name in schemas, f"no tool '{name}' among {sorted(schemas)}")
    return [(f"call_{number}", name, arguments_for(schemas[name])) for number, name in enumerate(CALLED, 1)]


def final_answer(results):
    """What the model says after it has read the results, in the order of its calls."""
    orders = re.findall(r'\\*"order_id\\*":\s*\\*"([^"\\]+)', results[CALLED.index("recent_purchases")])
    return f"Your latest order is {orders[0]}." if orders else "I see no order."


def pair(calls, results):
    """The results' texts, if they answer exactly the calls, in order."""
    refuse_unless([call for call, _ in results] == calls, f"calls {calls} are answered by {[c for c, _ in results]}")
    return [text for _, text in results]


def chat_completions(request):
    functions = [tool["function"] for tool in request["tools"] if tool["type"] == "function"]
    for function in functions:
        check_function(function)
    messages = request["messages"]
    asked = [at for at, message in enumerate(messages) if message.get("tool_calls")]
    if asked:
        calls = [call["id"] for call in messages[asked[-1]]["tool_calls"]]
        results = messages[asked[-1] + 1 :]
        refuse_unless(all(result["role"] == "tool" for result in results), "tool messages must follow the calls")
        texts = pair(calls, [(result["tool_call_id"], result["content"]) for result in results])
        message, reason = {"content": final_answer(texts)}, "stop"
    else:
        calls = calls_for({function["name"]: function["parameters"] for function in functions})
        message = {
            "content": None,
            "tool_calls": [
                {"id": call, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
                for call, name, arguments in calls
            ],
        }
        reason = "tool_calls"
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason, "logprobs": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": request["model"],
        "choices": [choice],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def responses(request):
    for tool in request["tools"]:
        refuse_unless(tool["type"] == "function" and "function" not in tool, "Responses take flat function tools")
        check_function(tool)
    items = request["input"]
    calls = [item["call_id"] for item in items if item.get("type") == "function_call"]
    if calls:
        results = [item for item in items if item.get("type") == "function_call_output"]
        texts = pair(calls, [(item["call_id"], item["output"]) for item in results])
        text = {"type": "output_text", "text": final_answer(texts), "annotations": []}
        output = [{"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [text]}]
    else:
        calls = calls_for({tool["name"]: tool["parameters"] for tool in request["tools"]})
        output = [
            {
                "type": "function_call",
                "id": f"fc_{call}",
                "call_id": call,
                "name": name,
                "status": "completed",
                "arguments": json.dumps(arguments),
            }
            for call, name, arguments in calls
        ]
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": request["model"],
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": request["tools"],
    }


def messages(request):
    for tool in request["tools"]:
        refuse_unless(re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", tool["name"]), f"name {tool['name']!r}")
        refuse_unless(tool["input_schema"].get("type") == "object", f"{tool['name']}: input_schema.type")
    blocks = [
        block for message in request["messages"] if message["role"] == "assistant" for block in message["content"]
    ]
    calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
    if calls:
        last = request["messages"][-1]
        refuse_unless(last["role"] == "user", "tool results belong in one user message")
        results = [block for block in last["content"][: len(calls)] if block["type"] == "tool_result"]
        texts = pair(calls, [(block["tool_use_id"], json.dumps(block["content"])) for block in results])
        content, reason = [{"type": "text", "text": final_answer(texts)}], "end_turn"
    else:
        calls = calls_for({tool["name"]: tool["input_schema"] for tool in request["tools"]})
        content = [{"type": "tool_use", "id": call, "name": name, "input": given} for call, name, given in calls]
        reason = "tool_use"
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def generate_content(request):
    declared = [function for tool in request["tools"] for function in tool["functionDeclarations"]]
    for function in declared:
        refuse_unless(re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_.-]{0,63}", function["name"]), f"name {function['name']!r}")
        refuse_unless(not {"parameters", "parametersJsonSchema"} <= set(function), "two schemas for one function")
    parts = [part for content in request["contents"] if content["role"] == "model" for part in content["parts"]]
    calls = [part["functionCall"]["name"] for part in parts if "functionCall" in part]
    if calls:
        last = request["contents"][-1]["parts"]
        results = [part["functionResponse"] for part in last]
        refuse_unless(all(isinstance(result["response"], dict) for result in results), "a response is an object")
        texts = pair(calls, [(result["name"], json.dumps(result["response"])) for result in results])
        parts = [{"text": final_answer(texts)}]
    else:
        schemas = {f["name"]: f.get("parametersJsonSchema") or f.get("parameters") or {} for f in declared}
        parts = [{"functionCall": {"name": name, "args": arguments}} for _, name, arguments in calls_for(schemas)]
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}]}


DIALECTS = {
    "/v1/chat/completions": chat_completions,
    "/v1/responses": responses,
    "/v1/messages": messages,
    "/v1/models/scripted:generateContent": generate_content,
}


class ScriptedModel(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            status, answer = 200, DIALECTS[self.path](request)
        except Refused as refused:
            status, answer = 400, {"error": {"message": str(refused), "type": "invalid_request_error"}}
        except (KeyError, IndexError, TypeError) as odd:
            status, answer = 400, {"error": {"message": f"malformed request: {odd!r}", "type": "invalid_request_error"}}
        content = json.dumps(answer).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def start():
    """Starts the model beside the test; its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), ScriptedModel)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
