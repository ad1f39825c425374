"""Drives the official SDKs of Anthropic and Google against the servers that the tests script, and checks the requests
that Tandem makes of them against the SDKs' own types. Run by ProviderSDKTests: provider_types.py WHAT ARGUMENT…; what it
found goes to stdout as JSON."""

import json
import sys


def anthropic_answer(url, key):
    import anthropic

    client = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0)
    ask = {"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "q"}]}
    with client.messages.stream(**ask) as stream:
        for _ in stream:
            pass
        streamed = stream.get_final_message()
    whole = client.messages.create(**ask)
    found = []
    for message in (streamed, whole):
        blocks = [block.to_dict() for block in message.content]
        counts = message.usage
        found.append(
            {
                "thinking": "".join(b["thinking"] for b in blocks if b["type"] == "thinking"),
                "text": "".join(b["text"] for b in blocks if b["type"] == "text"),
                "calls": [[b["id"], b["name"], b["input"]] for b in blocks if b["type"] == "tool_use"],
                "prompt": counts.input_tokens
                + (counts.cache_creation_input_tokens or 0)
                + (counts.cache_read_input_tokens or 0),
                "cached": counts.cache_read_input_tokens,
                "completion": counts.output_tokens,
                "stop": message.stop_reason,
            }
        )
    failures = []
    for expected in (anthropic.RateLimitError, anthropic.AuthenticationError, anthropic.APIStatusError):
        try:
            with client.messages.stream(**ask) as stream:
                stream.get_final_message()
        except expected as error:
            failures.append(error.body["error"]["type"])
    return {"answers": found, "failures": failures}


def gemini_answer(url, key):
    from google import genai
    from google.genai import errors, types

    client = genai.Client(api_key=key, http_options=types.HttpOptions(base_url=url, api_version="v1"))
    ask = {"model": "gemini-2.5-flash", "contents": "q"}
    thinking, text, calls, usage, stop = "", "", [], None, None
    for chunk in client.models.generate_content_stream(**ask):
        candidate = chunk.candidates[0]
        for part in candidate.content.parts:
            if part.function_call:
                calls.append([part.function_call.id, part.function_call.name, part.function_call.args])
            elif part.text and part.thought:
                thinking += part.text
            elif part.text:
                text += part.text
        usage = chunk.usage_metadata or usage
        stop = candidate.finish_reason or stop
    failures = []
    for _ in range(2):
        try:
            list(client.models.generate_content_stream(**ask))
        except errors.APIError as error:
            failures.append([error.code, error.status])
    return {
        "thinking": thinking,
        "text": text,
        "calls": calls,
        "prompt": usage.prompt_token_count,
        "cached": usage.cached_content_token_count,
        "completion": usage.candidates_token_count + usage.thoughts_token_count,
        "thoughts": usage.thoughts_token_count,
        "stop": stop.value,
        "failures": failures,
    }


def anthropic_request(path):
    import typing

    import pydantic

    # Iterables would be checked as they are read, which pydantic cannot do with types that refer to themselves.
    typing.Iterable = typing.List
    from anthropic.types import message_create_params as params

    for line in open(path, encoding="utf-8"):
        body = json.loads(line)
        known = params.MessageCreateParamsStreaming
        unknown = set(body) - set(known.__annotations__) - set(params.MessageCreateParamsBase.__annotations__)
        assert not unknown, unknown
        pydantic.TypeAdapter(known).validate_python(body)
    return "ok"


def gemini_request(path):
    from google.genai import types

    for line in open(path, encoding="utf-8"):
        body = json.loads(line)
        kinds = {
            "systemInstruction": types.Content,
            "generationConfig": types.GenerationConfig,
            "toolConfig": types.ToolConfig,
        }
        for name, value in body.items():
            if name in ("contents", "tools", "safetySettings"):
                kind = {"contents": types.Content, "tools": types.Tool, "safetySettings": types.SafetySetting}[name]
                for item in value:
                    kind.model_validate(item)
            else:
                kinds[name].model_validate(value)
    return "ok"


print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:]), ensure_ascii=False, sort_keys=True))
