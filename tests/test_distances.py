"""Distance matrices as people give them, and great circles."""

from pathlib import Path

import numpy as np
import openpyxl
import pytest
from geopy.distance import great_circle as geopy_great_circle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grouping.distances import great_circle, read_distances
from grouping.errors import InputError, Where
from grouping.levels import Level
from grouping.messages import LANGS
from grouping.sites import Applications, Site


def site(id_: str, name: str, lon: float | None = None, lat: float | None = None) -> Site:
    return Site(id_, name, Level.COUNTY, Where("名单.csv", row=2), lon=lon, lat=lat)


APPLICATIONS = Applications((site("S1", "甲学院"), site("S2", "乙学院"), site("S3", "丙学院")))
KM: list[list[float]] = [[0, 10, 20], [10, 0, 30.5], [20, 30.5, 0]]


def write(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "km.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def refused(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_distances(path, APPLICATIONS)
    assert all(problem.text(lang) for problem in caught.value.problems for lang in LANGS)
    return [problem.text() for problem in caught.value.problems]


def test_a_csv_of_names_and_ids_is_read_in_the_order_of_the_list(tmp_path: Path) -> None:
    path = write(tmp_path, "公里,丙学院,S1,乙学院", "S1,20,0,10", "丙学院,0,20,30.5", "乙学院,30.5,10,")
    found = read_distances(path, APPLICATIONS)
    assert found.km.tolist() == KM
    assert found.remarks == ()
    assert found.file == "km.csv"
    assert len(found.sha256) == 64


def test_a_workbook_with_a_title_and_numbered_rows_reads_the_same(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    names = ["甲学院", "乙学院", "丙学院"]
    sheet.append(["距离表（公里）"])
    sheet.append(["序号", "名称", *names])
    for number, name in enumerate(names):
        sheet.append([number + 1, name, *KM[number]])
    book.save(tmp_path / "km.xlsx")
    assert read_distances(tmp_path / "km.xlsx", APPLICATIONS).km.tolist() == KM


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(3)), st.permutations(range(3)))
def test_the_order_of_rows_and_columns_changes_nothing(tmp_path: Path, rows: list[int], columns: list[int]) -> None:
    names = [site.name for site in APPLICATIONS]
    lines = [",".join(["", *(names[j] for j in columns)])]
    lines += [",".join([names[i], *(str(KM[i][j]) for j in columns)]) for i in rows]
    assert read_distances(write(tmp_path, *lines), APPLICATIONS).km.tolist() == KM


def test_names_that_are_no_approved_sites_are_ignored_aloud(tmp_path: Path) -> None:
    path = write(
        tmp_path, ",甲学院,某地,乙学院,丙学院", "甲学院,0,x,10,20", "某地,,,,", "乙学院,10,,0,30.5", "丙学院,20,,30.5,0"
    )
    found = read_distances(path, APPLICATIONS)
    assert found.km.tolist() == KM
    assert [remark.what.values["names"] for remark in found.remarks] == [["某地"]]


def test_uneven_directions_are_averaged_aloud(tmp_path: Path) -> None:
    path = write(tmp_path, ",S1,S2,S3", "S1,0,9,20", 'S2,11,0,"1,030"', "S3,20,1000,0")
    found = read_distances(path, APPLICATIONS)
    assert found.km.tolist() == [[0, 10, 20], [10, 0, 1015], [20, 1015, 0]]
    (remark,) = found.remarks
    assert remark.what.values["count"] == 2
    said = remark.what.text()
    assert all(part in said for part in ("2 对", "乙学院", "丙学院", "1030", "1000", "差 30"))
    assert np.array_equal(found.km, found.km.T)


@pytest.mark.parametrize(
    "lines",
    [
        (",S1,S2,S3", "S1,,,", "S2,10,,", "S3,20,30.5,"),
        (",S1,S2,S3", "S1,0,10,20", "S2,,0,30.5", "S3,,,0"),
        (",S1,S2,S3", "S3,20,30.5,", "S1,,10,", "S2,,,"),
    ],
    ids=["lower", "upper", "in another order"],
)
def test_half_a_matrix_is_read_aloud(tmp_path: Path, lines: tuple[str, ...]) -> None:
    found = read_distances(write(tmp_path, *lines), APPLICATIONS)
    assert found.km.tolist() == KM
    assert [remark.what.key for remark in found.remarks] == ["distances.half"]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(3)), st.permutations(range(3)), st.lists(st.booleans(), min_size=3, max_size=3))
