"""aider edits a file with a model of Tandem's, headless; the model server answers by script."""

import os
import pathlib
import subprocess
import sys

import harness
from openai_sdk import Endpoint

REPLY = """I will change the greeting.

hello.py
```python
<<<<<<< SEARCH
def greet():
    print("hello")
=======
def greet(name):
    print(f"hello, {name}")
>>>>>>> REPLACE
```
"""


def edit(home):
    endpoint = Endpoint(home)
    file = home.path / "project" / "hello.py"
    file.parent.mkdir()
    file.write_text('def greet():\n    print("hello")\n')
    command = [
        str(pathlib.Path(sys.prefix) / "bin" / "aider"), "--model", "openai/m", "--edit-format", "diff", "--no-git",
        "--yes-always", "--no-check-update", "--no-show-model-warnings", "--no-show-release-notes", "--no-analytics",
        "--no-pretty", "--no-fancy-input", "--message", "GREETBYNAME: take a name", "hello.py",
    ]
    environment = {
        **home.env,
        "OPENAI_API_BASE": endpoint.base + "/v1",
        "OPENAI_API_KEY": endpoint.token,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "TERM": "dumb",
    }
    done = subprocess.run(command, cwd=file.parent, env=environment, capture_output=True, text=True, timeout=120)
    assert "Applied edit to hello.py" in done.stdout, done.stdout + done.stderr
    assert file.read_text() == 'def greet(name):\n    print(f"hello, {name}")\n', file.read_text()
    request = home.upstream.requests[-1]
    assert request["stream"] is True and request["messages"][0]["role"] == "system"
    print("      aider: " + next(line for line in done.stdout.splitlines() if line.startswith("Aider v")))
    print("      aider: Applied edit to hello.py")


harness.run([edit], replies={"GREETBYNAME": REPLY})
