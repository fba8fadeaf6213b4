"""The parent of the child processes: starts them, watches that each case ends, and collects what they find."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import ROOT

CPU_SECONDS, WALL_SECONDS = 20.0, 120.0  # that one case may take; a busy machine adds to the second alone
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Result:
    """What a part has done."""

    part: str
    seed: int
    isa: str | None
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[str, str]] = field(default_factory=list)  # which cases, and what

    @property
    def calls(self) -> int:
        return self.counts.total()

    def command(self, cases: str) -> str:
        isa = f" --isa {self.isa}" if self.isa else ""
        return f"python -m tests.fuzz --part {self.part} --seed {self.seed} --replay {cases}{isa}"


class Child:
    """One child process; its lines are read by a thread, because a child that hangs sends none."""

    def __init__(self, result: Result, first: int, last: int | None, seconds: float, verbose: bool = False) -> None:
        self.shared = tempfile.NamedTemporaryFile()  # noqa: SIM115
        self.shared.write(first.to_bytes(8, "little"))
        self.shared.flush()
        arguments = [result.part, result.seed, first, last, seconds, self.shared.name, verbose]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"} | ({"PYDL_ISA": result.isa} if result.isa else {})
        self.result = result
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz", "--child", json.dumps(arguments)],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=self.errors, text=True,
        )  # fmt: skip
        self.ready = self.done = False
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        assert self.process.stdout
        for text in self.process.stdout:
            line: dict[str, Any] = json.loads(text)
            self.ready |= line.get("ready", False)
            self.done |= line.get("done", False)
            self.result.counts.update(line.get("counts", {}))
            if "finding" in line:
                self.result.findings.append((str(line["case"]), line["finding"]))

    def case(self) -> int:
        return int.from_bytes(Path(self.shared.name).read_bytes()[:8], "little")

    def cpu(self) -> float:
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / TICKS

    def wait(self) -> str:
        """Empty once all is done, else how the child ended."""
        case, cpu, begin = -1, 0.0, time.monotonic()
        while self.process.poll() is None:
            if not self.ready or self.case() != case:
                case, cpu, begin = self.case(), self.cpu(), time.monotonic()
            elif self.cpu() - cpu > CPU_SECONDS or time.monotonic() - begin > WALL_SECONDS:
                self.process.send_signal(signal.SIGABRT)  # faulthandler prints where it is
                time.sleep(1)
                self.process.kill()
                self.process.wait()
                self.reader.join()
                return f"hang: {time.monotonic() - begin:.0f} s in one case\n{self.said()}"
            time.sleep(0.05)
        self.reader.join()
        if self.done and not self.process.returncode:
            return ""
        code = self.process.returncode
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"crash: {how}\n{self.said()}"

    def close(self) -> None:
        assert self.process.stdout
        for file in (self.process.stdout, self.errors, self.shared):
            file.close()

    def said(self, lines: int = 40) -> str:
        """The end of its standard error; of a sanitizer's report, which is long, the begin."""
        self.errors.seek(0)
        text = self.errors.read()
        report = re.search(r"^.*(ERROR: AddressSanitizer|runtime error: ).*", text, re.MULTILINE)
        found = text[report.start() :].splitlines()[:lines] if report else text.splitlines()[-lines:]
        return "\n".join(found)


def run(result: Result, seconds: float, first: int = 0, last: int | None = None, most: int = 20) -> Result:
    """Cases from `first` on, for so long, with a new child after each crash; at most so many findings."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and len(result.findings) < most:
        child = Child(result, first, last, left)
        how, case = child.wait(), child.case()
        child.close()
        if not how:
            return result
        if not child.ready:
            result.findings.append(("0", f"the part does not start: {how}"))
            return result
        result.counts["finding"] += 1
        result.findings.append(described(result, first, case, how))
        first = case + 1
    return result


def described(result: Result, first: int, case: int, how: str) -> tuple[str, str]:
    """The case once more, alone and telling what it does; or that it takes those before it."""
    alone = Child(Result(result.part, result.seed, result.isa), case, case, 3600, verbose=True)
    again, said = alone.wait(), alone.said()
    alone.close()
    return (str(case), again) if again else (f"{first}-{case}", f"{how}\nnot by the last case alone, which was: {said}")


def cases(text: str) -> Iterator[int]:
    """'17' or '3-17'."""
    first, _, last = text.partition("-")
    yield int(first)
    yield int(last or first)