def test_no_pair_of_half_a_matrix_is_without_a_distance_in_silence(
    tmp_path: Path, rows: list[int], columns: list[int], kept: list[bool]
) -> None:
    names = [site.name for site in APPLICATIONS]
    pairs = dict(zip([(0, 1), (0, 2), (1, 2)], kept, strict=True))

    def cell(i: int, j: int) -> str:
        return str(KM[i][j]) if rows.index(i) > rows.index(j) and pairs[min(i, j), max(i, j)] else ""

    lines = [",".join(["", *(names[j] for j in columns)])]
    lines += [",".join([names[i], *(cell(i, j) for j in columns)]) for i in rows]
    path = write(tmp_path, *lines)
    if all(kept):
        assert read_distances(path, APPLICATIONS).km.tolist() == KM
    else:
        missing = sum(not one for one in kept)
        assert len(refused(path)) == (missing if any(kept) else 6)


def test_a_blank_in_a_matrix_of_both_directions_is_still_wrong(tmp_path: Path) -> None:
    (problem,) = refused(write(tmp_path, ",S1,S2,S3", "S1,0,10,20", "S2,10,0,30", "S3,20,,0"))
    assert "第 4 行，“S2”列" in problem


@pytest.mark.parametrize(
    ("cell", "said"), [("", "空着"), ("nan", "nan"), ("-1", "-1"), ("很远", "很远"), ("inf", "inf"), ("1,5", "1,5")]
)
def test_a_wrong_cell_is_told_by_row_and_column(tmp_path: Path, cell: str, said: str) -> None:
    path = write(tmp_path, ",S1,S2,S3", f'S1,0,"{cell}",20', "S2,10,0,30", "S3,20,30,0")
    (problem,) = refused(path)
    assert said in problem
    assert "第 2 行，“S2”列" in problem


def test_the_diagonal_must_be_nothing(tmp_path: Path) -> None:
    (problem,) = refused(write(tmp_path, ",S1,S2,S3", "S1,,10,20", "S2,10,5,30", "S3,20,30,0"))
    assert "“5”" in problem


def test_sites_without_a_row_or_column_are_told_with_the_nearest(tmp_path: Path) -> None:
    problems = refused(write(tmp_path, ",甲学院,乙学完,丙学院", "甲学院,0,10,20", "丙学院,20,30,0"))
    assert len(problems) == 2
    assert "乙学完" in problems[0]
    assert all("乙学院" in problem for problem in problems)


def test_a_site_with_two_rows_is_refused(tmp_path: Path) -> None:
    (problem,) = refused(write(tmp_path, ",S1,S2,S3", "S1,0,1,1", "甲学院,0,1,1", "S2,1,0,1", "S3,1,1,0"))
    assert "甲学院" in problem


def test_a_file_without_any_site_is_no_matrix(tmp_path: Path) -> None:
    (problem,) = refused(write(tmp_path, ",x,y", "x,0,1", "y,1,0"))
    assert "表头" in problem


def test_of_many_wrong_cells_the_first_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    many = Applications(tuple(site(f"S{n}", f"第{n}学院") for n in range(9)))
    lines = [",".join(["", *(one.id for one in many)]), *(one.id for one in many)]
    with pytest.raises(InputError) as caught:
        read_distances(write(tmp_path, *lines), many)
    assert len(caught.value.problems) == 41
    assert "32" in caught.value.problems[-1].text()


def test_great_circles_agree_with_geopy() -> None:
    sites = [site("a", "北京", 116.4, 39.9), site("b", "喀什", 75.99, 39.47), site("c", "三亚", 109.51, 18.25)]
    km = great_circle(sites)
    expected = [[geopy_great_circle((a.lat, a.lon), (b.lat, b.lon)).km for b in sites] for a in sites]
    np.testing.assert_allclose(km, expected, rtol=1e-5)
    assert np.array_equal(km, km.T)
    assert not np.diag(km).any()
    assert great_circle([]).shape == (0, 0)


def test_a_site_without_coordinates_has_no_great_circle() -> None:
    with pytest.raises(InputError):
        great_circle([site("a", "甲"), site("b", "乙", 116.4, 39.9)])
