//! Calls in every shape that a client may send, and the results.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{ToolCall, answer, read};
use crate::tool::format::Format;
use crate::tool::schema::tests::outline;

/// The format and the calls, in one line.
fn seen(body: &Value) -> String {
    let (format, calls) = read(body).unwrap();
    let calls: Vec<_> = calls
        .iter()
        .map(|call| format!("{} {}({})", call.id, call.name, call.arguments))
        .collect();
    format!("{}: {}", format.as_str(), calls.join(", "))
}

fn refusal(body: &Value) -> String {
    read(body).unwrap_err().to_string()
}

#[test]
fn openai_chat_in_every_wrapper() {
    let call = json!({"id": "c1", "type": "function", "function": {"name": "get_order", "arguments": "{\"order_id\":\"7\"}"}});
    let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
    let expected = r#"openai-chat: c1 get_order({"order_id":"7"})"#;
    for body in [
        message.clone(),
        json!([call]),
        json!({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}], "model": "m"}),
        json!([{"role": "user", "content": "hi"}, message]),
        json!({"format": "openai-chat", "message": message}),
        json!({"messages": [{"role": "assistant", "tool_calls": []}, message, {"role": "user", "content": "?"}]}),
    ] {
        assert_eq!(seen(&body), expected, "{body}");
    }
}

#[test]
fn openai_responses_in_every_wrapper() {
    let call = json!({"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "get_order", "arguments": "{}"});
    let reasoning = json!({"type": "reasoning", "summary": []});
    for body in [
        json!({"object": "response", "output": [reasoning, call]}),
        json!([reasoning, call]),
        call.clone(),
        json!({"format": "openai-responses", "output": [call]}),
        json!([
            {"role": "user", "content": "hi"},
            {"type": "function_call", "call_id": "c0", "name": "get_profile", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c0", "output": "{}"},
            call,
        ]),
    ] {
        assert_eq!(seen(&body), "openai-responses: c1 get_order({})", "{body}");
    }
}

#[test]
fn anthropic_in_every_wrapper() {
    let blocks = json!([
        {"type": "text", "text": "Let me look."},
        {"type": "tool_use", "id": "t1", "name": "get_order", "input": {"order_id": "7"}},
        {"type": "tool_use", "id": "t2", "name": "open_tickets", "input": {}},
    ]);
    let message = json!({"role": "assistant", "content": blocks, "stop_reason": "tool_use"});
    let expected = r#"anthropic: t1 get_order({"order_id":"7"}), t2 open_tickets({})"#;
    for body in [
        message.clone(),
        blocks.clone(),
        json!([{"role": "user", "content": "hi"}, message]),
        json!({"format": "anthropic", "content": blocks}),
    ] {
        assert_eq!(seen(&body), expected, "{body}");
    }
}

#[test]
fn gemini_in_every_wrapper() {
    let parts = json!([{"text": "Looking."}, {"functionCall": {"name": "get_order", "args": {"order_id": "7"}}}]);
    let content = json!({"role": "model", "parts": parts});
    for body in [
        content.clone(),
        parts.clone(),
        json!({"candidates": [{"content": content, "finishReason": "STOP"}]}),
        json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}, content]}),
        json!({"format": "gemini", "parts": parts}),
        json!({"parts": [{"function_call": {"name": "get_order", "args": {"order_id": "7"}}}]}),
    ] {
        assert_eq!(
            seen(&body),
            r#"gemini:  get_order({"order_id":"7"})"#,
            "{body}"
        );
    }
    let with_id = json!({"parts": [{"functionCall": {"id": "g1", "name": "get_profile"}}]});
    assert_eq!(seen(&with_id), "gemini: g1 get_profile({})");
}

