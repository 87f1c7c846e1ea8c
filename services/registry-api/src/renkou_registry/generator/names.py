"""Names by frequency: surnames, given names of two generations, other languages, rare characters.

The ten commonest surnames are two fifths of all people, the hundred commonest more than four fifths.
"""

from itertools import accumulate
from random import Random

_COMMON = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟"
    "谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_RARER = (
    "单仇解区查盖朴尉翟缪乐员召冼秘折黑繁宓谌郇隗郗华阚占种祭晁逄乜幺柏车卜牟那宁瞿撒盛莘洪褚纪葛阙芮佟危相燕应"
    "樊柯左翁荣巫鲍柴兰裴耿温庄欧甄霍祝凌涂"
)
_COMPOUND = ("欧阳", "司马", "上官", "诸葛", "夏侯", "皇甫", "尉迟", "慕容", "令狐", "澹台", "万俟")
_SURNAMES = [*_COMMON, *_RARER, *_COMPOUND, "𬱖", "䶮", "㛃"]
_SURNAME_WEIGHTS = list(
    accumulate(
        [7.2, 7.1, 6.8, 5.4, 4.6, 3.1, 2.3, 2.1, 2.0, 1.9]
        + [1.6 * 0.972**rank for rank in range(len(_COMMON) - 10)]
        + [0.05] * len(_RARER)
        + [0.008] * len(_COMPOUND)
        + [0.001] * 3
    )
)
_OLD_MALE = "国建明志华文军德平福生永兴光云振海成金玉荣胜林春祥贵根宝忠良庆才富全来发龙江山东学树义长"
_OLD_FEMALE = "英秀兰玉桂珍凤芳华霞梅红淑琴云莲香翠美素春花爱荣菊平丽萍燕金玲巧月仙彩银娥贞惠敏芬艳琼"
_NEW_MALE = "伟强磊浩宇轩子涵博文俊杰天泽梓睿晨一鹏飞凯鑫辰昊嘉奕铭皓然逸思远哲瑞泰阳旭峰超勇涛亮斌晓"
_NEW_FEMALE = "丽娜静婷雪倩雨欣怡梦佳琪子涵语嫣诗若思颖慧妍瑶悦可心雅琳晓萌萱紫艺璇依菲诺一彤蕊玥昕洁"
_RARE = "喆堃婠媺㛃䶮𬱖𬀩煚燊"
_UYGUR = (
    ("阿卜杜拉", "买买提", "吐尔逊", "艾合买提", "玉素甫", "依明", "卡德尔", "热合曼"),
    ("阿依古丽", "古丽娜尔", "热孜万", "帕提古丽", "米热古丽", "阿孜古丽", "茹仙古丽", "海日古丽"),
)
_LONG = "阿尔斯兰巴依·努尔麦麦提江·阿卜杜热西提"
HAN, HUI, MIAO, MANCHU, ZHUANG, TUJIA, UYGUR = "01", "03", "06", "11", "08", "15", "05"
_NATIONALITIES = (HAN, HUI, MANCHU, ZHUANG, MIAO, TUJIA, UYGUR)
_NATIONALITY_WEIGHTS = list(accumulate((960, 12, 9, 7, 5, 4, 3)))


def nationality(random: Random) -> str:
    """Return a code of GB/T 3304."""
    return str(random.choices(_NATIONALITIES, cum_weights=_NATIONALITY_WEIGHTS)[0])


def adult(random: Random, sex: int, born: int, of: str) -> str:
    """Return the name of somebody born in a year, of a nationality."""
    if of == UYGUR:
        if random.random() < 0.01:
            return _LONG
        return f"{random.choice(_UYGUR[sex - 1])}·{random.choice(_UYGUR[0])}"
    surname: str = random.choices(_SURNAMES, cum_weights=_SURNAME_WEIGHTS)[0]
    return surname + _given(random, sex, born)


def child(random: Random, sex: int, born: int, father: str) -> str:
    """Return the father's surname with a given name; where there is no surname his given name follows."""
    if "·" in father:
        return f"{random.choice(_UYGUR[sex - 1])}·{father.partition('·')[0]}"
    surname = father[:2] if father[:2] in _COMPOUND else father[:1]
    return surname + _given(random, sex, born)


def _given(random: Random, sex: int, born: int) -> str:
    if random.random() < 0.004:
        return random.choice(_RARE)
    old = born < 1982
    stock = (_OLD_MALE if old else _NEW_MALE) if sex == 1 else (_OLD_FEMALE if old else _NEW_FEMALE)
    first = random.choice(stock)
    return first if random.random() < 0.22 else first + random.choice(stock)
