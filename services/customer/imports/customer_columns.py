"""The columns of a customer file: their headers, their words, and how to fill them in."""

from chassis.files.table import SOURCE_SYSTEM, Column, Guide, Meaning
from contracts.customer import Stage, WorkStatus

TIERS = {
    "vip": "vip",
    "重点": "vip",
    "growth": "growth",
    "成长型": "growth",
    "ordinary": "ordinary",
    "普通": "ordinary",
}
ABC = {"a": "a", "b": "b", "c": "c", "a级": "a", "b级": "b", "c级": "c"}
STAGES = {
    "新客户": Stage.NEW,
    "意向": Stage.INTERESTED,
    "签约": Stage.SIGNED,
    "老客户": Stage.ESTABLISHED,
    "流失": Stage.LOST,
    **{str(stage): stage for stage in Stage},
}
STATUSES = {
    "已报价": WorkStatus.QUOTED,
    "跟进中": WorkStatus.IN_PROGRESS,
    "已解决": WorkStatus.SOLVED,
    "已完成": WorkStatus.DONE,
    **{str(status): status for status in WorkStatus},
}
RENAMES = {"是": True, "yes": True, "否": False, "no": False}

COLUMNS = (
    Column(
        "number",
        ("客户编号", "customer_number", "external_id"),
        guide=Guide(
            "Your number of the customer. It identifies the customer in every file.",
            "贵公司给客户的编号，系统靠它识别客户，建议填写。",
            examples=("KH-0101", "00102"),
        ),
    ),
    Column(
        "name",
        ("客户名称", "customer_name", "name"),
        required=True,
        guide=Guide(
            "The name of the company. Without a number, it identifies the customer.",
            "公司名称。没有客户编号时，系统按名称识别客户。",
            examples=("Teng Yun Ltd", "Hong Yuan Machines"),
            examples_zh=("绍兴华锦", "台州宏远"),
        ),
    ),
    Column(
        "rename",
        ("更名", "rename"),
        words=RENAMES,
        guide=Guide(
            "yes: the company with this number has a new name. Otherwise, leave it empty.",
            "该编号的公司改了名，填“是”；其他情况留空。",
        ),
    ),
    Column(
        "tier",
        ("客户分层", "tier"),
        words=TIERS | ABC,
        guide=Guide(
            "The tier. Use the words a, b and c only if your company uses this scheme.",
            "客户的分层。使用 A/B/C 分层的，填 a级、b级、c级。",
            examples=("vip", "growth"),
            examples_zh=("重点", "成长型"),
        ),
    ),
    Column(
        "owner",
        ("负责人", "owner"),
        guide=Guide(
            "The name of the owner.",
            "负责人姓名。",
            examples=("Wang Min", "Li Qiang"),
            examples_zh=("王敏", "李强"),
        ),
    ),
    Column(
        "owner_id",
        ("负责人工号", "owner_id"),
        guide=Guide(
            "The id with which the owner signs in. Without it, the owner does not see the customer.",
            "负责人登录所用的工号。不填时，负责人登录后看不到该客户。",
            examples=("E2001", "E2002"),
        ),
    ),
    Column(
        "last_contacted_on",
        ("最近沟通时间", "last_contact_on", "last_contacted_on"),
        meaning=Meaning.MOMENT,
        guide=Guide(
            "When the customer was last contacted; not in the future.",
            "最后一次与客户联系的时间，不能晚于现在。",
            examples=("2024-06-01 14:30", "2024-05-28"),
        ),
    ),
    Column(
        "need_type",
        ("需求类型", "need_type"),
        guide=Guide(
            "What the customer needs, up to 64 characters.",
            "客户需要什么，最多 64 个字。",
            examples=("upgrade", "after-sales"),
            examples_zh=("升级", "售后"),
        ),
    ),
    Column(
        "work_status",
        ("跟进状态", "follow_up_status", "work_status"),
        words=STATUSES,
        guide=Guide(
            "How far the work on the present need is. If the stage is empty, it follows from this.",
            "当前需求处理到哪一步。没有填生命周期阶段时，按此推断。",
            examples=("quoted", "done"),
            examples_zh=("已报价", "已完成"),
        ),
    ),
    Column(
        "stage",
        ("生命周期阶段", "stage"),
        words=STAGES,
        guide=Guide(
            "Where the customer stands.",
            "客户目前所处的阶段。",
            examples=("interested", "established"),
            examples_zh=("意向", "老客户"),
        ),
    ),
    Column(
        "industry",
        ("行业", "industry"),
        guide=Guide(
            "Up to 64 characters.",
            "最多 64 个字。",
            examples=("textiles", "machines"),
            examples_zh=("纺织", "机械制造"),
        ),
    ),
    Column(
        "region",
        ("地区", "region"),
        guide=Guide("Up to 64 characters.", "最多 64 个字。", examples=("East", "East"), examples_zh=("华东", "华东")),
    ),
    Column(
        "registered_on",
        ("登记日期", "注册日期", "建档日期", "registered_on"),
        meaning=Meaning.MOMENT,
        guide=Guide(
            "Since when you know the customer; not in the future. It counts for new customers only.",
            "从何时起登记为客户，不能晚于现在。只对新客户有效。",
            examples=("2023-01-15", "2022-11-08"),
        ),
    ),
    SOURCE_SYSTEM,
)
