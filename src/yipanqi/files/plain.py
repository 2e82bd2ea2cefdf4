"""Headers, sheet names and words made comparable: one shape for the many ways people type the same thing."""

import re
import unicodedata

_SPACE = re.compile(r"\s+")
_DOTS = str.maketrans(
    {"•": "·", "・": "·", "．": ".", "〔": "(", "〕": ")", "【": "(", "】": ")", "[": "(", "]": ")", "*": ""}
)


def plain(text: str) -> str:
    """The text with compatibility characters resolved (full width, ², ㎡, ⾏), no spaces or asterisks, in lower case.

    >>> plain(" 用地面积（㎡）* ")
    '用地面积(m2)'
    """
    return _SPACE.sub("", unicodedata.normalize("NFKC", text).translate(_DOTS)).lower()


def split_unit(header: str) -> tuple[str, str | None]:
    """A plain header as name and unit: what stands in its last brackets, or after its last stroke.

    >>> split_unit("用地面积(亩)"), split_unit("租金(元/m2·天)"), split_unit("总投资/亿元"), split_unit("资源名称")
    (('用地面积', '亩'), ('租金', '元/m2·天'), ('总投资', '亿元'), ('资源名称', None))
    """
    name, opened, rest = header.rpartition("(")
    if opened and rest.endswith(")"):
        return name, rest[:-1].removeprefix("单位").lstrip(":")
    name, stroke, rest = header.rpartition("/")
    return (name, rest) if stroke and name else (header, None)
