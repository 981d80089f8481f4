"""examples/agent.py as a reader of README.md would run it, and that the two hold the same loop."""

import os
import re
import subprocess
import sys
from pathlib import Path

import acquaint
import scripted_model

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "examples" / "agent.py"


def run(*arguments):
    """What the program prints, with a model that follows a script."""
    settings = {"OPENAI_BASE_URL": f"{scripted_model.start()}/v1", "OPENAI_API_KEY": "unused"}
    command = [sys.executable, str(PROGRAM), "--server", acquaint.SERVER, "--model", "scripted", *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACQUAINT_")}
    return subprocess.run(command, env={**clean, **settings}, capture_output=True, text=True, timeout=60)


block = re.search(r"```python\n(import httpx, openai)\n\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
assert block, "README.md has no loop"
for part in block.groups():
    assert part.strip() in PROGRAM.read_text(), f"examples/agent.py differs from README.md:\n{part}"

token = acquaint.chat_customer("agent-example")
for arguments in (["--token", token], ["--key", acquaint.STAFF_KEY, "--customer", "user_id:agent-example-1"]):
    told = run(*arguments, "Where is my order?")
    assert told.stdout == "Your latest order is AGENT-EXAMPLE-1.\n", told

for arguments in ([], ["--key", acquaint.STAFF_KEY], ["--token", "not a token"]):
    told = run(*arguments)
    assert told.returncode != 0 and not told.stdout, told
