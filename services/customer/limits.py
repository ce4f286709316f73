"""How many orders, quotes and contracts a customer can have. The other limits are those of the rules in `domain`."""

from chassis.commands.item_limit import ItemKind
from contracts.customer import ContractSigned, OrderPlaced, QuoteIssued, QuoteRequested

# Some systems never report that an order was delivered.
MAX_OPEN_ORDERS = 100_000
MAX_QUOTES = 100_000
MAX_RUNNING_CONTRACTS = 10_000


OPEN_ORDERS = ItemKind(
    MAX_OPEN_ORDERS,
    "customer_order",
    (OrderPlaced,),
    "orders that are neither delivered nor cancelled",
    "笔未交付且未取消的订单",
    condition="state = 'placed'",
    remedy_en=" Record which of them were delivered or cancelled.",
    remedy_zh="请先登记其中已交付或已取消的订单。",
)
QUOTES = ItemKind(MAX_QUOTES, "quote", (QuoteRequested, QuoteIssued), "quotes", "份报价")
RUNNING_CONTRACTS = ItemKind(
    MAX_RUNNING_CONTRACTS,
    "contract",
    (ContractSigned,),
    "contracts that have not been ended",
    "份未终止的合同",
    condition="ended_at IS NULL",
    remedy_en=" End those that have run out.",
    remedy_zh="请先终止其中已到期的合同。",
)
