"""Drives a Daytona with its official Python SDK, and says of each step whether it went as it should.

    DAYTONA_API_URL=... DAYTONA_API_KEY=... python drive.py REPOSITORY

REPOSITORY is the address of a git repository with a file `README.md`. The third request that creates
or changes a sandbox must be answered 429, with 7 seconds to wait.
"""

import asyncio
import os
import sys
import time
import uuid

NAME = f"sdk-python-{uuid.uuid4().hex[:8]}"
LABELS = {"spec.managed": "true", "spec.run": NAME}
BYTES = b"hello\x00world\xff\r\n" * 100
LINES = 40
SHELL = f"for i in $(seq {LINES}); do echo out $i; echo err $i >&2; done; exit 7"


def refuse_the_world(event, arguments):
    """Nothing that a test does may leave this machine."""
    if event == "socket.connect":
        address = arguments[1]
    elif event == "socket.getaddrinfo":
        address = arguments
    else:
        return
    # Anything but a pair is a socket of this machine.
    host = address[0] if isinstance(address, tuple) else "localhost"
    if host not in ("localhost", "127.0.0.1", "::1"):
        print(f"WRONG: the SDK wants to talk to {host}", flush=True)
        os._exit(1)  # An error could be caught.


sys.addaudithook(refuse_the_world)

from daytona import (  # noqa: E402 (from here on the SDK is watched)
    CreateSandboxFromSnapshotParams,
    Daytona,
    DaytonaConflictError,
    DaytonaFileNotFoundError,
    DaytonaNotFoundError,
    DaytonaRateLimitError,
    ListSandboxesQuery,
    SessionExecuteRequest,
)


def same(what, found, expected):
    if found != expected:
        raise AssertionError(f"{what} is {found!r}, not {expected!r}")


