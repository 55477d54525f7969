"""The run record: written line by line, read back, and readable however the run ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from udckit.conformance import (
    Answer,
    Exchange,
    InvocationError,
    Recorder,
    Request,
    RunRecord,
    Verdict,
    dump,
    read_record,
)
from udckit.conformance.record import FORMAT

HEADER: dict[str, Any] = {"kind": "header", "format": FORMAT, "settings": {}}
EXCHANGE = Exchange(1, "http://h", Request("GET", "/"), 1.5, 0.25, Answer(200, (), "ü\u2028"))
VERDICT = Verdict("UDC-HEALTH-002", "MUST", "shape", "pass", subjects=1, exchanges=(1,))
FOOTER: dict[str, Any] = {"kind": "footer", "exit_code": 0, "interrupted": False}
NOTE: dict[str, Any] = {"kind": "measure", "name": "floor", "value": 0.001}
TOKEN: dict[str, Any] = {"kind": "token", "ref": "t1", "header": None, "claims": None}
LINES = [HEADER, NOTE, EXCHANGE.as_json(), VERDICT.as_json(), TOKEN, FOOTER]


def written(path: Path, *lines: dict[str, Any]) -> Path:
    recorder = Recorder(path)
    for line in lines:
        recorder.write(line)
    recorder.close()
    return path


def test_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    record = read_record(written(tmp_path / "run.jsonl", *LINES))

    assert record.header == HEADER
    assert record.exchanges == {1: EXCHANGE}
    assert record.verdicts == {VERDICT.id: VERDICT}
    assert record.tokens == {"t1": TOKEN}
    assert list(record.lines("measure")) == [NOTE]
    assert record.footer == FOOTER
    assert record.complete


def test_record_in_memory_is_the_one_on_disk(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run.jsonl")
    for line in LINES:
        recorder.write(line)
    recorder.close()

    assert recorder.record() == read_record(tmp_path / "run.jsonl")


def test_verdict_survives_its_line() -> None:
    full = Verdict(
        "A", "SHOULD", "security", "fail", 3, "B", "m", expected="e", observed="o", culprit=2
    )

    assert Verdict.from_json(json.loads(dump(full.as_json()))) == full


def test_line_is_written_the_same_way_each_time() -> None:
    assert dump({"b": "ü", "a": [1, None]}) == '{"a":[1,null],"b":"\\u00fc"}'


def test_line_is_one_line_whatever_it_holds() -> None:
    assert "\n" not in dump({"kind": "note", "text": "a\nb\u2028c\x85d\x0be"})
    assert dump({"text": "a\u2028"}).isascii()


def test_recorder_makes_the_folder(tmp_path: Path) -> None:
    assert written(tmp_path / "new" / "deep" / "run.jsonl", HEADER).is_file()


def test_recorder_tells_its_listeners_each_line(tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []
    recorder = Recorder(tmp_path / "run.jsonl", listeners=(heard.append,))
    recorder.write(HEADER)
    recorder.close()

    assert heard == [HEADER]


def test_lines_of_many_threads_stay_whole(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run.jsonl")
    recorder.write(HEADER)

    def many(name: str) -> None:
        for number in range(200):
            recorder.write({"kind": "note", "text": f"{name}{number}" * 50})

    threads = [threading.Thread(target=many, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recorder.close()

    assert len(list(read_record(tmp_path / "run.jsonl").lines("note"))) == 800


# A run that was ended


def test_record_without_a_footer_is_incomplete(tmp_path: Path) -> None:
    record = read_record(written(tmp_path / "run.jsonl", *LINES[:-1]))

    assert record.footer is None
    assert not record.complete


def test_record_of_a_run_that_was_interrupted_is_incomplete(tmp_path: Path) -> None:
    ended = {**FOOTER, "interrupted": True}

    assert not read_record(written(tmp_path / "run.jsonl", HEADER, ended)).complete


def test_record_that_was_cut_anywhere_reads_or_says_why_not(tmp_path: Path) -> None:
    """Whatever byte a kill ends it at: what is whole is read, and nothing crashes."""
    whole = written(tmp_path / "whole.jsonl", *LINES).read_bytes()
    first = whole.index(b"\n")
    cut = tmp_path / "cut.jsonl"
    for size in range(len(whole)):
        cut.write_bytes(whole[:size])
        if size < first:
            with pytest.raises(InvocationError):
                read_record(cut)
        else:
            record = read_record(cut)
            assert record.header == HEADER
            assert record.complete == (size >= len(whole) - 1)


def test_record_of_a_process_that_is_killed_has_every_verdict_it_told(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from udckit.conformance import Recorder, Verdict\n"
        f"recorder = Recorder(Path({str(path)!r}))\n"
        f"recorder.write({HEADER!r})\n"
        "for n in range(50):\n"
        "    recorder.write({'kind': 'exchange', 'n': n, 'text': 'x' * 500})\n"
        "recorder.write(Verdict('A', 'MUST', 'shape', 'pass').as_json())\n"
        "recorder.write({'kind': 'exchange', 'n': 99, 'text': 'lost'})\n"
        "print('told', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"told\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)

    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    assert [line["kind"] for line in lines] == ["header", *["exchange"] * 50, "verdict"]


# What is no record


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no header"),
        ("\n", "Line 1"),
        ("not json\n", "Line 1"),
        ("[1]\n", "no JSON object"),
        ('{"kind": "footer"}\n', "no header"),
        (dump(HEADER) + "\nbroken\n" + dump(FOOTER) + "\n", "Line 2"),
        (dump({**HEADER, "format": 99}) + "\n", "format 99"),
        (dump({"kind": "header"}) + "\n", "format None"),
        (dump(HEADER) + '\n{"kind": "exchange"}\n', "damaged"),
        (dump(HEADER) + '\n{"kind": "verdict", "id": "A", "odd": 1}\n', "damaged"),
        (dump(HEADER) + '\n{"kind": "token"}\n', "damaged"),
    ],
)
def test_file_that_is_no_record_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(InvocationError) as refused:
        read_record(path)

    assert said in str(refused.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x00" * 50])
def test_file_of_bytes_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(content + b"\n")

    with pytest.raises(InvocationError):
        read_record(path)


def test_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InvocationError, match="cannot be read"):
        read_record(tmp_path / "nothing.jsonl")


def test_lines_of_a_kind_to_come_are_kept() -> None:
    record = RunRecord.of([HEADER, {"kind": "from the future", "x": 1}])

    assert [line["x"] for line in record.lines("from the future")] == [1]
