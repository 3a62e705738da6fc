"""What each command of `crm` does. Only here is the clock read."""

import argparse
import getpass
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path

from crmlib.errors import UsageError
from crmlib.home import Home, find_home
from crmlib.labels import Say


def do_run(args: argparse.Namespace, say: Say) -> int:
    from crmlib.run import plan_run, run_plan

    plan = plan_run(
        find_home(args.home),
        period=args.period,
        lang=args.lang,
        role=args.role,
        book=args.book,
        jobs=args.jobs,
        inbox=args.inbox,
        today=date.today(),
        label=args.label,
        at=datetime.now().isoformat(timespec="seconds"),
    )
    run_plan(plan, say=say, tell=tell)
    return 0


def do_runs(args: argparse.Namespace, say: Say) -> int:
    from crmlib.register import list_runs

    home = find_home(args.home)
    for one in (runs := list_runs(home)):
        told = {key: one.get(key) for key in ("at", "period", "run_id", "label", "book", "kit_version")}
        tell(say("run.registered", **told))
    if not runs:
        tell(say("run.none", path=home.reports))
    return 0


def do_import(args: argparse.Namespace, say: Say) -> int:
    from crmlib.book.build import build_book
    from crmlib.book.importing import import_files
    from crmlib.book.lock import run_lock
    from crmlib.book.receipt import news_lines
    from crmlib.book.results import total_line, write_todo
    from crmlib.inputs import book_origin, list_inputs, list_others
    from crmlib.intake.databases import table_input
    from crmlib.intake.rules import rule_words
    from crmlib.returned import sheet_kind
    from crmlib.settings import load_settings

    home = find_home(args.home)
    urls = [one for one in args.paths if "://" in one]
    paths = [Path(one) for one in args.paths if one not in urls]
    if urls and paths:
        raise UsageError("error.url_beside_files")
    settings = load_settings(home)
    say = say.with_words(rule_words(settings.checks))
    with ExitStack() as snapshots, run_lock(home):
        inputs = [snapshots.enter_context(table_input(url, table=args.table)) for url in urls] or list_inputs(paths)
        for name in list_others(paths):
            tell(say("import.passed_over", file=name))
        data = any(not sheet_kind(one.path) for one in inputs)  # else only our own sheets, filled in
        origin = "own" if data else book_origin(home)
        imported = import_files(
            home,
            inputs,
            settings=settings,
            origin=origin,
            received_on=date.today(),
            say=say,
            tell=tell,
            table="" if urls else args.table,
        )
        built = build_book(home, settings=settings, key=imported.key, origin=origin)
        if built.renewal:
            tell(built.renewal.line(say))
        for line in news_lines(built, imported.new, say=say):
            tell(line)
        read = {batch.sequence for batch in imported.batches}
        tell(total_line(built.balance[built.balance["batch"].isin(read)], say=say))
        for line in write_todo(home, built, say=say):
            tell(line)
    return 0


def do_template(args: argparse.Namespace, say: Say) -> int:
    from crmlib.dictionary import DICTIONARY
    from crmlib.intake.template import template_fields, write_template
    from crmlib.settings import load_settings

    dictionary = DICTIONARY.with_fields(load_settings(find_home(args.home)).own_fields())
    path = args.out or Path(f"{args.table}_template.xlsx")
    if path.exists():
        raise UsageError("error.file_there", path=path)
    if args.table == "amendments":
        from crmlib.book.amendments import KIND, amendment_pages
        from crmlib.book.form import write_form

        write_form(path, KIND, amendment_pages(dictionary=dictionary, say=say), say=say)
        tell(say("amend.written", path=path))
        return 0
    columns = template_fields(args.table, dictionary)
    write_template(path, args.table, dictionary=dictionary, say=say)
    tell(say("template.written", path=path, n=len(columns), page=say("template.fields")))
    return 0


def do_show(args: argparse.Namespace, say: Say) -> int:
    from crmlib.book.customer import open_customer
    from crmlib.book.customer_lines import customer_lines
    from crmlib.book.shelf import open_book

    home = find_home(args.home)
    for line in customer_lines(open_customer(open_book(home), home, args.customer), say=say):
        tell(line)
    return 0


def do_decide(args: argparse.Namespace, say: Say) -> int:
    from crmlib.book.decisions import add_decisions, decide
    from crmlib.book.shelf import open_book

    home = find_home(args.home)
    decision = decide(open_book(home), args.verdict, args.sides, why=args.why)
    return _write_and_rebuild(
        home, lambda: add_decisions(home, [decision], who=getpass.getuser(), at=datetime.now())[0], say
    )


