"""How names sound: readings of characters, surnames read otherwise, syllables of what somebody types. No I/O.

Readings come from pypinyin (all of them, without tones, ü as v); surnames with a reading of their own from
the table below (the usual readings stay as further ones). What is no Chinese character is a syllable by the
word: ``Anna`` in ``Anna Li``.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import product

from pypinyin import Style, pinyin
from pypinyin.constants import PINYIN_DICT

type Syllables = tuple[str, ...]

READINGS_AT_MOST = 6
_EXACT_PLACES = 4  # characters whose second and third readings are tried
_READ_AS_SURNAME = """
单 shan|仇 qiu|曾 zeng|解 xie|区 ou|任 ren|查 zha|盖 ge|朴 piao|尉 wei|翟 zhai|缪 miao|乐 yue
员 yun|万 wan|召 shao|冼 xian|洗 xian|秘 bi|折 she|黑 he|繁 po|覃 qin|宓 mi|谌 chen|郇 xun
隗 wei|郗 xi|华 hua|阚 kan|占 zhan|种 chong|祭 zhai|晁 chao|逄 pang|乜 nie|幺 yao|沈 shen
石 shi|柏 bai|车 che|贾 jia|卜 bu|牟 mu|那 na|能 nai|宁 ning|强 qiang|瞿 qu|撒 sa|盛 sheng
莘 shen|汤 tang|洪 hong|褚 chu|过 guo|句 gou|呙 guo|会 gui|纪 ji|库 she|暴 bao|鲍 bao|不 fou
适 kuo|干 gan|葛 ge|哈 ha|郝 hao|俱 ju|阙 que|芮 rui|殳 shu|佟 tong|危 wei|韦 wei|相 xiang
燕 yan|应 ying|於 yu|尹 yin|訾 zi|笮 ze|長 zhang|长 zhang
"""
_READ_AS_COMPOUND = """
欧阳 ou yang|司马 si ma|上官 shang guan|诸葛 zhu ge|夏侯 xia hou|皇甫 huang fu|尉迟 yu chi
公孙 gong sun|慕容 mu rong|长孙 zhang sun|宇文 yu wen|司徒 si tu|令狐 ling hu|东方 dong fang
南宫 nan gong|万俟 mo qi|澹台 tan tai|单于 chan yu|端木 duan mu|独孤 du gu|轩辕 xuan yuan
呼延 hu yan|鲜于 xian yu|闻人 wen ren|赫连 he lian|申屠 shen tu|钟离 zhong li|百里 bai li
西门 xi men|东郭 dong guo|太史 tai shi|公冶 gong ye
"""


def _table(text: str) -> dict[str, str]:
    """Return readings by surname."""
    pairs = (pair.partition(" ") for pair in text.strip().replace("\n", "|").split("|"))
    return {surname: reading for surname, _, reading in pairs}


_SURNAMES, _COMPOUND_SURNAMES = _table(_READ_AS_SURNAME), _table(_READ_AS_COMPOUND)
_TYPED = """
a ai an ang ao ba bai ban bang bao bei ben beng bi bian biao bie bin bing bo bu ca cai can cang cao ce cen
ceng cha chai chan chang chao che chen cheng chi chong chou chu chua chuai chuan chuang chui chun chuo ci
cong cou cu cuan cui cun cuo da dai dan dang dao de dei den deng di dia dian diao die ding diu dong dou du
duan dui dun duo e ei en eng er fa fan fang fei fen feng fiao fo fou fu ga gai gan gang gao ge gei gen geng
gong gou gu gua guai guan guang gui gun guo ha hai han hang hao he hei hen heng hm hng hong hou hu hua huai
huan huang hui hun huo ji jia jian jiang jiao jie jin jing jiong jiu ju juan jue jun ka kai kan kang kao ke
kei ken keng kong kou ku kua kuai kuan kuang kui kun kuo la lai lan lang lao le lei len leng li lia lian
liang liao lie lin ling liu lo long lou lu luan lun luo lv lve m ma mai man mang mao me mei men meng mi mian
miao mie min ming miu mo mou mu n na nai nan nang nao ne nei nen neng ng ni nian niang niao nie nin ning niu
nong nou nu nuan nun nuo nv nve o ou pa pai pan pang pao pei pen peng pi pian piao pie pin ping po pou pu qi
qia qian qiang qiao qie qin qing qiong qiu qu quan que qun ran rang rao re ren reng ri rong rou ru rua ruan
rui run ruo sa sai san sang sao se sen seng sha shai shan shang shao she shei shen sheng shi shou shu shua
shuai shuan shuang shui shun shuo si song sou su suan sui sun suo ta tai tan tang tao te tei teng ti tian
tiao tie ting tong tou tu tuan tui tun tuo wa wai wan wang wei wen weng wo wu xi xia xian xiang xiao xie xin
xing xiong xiu xu xuan xue xun ya yan yang yao ye yi yin ying yo yong you yu yuan yue yun za zai zan zang
zao ze zei zen zeng zha zhai zhan zhang zhao zhe zhei zhen zheng zhi zhong zhou zhu zhua zhuai zhuan zhuang
zhui zhun zhuo zi zong zou zu zuan zui zun zuo
"""
_SYLLABLES = frozenset(_TYPED.split())
_ALIKE_BEGINNINGS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
_ALIKE_ENDINGS = ("ang", "eng", "ing")


def readings_of(name: str) -> list[Syllables]:
    """Return how a folded name may be read, the likeliest first, at most six."""
    return list(_readings(name))


@lru_cache(maxsize=200_000)
def _readings(name: str) -> tuple[Syllables, ...]:
    compound = _COMPOUND_SURNAMES.get(name[:2])
    if compound is not None:
        rest = _choices(name[2:], first=False)
        choices = [(each,) for each in compound.split()] + rest
    else:
        choices = _choices(name, first=True)
    tried = [each[:3] if place < _EXACT_PLACES else each[:1] for place, each in enumerate(choices)]
    if all(len(each) == 1 for each in tried):
        return (tuple(each[0] for each in tried),)
    ranked = sorted(
        product(*(tuple(enumerate(each)) for each in tried)), key=lambda some: sum(r for r, _ in some)
    )
    return tuple(dict.fromkeys(tuple(text for _, text in some) for some in ranked[:READINGS_AT_MOST]))


def _choices(text: str, *, first: bool) -> list[tuple[str, ...]]:
    """Return the readings of each character; a run of anything else is one syllable."""
    found: list[tuple[str, ...]] = []
    word = ""
    for place, character in enumerate(text):
        known = _character(character)
        if known is None:
            if character == " ":
                found, word = ([*found, (word,)] if word else found), ""
            else:
                word += character
            continue
        if word:
            found, word = [*found, (word,)], ""
        own = _SURNAMES.get(character) if first and place == 0 else None
        found.append((own, *(each for each in known if each != own)) if own else known)
    return [*found, (word,)] if word else found


@cache
def _character(character: str) -> tuple[str, ...] | None:
    """Return the readings of a Chinese character, None for any other and for one without known reading."""
    if ord(character) not in PINYIN_DICT:
        return None
    return tuple(pinyin(character, style=Style.NORMAL, heteronym=True, v_to_u=False)[0])


@cache
def alike(syllable: str) -> str:
    """Return a syllable without what is easily confused: zh/z, ch/c, sh/s, n/l, ang/an, eng/en, ing/in."""
    for one, other in _ALIKE_BEGINNINGS:
        if syllable.startswith(one):
            syllable = other + syllable.removeprefix(one)
            break
    return (syllable[:-1] if syllable.endswith(_ALIKE_ENDINGS) else syllable).replace("v", "u")


@lru_cache(maxsize=10_000)
def syllables_of(letters: str) -> Syllables | None:
    """Return typed pinyin cut into syllables (``zhangwei``: zhang, wei), long ones first; None for others.

    Blanks and apostrophes cut where they stand.
    """
    parts = letters.replace("'", " ").split()
    if len(parts) > 1:
        cut = [syllables_of(part) for part in parts]
        return None if None in cut else tuple(each for some in cut if some for each in some)
    return _cut(letters, 0)


def _cut(letters: str, start: int) -> Syllables | None:
    if start == len(letters):
        return ()
    for length in range(min(6, len(letters) - start), 0, -1):
        if letters[start : start + length] in _SYLLABLES:
            rest = _cut(letters, start + length)
            if rest is not None:
                return (letters[start : start + length], *rest)
    return None


def initials(syllables: Sequence[str]) -> str:
    """Return the first letters."""
    return "".join(each[0] for each in syllables)
