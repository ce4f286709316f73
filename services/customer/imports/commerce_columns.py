"""The columns of files of orders and contracts: their headers, their words, and how to fill them in."""

from chassis.files.table import SOURCE_SYSTEM, Column, Guide, Meaning
from contracts.customer import ContractKind, RenewalIntent

CURRENCIES = {"人民币": "CNY", "rmb": "CNY", "元": "CNY"}
KINDS = {
    "普通合同": ContractKind.STANDARD,
    "框架协议": ContractKind.FRAMEWORK,
    "长期合作协议": ContractKind.STRATEGIC,
    **{str(kind): kind for kind in ContractKind},
}
INTENTS = {
    "是": RenewalIntent.YES,
    "否": RenewalIntent.NO,
    "未知": RenewalIntent.UNKNOWN,
    **{str(intent): intent for intent in RenewalIntent},
}
# Other reasons are codes. Other text is refused: it may name a person.
REASONS = {
    "价格": "price",
    "预算": "budget",
    "质量": "quality",
    "交期": "delivery-time",
    "服务": "service",
    "竞争对手": "competitor",
    "停业": "closed-down",
    "重复": "duplicate",
    "其他": "other",
}

CUSTOMER = (
    Column(
        "customer_number",
        ("客户编号", "customer_number"),
        guide=Guide(
            "The number of the customer, as in the customer file. A number or a name is required.",
            "客户编号，与客户表格一致。客户编号和客户名称至少填一个。",
            examples=("KH-0101", "00102"),
        ),
    ),
    Column(
        "customer",
        ("客户名称", "customer_name", "customer"),
        guide=Guide(
            "The name of the customer.",
            "客户名称。",
            examples=("Teng Yun Ltd", "Hong Yuan Machines"),
            examples_zh=("绍兴华锦", "台州宏远"),
        ),
    ),
    SOURCE_SYSTEM,
)
MONEY = (
    Column(
        "amount",
        ("金额", "金额（元）", "amount"),
        required=True,
        meaning=Meaning.AMOUNT,
        guide=Guide(
            "The whole amount, in units of the currency.",
            "总金额，以元为单位；大额可写作 1.28万。",
            examples=("12800.50", "900"),
        ),
    ),
    Column(
        "currency",
        ("币种", "currency"),
        guide=Guide("The code of the currency. Without it: CNY.", "币种代码。不填为人民币。", examples=("CNY", "USD")),
    ),
)
ORDER_COLUMNS = (
    Column(
        "number",
        ("订单编号", "order_number"),
        required=True,
        guide=Guide("Your number of the order. It identifies it.", "订单的编号。", examples=("DD-5001", "0005002")),
    ),
    *CUSTOMER,
    *MONEY,
    Column(
        "category",
        ("产品类别", "category"),
        guide=Guide(
            "What kind of product it is: up to 64 characters.",
            "产品的类别，不超过 64 个字。",
            examples=("standard", "custom-made"),
            examples_zh=("标准件", "定制件"),
        ),
    ),
    Column(
        "placed_on",
        ("下单日期", "placed_on"),
        required=True,
        meaning=Meaning.MOMENT,
        guide=Guide("When the order was placed.", "下单的时间。", examples=("2024-05-10", "2024-06-03 16:20")),
    ),
    Column(
        "delivered_on",
        ("交付日期", "delivered_on"),
        meaning=Meaning.MOMENT,
        guide=Guide(
            "When it was delivered; empty before.", "交付的时间；尚未交付的留空。", examples=("2024-05-20", "")
        ),
    ),
    Column(
        "cancelled_on",
        ("取消日期", "cancelled_on"),
        meaning=Meaning.MOMENT,
        guide=Guide("When it was cancelled, if it was.", "取消的时间；没有取消的留空。", examples=("", "2024-06-05")),
    ),
    Column(
        "reason",
        ("取消原因", "cancel_reason"),
        guide=Guide(
            "Why it was cancelled: a code of small letters, digits, dots and hyphens. It requires the day.",
            f"取消的原因：{'、'.join(REASONS)}；或由小写英文字母、数字、点和连字符组成的代码。须同时填写取消日期。",
            examples=("", "price"),
            examples_zh=("", "价格"),
        ),
    ),
)
CONTRACT_COLUMNS = (
    Column(
        "number",
        ("合同编号", "contract_number"),
        required=True,
        guide=Guide("Your number of the contract. It identifies it.", "合同的编号。", examples=("HT-0201", "000202")),
    ),
    *CUSTOMER,
    *MONEY,
    Column(
        "kind",
        ("合同类型", "kind"),
        words=KINDS,
        guide=Guide(
            "Without it: standard.",
            "不填为普通合同。",
            examples=("framework", "standard"),
            examples_zh=("框架协议", "普通合同"),
        ),
    ),
    Column(
        "signed_on",
        ("签订日期", "signed_on"),
        required=True,
        meaning=Meaning.MOMENT,
        guide=Guide("When it was signed.", "签订的时间。", examples=("2024-01-05", "2023-02-01")),
    ),
    Column(
        "starts_on",
        ("开始日期", "starts_on"),
        required=True,
        meaning=Meaning.DAY,
        guide=Guide("The first day of its first term.", "首期的第一天。", examples=("2024-01-10", "2023-02-01")),
    ),
    Column(
        "ends_on",
        ("结束日期", "ends_on"),
        meaning=Meaning.LAST_DAY,
        guide=Guide(
            "The last day of its first term.",
            "首期的最后一天。",
            examples=("2025-01-09", "open-ended"),
            examples_zh=("2025-01-09", "长期"),
        ),
    ),
    Column(
        "intent",
        ("续签意向", "renewal_intent"),
        words=INTENTS,
        guide=Guide(
            "Whether the customer means to renew it.",
            "客户是否打算续签。",
            examples=("yes", ""),
            examples_zh=("是", ""),
        ),
    ),
    Column(
        "document_id",
        ("文件编号", "document_id"),
        guide=Guide(
            "Where the document is kept: its number in your archive.",
            "合同文件在贵公司文档系统中的编号。",
            examples=("D-2024-0007", ""),
        ),
    ),
    Column(
        "ended_on",
        ("终止日期", "ended_on"),
        meaning=Meaning.MOMENT,
        guide=Guide(
            "When it was ended early, if it was.", "提前终止的时间；没有终止的留空。", examples=("", "2024-03-31")
        ),
    ),
    Column(
        "reason",
        ("终止原因", "end_reason"),
        guide=Guide(
            "Why it was ended: a code of small letters, digits, dots and hyphens. It requires the day.",
            f"终止的原因：{'、'.join(REASONS)}；或由小写英文字母、数字、点和连字符组成的代码。须同时填写终止日期。",
            examples=("", "closed-down"),
            examples_zh=("", "停业"),
        ),
    ),
)
