"""The catalogue of problems: stable codes with status and titles in two languages, and the error that carries one."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException

# code: (status, English title, Chinese title)
CATALOGUE: dict[str, tuple[int, str, str]] = {
    "bad-request": (400, "The request cannot be read", "无法读取请求"),
    "malformed-json": (400, "The body is not valid JSON", "请求体不是有效的 JSON"),
    "invalid-cursor": (400, "The cursor does not belong to this list", "游标不属于此列表"),
    "unauthenticated": (401, "A valid bearer token is required", "需要有效的访问令牌"),
    "forbidden": (403, "Access denied", "无权查看或执行"),
    "not-found": (404, "Not found", "未找到"),
    "method-not-allowed": (405, "Method not allowed", "不支持该方法"),
    "request-timeout": (408, "The request body came too slowly", "请求体传输过慢"),
    "rejected": (409, "Rejected by a business rule", "业务规则不允许此操作"),
    "conflict": (409, "Concurrent changes; try again", "数据正被他人修改，请重试"),
    "gone": (410, "No longer available", "该内容已不存在"),
    "moved": (410, "Merged into another id", "已合并到另一编号"),
    "version-mismatch": (412, "Changed since you read it", "内容在读取之后已被修改"),
    "too-large": (413, "The body is larger than allowed", "请求体超过限制"),
    "unsupported-type": (415, "Unsupported content type", "不接受该内容类型"),
    "validation-failed": (422, "Some fields are invalid", "部分字段不符合要求"),
    "key-reused": (422, "This Idempotency-Key was used for another request", "该幂等键已用于其他请求"),
    "precondition-required": (428, "If-Match is required", "需要 If-Match"),
    "too-many-streams": (429, "Too many streams are open", "打开的实时流过多"),
    "head-too-large": (431, "The request line and headers are larger than allowed", "请求行与请求头超过限制"),
    "internal": (500, "Internal error", "服务内部错误"),
    "unavailable": (503, "A required component is unavailable; try again soon", "依赖暂不可用，请稍后重试"),
    "overloaded": (503, "Too many requests; try again soon", "请求过多，请稍后重试"),
    "timed-out": (504, "The requested state was not reached in time", "未在规定时间内达到所需状态"),
}


class ProblemError(HTTPException):
    """An error with a code of the catalogue, a detail in both languages, and the places in the input."""

    def __init__(
        self,
        code: str,
        en: str,
        zh: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(CATALOGUE[code][0], en, dict(headers or {}))
        self.code = code
        self.en = en
        self.zh = zh
        self.errors = errors


def not_found() -> ProblemError:
    return ProblemError("not-found", "There is no resource at this address.", "此地址没有对应的资源。")
