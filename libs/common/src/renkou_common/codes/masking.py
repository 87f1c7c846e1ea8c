"""How personal identifiers look where the whole is not needed. Only the server's serialiser masks."""

import re

_SURNAMES = """
欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政
濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马
公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌
微生 公户 公玉 公仪 梁丘 公仲 公上 公门 公山 公坚 左丘 公伯 西门 公祖 第五 公乘 贯丘 公皙
南荣 东里 东宫 仲长 子书 子桑 即墨 达奚 褚师 纳兰 歐陽 司馬 諸葛
"""
_PHONE = 11
_NUMBERS = re.compile(r"(?<![\w-])(?:[0-9]{17}[0-9Xx]|[0-9]{15}|1[3-9][0-9]{9})(?![\w-])", re.ASCII)
"""Standing alone: parts of a UUID may look alike."""
_COMPOUND_SURNAMES = frozenset(_SURNAMES.split())


def mask_resident_id(number: str) -> str:
    """For staff: first 4 and last 4 characters, `3401**********1234`."""
    return _mask(number, 4, 4)


def mask_resident_id_public(number: str) -> str:
    """For the public: the first and the last 2 characters, `3***************34`."""
    return _mask(number, 1, 2)


def mask_document_number(number: str) -> str:
    """Passports, birth certificates: the first and the last 2 characters, `S3******56`."""
    return _mask(number, 2, 2)


def mask_phone(number: str) -> str:
    """`138****1234`; numbers of other lengths keep only their last 2 digits."""
    return _mask(number, 3, 4) if len(number) == 11 else _mask(number, 0, 2)


def mask_name(name: str) -> str:
    """Surname and `**`, whatever the length: 王**, 欧阳**. Not a known compound: the first character."""
    if not name:
        return ""
    surname = name[:2] if name[:2] in _COMPOUND_SURNAMES and len(name) > 2 else name[0]
    return f"{surname}**"


def masked_within(text: str) -> str:
    """A text in which ID numbers and mobile phones are masked wherever they stand."""
    return _NUMBERS.sub(lambda found: _mask(found[0], 3 if len(found[0]) == _PHONE else 4, 4), text)


def _mask(text: str, head: int, tail: int) -> str:
    hidden = len(text) - head - tail
    if hidden < 1:
        return "*" * len(text)
    return text[:head] + "*" * hidden + text[len(text) - tail :]
