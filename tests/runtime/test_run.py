"""How a run ends that is not allowed to end by itself."""

import signal
import subprocess
import sys

import pytest

WORK = """
import time, typer
from churn_spark.runtime import progress
from churn_spark.cli.job import leave

def work():
    progress.configure()
    print("ready", flush=True)
    time.sleep(60)

app = typer.Typer()
app.command()(work)
leave({})
"""


@pytest.mark.parametrize("inside", ["work", "app"])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_one_line_that_says_what_to_do(inside: str, sent: signal.Signals) -> None:
    program = [sys.executable, "-c", WORK.format(inside)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(sent)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.count("\n") == 1
    assert said.endswith("interrupted: run the same command again\n")
