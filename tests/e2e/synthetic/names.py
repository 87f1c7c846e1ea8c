"""Names of synthetic people: Faker's for most, some of other languages and with rare characters."""

from random import Random

from faker import Faker

from renkou_common.codes.lists import Sex

HAN = "01"
UYGUR = "05"
_NATIONALITIES = (HAN, "03", "11", "08", "06", "15", UYGUR)
_WEIGHTS = (960, 12, 9, 7, 5, 4, 3)
_UYGUR_MALE = ["阿卜杜拉", "买买提", "吐尔逊", "艾合买提", "玉素甫", "依明", "卡德尔", "热合曼"]
_UYGUR_FEMALE = ["阿依古丽", "古丽娜尔", "热孜万", "帕提古丽", "米热古丽", "阿孜古丽", "茹仙古丽", "海日古丽"]
_RARE_MALE = ("䶮", "喆", "堃", "𬱖")
_RARE_FEMALE = ("㛃", "玥", "婠", "媺")


class Names:
    """Draws names of families."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._faker = Faker("zh_CN")
        self._faker.seed_instance(random.getrandbits(64))
        self.streets = [self._faker.unique.street_name() for _ in range(120)]
        self.employers = [self._faker.unique.company() for _ in range(300)]

    def nationality(self) -> str:
        """A code of GB/T 3304."""
        return self._random.choices(_NATIONALITIES, _WEIGHTS)[0]

    def adult(self, sex: Sex, nationality: str) -> str:
        if nationality == UYGUR:
            return f"{self._uygur(sex)}·{self._random.choice(_UYGUR_MALE)}"
        return str(self._faker.last_name()) + self._given(sex)

    def child(self, sex: Sex, father: str) -> str:
        """The father's surname, or where names have no surname, the father's given name behind the own."""
        if "·" in father:
            return f"{self._uygur(sex)}·{father.partition('·')[0]}"
        return _surname(father) + self._given(sex)

    def father(self, child: str) -> str:
        """A name for the father of a man or woman who has a name already."""
        if "·" in child:
            return f"{child.partition('·')[2]}·{self._random.choice(_UYGUR_MALE)}"
        return _surname(child) + self._given(Sex.MALE)

    def _uygur(self, sex: Sex) -> str:
        return self._random.choice(_UYGUR_MALE if sex is Sex.MALE else _UYGUR_FEMALE)

    def _given(self, sex: Sex) -> str:
        if self._random.random() < 0.004:
            return self._random.choice(_RARE_MALE if sex is Sex.MALE else _RARE_FEMALE)
        male = sex is Sex.MALE
        return str(self._faker.first_name_male() if male else self._faker.first_name_female())


def _surname(name: str) -> str:
    """Faker knows one surname of two characters."""
    return name[:2] if name.startswith("欧阳") else name[0]
