"""What texts mean: certain ones resolve, with a reason; all others ask."""

import json
from itertools import product

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from grouping.cli import main
from grouping.levels import Level
from grouping.placenames import clean, short_forms
from grouping.regions import Division, divisions, former_names
from grouping.resolve import Resolution, resolve, resolve_parts

TABLE = divisions()
UPPER = list(TABLE.upper())
TOWNSHIPS = list(TABLE.townships())

# The names of the real list of demonstration districts, as published in 2010-2014, and what they are today.
DEMONSTRATION = {
    "北京市东城区": "110101",
    "北京市顺义区": "110113",
    "北京市房山区": "110111",
    "天津市南开区": "120104",
    "天津市河东区": "120102",
    "山西省太原市小店区": "140105",
    "辽宁省鞍山市铁东区": "210302",
    "沈阳市皇姑区": "210105",
    "大连市沙河口区": "210204",
    "上海市长宁区": "310105",
    "上海市普陀区": "310107",
    "上海市静安区": "310106",
    "上海市杨浦区": "310110",
    "江苏省昆山市": "320583",
    "南京市建邺区": "320105",
    "常州市钟楼区": "320404",
    "无锡市崇安区": "320213",
    "浙江省杭州市上城区": "330102",
    "平湖市": "330482",
    "杭州市拱墅区": "330105",
    "宁波市江东区": "330212",
    "安徽省芜湖市镜湖区": "340202",
    "福建省泉州市鲤城区": "350502",
    "福州市鼓楼区": "350102",
    "江西省南昌市西湖区": "360103",
    "山东省诸城市": "370782",
    "济南市天桥区": "370105",
    "青岛市城阳区": "370214",
    "湖北省武汉市武昌区": "420106",
    "湖南省长沙市岳麓区": "430104",
    "四川省成都市武侯区": "510107",
    "北京市大兴区": "110115",
    "北京市延庆县": "110119",
    "天津市河北区": "120105",
    "辽宁省沈阳市沈河区": "210103",
    "上海市闵行区": "310112",
    "上海市宝山区": "310113",
    "江苏省南京市秦淮区": "320104",
    "江苏省常州市武进区": "320412",
    "浙江省湖州市德清县": "330521",
    "浙江省杭州市江干区": "330102",
    "安徽省合肥市蜀山区": "340104",
    "安徽省马鞍山市雨山区": "340504",
    "福建省福州市福清市": "350181",
    "山东省淄博市张店区": "370303",
    "湖南省长沙市雨花区": "430111",
    "广东省广州市越秀区": "440104",
    "重庆市沙坪坝区": "500106",
    "四川省成都市锦江区": "510104",
    "四川省成都市成华区": "510108",
    "大连市金州新区": "210213",
    "青岛市市北区": "370203",
    "宁波市慈溪市": "330282",
    "浙江省宁波市北仑区": "330206",
}
# The supported prefectures of the real list of relations.
RELATIONS = {
    "拉萨市": "540100",
    "日喀则市": "540200",
    "山南市": "540500",
    "林芝市": "540400",
    "昌都市": "540300",
    "那曲市": "540600",
    "阿里地区": "542500",
    "和田地区": "653200",
    "喀什地区": "653100",
    "克孜勒苏柯尔克孜自治州": "653000",
    "阿克苏地区": "652900",
    "巴音郭楞蒙古自治州": "652800",
    "伊犁哈萨克自治州": "654000",
    "塔城地区": "654200",
    "哈密市": "650500",
    "昌吉回族自治州": "652300",
    "吐鲁番市": "650400",
    "博尔塔拉蒙古自治州": "652700",
    "阿勒泰地区": "654300",
}


def adcode(resolution: Resolution) -> str | None:
    return None if resolution.division is None else resolution.division.adcode


