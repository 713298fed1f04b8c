"""Templates: empty tables that read back once they are filled in."""

from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from grouping.applications import read_applications
from grouping.cli import main
from grouping.errors import InputError
from grouping.levels import Level
from grouping.link_files import read_links
from grouping.links import Kind
from grouping.messages import LANGS, Lang
from grouping.template import template_name, write_template
from grouping.vocabulary import LEVEL_WORDS, STATUS_WORDS, YES_WORDS


def fill(path: Path, *rows: tuple[object, ...]) -> Path:
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def copy_example(path: Path) -> Path:
    """The example, as if an office had typed it into the list."""
    example = openpyxl.load_workbook(path).worksheets[2]
    return fill(path, *list(example.iter_rows(values_only=True))[1:])


@pytest.mark.parametrize("lang", LANGS)
def test_a_filled_list_reads_back(tmp_path: Path, lang: Lang) -> None:
    path = write_template(tmp_path / "a.xlsx", lang=lang)
    words = {"zh": ("区县级", "已批准", "是"), "en": ("county", "approved", "yes")}[lang]
    fill(
        path,
        (
            "007",
            "甲学院",
            words[0],
            "浙江省杭州市上城区",
            "330102",
            120.2,
            30.25,
            words[1],
            words[2],
            words[2],
            "老年教育；乡村振兴",
            "",
            "z",
        ),
    )
    applications = read_applications(path)
    (site,) = applications
    assert (site.id, site.name, site.level, site.adcode) == ("007", "甲学院", Level.COUNTY, "330102")
    assert (site.lon, site.lat, site.themes, site.can_lead) == (120.2, 30.25, ("3", "2"), True)
    assert list(site.extra.values())[-1] == "z"
    assert not applications.remarks


@pytest.mark.parametrize("lang", LANGS)
def test_the_example_is_not_read_but_would_be_right(tmp_path: Path, lang: Lang) -> None:
    path = write_template(tmp_path / "a.xlsx", lang=lang)
    with pytest.raises(InputError) as caught:
        read_applications(path)
    assert [problem.what.key for problem in caught.value.problems] == ["tables.no_rows"]
    applications = read_applications(copy_example(path))
    assert [site.id for site in applications] == ["A01", "A02", "A04"]
    assert len(applications.left_out) == 1
    assert not applications.remarks


@pytest.mark.parametrize("lang", LANGS)
def test_a_filled_list_of_links_reads_back(tmp_path: Path, lang: Lang) -> None:
    sites = tmp_path / "sites.csv"
    sites.write_text("编号,名称,地区\nA01,甲,浙江省杭州市上城区\nA02,乙,江苏省南京市鼓楼区\n", "utf-8")
    path = write_template(tmp_path / "links.xlsx", "links", lang)
    fill(path, ("甲", "A02", *{"zh": ("意向", "优先"), "en": ("wish", "should")}[lang], 80))
    (link,) = read_links(path, read_applications(sites)).links
    assert (link.a, link.b, link.kind, link.must, link.km) == ("A01", "A02", Kind.WISH, False, 80)


@pytest.mark.parametrize("lang", LANGS)
def test_drop_downs_offer_only_words_that_are_understood(tmp_path: Path, lang: Lang) -> None:
    sheet = openpyxl.load_workbook(write_template(tmp_path / "a.xlsx", lang=lang)).worksheets[0]
    lists = [one.formula1.strip('"').split(",") for one in sheet.data_validations.dataValidation if one.type == "list"]
    levels, statuses, leads, demonstrations = lists
    assert [LEVEL_WORDS[word] for word in levels] == list(Level)
    assert {STATUS_WORDS[word] for word in statuses} == {YES_WORDS[word] for word in leads} == {True, False}
    assert demonstrations == leads
    assert all(sheet.cell(1, column).comment for column in range(1, sheet.max_column + 1))


def test_nothing_is_overwritten_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"precious")
    with pytest.raises(InputError):
        write_template(path)
    assert path.read_bytes() == b"precious"
    write_template(path, force=True)
    assert [sheet.title for sheet in openpyxl.load_workbook(path)] == ["实验点名单", "填写说明", "示例"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.xlsx"]


@pytest.mark.parametrize("name", ["a.csv", "a", "no/such/folder/a.xlsx", "."])
def test_places_that_can_t_be_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        write_template(tmp_path / name, force=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["list", "links"])
@pytest.mark.parametrize("lang", LANGS)
def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, lang: Lang) -> None:
    monkeypatch.chdir(tmp_path)
    args = ["--lang", lang, "template", "--kind", kind]
    done = CliRunner().invoke(main, args)
    name = template_name("links" if kind == "links" else "list", lang)
    assert (done.exit_code, done.exception) == (0, None)
    assert name in done.output
    assert Path(name).is_file()
    again = CliRunner().invoke(main, args)
    assert again.exit_code == 2
    assert "--force" in again.stderr
    assert CliRunner().invoke(main, [*args, name, "--force"]).exit_code == 0


@pytest.mark.parametrize("lang", LANGS)
def test_the_notes_can_be_read_without_the_program_that_wrote_them(tmp_path: Path, lang: Lang) -> None:
    book = openpyxl.load_workbook(write_template(tmp_path / "a.xlsx", lang=lang))
    notes = book.worksheets[1]
    heights = [notes.row_dimensions[row[0].row].height for row in notes.iter_rows() if row[0].value]
    assert all(height is not None for height in heights)
    assert len(set(heights)) > 1
    assert all(sheet.page_setup.orientation == "landscape" and sheet.page_setup.fitToHeight == 0 for sheet in book)
