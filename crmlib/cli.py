"""The command `crm`: words in, exit codes out."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from crmlib import commands
from crmlib.errors import CrmError
from crmlib.labels import speaker


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
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, action, help: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=help, description=help, parents=[common])
        one.set_defaults(action=action)
        return one

    run = command("run", commands.do_run, "运行全部笔记本并发布报告 · run the notebooks and publish the report")
    run.add_argument("--period", default="last", help="2024-06 | 2024-Q2 | 2024-W23 | last | last-week | last-quarter")
    run.add_argument(
        "--inbox", type=Path, action="append", default=[], help="另外的文件或文件夹 · other files or folders"
    )
    run.add_argument("--jobs", type=int, default=2)
    run.add_argument("--role", default="")
    run.add_argument("--label", default="", help="归档标签 · a label to find this run by")
    run.add_argument("--book", default="", help="v12：按旧的账本版本 · on an old version of the book")

    command("runs", commands.do_runs, "已发布的运行 · the runs that were published")

    read = command("import", commands.do_import, "只导入：读取、检查、合并 · intake only: read, check, merge")
    read.add_argument(
        "paths", nargs="+", metavar="PATH|URL", help="postgresql://user@host/db, mysql://…, sqlite:///shop.db"
    )
    read.add_argument(
        "--table",
        default="",
        help="这些文件是哪张表；数据库里的哪张表 · which table the files are, or which of the database",
    )

    empty = command("template", commands.do_template, "生成空白导入模板 · write an empty sheet to fill in")
    empty.add_argument("table", help="customers, contacts, orders, interactions …")
    empty.add_argument("--out", type=Path, help=".xlsx | .csv")

    show = command(
        "show", commands.do_show, "一个客户：每个值的出处、来源行、合并依据 · one customer: where each value came from"
    )
    show.add_argument("customer", help="K000012，来源编号或名称 · customer id, source id or name")

    decision = command("decide", commands.do_decide, "两边是不是同一客户 · whether two sides are one customer")
    decision.add_argument("verdict", choices=("same", "different"))
    decision.add_argument("sides", nargs="+", metavar="ROW", help="行号或客户编号 · row ids or customer ids")
    decision.add_argument("--why", default="", help="理由 · the reason")

    undo = command("undo", commands.do_undo, "撤销记录簿里的一条 · take back one line of the ledger")
    undo.add_argument("id", type=int)
    undo.add_argument("--why", default="")

    quality = command("match-quality", commands.do_match_quality, "合并得好不好 · how good the matching is")
    quality.add_argument("labels", type=Path, nargs="?", help="标注好的行 · a CSV of rows with their true customer")

    sample = command("sample", commands.do_sample, "生成虚构的样例数据 · write invented sample files")
    sample.add_argument("directory", type=Path)
    sample.add_argument("--customers", type=int, default=600)
    sample.add_argument("--seed", type=int, default=7)
    sample.add_argument("--truth", type=Path, help="答案写到哪里 · where the truth goes")

    scan = command("scan", commands.do_scan, "在文件里找个人信息 · look for personal values in files")
    scan.add_argument("paths", type=Path, nargs="+")

    trace = command("trace", commands.do_trace, "一个数字背后的行 · the rows behind a figure")
    trace.add_argument("figure", help="amount_12m …")
    trace.add_argument("--period", default="", help="2024-06；不写则为最近一期 · else the last one published")
    trace.add_argument("--out", type=Path, help="全部行写到哪里 · all rows, .xlsx | .csv")

    review = command(
        "review",
        commands.do_review,
        "对报告的复盘意见，写入下期报告 · what is said of a report; the next one carries it",
    )
    review.add_argument("text", help="意见，或建议的结果 · a note, or what came of a suggestion")
    review.add_argument("--period", default="", help="对哪一期 · of which report; else the last one published")
    review.add_argument("--about", default="", help="建议、指标编号或话题 · a suggestion, a figure id or a topic")
    review.add_argument("--state", default="", help="done | doing | not_done | dropped")
    review.add_argument("--next", default="", help="下一步 · what is next")

    plan = command("schedule", commands.do_schedule, "打印定时任务 · print the scheduled task")
    plan.add_argument("every", choices=("monthly", "weekly", "quarterly"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