# --- The real lists ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "expected"), [*DEMONSTRATION.items(), *RELATIONS.items()])
def test_the_real_lists(text: str, expected: str) -> None:
    resolution = resolve(text)
    assert adcode(resolution) == expected
    assert (resolution.note is None) == (resolution.how == "exact")


def test_the_provinces_of_the_relations() -> None:
    for division in UPPER:
        if division.level is Level.PROVINCE:
            assert resolve(division.name).division is division


# --- One kind of text after the other ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected", "how"),
    [
        # In full, short, with something left out, with noise.
        ("浙江省杭州市上城区", "330102", "exact"),
        (" 浙江省　杭州市，上城区 ", "330102", "exact"),
        ("浙江省-杭州市-上城区", "330102", "exact"),
        ("杭州上城", "330102", "short"),
        ("广东广州越秀", "440104", "short"),
        ("内蒙古赤峰松山区", "150404", "short"),
        ("延边", "222400", "short"),
        ("延边州", "222400", "short"),
        ("延边自治州", "222400", "short"),
        ("双江自治县", "530925", "short"),
        ("新疆自治区", "650000", "short"),
        ("新疆巴州库尔勒市", "652801", "short"),
        ("锡盟", "152500", "short"),
        ("海南州", "632500", "short"),
        ("河北", "130000", "short"),
        ("长沙", "430100", "short"),
        ("浦东", "310115", "short"),
        ("浙江省上城区", "330102", "omitted"),
        ("上城区", "330102", "omitted"),
        ("吉林市", "220200", "omitted"),
        ("厦门市思明区", "350203", "municipality_separate"),
        ("深圳市", "440300", "municipality_separate"),
        ("北京市", "110000", "exact"),
        ("北京市市辖区", "110000", "exact"),
        ("北京市市辖区东城区", "110101", "exact"),
        ("北京市北京市东城区", "110101", "omitted"),
        # Counties right under a province, prefectures without counties.
        ("仙桃市", "429004", "omitted"),
        ("湖北省仙桃市", "429004", "exact"),
        ("河南省省直辖县级行政区划济源市", "419001", "exact"),
        ("湖北省直辖县级行政区划仙桃市", "429004", "exact"),
        ("省直辖县级行政区划仙桃市", "429004", "omitted"),
        ("新疆维吾尔自治区自治区直辖县级行政区划石河子市", "659001", "exact"),
        ("海南省琼海市", "469002", "exact"),
        ("神农架", "429021", "short"),
        ("东莞", "441900", "short"),
        ("广东省中山市", "442000", "exact"),
        ("儋州市", "460400", "omitted"),
        ("甘肃省嘉峪关市", "620200", "exact"),
        ("香港中西区", "810101", "short"),
        ("澳门", "820000", "short"),
        ("台湾省台北市", "710009", "exact"),
        # What they were called.
        ("北京市延庆县", "110119", "former"),
        ("密云县", "110118", "former"),
        ("无锡崇安区", "320213", "merged"),
        ("江苏无锡北塘", "320213", "merged"),
        ("上海市闸北区", "310106", "merged"),
        ("上海市卢湾区", "310101", "merged"),
        ("上海南汇区", "310115", "merged"),
        ("北京市崇文区", "110101", "merged"),
        ("北京市宣武区", "110102", "merged"),
        ("南京市下关区", "320106", "merged"),
        ("南京市白下区", "320104", "merged"),
        ("杭州市下城区", "330105", "merged"),
        ("苏州市沧浪区", "320508", "merged"),
        ("青岛市四方区", "370203", "merged"),
        ("天津市塘沽区", "120116", "merged"),
        ("广州市萝岗区", "440112", "merged"),
        ("重庆市渝北区", "500157", "merged"),
        ("重庆市万盛区", "500110", "merged"),
        ("襄樊市", "420600", "former"),
        ("襄樊市襄城区", "420602", "former"),
        ("安徽省巢湖市居巢区", "340181", "former"),
        ("安徽省巢湖市庐江县", "340124", "former"),
        ("昌都地区", "540300", "former"),
        # Functional zones and the corps.
        ("金州新区", "210213", "functional_zone"),
        ("青岛西海岸新区", "370211", "functional_zone"),
        ("合肥市高新区", "340104", "functional_zone"),
        ("郑州高新技术产业开发区", "410102", "functional_zone"),
        ("昆山高新区", "320583", "functional_zone"),
        ("郑州高新技术产业开发区教育局", "410102", "functional_zone"),
        ("新疆生产建设兵团第八师", "659001", "xpcc"),
        ("兵团第8师石河子市", "659001", "xpcc"),
        ("农八师", "659001", "xpcc"),
        ("第十一师", "650100", "xpcc"),
        ("石河子市", "659001", "omitted"),
        # Townships.
        ("杭州市上城区湖滨街道", "330102003", "omitted"),
        ("浙江省杭州市上城区湖滨街道办事处", "330102003", "exact"),
        ("杭州湖滨街道", "330102003", "short"),
        # Organisations.
        ("上海市徐汇区社区学院", "310104", "organisation"),
        ("成都市教育局", "510100", "organisation"),
        ("青岛市市北区教育和体育局", "370203", "organisation"),
        ("温州开放大学", "330300", "organisation"),
        ("杭州市上城区湖滨街道社区学校", "330102003", "organisation"),
        ("杭州市江干区社区学院", "330102", "merged"),
        # What is said of the past in brackets, a code next to a name.
        ("浙江省杭州市萧山区（原萧山市）", "330109", "exact"),
        ("330102 上城区", "330102", "adcode"),
        ("鼓楼区（320106）", "320106", "adcode"),
        # Codes.
        ("330102", "330102", "adcode"),
        ("330102.0", "330102", "adcode"),
        ("３３０１０２", "330102", "adcode"),
        ("330102003", "330102003", "adcode"),
        ("330102003000", "330102003", "adcode"),
        ("330102000000", "330102", "adcode"),
        ("110100", "110000", "adcode"),
        ("320202", "320213", "former_adcode"),
        ("540422", "540481", "former_adcode"),
    ],
)
def test_certain_texts(text: str, expected: str, how: str) -> None:
    resolution = resolve(text)
    assert (adcode(resolution), resolution.how) == (expected, how)
    assert resolution.candidates == ()
    assert (resolution.note is None) == (how == "exact")


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("鼓楼区", {"320106", "320302", "350102", "410204"}),
        ("吉林", {"220000", "220200"}),
        ("吉林开放大学", {"220000", "220200"}),
        ("朝阳区社区学院", {"110105", "220104"}),
        ("中山社区学院", {"210202", "442000"}),
        ("巴州", {"511902", "652800"}),
        ("江东区", {"330212", "430405"}),
        # 东山区 is one of 鹤岗 today and was one of 广州 and 乌鲁木齐.
        ("东山区", {"230406", "440104", "650109"}),
        ("莱芜市", {"370116", "370117"}),
        ("石家庄高新区", {"130108", "130111"}),
        ("330102 鄞州区", {"330102", "330212"}),
        ("武汉东湖高新区", {"420111", "420115"}),
        ("雄安新区", {"130629", "130632", "130638"}),
    ],
)
def test_ambiguous_texts(text: str, candidates: set[str]) -> None:
    resolution = resolve(text)
    assert (resolution.division, resolution.how) == (None, "ambiguous")
    assert {candidate.adcode for candidate in resolution.candidates} == candidates
    assert resolution.note is not None
    assert resolution.candidates[0].full_name in resolution.note.text()


