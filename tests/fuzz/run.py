"""`make fuzz MINUTES=60`: every target for its share of the time, one after the other, with a table of what ran and what was found.

Each target runs in a process of its own under atheris (libFuzzer), guided by which lines of the program an input reaches. A crash
is kept in var/fuzz/<target>/ and the target goes on; the inputs that reached something new are kept in var/fuzz/corpus/ for next time.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "var" / "fuzz"
ATHERIS = PLACE / "atheris"
MOST_CRASHES = 3
"""Of one target in one run: the same one mostly comes again."""
HANG = 60
"""Seconds after which an input counts as hanging."""


@dataclass
class Ran:
    """What became of one target."""

    name: str
    seconds: float = 0.0
    executions: int = 0
    coverage: int = 0
    """Edges of the program that were reached."""
    crashes: list[str] = field(default_factory=list)
    """The last line of each error, and where its input is kept."""
    restarts: int = 0
    """How often atheris itself fell over (a native fault in its counters), on inputs that pass without it."""
    missing: str = ""


def _slug(name: str) -> str:
    return name.replace(" ", "-")


def child(name: str, arguments: list[str]) -> None:
    """One target under atheris until its time is over or it crashes: never returns."""
    sys.path.insert(0, str(ATHERIS))
    import atheris

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "directory.settings")
    logging.disable(logging.CRITICAL)
    faulty = [
        "bot.engine.positions"
    ]  # atheris 2.3.0's counters in its comparisons end the process with a segmentation fault
    with atheris.instrument_imports(
        include=["bot", "actions", "directory"], exclude=faulty, enable_loader_override=False
    ):
        from tests.fuzz import targets
    target = targets.TARGETS[name]
    if missing := target.needs():
        print(f"missing: {missing}", flush=True)
        raise SystemExit(3)
    atheris.Setup([sys.argv[0], *arguments], lambda data: target.check(bytes(data)) and None)
    atheris.Fuzz()


def run_target(name: str, seconds: float) -> Ran:
    """Run a target for so many seconds, again after each crash."""
    from tests.fuzz.targets import TARGETS

    target = TARGETS[name]
    ran = Ran(name)
    corpus, crashes = PLACE / "corpus" / _slug(name), PLACE / _slug(name)
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number:03d}").write_bytes(seed)
    dictionary = PLACE / f"{_slug(name)}.words"
    dictionary.write_text("".join(f'"{_quoted(word)}"\n' for word in target.words))
    begun = time.monotonic()
    while (left := seconds - (time.monotonic() - begun)) > 5 and len(ran.crashes) < MOST_CRASHES:
        arguments = [
            f"-max_total_time={int(left)}", f"-max_len={target.longest}", f"-timeout={HANG}", "-rss_limit_mb=3000",
            "-print_final_stats=1", "-len_control=0", "-close_fd_mask=0", f"-artifact_prefix={crashes}/", *([f"-dict={dictionary}"] if target.words else []), str(corpus),
        ]  # fmt: skip
        log = crashes / "last.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.run", "--child", name, "--", *arguments],
                cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT,
            )  # fmt: skip
            try:
                code = process.wait(left + 3 * HANG)
            except BaseException:
                process.kill()
                process.wait()
                raise
        said = log.read_text(errors="replace")
        counted = re.findall(r"stat::number_of_executed_units:\s*(\d+)", said) or re.findall(r"^#(\d+)\s", said, re.M)
        ran.executions += int(counted[-1]) if counted else 0
        reached = [int(found) for found in re.findall(r"cov: (\d+)", said)]
        ran.coverage = max([ran.coverage, *reached])
        if code == 3 and "missing: " in said:
            ran.missing = said.partition("missing: ")[2].splitlines()[0]
            break
        if code != 0 and not _again(name, said):
            ran.restarts += 1  # the fuzzer itself fell over: the input alone passes
            if ran.restarts > 20:
                break
        elif code != 0:
            ran.crashes.append(_crash(said, crashes))
            print(f"   {name}: {ran.crashes[-1]}", flush=True)
    ran.seconds = time.monotonic() - begun
    return ran


def try_examples(names: list[str], count: int) -> int:
    """So many inputs for each target, the same in every run; prints what broke. 0 if nothing did."""
    from tests.fuzz.targets import TARGETS

    logging.disable(logging.CRITICAL)
    broken = 0
    for name in names:
        if missing := TARGETS[name].needs():
            print(f"{name}: left out, {missing}")
            continue
        try:
            TARGETS[name].examples(count)
        except Exception:
            broken += 1
            print(f"{name}: broken\n{traceback.format_exc()}")
        else:
            print(f"{name}: fine")
    return 1 if broken else 0


def _again(name: str, said: str) -> bool:
    """Whether the input that was kept breaks the promise without the fuzzer, too; True if none was kept."""
    kept = re.findall(r"Test unit written to (\S+)", said)
    if not kept:
        return True
    command = [sys.executable, "-m", "tests.fuzz.run", "--replay", kept[-1], "--only", name]
    try:
        again = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=2 * HANG
        ).returncode
    except subprocess.TimeoutExpired:
        return True
    if not again:
        Path(kept[-1]).unlink(missing_ok=True)
    return again != 0


def _quoted(word: str) -> str:
    return "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else f"\\x{byte:02x}" for byte in word.encode()
    )


def _crash(said: str, crashes: Path) -> str:
    """The error in one line, and the file that holds its input."""
    errors = re.findall(
        r"^(?:[A-Za-z_.]+(?:Error|Exception|TooSlow|BadZipFile)|AssertionError|TooSlow)\b.*$", said, re.M
    )
    kept = re.findall(r"Test unit written to (\S+)", said)
    where = Path(kept[-1]).name if kept else "no input kept"
    if kept:
        (crashes / f"{where}.log").write_text(said[-20_000:])
    what = errors[-1][:160] if errors else "hangs" if "ALARM" in said or "timeout" in said else said.strip()[-160:]
    return f"{what} ({crashes.name}/{where})"


def table(results: list[Ran]) -> str:
    """What ran, as Markdown."""
    rows = ["| Target | Seconds | Inputs | Edges reached | Found |", "|---|---:|---:|---:|---|"]
    for ran in results:
        found = "; ".join(ran.crashes) or ran.missing or "nothing"
        rows.append(f"| {ran.name} | {ran.seconds:.0f} | {ran.executions:,} | {ran.coverage:,} | {found} |")
    rows.append(
        f"| all | {sum(r.seconds for r in results):.0f} | {sum(r.executions for r in results):,} | | {sum(len(r.crashes) for r in results)} |"
    )
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="for all targets together")
    parser.add_argument("--only", action="append", default=[], metavar="TARGET", help="may be given more than once")
    parser.add_argument("--list", action="store_true", help="the targets and what each promises")
    parser.add_argument(
        "--examples",
        type=int,
        default=0,
        metavar="N",
        help="N inputs for each target, the same every time, without the fuzzer",
    )
    parser.add_argument(
        "--replay", type=Path, metavar="FILE", help="give a kept input to the target of --only, without the fuzzer"
    )
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("arguments", nargs="*", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "directory.settings")
    from tests.fuzz.targets import TARGETS

    if given.replay:
        for name in given.only:
            TARGETS[name].check(given.replay.read_bytes())
        return 0
    if given.examples:
        return try_examples(given.only or list(TARGETS), given.examples)
    if given.list:
        for target in TARGETS.values():
            print(f"{target.name}: {target.promise}")
        return 0
    if unknown := set(given.only) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    if not (ATHERIS / "atheris").is_dir():
        parser.error("atheris is not in var/fuzz/atheris: use `make fuzz`")
    chosen = [TARGETS[name] for name in given.only or TARGETS]
    whole = sum(target.share for target in chosen)
    results = []
    for target in chosen:
        results.append(run_target(target.name, given.minutes * 60 * target.share / whole))
        last = results[-1]
        print(
            f"{last.name}: {last.executions:,} inputs in {last.seconds:.0f} s, {last.coverage:,} edges, {len(last.crashes)} crashes{'; ' + last.missing if last.missing else ''}",
            flush=True,
        )
        with (PLACE / "runs.jsonl").open("a") as stream:
            stream.write(json.dumps({"at": int(time.time()), **last.__dict__}) + "\n")
    print(table(results))
    return 1 if any(ran.crashes for ran in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