def do_undo(args: argparse.Namespace, say: Say) -> int:
    from crmlib.book.ledger import undo_line

    home = find_home(args.home)
    return _write_and_rebuild(
        home, lambda: undo_line(home, args.id, who=getpass.getuser(), at=datetime.now(), why=args.why), say
    )


def do_match_quality(args: argparse.Namespace, say: Say) -> int:
    from crmlib.book.decisions import read_decisions
    from crmlib.book.match_quality import compare_labels, match_facts, read_labels, rule_quality
    from crmlib.book.shelf import open_book

    home = find_home(args.home)
    book = open_book(home)
    tell(say("quality.facts", **match_facts(book)._asdict()))
    for row in rule_quality(book, decided=read_decisions(home)).itertuples():
        sides = {name: f"{getattr(row, name):.1%}" for name in ("share", "low", "high")}
        share = say("quality.share", **sides) if row.share == row.share else say("quality.few") if row.judged else ""
        tell("    " + say("quality.rule", rule=say(f"rule.{row.rule}"), united=row.united, asked=row.asked,
                          judged=row.judged, share=share))  # fmt: skip
    if args.labels:
        found = compare_labels(book, read_labels(args.labels))
        rates = {name: f"{getattr(found, name):.3f}" for name in ("precision", "recall", "f1")}
        tell(say("quality.labels", **found._asdict(), **rates))
    return 0


def _write_and_rebuild(home: Home, write: Callable[[], int], say: Say) -> int:
    """A line for the ledger, and the book that follows from it."""
    from crmlib.book.build import build_book
    from crmlib.book.lock import run_lock
    from crmlib.book.results import write_todo
    from crmlib.inputs import book_origin
    from crmlib.intake.rules import rule_words
    from crmlib.keys import load_key
    from crmlib.settings import load_settings

    with run_lock(home):
        key, settings = load_key(home), load_settings(home)
        say = say.with_words(rule_words(settings.checks))
        tell(say("ledger.written", id=write()))
        built = build_book(home, settings=settings, key=key, origin=book_origin(home))
        tell(say("ledger.rebuilt", version=built.book.version, n=f"{built.book.count('customers'):,}"))
        if built.renewal:
            tell(built.renewal.line(say))
        for told in write_todo(home, built, say=say):
            tell(told)
    return 0


def do_sample(args: argparse.Namespace, say: Say) -> int:
    from crmlib.sample import write_sample

    for path in write_sample(args.directory, customers=args.customers, seed=args.seed, truth=args.truth):
        tell(str(path))
    return 0


def do_scan(args: argparse.Namespace, say: Say) -> int:
    from crmlib.book.access import scan_files

    hits = scan_files(args.paths)
    for hit in hits.itertuples():
        tell(f"{hit.file}  {hit.place}  {hit.kind}  {hit.excerpt}")
    tell(say("scan.total", n=len(hits)))
    return 2 if len(hits) else 0


def do_trace(args: argparse.Namespace, say: Say) -> int:
    from crmlib.periods import parse_period
    from crmlib.report.trace import trace_figure, trace_lines, write_rows

    home = find_home(args.home)
    traced = trace_figure(home, args.figure, period=None if args.period == "last" else parse_period(args.period))
    for line in trace_lines(traced, say=say):
        tell(line)
    if args.out:
        write_rows(traced, args.out, home=home, say=say)
        tell(say("trace.written", n=f"{len(traced.rows):,}", path=args.out))
    return 0


def do_review(args: argparse.Namespace, say: Say) -> int:
    from crmlib.book.follow_up import Note, add_notes
    from crmlib.periods import parse_period
    from crmlib.report.published import list_published

    home = find_home(args.home)
    if args.period != "last":
        period = parse_period(args.period).text
    elif published := list_published(home):
        period = published[-1].folder.name
    else:
        raise UsageError("error.review_period")
    note = Note(period, args.about, args.state, args.text, args.next)
    id = add_notes(home, [note], who=getpass.getuser(), at=datetime.now())[0]
    tell(say("follow_up.noted", period=period, id=id))
    return 0


def do_schedule(args: argparse.Namespace, say: Say) -> int:
    from crmlib.schedule import schedule_text

    tell(schedule_text(args.every, home=find_home(args.home).root, lang=args.lang, say=say))
    return 0


def tell(line: str) -> None:
    print(line, flush=True)