def test_a_bare_township_is_ambiguous() -> None:
    resolution = resolve("湖滨街道")
    assert resolution.how == "ambiguous"
    assert "330102003" in {candidate.adcode for candidate in resolution.candidates}


@pytest.mark.parametrize(
    ("text", "candidate"),
    [
        ("杭州市上成区", "330102"),
        ("浙江省杭洲市", "330100"),
        ("哈尔宾市", "230100"),
        ("杭州市上城区湖宾街道", "330102003"),
        ("330199", "330100"),
        ("中山大学", "442000"),
        ("第八师一四三团", "659001"),
    ],
)
def test_unknown_texts_name_the_nearest(text: str, candidate: str) -> None:
    resolution = resolve(text)
    assert (resolution.division, resolution.how) == (None, "unknown")
    assert candidate in {found.adcode for found in resolution.candidates}


@pytest.mark.parametrize("text", ["火星", "999999", "12", "123456789012345", "教育局", "x"])
def test_what_is_nowhere(text: str) -> None:
    resolution = resolve(text)
    assert (resolution.division, resolution.how) == (None, "unknown")
    assert resolution.note is not None


@pytest.mark.parametrize("text", ["", " ", "　", "——"])
def test_blank(text: str) -> None:
    assert resolve(text).how == "blank"


