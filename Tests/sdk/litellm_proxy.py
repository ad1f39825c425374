"""Tandem's kinds of providers against APIs that nobody here wrote: LiteLLM's proxy serves Anthropic's Messages, Google's
generateContent and OpenAI's chat completions, and translates each to the scripted model behind it and back."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import traceback

import harness

KINDS = ("anthropic", "gemini", "openai")
KEY = "sk-proxy-key"
# It imports half of PyPI before it listens.
START_LIMIT = 180
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def free_port():
    with socket.socket() as end:
        end.bind(("127.0.0.1", 0))
        return end.getsockname()[1]


def start(home):
    """LiteLLM before the home's upstream, and the daemon before LiteLLM."""
    port = free_port()
    settings = home.path / "litellm.yaml"
    # vLLM's name has LiteLLM speak chat completions to the scripted model, whatever it is asked in itself.
    model = {"model": "hosted_vllm/scripted", "api_base": home.upstream.url, "api_key": "none"}
    settings.write_text(
        json.dumps(
            {
                "model_list": [{"model_name": "scripted", "litellm_params": model}],
                "litellm_settings": {"telemetry": False, "num_retries": 0},
                "general_settings": {"master_key": KEY},
            }
        )
    )
    log = open(home.path / "litellm.log", "wb")
    environment = {**home.env, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    program = pathlib.Path(sys.executable).with_name("litellm")
    process = subprocess.Popen(
        [program, "--config", settings, "--host", "127.0.0.1", "--port", str(port)],
        env=environment,
        cwd=home.path,
        stdout=log,
        stderr=log,
    )
    home.processes.append(process)
    paths = {"anthropic": "/v1", "gemini": "/v1beta", "openai": "/v1"}
    with open(home.config, "a", encoding="utf-8") as config:
        for kind in KINDS:
            config.write(
                f'[providers.{kind}]\nkind = "{kind}"\nbase_url = "http://127.0.0.1:{port}{paths[kind]}"\n'
                f'api_key = {{ env = "PROXY_KEY" }}\nfirst_token_timeout = "60s"\n'
                f'[models.{kind}]\nprovider = "{kind}"\nmodel = "scripted"\n'
            )
    home.env["PROXY_KEY"] = KEY
    harness.wait_for(lambda: harness.can_connect(socket.AF_INET, ("127.0.0.1", port)), "LiteLLM listens", START_LIMIT)
    home.start_daemon()


def chat(home, kind, text, stream=False, messages=None, **more):
    """The result (or error) and the text of the events."""
    params = {"model": kind, "stream": stream, "messages": messages or [{"role": "user", "content": text}], **more}
    with socket.socket(socket.AF_UNIX) as end:
        end.settimeout(60)
        end.connect(str(home.socket))
        end.sendall(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "chat", "params": params}).encode() + b"\n")
        said = {"content": "", "reasoning": ""}
        for line in end.makefile():
            message = json.loads(line)
            if "method" not in message:
                answer = message.get("result") or message["error"]
                if stream and "content" in answer:
                    assert said["content"] == answer["content"], (said, answer)
                    assert said["reasoning"] == answer["reasoning"], (said, answer)
                return answer
            event = message["params"]
            if event["type"] in said:
                said[event["type"]] += event["text"]
    raise AssertionError("the daemon closed")


def answers(home, kind):
    for stream in (False, True):
        answer = chat(home, kind, "hello – “ü” 🙂", stream, temperature=0.5, max_tokens=77, stop=["END"])
        assert answer["content"] == "echo: hello – “ü” 🙂" and answer["finish_reason"] == "stop", answer
        asked = home.upstream.requests[-1]
        assert (asked["temperature"], asked["max_tokens"], asked["stop"]) == (0.5, 77, ["END"]), asked


def counts_tokens(home, kind):
    for stream in (False, True):
        usage = chat(home, kind, "hello", stream)["usage"]
        counts = (usage["prompt_tokens"], usage["completion_tokens"])
        # LiteLLM's generateContent streams without counts, as noughts: then they are Tandem's own.
        assert counts == (11, 5) or kind == "gemini" and usage["estimated"] and min(counts) > 0, usage


def keeps_roles_and_images(home, kind):
    image = "data:image/png;base64,iVBORw0KGgo="
    parts = [{"type": "text", "text": "what is it"}, {"type": "image_url", "image_url": {"url": image}}]
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": parts},
    ]
    assert chat(home, kind, "", messages=messages)["content"] == "echo: what is it"
    sent = home.upstream.requests[-1]["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "user"], sent
    assert "Be brief." in json.dumps(sent[0]) and "two" in json.dumps(sent[2]), sent
    # LiteLLM's generateContent knows images by another name than Google's (inline_data), and leaves them out.
    assert kind == "gemini" or sent[3]["content"][1]["image_url"]["url"] == image, sent


def calls_tools(home, kind):
    for stream in (False, True):
        answer = chat(home, kind, "use the tool", stream, tools=[WEATHER], tool_choice="auto")
        assert answer["finish_reason"] == "tool_calls" and len(answer["tool_calls"]) == 1, answer
        call = answer["tool_calls"][0]
        assert call["function"]["name"] == "weather" and json.loads(call["function"]["arguments"]) == {"city": "Oslo"}
        tool = home.upstream.requests[-1]["tools"][0]["function"]
        assert tool["name"] == "weather" and tool["description"] == "The weather in a city."
        assert tool["parameters"]["required"] == ["city"], tool
        messages = [
            {"role": "user", "content": "use the tool"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": call["id"], "content": "rain"},
        ]
        answer = chat(home, kind, "", stream, messages=messages, tools=[WEATHER])
        assert "rain" in answer["content"] and answer["finish_reason"] == "stop", answer
        sent = home.upstream.requests[-1]["messages"]
        assert [message["role"] for message in sent] == ["user", "assistant", "tool"], sent
        assert sent[1]["tool_calls"][0]["id"] == sent[2]["tool_call_id"], sent
        assert json.loads(sent[1]["tool_calls"][0]["function"]["arguments"]) == {"city": "Oslo"}, sent


def shows_thinking(home, kind):
    for stream in (False, True):
        answer = chat(home, kind, "think", stream)
        assert answer["content"] == "echo: think", answer
        # LiteLLM's generateContent leaves reasoning out.
        assert answer["reasoning"] == ("" if kind == "gemini" else "Hm, let me see."), answer


def types_failures(home, kind):
    for stream in (False, True):
        error = chat(home, kind, "refuse", stream)
        assert error["code"] == -32002, error
        attempt = error["data"]["attempts"][0]
        assert (attempt["kind"], attempt["status"]) == ("http_status", 400), attempt
        assert "no such thing" in attempt["message"] and KEY not in json.dumps(error), attempt
    error = chat(home, f"{kind}/no-such-model", "hello")
    assert error["data"]["attempts"][0]["status"] in (400, 404), error


def main():
    tests = (answers, counts_tokens, keeps_roles_and_images, calls_tools, shows_thinking, types_failures)
    home = harness.Home()
    failed = 0
    try:
        start(home)
        for kind in KINDS:
            for test in tests:
                try:
                    test(home, kind)
                    print(f"ok    {kind} {test.__name__}", flush=True)
                except BaseException:
                    failed += 1
                    print(f"FAIL  {kind} {test.__name__}", flush=True)
                    traceback.print_exc()
    finally:
        if failed and "VERBOSE" in os.environ:
            print((home.path / "litellm.log").read_text()[-4000:])
        home.close()
    sys.exit(1 if failed else 0)


main()
