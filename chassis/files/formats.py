"""Finds the format of a file by its content: the type that a client declares, and a name, are often wrong."""

import io
import re
import zipfile

from chassis.files.refusal import UnreadableTableError

CSV_TYPE = "text/csv"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What browsers and programs declare for CSV and for workbooks.
TYPES = frozenset(
    {
        CSV_TYPE,
        XLSX_TYPE,
        "text/plain",
        "text/tab-separated-values",
        "application/csv",
        "application/vnd.ms-excel",
        "application/octet-stream",
    }
)
MAX_UNCOMPRESSED_BYTES = 200 * 1024 * 1024

ZIP = b"PK\x03\x04"
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORKBOOK = "xl/workbook.xml"
XLS = ("an old Excel workbook (.xls)", "旧版 Excel 工作簿（.xls）")
# The format, in both languages, of a file that starts like this.
STARTS: tuple[tuple[re.Pattern[bytes], tuple[str, str]], ...] = (
    (re.compile(rb"\x09[\x00\x02\x04\x08]"), XLS),
    (re.compile(rb"%PDF"), ("a PDF document", "PDF 文档")),
    (re.compile(rb"\s*<(!doctype html|html|table|head|meta)", re.IGNORECASE), ("an HTML page", "HTML 网页")),
    (re.compile(rb"\s*<\?xml"), ("an XML document", "XML 文档")),
    (re.compile(rb"Rar!|7z\xbc\xaf|\x1f\x8b"), ("a packed archive", "压缩包")),
)
MEMBERS: tuple[tuple[str, tuple[str, str]], ...] = (
    ("xl/workbook.bin", ("a binary Excel workbook (.xlsb)", "二进制 Excel 工作簿（.xlsb）")),
    ("content.xml", ("an OpenDocument file (.ods)", "OpenDocument 文件（.ods）")),
    ("word/document.xml", ("a Word document (.docx)", "Word 文档（.docx）")),
    ("Index/Document.iwa", ("a Numbers document (.numbers)", "Numbers 文档（.numbers）")),
)


def is_workbook(content: bytes, content_type: str) -> bool:
    """Return whether the file is a workbook; if not, it is text. Raises UnreadableTableError for other formats."""
    declared = content_type.partition(";")[0].strip().lower()
    if declared not in TYPES:
        raise UnreadableTableError("unsupported-type", found=declared or "?")
    if content.startswith(ZIP):
        _check_archive(content)
        return True
    if content.startswith(COMPOUND):
        # An encrypted workbook is inside such a container, too. Names in it are UTF-16.
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise UnreadableTableError("protected-workbook")
        raise _other(XLS)
    for start, name in STARTS:
        if start.match(content):
            raise _other(name)
    return False


def _check_archive(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # Two members may have the same name.
            members = [(member.filename, member.file_size) for member in archive.infolist()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise UnreadableTableError("unreadable-workbook") from error
    names = {name for name, _ in members}
    if WORKBOOK not in names:
        raise _other(next((name for member, name in MEMBERS if member in names), ("a ZIP archive", "ZIP 压缩包")))
    if sum(size for _, size in members) > MAX_UNCOMPRESSED_BYTES:
        raise UnreadableTableError("workbook-too-large")


def _other(name: tuple[str, str]) -> UnreadableTableError:
    return UnreadableTableError("other-format", found=name[0], found_zh=name[1])