# --- What is known besides -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "level", "expected"),
    [
        ("吉林", Level.PROVINCE, "220000"),
        ("吉林", Level.PREFECTURE, "220200"),
        ("海南", Level.PREFECTURE, "632500"),
        ("西安", Level.PREFECTURE, "610100"),
        ("鼓楼区", Level.COUNTY, None),
        ("朝阳", Level.COUNTY, None),
        # The level decides between namesakes, and overrides nothing.
        ("杭州市", Level.COUNTY, "330100"),
    ],
)
def test_the_level_narrows(text: str, level: Level, expected: str | None) -> None:
    assert adcode(resolve(text, level=level)) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("浙江省", "杭州市", "上城区", ""), "330102"),
        (("浙江", "杭州", "上城", "湖滨街道"), "330102003"),
        (("北京市", "北京市", "东城区", ""), "110101"),
        (("北京市", "市辖区", "东城区", ""), "110101"),
        (("浙江省", "浙江省杭州市", "杭州市上城区", ""), "330102"),
        (("", "无锡市", "崇安区", ""), "320213"),
        (("吉林", "", "", ""), "220000"),
        (("吉林", "吉林", "", ""), "220200"),
        (("", "吉林", "", ""), "220200"),
        (("河南省", "济源市", "", ""), "419001"),
        (("海南", "", "", ""), "460000"),
        (("", "", "鼓楼区", ""), None),
        (("江苏省", "", "鼓楼区", ""), None),
        (("浙江省", "南京市", "", ""), None),
        (("", "", "", ""), None),
    ],
)
def test_parts(parts: tuple[str, str, str, str], expected: str | None) -> None:
    assert adcode(resolve_parts(*parts)) == expected


# --- Whatever the division -----------------------------------------------------------------------------


def test_every_full_name_and_every_code_resolves_to_itself() -> None:
    for division in UPPER:
        assert resolve(division.full_name) == Resolution(division.full_name, division, "exact")
        assert resolve(division.adcode).division is division


@given(st.sampled_from(TOWNSHIPS))
def test_townships_too(township: Division) -> None:
    found = resolve(township.full_name).division
    assert found is not None
    assert found.full_name == township.full_name
    assert resolve(township.adcode).division is township


def ways(division: Division) -> list[str]:
    """All chains of full and short names, with names above left out, that end in the division's full or short name."""
    chain = [division]
    while (above := TABLE.parent(chain[0].adcode)) is not None:
        chain.insert(0, above)
    options = [("", one.name, *short_forms(one.name)) for one in chain]
    return ["".join(parts) for parts in product(*options[:-1], options[-1][1:])]


def test_what_is_left_out_never_makes_it_another_division() -> None:
    for division in UPPER:
        for text in ways(division):
            found = resolve(text).division
            # The one name that may stand for a higher division: 长沙 is the prefecture, not its 长沙县.
            usual = found is not None and found.level is not Level.COUNTY and text in short_forms(found.name)
            assert found is None or found is division or usual, (text, division, found)


