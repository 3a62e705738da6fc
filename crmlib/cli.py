"""The command `crm`: words in, exit codes out. Only here is the clock read."""

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path

from crmlib.errors import CrmError, UsageError
from crmlib.home import Home, find_home
from crmlib.labels import Say, speaker


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 unexpected, 2 stopped by a check or a notebook, 3 bad usage, input or settings."""
    parser = build_parser()
    try:
        args = parser.parse_args(argv)
    except SystemExit as stop:  # argparse ends with 2; here that means a failed check
        return 3 if stop.code else 0
    try:
        return args.action(args, speaker(args.lang)) or 0
    except CrmError as error:
        print(error.message(args.lang), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(speaker(args.lang)("error.interrupted"), file=sys.stderr)
        return 1
    except Exception as error:  # anything else is ours: short words for the user, the rest on request
        if os.environ.get("CRM_DEBUG"):
            raise
        print(speaker(args.lang)("error.unexpected", kind=type(error).__name__, detail=error), file=sys.stderr)
        return 1


def build_parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--home", type=Path, help="文件夹，含 data/ 与 reports/ · the folder with data/ and reports/")
    common.add_argument("--lang", choices=("zh", "en"), default=os.environ.get("CRM_LANG", "zh"))
    parser = argparse.ArgumentParser(prog="crm", description="客户分析工具包 · customer analysis kit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, action, help: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=help, description=help, parents=[common])
        one.set_defaults(action=action)
        return one

    run = command("run", do_run, "运行全部笔记本并发布报告 · run the notebooks and publish the report")
    run.add_argument("--period", default="last", help="2024-06 | 2024-Q2 | 2024-W23 | last | last-week | last-quarter")
    run.add_argument(
        "--inbox", type=Path, action="append", default=[], help="另外的文件或文件夹 · other files or folders"
    )
    run.add_argument("--jobs", type=int, default=2)
    run.add_argument("--role", default="")
    run.add_argument("--label", default="", help="归档标签 · a label to find this run by")
    run.add_argument("--book", default="", help="v12：按旧的账本版本 · on an old version of the book")

    command("runs", do_runs, "已发布的运行 · the runs that were published")

    read = command("import", do_import, "只导入：读取、检查、合并 · intake only: read, check, merge")
    read.add_argument(
        "paths", nargs="+", metavar="PATH|URL", help="postgresql://user@host/db, mysql://…, sqlite:///shop.db"
    )
    read.add_argument(
        "--table",
        default="",
        help="这些文件是哪张表；数据库里的哪张表 · which table the files are, or which of the database",
    )

    empty = command("template", do_template, "生成空白导入模板 · write an empty sheet to fill in")
    empty.add_argument("table", help="customers, contacts, orders, interactions …")
    empty.add_argument("--out", type=Path, help=".xlsx | .csv")

    show = command(
        "show", do_show, "一个客户：每个值的出处、来源行、合并依据 · one customer: where each value came from"
    )
    show.add_argument("customer", help="K000012，来源编号或名称 · customer id, source id or name")

    decision = command("decide", do_decide, "两边是不是同一客户 · whether two sides are one customer")
    decision.add_argument("verdict", choices=("same", "different"))
    decision.add_argument("sides", nargs="+", metavar="ROW", help="行号或客户编号 · row ids or customer ids")
    decision.add_argument("--why", default="", help="理由 · the reason")

    undo = command("undo", do_undo, "撤销记录簿里的一条 · take back one line of the ledger")
    undo.add_argument("id", type=int)
    undo.add_argument("--why", default="")

    quality = command("match-quality", do_match_quality, "合并得好不好 · how good the matching is")
    quality.add_argument("labels", type=Path, nargs="?", help="标注好的行 · a CSV of rows with their true customer")

    sample = command("sample", do_sample, "生成虚构的样例数据 · write invented sample files")
    sample.add_argument("directory", type=Path)
    sample.add_argument("--customers", type=int, default=600)
    sample.add_argument("--seed", type=int, default=7)
    sample.add_argument("--truth", type=Path, help="答案写到哪里 · where the truth goes")

    scan = command("scan", do_scan, "在文件里找个人信息 · look for personal values in files")
    scan.add_argument("paths", type=Path, nargs="+")

    trace = command("trace", do_trace, "一个数字背后的行 · the rows behind a figure")
    trace.add_argument("figure", help="amount_12m …")
    trace.add_argument("--period", default="", help="2024-06；不写则为最近一期 · else the last one published")
    trace.add_argument("--out", type=Path, help="全部行写到哪里 · all rows, .xlsx | .csv")

    review = command(
        "review", do_review, "对报告的复盘意见，写入下期报告 · what is said of a report; the next one carries it"
    )
    review.add_argument("text", help="意见，或建议的结果 · a note, or what came of a suggestion")
    review.add_argument("--period", default="", help="对哪一期 · of which report; else the last one published")
    review.add_argument("--about", default="", help="建议、指标编号或话题 · a suggestion, a figure id or a topic")
    review.add_argument("--state", default="", help="done | doing | not_done | dropped")
    review.add_argument("--next", default="", help="下一步 · what is next")

    plan = command("schedule", do_schedule, "打印定时任务 · print the scheduled task")
    plan.add_argument("every", choices=("monthly", "weekly", "quarterly"))
    return parser


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

    for one in list_runs(find_home(args.home)):
        tell(
            say("run.registered", **{k: one.get(k) for k in ("at", "period", "run_id", "label", "book", "kit_version")})
        )
    return 0


def do_import(args: argparse.Namespace, say: Say) -> int:
    from crmlib.book.build import build_book
    from crmlib.book.importing import import_files
    from crmlib.book.lock import run_lock
    from crmlib.book.receipt import news_lines
    from crmlib.book.results import total_line, write_todo
    from crmlib.inputs import book_origin, list_inputs, list_others
    from crmlib.returned import sheet_kind
    from crmlib.settings import load_settings

    home = find_home(args.home)
    urls = [one for one in args.paths if "://" in one]
    paths = [Path(one) for one in args.paths if one not in urls]
    if urls and paths:
        raise UsageError("error.url_beside_files")
    settings = load_settings(home)
    with ExitStack() as snapshots, run_lock(home):
        inputs = [snapshots.enter_context(_table_input(url, args.table)) for url in urls] or list_inputs(paths)
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


def _table_input(url: str, table: str):
    from crmlib.intake.databases import table_input

    return table_input(url, table=table)


def do_template(args: argparse.Namespace, say: Say) -> int:
    from crmlib.dictionary import DICTIONARY
    from crmlib.intake.template import template_fields, write_template
    from crmlib.settings import load_settings

    dictionary = DICTIONARY.with_fields(load_settings(find_home(args.home)).own_fields())
    path = args.out or Path(f"{args.table}_template.xlsx")
    if args.table == "amendments":
        from crmlib.book.amendments import write_amendments

        write_amendments(path, dictionary=dictionary, say=say)
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
    return _write_and_rebuild(home, lambda: add_decisions(home, [decision], who=_user(), at=datetime.now())[0], say)


def do_undo(args: argparse.Namespace, say: Say) -> int:
    from crmlib.book.ledger import undo_line

    home = find_home(args.home)
    return _write_and_rebuild(home, lambda: undo_line(home, args.id, who=_user(), at=datetime.now(), why=args.why), say)


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
    from crmlib.keys import load_key
    from crmlib.settings import load_settings

    with run_lock(home):
        key = load_key(home)
        line = write()
        tell(say("ledger.written", id=line))
        built = build_book(home, settings=load_settings(home), key=key, origin=book_origin(home))
        tell(say("ledger.rebuilt", version=built.book.version, n=f"{built.book.count('customers'):,}"))
        if built.renewal:
            tell(built.renewal.line(say))
        for told in write_todo(home, built, say=say):
            tell(told)
    return 0


def _user() -> str:
    return getpass.getuser()


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
    traced = trace_figure(home, args.figure, period=parse_period(args.period) if args.period else None)
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
    published = list_published(home)
    if not args.period and not published:
        raise UsageError("error.review_period")
    period = parse_period(args.period).text if args.period else published[-1].folder.name
    note = Note(period, args.about, args.state, args.text, args.next)
    id = add_notes(home, [note], who=_user(), at=datetime.now())[0]
    tell(say("follow_up.noted", period=period, id=id))
    return 0


def do_schedule(args: argparse.Namespace, say: Say) -> int:
    from crmlib.schedule import schedule_text

    tell(schedule_text(args.every, home=find_home(args.home).root, lang=args.lang, say=say))
    return 0


def tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
