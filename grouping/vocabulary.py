"""The words of an application list: what its columns are called, and what their fixed values are called."""

from __future__ import annotations

from collections.abc import Mapping

from grouping.levels import Level
from grouping.tables import Column, folded

_NUMBERS = "一二三四五六七"
THEME_COLUMNS = ("themes", *(f"themes_{number}" for number in range(1, len(_NUMBERS) + 1)))
"""The columns that list themes, in the order of preference."""


def _theme_column(number: int) -> Column:
    """A column for one theme of several."""
    ways = [
        f"{name}{which}"
        for name in ("意向项目", "共建项目", "意向共建项目")
        for which in (number, _NUMBERS[number - 1])
    ]
    more = [f"第{_NUMBERS[number - 1]}意向项目", f"第{_NUMBERS[number - 1]}意向", f"themes{number}"]
    return Column(f"themes_{number}", (ways[0], f"theme{number}", *ways[1:], *more))


COLUMNS = (
    Column("id", ("编号", "id", "实验点编号", "项目编号", "序号", "no", "no.", "number")),
    Column(
        "name",
        (
            *("名称", "name", "实验点名称", "项目实验点名称", "项目实验点", "实验点", "site name", "site"),
            *("实验点单位", "实验点单位名称", "实验单位", "承担单位", "承担单位名称"),
            *("申报单位名称", "申报单位", "单位名称", "单位", "机构名称", "学校名称", "实验区名称", "示范区名称"),
        ),
        required=True,
    ),
    Column("level", ("层级", "level", "级别", "行政层级", "行政级别", "实验点层级", "申报层级", "所属层级")),
    Column(
        "division",
        (
            *("地区", "division", "所在地区", "所属地区", "行政区划", "所在行政区划", "行政区", "区划"),
            *("行政区划名称", "区划名称", "所在地", "省市县", "省市区", "省市区县"),
        ),
    ),
    Column(
        "province",
        (
            *("省", "province", "省份", "所在省", "所在省份", "所属省份"),
            *("省市", "所在省市", "所属省市", "省区市", "自治区", "直辖市"),
        ),
    ),
    Column("prefecture", ("市", "prefecture", "city", "地市", "地级市", "设区市", "市州", "所在市", "所属市", "州")),
    Column(
        "county",
        (
            "区县",
            "county",
            "district",
            "县区",
            "县市区",
            "区市县",
            "市县区",
            "县",
            "区",
            "县级市",
            "所在区县",
            "旗",
            "区县名称",
            "县名称",
        ),
    ),
    Column(
        "township",
        ("街镇", "township", "town", "subdistrict", "乡镇", "街道", "镇街", "乡镇街道", "街道乡镇", "镇", "乡"),
    ),
    Column("adcode", ("行政区划代码", "adcode", "区划代码", "行政区代码", "地区代码", "division code")),
    Column("lon", ("经度", "lon", "longitude", "lng", "东经")),
    Column("lat", ("纬度", "lat", "latitude", "北纬")),
    Column(
        "status",
        (
            *("状态", "status", "审批状态", "审核状态", "评审状态", "批准状态", "审批结果", "审核结果", "评审结果"),
            *(
                "评审结论",
                "审核结论",
                "审批意见",
                "审核意见",
                "是否通过",
                "是否批准",
                "是否入选",
                "是否立项",
                "approved",
            ),
        ),
    ),
    Column(
        "can_lead",
        ("可任组长", "can_lead", "可任组长单位", "能否任组长", "可否任组长", "是否可任组长", "能任组长", "愿任组长"),
    ),
    Column(
        "demonstration",
        ("示范区", "demonstration", "示范单位", "示范", "是否示范区", "是否示范单位", "是否示范", "示范点"),
    ),
    Column("themes", ("意向项目", "themes", "theme", "共建项目", "意向共建项目", "项目意向", "意向主题")),
    *(_theme_column(number) for number in range(1, len(_NUMBERS) + 1)),
    Column(
        "wishes", ("意向伙伴", "wishes", "wish", "意向单位", "意向合作单位", "合作意向", "希望结对单位", "partners")
    ),
    Column("lock", ("锁定共同体", "lock_community", "固定共同体")),
    Column("lock_how", ("锁定方式", "lock", "锁定")),
)
"""The columns of an application list; all others pass through."""