def test_only_the_province_left_out_is_no_riddle_for_counties_of_prefectures() -> None:
    for division in UPPER:
        parent = TABLE.parent(division.adcode)
        if division.level is Level.COUNTY and parent is not None and parent.level is Level.PREFECTURE:
            assert resolve(parent.name + division.name).division is division


@given(st.sampled_from(UPPER), st.sampled_from(["教育局", "社区学院", "开放大学", "人民政府", "终身教育服务中心"]))
def test_an_organisation_is_of_its_division(division: Division, organisation: str) -> None:
    assert resolve(division.full_name + organisation).division is division


@given(st.sampled_from(UPPER), st.lists(st.sampled_from([" ", "　", "·", "，", "-", "\t"]), max_size=3))
def test_noise_changes_nothing(division: Division, noise: list[str]) -> None:
    mark = "".join(noise)
    text = mark + mark.join(division.full_name) + mark
    assert resolve(text).division is division


@given(st.text(max_size=12))
def test_any_text_gets_an_answer(text: str) -> None:
    resolution = resolve(text)
    assert resolution.text == text
    if resolution.division is None:
        assert resolution.how in {"ambiguous", "unknown", "blank"}
        assert resolution.note is not None
    for lang in ("zh", "en"):
        assert resolution.note is None or resolution.note.text(lang)


def test_former_names_with_all_above_lead_to_their_successors() -> None:
    for former in former_names():
        text = "".join((*former.under, former.name))
        found = resolve(text)
        successors = {TABLE.get(code) for code in former.successors}
        if found.division is not None:
            # Today's division of that name goes before a former one.
            assert found.division in successors or clean(text).endswith(found.division.name), (former, found)
        else:
            assert successors & set(found.candidates), (former, found)


# --- The command ---------------------------------------------------------------------------------------


def test_the_command_shows_what_texts_mean() -> None:
    result = CliRunner().invoke(main, ["divisions", "杭州上城", "北京市延庆县"])
    assert result.exit_code == 0
    assert "330102" in result.output
    assert "110119" in result.output


def test_the_command_prints_json() -> None:
    result = CliRunner().invoke(main, ["divisions", "--json", "鼓楼区", "无锡市崇安区", "火星"])
    assert result.exit_code == 2
    ambiguous, merged, unknown = json.loads(result.output)
    assert list(merged) == ["text", "adcode", "name", "level", "how", "note", "candidates"]
    assert merged | {"note": ""} == {
        "text": "无锡市崇安区",
        "adcode": "320213",
        "name": "江苏省无锡市梁溪区",
        "level": "county",
        "how": "merged",
        "note": "",
        "candidates": [],
    }
    assert ambiguous["adcode"] is None
    assert ambiguous["candidates"][0] == {"adcode": "320106", "name": "江苏省南京市鼓楼区", "level": "county"}
    assert (unknown["adcode"], unknown["how"]) == (None, "unknown")


def test_the_command_reads_lines_and_speaks_english() -> None:
    result = CliRunner().invoke(main, ["divisions", "-", "--json", "--lang", "en"], input="杭州上城\n\n平湖市\n")
    assert result.exit_code == 0
    first, second = json.loads(result.output)
    assert first["note"] == "short for 浙江省杭州市上城区"
    assert second["text"] == "平湖市"


def test_the_command_reads_lines_as_excel_writes_them() -> None:
    for encoding in ("gb18030", "utf-8-sig", "utf-16"):
        result = CliRunner().invoke(main, ["divisions", "-", "--json"], input="平湖市\r\n".encode(encoding))
        assert [one["text"] for one in json.loads(result.output)] == ["平湖市"]
    assert CliRunner().invoke(main, ["divisions", "-"], input=b"\0\0").exit_code == 2