#[test]
fn broken_arguments_are_kept_for_the_model_to_mend() {
    let call = |arguments: &str| {
        let call = json!({"id": "c", "function": {"name": "get_order", "arguments": arguments}});
        read(&json!({"tool_calls": [call]})).unwrap().1[0]
            .arguments
            .clone()
    };
    assert_eq!(call(""), json!({}));
    assert_eq!(call("{\"order_id\": "), json!("{\"order_id\": "));
    let schema = json!({"type": "object", "properties": {"order_id": {"type": "string"}}});
    assert!(crate::tool::schema::validate(&schema, call("{\"order_id\": ")).is_err());
}

#[test]
fn what_is_no_call_is_refused_with_what_is_expected() {
    for body in [
        json!(null),
        json!({}),
        json!([]),
        json!({"role": "assistant", "content": "Hello."}),
        json!({"role": "assistant", "content": [{"type": "text", "text": "Hello."}]}),
        json!([{"role": "assistant", "tool_calls": [{}]}]),
        json!({"message": {"message": {"message": 1}}}),
        json!({"function_call": "auto"}),
    ] {
        assert!(
            refusal(&body).starts_with("no tool calls in the body"),
            "{body}"
        );
    }
    let call = json!({"id": "c", "function": {"name": "get_order", "arguments": "{}"}});
    let other = json!({"format": "gemini", "message": {"tool_calls": [call]}});
    assert_snapshot!(refusal(&other), @"`format` says `gemini`, but the calls are in `openai-chat`");
    assert_snapshot!(refusal(&json!({"tool_calls": vec![call; 33]})), @"33 tool calls at once; send at most 32");
    assert_snapshot!(refusal(&json!([{"type": "tool_use", "id": "t"}])), @"a tool call without a name; send the calls as the model made them");
    assert!(
        refusal(&json!({"format": "other", "parts": []})).starts_with("no tool format `other`")
    );
}

/// One result and one error, of a call with an id and of one without.
fn results() -> [(ToolCall, Value, bool); 2] {
    let call = |id: &str, name: &str| ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: json!({}),
    };
    let error = json!({"error": {"code": "not_found"}});
    [
        (
            call("c1", "get_order"),
            json!({"data": {"total": 5}}),
            false,
        ),
        (call("", "get_ticket"), error, true),
    ]
}

#[test]
fn results_in_the_shape_that_each_provider_wants() {
    let results = results();
    assert_snapshot!(outline(&answer(Format::OpenaiChat, &results)), @r#"
    [
      {"role":"tool","tool_call_id":"c1","content":"{\"data\":{\"total\":5}}"},
      {"role":"tool","tool_call_id":"","content":"{\"error\":{\"code\":\"not_found\"}}"}
    ]
    "#);
    assert_snapshot!(outline(&answer(Format::OpenaiResponses, &results)), @r#"
    [
      {"type":"function_call_output","call_id":"c1","output":"{\"data\":{\"total\":5}}"},
      {"type":"function_call_output","call_id":"","output":"{\"error\":{\"code\":\"not_found\"}}"}
    ]
    "#);
    assert_snapshot!(outline(&answer(Format::Anthropic, &results)), @r#"
    {
      "role": "user",
      "content": [
        {"type":"tool_result","tool_use_id":"c1","content":"{\"data\":{\"total\":5}}"},
        {
          "type": "tool_result",
          "tool_use_id": "",
          "content": "{\"error\":{\"code\":\"not_found\"}}",
          "is_error": true
        }
      ]
    }
    "#);
    assert_snapshot!(outline(&answer(Format::Gemini, &results)), @r#"
    {
      "role": "user",
      "parts": [
        {"functionResponse":{"id":"c1","name":"get_order","response":{"data":{"total":5}}}},
        {"functionResponse":{"name":"get_ticket","response":{"error":{"code":"not_found"}}}}
      ]
    }
    "#);
    assert_snapshot!(outline(&answer(Format::Mcp, &results)), @r#"
    [
      {
        "content": [{"type":"text","text":"{\"data\":{\"total\":5}}"}],
        "structuredContent": {"data":{"total":5}},
        "isError": false
      },
      {"content":[{"type":"text","text":"{\"error\":{\"code\":\"not_found\"}}"}],"isError":true}
    ]
    "#);
}
