"""Broken input: what the user is told about each kind, by the reader itself and through the command line."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from grouping.applications import read_applications
from grouping.blocks import blocks
from grouping.cli import main
from grouping.distances import read_distances
from grouping.errors import InputError, Problem, Where
from grouping.link_files import read_links
from grouping.messages import message
from grouping.scenario_files import load_scenario

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 64
GOOD = (
    "编号,名称,层级,地区,联系人,电话\n"
    "A1,上城学院,区县级,浙江省杭州市上城区,张三,000-0000\n"
    "A2,鼓楼学院,区县级,江苏省南京市鼓楼区,李四,000-0001\n"
    "A3,秦淮学院,区县级,江苏省南京市秦淮区,王五,000-0002\n"
)
Content = str | bytes | None


def sheet(*rows: tuple[Any, ...]) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "名单"
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def two_sheets() -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "省级"
    book.create_sheet("区县级")
    for page in book:
        page.append(["名称", "地区"])
        page.append([f"{page.title}学院", "浙江省"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@dataclass(frozen=True)
class Case:
    """A call with something wrong: the files (None for a folder), and what the message has to say in Chinese."""

    says: tuple[str, ...]
    files: Mapping[str, Content] = field(default_factory=lambda: {"名单.csv": GOOD})
    applications: str = "名单.csv"
    links: str | None = None
    distances: str | None = None
    scenario: str | None = None


def lists(says: tuple[str, ...], rows: Content, name: str = "名单.csv") -> Case:
    return Case(says, {name: rows}, name)


def row(says: tuple[str, ...], header: str, *cells: str) -> Case:
    """A csv list whose rows have something wrong."""
    return lists(says, "\n".join(["名称,层级,地区," + header, *cells]))


def links(says: tuple[str, ...], *rows: str, header: str = "甲,乙,类型,强度,权重") -> Case:
    return Case(says, {"名单.csv": GOOD, "联系.csv": "\n".join([header, *rows])}, links="联系.csv")


def distances(says: tuple[str, ...], *rows: str) -> Case:
    return Case(says, {"名单.csv": GOOD, "距离.csv": "\n".join(rows)}, distances="距离.csv")


def scenario(says: tuple[str, ...], text: str) -> Case:
    return Case(says, {"名单.csv": GOOD, "我的.toml": text}, scenario="我的.toml")


SHANGCHENG = "甲,区县级,浙江省杭州市上城区,"
MANY = "编号,名称,地区\n" + "".join(f"S{n},学院{n},浙江省杭州市上城区\n" for n in range(11))

CASES: dict[str, Case] = {
    # The file
    "missing": Case(("名但.csv", "没有这个文件", "名称相近", "名单.csv"), applications="名但.csv"),
    "missing folder": Case(("没有“哪里”这个文件夹",), applications="哪里/名单.xlsx"),
    "a folder": lists(("名单.xlsx", "文件夹", ".xlsx 或 .csv"), None, "名单.xlsx"),
    "empty": lists(("名单.csv", "没有内容", "表头"), ""),
    "empty workbook": lists(("名单.xlsx", "没有内容"), sheet(), "名单.xlsx"),
    "old excel": lists(("名单.xls：", "不能读取 .xls", "另存为", ".xlsx"), OLE, "名单.xls"),
    "wps": lists(("不能读取 .et", "WPS"), OLE, "名单.et"),
    "word": lists((".docx 文件不是表格", "复制"), b"PK\x03\x04", "名单.docx"),
    "another type": lists(("“.json”", ".xlsx 或 .csv"), "{}", "名单.json"),
    "password": lists(("名单.xlsx", "密码"), OLE + "EncryptedPackage".encode("utf-16-le"), "名单.xlsx"),
    "renamed old excel": lists(("旧版 Excel", "另存为"), OLE, "名单.xlsx"),
    "damaged workbook": lists(("已损坏",), sheet(("名称",))[:-200], "名单.xlsx"),
    "text called xlsx": lists(("不是真正的 .xlsx",), GOOD, "名单.xlsx"),
    "not a text": lists(("文字编码无法识别", "UTF-8", "GB18030"), b"\x89PNG\0\0\xff\xfe"),
    "open quote": lists(("引号", "没有配对"), '名称,地区\n"甲,浙江省\n乙,江苏省\n'),
    # The header
    "no header": lists(("第 1 行", "找不到表头", "甲学院", "应有：名称"), "甲学院,浙江省杭州市\n乙学院,江苏省南京市\n"),
    "no name column": lists(
        ("第 1 行", "缺少必需的“名称”列", "实验点名称", "最接近的是“单位名”"), "编号,单位名\n1,甲\n"
    ),
    "column twice": lists(("第 1 行", "“名称”列", "不止一次", "A、C 列"), "名称,地区,名 称\n甲,浙江省,乙\n"),
    "several lists": Case(
        ("名单.xlsx，工作表“省级”", "列相同：区县级", "合并"), {"名单.xlsx": two_sheets()}, "名单.xlsx"
    ),
    "no rows": lists(("表头下面没有记录",), "名称,地区\n"),
    # The rows
    "no name": lists(("名单.csv，第 3 行，“名称”列", "必填"), "编号,名称,地区\n1,甲,浙江省\n2,,江苏省\n3,丙,青海省\n"),
    "formula": lists(
        ("名单.xlsx，工作表“名单”，第 2 行，“名称”列", "公式 =A2", "没有存下", "第 2–3 行"),
        sheet(("编号", "名称"), ("浙江省", "=A2"), ("江苏省", "=A3")),
        "名单.xlsx",
    ),
    "error value": lists(
        ("第 2 行，“地区”列", "错误值 #N/A"), sheet(("名称", "地区"), ("甲", "#N/A"), ("乙", "浙江省")), "名单.xlsx"
    ),
    "level": row(
        ("第 2 行，“层级”列", "“市区级”", "省级、地市级、区县级、街镇级"), "x", "甲,市区级,浙江省杭州市上城区,"
    ),
    "status": row(("第 2 行，“状态”列", "“也许”", "已批准", "未通过"), "状态", SHANGCHENG + "也许"),
    "yes or no": row(("第 2 行，“可任组长”列", "“再议”", "是 或 否"), "可任组长", SHANGCHENG + "再议"),
    "unknown place": row(("第 2 行，“地区”列", "上成区", "上城区"), "x", "甲,区县级,浙江省杭州市上成区,"),
    "ambiguous place": row(("第 2 行，“地区”列", "江苏省南京市鼓楼区", "福建省福州市鼓楼区"), "x", "甲,区县级,鼓楼区,"),
    "no place": lists(("第 2 行，“名称”列", "行政区划全称", "代码"), "名称\n甲\n"),
    "unknown code": row(("第 2 行，“adcode”列", "999999", "六位"), "adcode", "甲,,,999999"),
    "code contradicts": row(
        ("第 2 行，“adcode”列", "浙江省杭州市西湖区", "“地区”", "浙江省杭州市上城区 (330102)"),
        "adcode",
        SHANGCHENG + "330106",
    ),
    "level contradicts": row(
        ("第 2 行，“层级”列", "写的是地市级", "上城区是区县级"), "x", "甲,地市级,浙江省杭州市上城区,"
    ),
    "swapped": row(("第 2 行，“经度”列", "经度 30.25、纬度 120.2", "写反了"), "经度,纬度", SHANGCHENG + "30.25,120.2"),
    "outside china": row(("第 2 行，“经度”列", "不在我国境内", "73 到 136"), "经度,纬度", SHANGCHENG + "2.35,48.86"),
    "no latitude": row(("第 2 行，“纬度”列", "只有经度 120.2"), "经度,纬度", SHANGCHENG + "120.2,"),
    "not a number": row(("第 2 行，“纬度”列", "“北边”", "十进制度数"), "经度,纬度", SHANGCHENG + "120.2,北边"),
    "far": row(("第 2 行，“经度”列", "上城区驻地", "公里", "150 公里以内"), "经度,纬度", SHANGCHENG + "116.4,39.9"),
    "id twice": lists(("第 3 行，“编号”列", "A1 重复", "第 2 行“甲”"), "编号,名称\nA1,甲\nA1,乙\n"),
    "name twice": lists(
        ("第 3 行，“名称”列", "第 2 行已有"), "名称,地区\n甲,浙江省杭州市上城区\n甲,浙江省杭州市西湖区\n"
    ),
    # The links
    "links missing": Case(("没有.csv", "没有这个文件"), links="没有.csv"),
    "links without kind": links(("联系.csv，第 1 行", "缺少必需的“类型”列"), "A1,A2", header="甲,乙"),
    "link to nobody": links(
        ("联系.csv，第 2 行，“乙”列", "“鼓搂学院”", "最接近的是", "鼓楼学院"), "A1,鼓搂学院,意向,,"
    ),
    "must between levels": Case(
        ("联系.csv，第 2 行", "“南京市局”是地市级", "“上城学院”是区县级", "第十一条", "不能是“必须”"),
        {
            "名单.csv": GOOD + "B1,南京市局,地市级,江苏省南京市,,\n",
            "联系.csv": "甲,乙,类型,强度\nB1,A1,东西部结对,必须\n",
        },
        links="联系.csv",
    ),
    "link kind": links(("第 2 行，“类型”列", "“朋友”", "东西部结对、对口支援、意向、回避"), "A1,A2,朋友,,"),
    "link strength": links(("第 2 行，“强度”列", "“很强”", "必须 或 优先"), "A1,A2,意向,很强,"),
    "link price": links(("第 2 行，“权重”列", "“-5”", "公里数"), "A1,A2,意向,优先,-5"),
    "link with itself": links(("第 2 行", "“上城学院”不能与自己"), "A1,上城学院,意向,,"),
    "links contradict": links(
        ("第 3 行", "A1", "联系.csv，第 2 行", "只留一行"), "A1,A2,意向,优先,5", "A1,A2,意向,优先,9"
    ),
    "must and avoid": links(
        ("联系.csv，第 4 行", "必须回避", "（东西部结对，第 2 行）", "（对口支援，第 3 行）"),
        "A1,A2,东西部结对,必须,",
        "A2,A3,对口支援,必须,",
        "A1,A3,回避,必须,",
    ),
    "chain too long": Case(
        ("11 个实验点", "最多 10 个", "（意向，第 11 行）"),
        {"名单.csv": MANY, "联系.csv": "甲,乙,类型,强度\n" + "".join(f"S{n},S{n + 1},意向,必须\n" for n in range(10))},
        links="联系.csv",
    ),
    # The distances
    "matrix without a site": distances(("距离.csv", "缺少“秦淮学院”"), ",A1,A2", "A1,0,3", "A2,3,0"),
    "negative distance": distances(
        ("距离.csv，第 2 行", "“-3”", "不小于 0"), ",A1,A2,A3", "A1,0,-3,4", "A2,3,0,5", "A3,4,5,0"
    ),
    "blank distance": distances(("距离.csv，第 2 行", "空着"), ",A1,A2,A3", "A1,0,,4", "A2,3,0,5", "A3,4,5,0"),
    # The scenario
    "unknown scenario": Case(("没有名为“基础”的情景", "base", "region-first"), scenario="基础"),
    "no scenario file": Case(("找不到情景文件", "没有.toml"), scenario="没有.toml"),
    "misspelt value": scenario(
        ("我的.toml，第 2 行", "“size.prefered”", "最接近的是", "size.preferred"), "[size]\nprefered = 7\n"
    ),
    "wrong value": scenario(("我的.toml，第 2 行", "size.km", '"贵"', "之间的数"), '[size]\nkm = "贵"\n'),
    "numbers upside down": scenario(("最少 ≤ 最多", "communities.fewest = 7"), "[communities]\nfewest = 7\nmost = 3\n"),
    "sizes upside down": scenario(("最少 ≤ 理想 ≤ 最多", "size.min = 7"), "[size]\nmin = 7\n"),
    "not toml": scenario(("我的.toml，第 1 行", "不合 TOML 格式", "size：min"), "size：min = 3\n"),
    "circle": scenario(("绕成了圈", "我的.toml → 我的.toml"), 'extends = "我的.toml"\n'),
    "misspelt section": scenario(
        ("我的.toml，第 2 行", "没有 [sise] 这一节", "最接近的是 [size]", "travel"), "seed = 1\n[sise]\nmin = 3\n"
    ),
    "empty misspelt section": scenario(("我的.toml，第 1 行", "没有 [links.more] 这一节"), "[links.more]\n"),
    "wrong macro-regions": Case(
        ("片区.csv，第 3 行，“前缀”列", "“33x”", "2、4、6 或 9 位"),
        {
            "名单.csv": GOOD,
            "我的.toml": '[travel]\nregions = "片区.csv"\n',
            "片区.csv": "前缀,片区\n32,甲\n33x,乙\n",
        },
        scenario="我的.toml",
    ),
    "no regions file": scenario(
        ("我的.toml，第 2 行", "片区文件不存在", "片区.csv"), '[travel]\nregions = "片区.csv"\n'
    ),
}


def lay_out(case: Case, folder: Path) -> None:
    for name, content in case.files.items():
        if content is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def read_everything(case: Case) -> None:
    choices = load_scenario(case.scenario)
    applications = read_applications(case.applications, places=case.distances is None)
    if case.distances is not None:
        read_distances(case.distances, applications)
    if case.links is not None:
        found = read_links(case.links, applications).links
        blocks([site.id for site in applications], found, choices.size.max)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_message(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        read_everything(case)
    assert told(caught.value.problems, case, lambda problem: problem.text("zh"))
    assert all(problem.text("en") for problem in caught.value.problems)


def told(problems: tuple[Problem, ...], case: Case, text: Callable[[Problem], str]) -> bool:
    lines = [text(problem) for problem in problems]
    assert any(all(part in line for part in case.says) for line in lines), "\n".join(lines)
    return True


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_command_line(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    options = {"--links": case.links, "--distances": case.distances, "--scenario": case.scenario}
    given = [word for name, value in options.items() if value is not None for word in (name, value)]
    done = CliRunner().invoke(main, ["solve", case.applications, *given, "--out", "out", "--quiet"])
    assert done.exit_code == 2
    assert any(all(part in line for part in case.says) for line in done.stderr.splitlines()), done.stderr
    assert "Traceback" not in done.output
    assert not (tmp_path / "out").exists()
    for private in ("张三", "李四", "王五", "000-000"):
        assert private not in done.output


def test_a_wrong_list_does_not_hide_what_is_wrong_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "名单.csv": GOOD + "A3,丁,区县级,浙江省杭州市上城区,,\n",
        "联系.csv": "甲,乙,类型\nA1,丁,朋友\n",
        "我的.toml": "[size]\nmin = 7\nmax = 5\n",
    }
    lay_out(Case((), files), tmp_path)
    monkeypatch.chdir(tmp_path)
    call = ["solve", "名单.csv", "--links", "联系.csv", "--distances", "无.csv", "--scenario", "我的.toml"]
    for option in ("--previous", "--draft", "--lock", "--attendance", "--exits"):
        call += [option, f"{option[2:]}.csv"]
    done = CliRunner().invoke(main, call)
    assert done.exit_code == 2
    *told, _ = done.stderr.splitlines()
    expected = (
        "最少 ≤ 理想 ≤ 最多",
        "名单.csv，第 5 行，“编号”列",
        "联系.csv，第 2 行，“类型”列",
        *(f"{name}.csv：没有这个文件" for name in ("无", "previous", "draft", "lock", "attendance", "exits")),
    )
    assert len(told) == len(expected)
    assert all(any(says in line for line in told) for says in expected)
    assert not (tmp_path / "out").exists()


def test_problems_are_told_file_by_file_and_down_the_rows() -> None:
    places = [Where("b", row=3), Where("a", row=2), Where("b", row=1), Where("a"), Where("b", row=3, column="x")]
    error = InputError([Problem(where, message("tables.empty")) for where in places])
    assert [problem.where for problem in error.problems] == [places[at] for at in (2, 0, 4, 1, 3)]


def test_there_are_at_least_twenty_kinds() -> None:
    assert len({case.says for case in CASES.values()}) == len(CASES) >= 20
