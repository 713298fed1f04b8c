"""How names of places are written: cleaned of noise, shortened, and told from the names of organisations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# The peoples in names of autonomous areas. One-syllable ones only count together with 族: 回族, but 柯尔克孜.
_PEOPLES = (
    "蒙古|维吾尔|哈萨克|柯尔克孜|塔吉克|锡伯|鄂温克|鄂伦春|达斡尔|朝鲜|土家|布依|哈尼|傈僳|拉祜|景颇|纳西|普米|"
    "布朗|独龙|仡佬|仫佬|毛南|保安|东乡|撒拉|裕固|各"
)
_ONE_SYLLABLE = "回|藏|彝|苗|侗|瑶|白|傣|黎|佤|畲|水|满|羌|怒|壮|土"
_AUTONOMOUS = re.compile(rf"(?:(?:{_PEOPLES})族?|(?:{_ONE_SYLLABLE})族)+自治([区州县旗])$")
_KIND = re.compile(r"(?:特别行政区|自治区|行政委员会|地区|林区|特区|新区|省|市|盟|区|县|旗)$")
# Short forms in daily use that are no beginning of the name.
_CUSTOMARY = {
    "巴音郭楞蒙古自治州": "巴州",
    "博尔塔拉蒙古自治州": "博州",
    "克孜勒苏柯尔克孜自治州": "克州",
    "锡林郭勒盟": "锡盟",
    "阿拉善盟": "阿盟",
}
_CORPS_NUMBERS = "零一二三四五六七八九十"

# Words of statistical tables that name no place of their own.
_PLACELESS = re.compile(
    r"(?:(?:^|(?<=省))省|(?:^|(?<=自治区))自治区)?直辖县级行政(?:区划|单位|区)|市辖区|(?<=重庆市)县(?=.)"
)
_NOISE = re.compile(r"[\s\u3000·・•,，、。.;；:：/\\|_\-—–~～()（）\[\]【】<>《》\"'“”‘’]+")
_FORMERLY = re.compile(r"[(（]原[^()（）]*[)）]")
_OFFICE = re.compile(r"街道(?:办事处|办)")

# What may follow the name of a division in the name of an organisation there. The words for parts of a division are
# taken out of compounds first, so that what is left over is not itself the name of a smaller place.
_COMPOUNDS = re.compile(
    r"社区|城区|区域|城市|乡村|城乡|城镇|农村|市民|村民|镇域|县域|市直|区直|校区|园区|市级|区级|县级"
)
_SMALLER = re.compile(r"街道|苏木|[镇乡村区县市旗]")
_ORGANISATION = re.compile(
    r"(?:局|厅|处|科|委|委员会|办|办公室|中心|学院|大学|学校|中学|小学|幼儿园|校|电大|协会|学会|政府|集团|公司|馆|站|所|院|部|基地)$"
)
_PUBLIC = re.compile(r"局$|厅$|委$|委员会$|政府$|办公室$|开放大学|电视大学|电大|社区|老年大学|市民|终身|成人")

# What kinds of zones are called; of two that end alike, the longer comes first.
_ZONE_KINDS = (
    (
        "高新技术产业开发区",
        "高新技术产业园区",
        "高技术产业开发区",
        "高新技术产业区",
        "高新技术开发区",
        "新技术开发区",
        "高新开发区",
        "高新区",
    ),
    ("经济技术开发区", "经济开发区", "经开区", "开发区"),
    ("城乡一体化示范区", "一体化示范区", "示范区"),
    ("旅游度假区", "度假区"),
)


def clean(text: str) -> str:
    """The text in one width, without spaces, punctuation, words that name no place, and asides on the past."""
    text = _NOISE.sub("", _FORMERLY.sub("", unicodedata.normalize("NFKC", text)))
    return _OFFICE.sub("街道", _PLACELESS.sub("", text))


def short_forms(name: str) -> tuple[str, ...]:
    """What people write for the name of a division: 上城 for 上城区; 延边, 延边州, 延边自治州 for 延边朝鲜族自治州.

    Nothing shorter than two characters; empty where no shorter form is in use.
    """
    autonomous = _AUTONOMOUS.search(name)
    # 内蒙古自治区 is not the 自治区 of the 蒙古 in 内.
    if autonomous is not None and autonomous.start() >= 2:
        base = name[: autonomous.start()]
        kind = autonomous[1]
        # There is no 广西区.
        forms = (base, f"{base}自治{kind}", *([base + kind] if kind != "区" else []))
    else:
        base = _KIND.sub("", re.sub(r"自治([州县旗])$", r"\1", name))
        forms = (base,) if base != name and len(base) >= 2 else ()
    return (*forms, _CUSTOMARY[name]) if name in _CUSTOMARY else forms


def is_organisation(rest: str, *, public: bool = False) -> bool:
    """Whether what follows the name of a division reads as an organisation of it, and names no smaller place.

    ``public``: only bodies that carry the name of the place that they serve, which a university needn't.
    """
    if not _ORGANISATION.search(rest) or _SMALLER.search(_COMPOUNDS.sub("", rest)):
        return False
    return not public or bool(_PUBLIC.search(rest))


def zone_forms(name: str, above: str) -> Iterator[tuple[str, bool]]:
    """How the name of a functional zone is written, and whether that is the whole name.

    It isn't where the name of the prefecture ``above`` is left out that the name begins with: 高新区 for 合肥高新区.
    """
    kinds, kind = next(
        ((kinds, kind) for kinds in _ZONE_KINDS for kind in kinds if name.endswith(kind)), ((name,), name)
    )
    stem = name.removesuffix(kind)
    for form in kinds:
        yield stem + form, True
    for prefix in (above, *short_forms(above)):
        if name.startswith(prefix) and len(name) - len(prefix) >= 3:
            yield from ((stem.removeprefix(prefix) + form, False) for form in kinds)
            break


def corps_forms(number: int) -> tuple[str, ...]:
    """The forms of the name of a division of the corps: 第八师, 八师, 农八师, 第8师, 8师."""
    numeral = _CORPS_NUMBERS[number] if number <= 10 else "十" + _CORPS_NUMBERS[number - 10]
    return tuple(f"{mark}{figure}师" for figure in (numeral, str(number)) for mark in ("第", "", "农", "农业第"))
