"""The steps of a manager's day, in English and Chinese."""

from typing import Final

TITLE: Final = "A manager's day 主管的一天"
STEPS: Final = {
    "preview": (
        "A rule is drafted. Its preview says: {count} alerts for {owners} employees.",
        "起草一条规则。预览结果：{owners} 名员工共 {count} 条预警。",
    ),
    "shadow": ("In shadow it finds {count} cases, and tells nobody.", "影子运行发现 {count} 例，不通知任何人。"),
    "published": (
        "It is published: {count} alerts, marked for a digest, each with a care task.",
        "规则发布：{count} 条预警，标记为汇总发送，每条附一项关怀任务。",
    ),
    "handled": (
        "The alert of {one} is commented and acknowledged; that of {other} is snoozed for 3 days.",
        "{one} 的预警已备注并确认；{other} 的预警暂停 3 天。",
    ),
    "handed-over": (
        "{name} is handed over: the same alert is addressed to the new owner.",
        "{name} 移交：同一条预警改由新负责人处理。",
    ),
    "care": (
        "The care task of {name} is completed ({outcome}), and the alert shows it.",
        "{name} 的关怀任务已完成（{outcome}），预警中可见结果。",
    ),
    "retired": ("The rule is retired: its {count} alerts are cleared.", "规则停用：其 {count} 条预警全部解除。"),
}


def step(key: str, /, **values: object) -> tuple[str, str]:
    """Return a step in English and Chinese."""
    en, zh = STEPS[key]
    return en.format(**values), zh.format(**values)