def refused(expected, act):
    """The error that `act` is refused with, which is exactly of the expected class."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 (whatever it is, it is judged)
        same(f"the error ({error})", type(error).__name__, expected.__name__)
        return error
    raise AssertionError(f"no {expected.__name__}")


def eventually(what, ask):
    for _ in range(100):
        found = ask()
        if found is not None:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} never came")


class Drive:
    """The steps, in the order in which they are written."""

    def __init__(self, repository):
        self.repository = repository
        self.daytona = Daytona()
        self.sandbox = None
        self.command = None

    def parameters(self, name):
        return CreateSandboxFromSnapshotParams(
            name=name,
            labels=dict(LABELS),
            env_vars={"GREETING": "hello"},
            ephemeral=True,
            auto_stop_interval=15,
            ttl_minutes=30,
        )

    def check(self, sandbox):
        same("the name", sandbox.name, NAME)
        same("the state", sandbox.state.value, "started")
        same("the labels", LABELS.items() <= sandbox.labels.items(), True)
        same("autoStopInterval", sandbox.auto_stop_interval, 15)
        same("autoDeleteInterval", sandbox.auto_delete_interval, 0)

    def create(self):
        self.sandbox = self.daytona.create(self.parameters(NAME))
        self.check(self.sandbox)
        return "started, with its labels and settings"

    def get(self):
        for key in (self.sandbox.id, NAME):
            found = self.daytona.get(key)
            same("the id", found.id, self.sandbox.id)
            self.check(found)
            same("the environment", found.env.get("GREETING"), "hello")
        return "by id and by name"

    def create_twice(self):
        error = refused(DaytonaConflictError, lambda: self.daytona.create(self.parameters(NAME)))
        same("the status", error.status_code, 409)
        return "DaytonaConflictError"

    def create_too_often(self):
        other = self.parameters(f"{NAME}-2")
        error = refused(DaytonaRateLimitError, lambda: self.daytona.create(other))
        headers = {name.lower(): value for name, value in error.headers.items()}
        same("the header", headers.get("retry-after-sandbox-create"), "7")
        return "DaytonaRateLimitError with Retry-After-sandbox-create: 7"

    def list(self):
        found = [one.id for one in self.daytona.list(ListSandboxesQuery(labels=dict(LABELS)))]
        same("what is found by labels", found, [self.sandbox.id])
        other = ListSandboxesQuery(labels={"spec.run": "another"})
        same("what is found by another label", list(self.daytona.list(other)), [])
        return "by labels"

    def session(self):
        process = self.sandbox.process
        process.create_session("s")
        same("the session", process.get_session("s").session_id, "s")
        refused(DaytonaConflictError, lambda: process.create_session("s"))
        return "created, and not twice"

    def execute(self):
        request = SessionExecuteRequest(command=f"bash -c '{SHELL}'", run_async=True)
        answer = self.sandbox.process.execute_session_command("s", request)
        same("an exit code at once", answer.exit_code, None)
        self.command = answer.cmd_id
        return "accepted"

    def follow(self):
        out, err = [], []
        follow = self.sandbox.process.get_session_command_logs_async("s", self.command, out.append, err.append)
        asyncio.run(asyncio.wait_for(follow, 30))
        for channel, chunks in (("out", out), ("err", err)):
            lines = "".join(f"{channel} {number}\n" for number in range(1, LINES + 1))
            same(f"std{channel}", "".join(chunks), lines)
        return f"{LINES} lines on each channel, to the end"

    def exit_code(self):
        ask = self.sandbox.process.get_session_command
        code = eventually("the exit code", lambda: ask("s", self.command).exit_code)
        same("the exit code", code, 7)
        logs = self.sandbox.process.get_session_command_logs("s", self.command)
        same("the lines of stdout", logs.stdout.splitlines()[-1], f"out {LINES}")
        same("the lines of stderr", logs.stderr.splitlines()[-1], f"err {LINES}")
        return "7, and the logs are still there"

    def execute_in_one_shot(self):
        answer = self.sandbox.process.exec('echo "$GREETING $WHO"; exit 3', env={"WHO": "world"})
        same("the exit code", answer.exit_code, 3)
        same("the output", answer.result, "hello world\n")
        return "exit code 3 and its output"

    def files(self):
        self.sandbox.fs.upload_file(BYTES, "deep/down/a.bin")
        same("the file", self.sandbox.fs.download_file("deep/down/a.bin"), BYTES)
        self.sandbox.fs.upload_file(b"short", "deep/down/a.bin")
        same("the file", self.sandbox.fs.download_file("deep/down/a.bin"), b"short")
        return "uploaded, downloaded, replaced"

    def missing_file(self):
        missing = lambda: self.sandbox.fs.download_file("deep/none.bin")  # noqa: E731
        refused(DaytonaFileNotFoundError, missing)
        return "DaytonaFileNotFoundError"

    def clone(self):
        self.sandbox.git.clone(self.repository, "work/repository")
        found = self.sandbox.fs.download_file("work/repository/README.md")
        same("the file", found, b"A repository.\n")
        status = self.sandbox.git.status("work/repository")
        same("the branch", status.current_branch, "main")
        return "a local repository"

    def delete(self):
        self.sandbox.process.delete_session("s")
        self.daytona.delete(self.sandbox, timeout=30, wait=True)
        return "waited for"

    def get_after_delete(self):
        refused(DaytonaNotFoundError, lambda: self.daytona.get(self.sandbox.id))
        refused(DaytonaNotFoundError, lambda: self.daytona.get(NAME))
        return "DaytonaNotFoundError"


def main():
    drive = Drive(sys.argv[1])
    steps = [
        drive.create,
        drive.get,
        drive.create_twice,
        drive.create_too_often,
        drive.list,
        drive.session,
        drive.execute,
        drive.follow,
        drive.exit_code,
        drive.execute_in_one_shot,
        drive.files,
        drive.missing_file,
        drive.clone,
        drive.delete,
        drive.get_after_delete,
    ]
    for step in steps:
        name = step.__name__.replace("_", " ")
        try:
            print(f"ok: {name}: {step()}", flush=True)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is told)
            print(f"WRONG: {name}: {type(error).__name__}: {error}", flush=True)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
