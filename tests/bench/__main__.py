"""``python -m tests.bench``: measures, prints one table, writes JSON, and says on what it was run.

The token of a real Moodle comes from the environment variable CONNECTOR_TEST_MOODLE_TOKEN.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from connector.store.embedded import install_term_handler
from tests.bench import figures, machine
from tests.bench.table import WORKS, needed, possible
from tests.bench.uploadtool import UploadFailed
from tests.bench.works import Bench, BenchFailed, RealMoodle, workshop

TOKEN = "CONNECTOR_TEST_MOODLE_TOKEN"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 where a limit was missed or a work failed, 2 where the options are wrong."""
    install_term_handler()
    parser = _parser()
    options = parser.parse_args(arguments)
    moodle = _moodle(parser, options)
    there = {"url": moodle is not None, "code": bool(options.moodle_dir)}
    names = options.only or possible(**there)
    if missing := needed(names, **there):
        parser.error(missing)
    errors = Console(stderr=True, highlight=False)
    described = machine.described()
    rounds: list[list[figures.Figure]] = []
    failed: list[str] = []
    with workshop(tried=options.scale != 1) as (server, folder):
        for number in range(options.repeat):
            bench = Bench(
                server, folder, options.scale, options.long, moodle, bool(number % 2), errors.print, described
            )
            found: list[figures.Figure] = []
            for name in names:
                errors.print(f"{name}, round {number + 1} of {options.repeat}")
                try:
                    found += WORKS[name](bench)
                except (BenchFailed, UploadFailed) as error:
                    failed.append(f"{name}: {error}")
                    errors.print(failed[-1], markup=False)
            rounds.append(found)
    measured = figures.medians(rounds)
    _report(measured, described, failed, options)
    return 1 if failed or not all(figure.ok for figure in measured) else 0


def _report(
    measured: Sequence[figures.Figure],
    described: dict[str, object],
    failed: Sequence[str],
    options: argparse.Namespace,
) -> None:
    rounds = f"median of {options.repeat} rounds" if options.repeat > 1 else "one round"
    console = Console(highlight=False, width=None if os.isatty(1) else 160)
    figures.show(measured, f"{machine.sentence(described)}; {rounds}", console)
    if options.json:
        whole = {
            "machine": described,
            "scale": options.scale,
            "rounds": options.repeat,
            "figures": figures.as_json(measured),
            "failed": list(failed),
        }
        options.json.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--only", nargs="+", choices=sorted(WORKS), metavar="NAME", help=", ".join(WORKS))
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="rounds; the table has their medians")
    parser.add_argument("--scale", type=float, default=1.0, help="of all sizes, to try the bench; then no limit holds")
    parser.add_argument("--long", action="store_true", help="40,000 people too, and 80,000 at a real pace")
    real = parser.add_argument_group(f"a real Moodle (token in {TOKEN}; it makes courses and people there)")
    real.add_argument("--moodle-url", metavar="URL")
    real.add_argument("--moodle-dir", type=Path, metavar="DIR", help="its code on this machine, with its upload tool")
    real.add_argument("--people", type=int, default=10_000, help="people for each of both ways")
    real.add_argument("--php", default="php", help="the PHP that runs its upload tool")
    real.add_argument("--clean", action="store_true", help="delete the people afterwards (courses stay)")
    return parser


def _moodle(parser: argparse.ArgumentParser, options: argparse.Namespace) -> RealMoodle | None:
    if not options.moodle_url and not options.moodle_dir:
        return None
    token = os.environ.get(TOKEN, "")
    if not (options.moodle_url and token):
        parser.error(f"a real Moodle needs --moodle-url and {TOKEN}")
    return RealMoodle(options.moodle_url, token, options.moodle_dir, options.people, options.php, options.clean)


if __name__ == "__main__":
    raise SystemExit(main())
