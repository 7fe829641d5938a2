# Copyright (c) 2026, the tencentcloud.tke contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to this collection. The texts of the report in English and in Chinese, one row each.

Names of the API (states, image caches, tags) and the hints for failed builds are the same in both languages.
"""

from __future__ import annotations

import re
from typing import Dict, Iterator, Mapping, Sequence, Tuple

from ansible_collections.tencentcloud.tke.plugins.module_utils._api.errors import InvalidInput

__all__ = ["LANGUAGES", "REASONS", "TEXTS", "texts_in", "translate_reason"]

LANGUAGES = ("en-US", "zh-CN")
TEXTS: Mapping[str, Tuple[str, str]] = {
    "title": ("Image caches", "镜像缓存"),
    "as_of": ("As of {} (UTC).", "截至 {}（UTC）。"),
    "regions": ("Regions: {}.", "地域：{}。"),
    "unknown_region": ("unknown region", "未知地域"),
    "in_region": (" in {}", "（{}）"),
    "label": ("{}: {}", "{}：{}"),
    "colon": (": ", "："),
    "stop": (". ", "。"),
    "more": ("{} more", "另外 {} 个"),
    "comma": (", ", "、"),
    # What needs attention
    "attention": ("Needs attention", "需要处理"),
    "nothing": ("Nothing needs attention.", "没有需要处理的事项。"),
    "failed": ("Failed builds", "制作失败"),
    "no_event": ("The service reports no event.", "服务没有返回事件。"),
    "options": ("Options to check: {}.", "需要检查的选项：{}。"),
    "expiring": ("Image caches that expire within 7 days", "7 天内到期的镜像缓存"),
    "expires_on": ("expires on {} ({} days left)", "{} 到期（剩余 {} 天）"),
    "expired_on": ("expired on {}", "已于 {} 到期"),
    "duplicates": ("Duplicate names", "重复的名称"),
    "duplicates_cure": (
        "The modules refuse a name that several image caches have. Delete all but one, by their IDs.",
        "多个镜像缓存同名时，模块会拒绝运行。请按 ID 删除，只保留一个。",
    ),
    "replacements": ("Left-over replacements", "遗留的替换缓存"),
    "replacements_cure": (
        "The next run that declares {} completes or deletes it.",
        "下一次声明 {} 的运行会完成替换或将其删除。",
    ),
    "moved": ("Images whose tags have moved", "标签已移动的镜像"),
    "moved_from": ("{}: {} is now {}", "{}：{} 现为 {}"),
    "another_digest": ("another digest", "其他摘要"),
    "none_moved": ("No tag is known to have moved.", "没有发现标签移动。"),
    "unrecorded": (
        "Not known for {} image caches, because they have no record of digests. A run with follow_tags records them.",
        "{} 个镜像缓存没有摘要记录，无法判断。使用 follow_tags 运行一次即可记录。",
    ),
    "registry_notes": ("Answers that are missing", "缺少的应答"),
    # Totals
    "totals": ("Totals", "汇总"),
    "count": ("Image caches", "镜像缓存"),
    "ready": ("Ready", "Ready"),
    "gib": ("Size in GiB", "大小（GiB）"),
    "cost": ("Cost per month, at most", "每月费用上限"),
    "deleted": ("A prune would delete", "清理将删除"),
    "freed_gib": ("GiB freed", "释放（GiB）"),
    "saved": ("Saved per month, at most", "每月最多节省"),
    "by_region": ("By region", "按地域"),
    "region": ("Region", "地域"),
    "by_owner": ("By tag {}", "按标签 {}"),
    "no_owner": ("without this tag", "无此标签"),
    "cost_note": (
        "Costs are those of the snapshots only. A snapshot takes at most the size of its image cache.",
        "费用仅包含快照。快照占用的空间不超过镜像缓存的大小。",
    ),
    # Rules
    "rules": ("Pruning rules", "清理规则"),
    "no_rules": ("No pruning rules are set.", "未设置清理规则。"),
    "rules_note": (
        "The rules run in this order, and each decides about the image caches that the earlier ones keep.",
        "规则按此顺序运行，每条规则只处理之前的规则保留的镜像缓存。",
    ),
    "rule_deletes": ("would delete {}", "将删除 {} 个"),
    "rule_refused": (
        "would be refused: it matches {}, which is more than max_deletions",
        "将被拒绝：匹配 {} 个，超过 max_deletions",
    ),
    "rule_problem": ("would fail: {}", "将失败：{}"),
    # The table
    "table": ("All image caches", "所有镜像缓存"),
    "table_caption": ("{} image caches", "{} 个镜像缓存"),
    "empty": ("There are no image caches.", "没有镜像缓存。"),
    "sort": ("Select a column heading to sort the table.", "点击列标题可对表格排序。"),
    "name": ("Name", "名称"),
    "unnamed": ("(no name)", "（无名称）"),
    "id": ("ID", "ID"),
    "status": ("Status", "状态"),
    "unknown": ("unknown", "未知"),
    "images": ("Images", "镜像"),
    "size": ("Size", "大小"),
    "size_gib": ("{} GiB", "{} GiB"),
    "age": ("Age", "存在时间"),
    "age_days": ("{} d", "{} 天"),
    "match": ("Last match", "最近匹配"),
    "match_ago": ("({} d ago)", "（{} 天前）"),
    "never": ("never", "从未"),
    "expiry": ("Expiry", "到期"),
    "expired_ago": ("({} d ago)", "（{} 天前）"),
    "expiry_left": ("({} d left)", "（剩余 {} 天）"),
    "never_expires": ("never", "永不"),
    "prune": ("What a prune would do", "清理结果"),
    "delete": ("Delete", "删除"),
    "keep": ("Keep", "保留"),
    # The timeline
    "timeline": ("Timeline", "时间线"),
    "timeline_title": (
        "Builds, last matches and expiries per {} days. The line marks today.",
        "每 {} 天的制作、最近匹配和到期数量。竖线表示今天。",
    ),
    "builds": ("Builds", "制作"),
    "matches": ("Last matches", "最近匹配"),
    "expiries": ("Expiries", "到期"),
    "most": ("at most {}", "最多 {}"),
    "far": ("More than a year away, and not shown: {}.", "距今超过一年，未显示：{}。"),
    "timeline_table": ("Timeline as a table", "时间线表格"),
    "from": ("From", "起始日期"),
    "bar": ("{0}: {1} from {2}", "{0}：自 {2} 起 {1} 个"),
}
# The reasons of the pruning logic, and their Chinese form. A reason without a row is shown in English.
REASONS: Sequence[Tuple[str, str]] = (
    (r"its ID is in keep_ids", "ID 在 keep_ids 中"),
    (r"its name is in keep_names", "名称在 keep_names 中"),
    (r"it was created by the platform", "由平台创建"),
    (r"it is still being built \(status unknown\)", "可能仍在制作（状态未知）"),
    (r"it is still being built \((.*)\)", "仍在制作（{}）"),
    (r"its creation date cannot be read: (.*)", "无法读取创建日期：{}"),
    (r"its last match cannot be read: (.*)", "无法读取最近匹配时间：{}"),
    (r"its creation date is in the future: (.*)", "创建日期在未来：{}"),
    (r"its last match is in the future: (.*)", "最近匹配时间在未来：{}"),
    (r"(\w+) is an empty list", "{} 是空列表"),
    (r"its name does not match (.*)", "名称不匹配 {}"),
    (r"its status is unknown", "状态未知"),
    (r"its status is (.*)", "状态为 {}"),
    (r"its tags are unknown", "标签未知"),
    (r"it lacks the tags? (.*)", "缺少标签 {}"),
    (
        r"no newer Ready cache of the same or a smaller size contains all its images",
        "没有创建时间更晚且大小不超过它的 Ready 缓存包含其全部镜像",
    ),
    (r"it was created (\d+) d ago, not more than (.*)", "{} 天前创建，未超过 {}"),
    (r"it never matched, but it was created (\d+) d ago, not more than (.*)", "从未匹配，但 {} 天前才创建，未超过 {}"),
    (r"it last matched (\d+) d ago, not more than (.*)", "{} 天前匹配过，未超过 {}"),
    (r"it has matched", "曾被匹配"),
    (
        r"it is one of the newest (\d+) matching caches \(keep_newest\)",
        "属于最新的 {} 个符合条件的缓存（keep_newest）",
    ),
)
# The grounds of a deletion, which a reason lists one after the other.
GROUNDS: Sequence[Tuple[str, str]] = (
    (r"name matches ('.*?'|\".*?\")", "名称匹配 {}"),
    (r"tagged (.*?)", "带有标签 {}"),
    (r"status (\w+)", "状态为 {}"),
    (r"superseded by ([\w-]+)", "被 {} 取代"),
    (r"superseded", "已被取代"),
    (r"older than ([\w. ]+)", "存在时间超过 {}"),
    (r"never matched", "从未匹配"),
    (r"last matched (\d+) d ago", "最近匹配于 {} 天前"),
    (
        r"but the number of candidates \((\d+)\) exceeds max_deletions \((\d+)\)",
        "但待删除的数量（{}）超过 max_deletions（{}）",
    ),
)
SEPARATOR = ", "


def texts_in(language: str) -> Dict[str, str]:
    """Return the texts in a language. Raises InvalidInput if there are none."""
    if language not in LANGUAGES:
        raise InvalidInput(f"Invalid language {str(language)[:50]!r}: expected one of {', '.join(LANGUAGES)}.")
    return {key: row[LANGUAGES.index(language)] for key, row in TEXTS.items()}


def translate_reason(reason: str, language: str) -> str:
    """Return a reason of the pruning logic in a language; unchanged where the tables have no row."""
    if language != "zh-CN":
        return reason
    for pattern, chinese in REASONS:
        match = re.fullmatch(pattern, reason, re.DOTALL)
        if match:
            return chinese.format(*match.groups())
    return "，".join(_translate_grounds(reason))


def _translate_grounds(reason: str) -> Iterator[str]:
    """Yield the grounds of a deletion in Chinese. A text of the user may contain the separator."""
    while reason:
        matches = ((re.match(rf"{pattern}(?={SEPARATOR}|$)", reason, re.DOTALL), row) for pattern, row in GROUNDS)
        match, chinese = next(((match, row) for match, row in matches if match), (None, ""))
        ground, _separator, rest = reason.partition(SEPARATOR)
        yield chinese.format(*match.groups()) if match else ground
        reason = reason[match.end() :][len(SEPARATOR) :] if match else rest
