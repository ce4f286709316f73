"""The columns of a file of follow-ups: their headers, their words, and how to fill them in."""

from chassis.files.table import SOURCE_SYSTEM, Column, Guide, Meaning

# Whether each status means that the follow-up is done.
DONE_BY_STATUS = {
    "已完成": True,
    "已解决": True,
    "done": True,
    "solved": True,
    "跟进中": False,
    "in-progress": False,
}

COLUMNS = (
    Column(
        "customer",
        ("跟进客户", "customer"),
        required=True,
        guide=Guide(
            "The name of the customer.",
            "客户名称。",
            examples=("Teng Yun Ltd", "Hong Yuan Machines"),
            examples_zh=("绍兴华锦", "台州宏远"),
        ),
    ),
    Column(
        "customer_number",
        ("客户编号", "customer_number"),
        guide=Guide(
            "The number of the customer, if it was imported with one.",
            "客户编号；导入客户时填了编号的，这里也要填。",
            examples=("KH-0101", "00102"),
        ),
    ),
    Column(
        "followed_up_on",
        ("跟进时间", "followed_up_on"),
        required=True,
        meaning=Meaning.MOMENT,
        guide=Guide(
            "When it was done, or was due; not in the future.",
            "跟进的时间，或应当跟进的日期，不能晚于现在。",
            examples=("2024-06-05 10:00", "2024-06-03"),
        ),
    ),
    Column(
        "content",
        ("跟进内容", "content"),
        guide=Guide(
            "What was said, up to 4,000 characters.",
            "沟通的内容，最多 4,000 个字。",
            examples=("Sent the quote", "Called back"),
            examples_zh=("发送报价", "电话回访"),
        ),
    ),
    Column(
        "owner",
        ("负责人员", "owner"),
        guide=Guide(
            "Who is responsible for the follow-up. A name or an id is required.",
            "负责这次跟进的人。姓名和工号至少填一个。",
            examples=("Wang Min", "Li Qiang"),
            examples_zh=("王敏", "李强"),
        ),
    ),
    Column(
        "owner_id",
        ("负责人员工号", "owner_id"),
        guide=Guide(
            "The id with which this employee signs in.", "该员工登录所用的工号，建议填写。", examples=("E2001", "E2002")
        ),
    ),
    Column(
        "status",
        ("状态", "status"),
        required=True,
        words=DONE_BY_STATUS,
        guide=Guide(
            "in-progress leaves an open task, which is missed after 18:00 of that day.",
            "做完的填“已完成”。“跟进中”会留下一个待办任务，当天 18:00 后算作遗漏。",
            examples=("done", "done"),
            examples_zh=("已完成", "已完成"),
        ),
    ),
    SOURCE_SYSTEM,
)
