"""What a person may consent to. Each purpose is separate, none is a condition of any service. No I/O.

Sensitive personal information needs a separate consent for each purpose (Personal Information Protection
Law, articles 29 and 30); it can be withdrawn as easily as it was given (article 15).
"""

from dataclasses import dataclass
from enum import StrEnum


class ConsentPurpose(StrEnum):
    """Closed list of purposes."""

    CARD_HEALTH_DATA = "card_health_data"
    PREPREGNANCY_CHECK = "prepregnancy_check"
    SHARE_SERVICES_WITH_HOME = "share_services_with_home"
    SHARE_CHILDBIRTH_WITH_HOME = "share_childbirth_with_home"
    CONTACT_BY_PHONE = "contact_by_phone"
    HEALTH_IN_LISTS = "health_in_lists"


class How(StrEnum):
    """How a consent was given or withdrawn: by the person, or told to a worker who notes it."""

    OWN_ACCOUNT = "own_account"  # 本人账号
    IN_PERSON = "in_person"  # 当面
    PAPER = "paper"  # 书面


@dataclass(frozen=True, slots=True)
class PurposeText:
    """What the person reads before agreeing."""

    zh: str
    en: str


TEXTS: dict[ConsentPurpose, PurposeText] = {
    ConsentPurpose.CARD_HEALTH_DATA: PurposeText(
        "在信息卡上保存我主动告知的避孕方法和预产期, 仅用于提供服务",
        "keep on my card the contraceptive method and the expected date that I tell, only to offer services",
    ),
    ConsentPurpose.PREPREGNANCY_CHECK: PurposeText(
        "保存免费孕前优生健康检查的结果, 用于向我告知风险和建议",
        "keep the results of the free pre-pregnancy check, to tell me about risks and advice",
    ),
    ConsentPurpose.SHARE_SERVICES_WITH_HOME: PurposeText(
        "向户籍地通报我接受服务的种类和日期",
        "tell my home district the kind and date of services I received",
    ),
    ConsentPurpose.SHARE_CHILDBIRTH_WITH_HOME: PurposeText(
        "向户籍地通报我的生育登记",
        "tell my home district that I registered a childbirth",
    ),
    ConsentPurpose.CONTACT_BY_PHONE: PurposeText(
        "通过电话向我介绍可享受的服务",
        "call me about services that are open to me",
    ),
    ConsentPurpose.HEALTH_IN_LISTS: PurposeText(
        "在工作人员导出的名单中列出我接受的服务项目",
        "name in lists that staff export which services I received",
    ),
}