PARTS = ("province", "prefecture", "county", "township")
"""The columns that give a division part by part, from the top."""


def _folded(words: str) -> list[str]:
    return [folded(word) for word in words.split()]


_LEVELS = {
    Level.PROVINCE: "省级 省 自治区 自治区级 直辖市 直辖市级 province provincial",
    Level.PREFECTURE: """
        地市级 市级 地级 地级市 地市 市 州 市州 市州级 州级 设区市 设区市级 副省级 计划单列市
        prefecture city municipal""",
    Level.COUNTY: """
        区县级 县级 区级 县区级 县市区级 区县 县区 县市区 县 区 旗县级 县级市 县市级 省直管县 省直管县级
        county district""",
    Level.TOWNSHIP: """
        街镇级 乡镇级 街道级 镇级 乡级 镇街级 乡镇街道级 街道乡镇级 街镇 乡镇 街道 镇街 镇 乡 township town
        subdistrict street""",
}
_YES = "是 可 可以 能 愿意 同意 √ ✓ ✔ ☑ yes y true t 1"
_NO = "否 不 不可 不可以 不能 不愿意 不同意 × ✗ ✘ x ☐ no n false f 0"
_ADMITTED = """
    已批准 批准 准予 通过 已通过 审核通过 审批通过 评审通过 同意 已同意 同意立项 立项 已立项 入选 已入选 合格 正常 在册
    approved approve accepted admitted passed pass"""
_NOT_ADMITTED = """
    未通过 不通过 未批准 不批准 不予批准 不同意 审核未通过 审批未通过 评审未通过 未立项 不予立项 未入选 落选 不合格
    待审 待审核 待审批 待评审 待定 审核中 审批中 评审中 未审核 未审批 暂缓 备选 候补 退回 驳回 已驳回
    退出 已退出 撤回 已撤回 撤销 已撤销 取消 已取消 终止 注销
    rejected pending withdrawn not_approved denied declined left cancelled canceled waiting"""

LEVEL_WORDS: Mapping[str, Level] = {word: level for level, words in _LEVELS.items() for word in _folded(words)}
"""What the levels are called, :func:`folded <grouping.tables.folded>`."""

YES_WORDS: Mapping[str, bool] = dict.fromkeys(_folded(_YES), True) | dict.fromkeys(_folded(_NO), False)
"""Yes and no, folded."""

ATTENDED_WORDS: Mapping[str, bool] = {
    **YES_WORDS,
    **dict.fromkeys(_folded("参加 已参加 参会 出席 到会 到 attended present"), True),
    **dict.fromkeys(_folded("未参加 没参加 不参加 未参会 缺席 未出席 未到会 未到 缺 absent missed"), False),
}
"""Whether a site came to an activity, folded."""

LOCK_WORDS: Mapping[str, str] = {
    **dict.fromkeys(["", *(word for word, yes in YES_WORDS.items() if not yes), *_folded("自由 free 不锁")], "free"),
    **dict.fromkeys(
        [*(word for word, yes in YES_WORDS.items() if yes), *_folded("锁定 固定 同组 locked lock")], "locked"
    ),
    **dict.fromkeys(_folded("封闭 关闭 封闭共同体 closed close"), "closed"),
}
"""What a lock is, folded: "free", "locked" or "closed"."""

STATUS_WORDS: Mapping[str, bool] = {
    **YES_WORDS,
    **dict.fromkeys(_folded(_ADMITTED), True),
    **dict.fromkeys(_folded(_NOT_ADMITTED), False),
}
"""Whether a status means that the site was admitted, folded."""

REFUSALS = tuple(_folded(_NOT_ADMITTED))
"""Words that contradict an admission where they stand in a note on it: 已批准（2025年已退出）."""
