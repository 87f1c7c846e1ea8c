"""The legal bases and purposes that a district starts with; ``migrate`` adds those that are not there yet.

Articles are those of the Personal Information Protection Law of 20 August 2021 (个人信息保护法). A basis says of
an article no more than the article says; a local rule is added as a basis of its own.
"""

from typing import NamedTuple

from renkou_common.contracts.registry_privacy import FIRST_NOTICE_PURPOSES, LAW_IN_FORCE
from renkou_registry.consents.domain import ConsentPurpose
from renkou_registry.privacy.purposes.domain import Purpose, Sort
from renkou_registry.privacy.purposes.holdings import HELD


class Basis(NamedTuple):
    """A legal basis: the articles, what they say, and whether it is the person's consent."""

    code: str
    articles: str
    zh: str
    en: str
    is_consent: bool


BASES = (
    Basis(
        "consent",
        "《个人信息保护法》第十三条第一款第一项、第十四条、第十五条",
        "取得个人的同意; 同意可以撤回",
        "the person has consented (13(1)(1), 14), and can withdraw the consent (15)",
        True,
    ),
    Basis(
        "separate_consent",
        "《个人信息保护法》第十三条第一款第一项、第二十八条至第三十条",
        "处理敏感个人信息取得个人的单独同意, 并已告知必要性和对个人权益的影响",
        "the person has consented separately to sensitive information being processed (13(1)(1), 28 to 30)",
        True,
    ),
    Basis(
        "duty",
        "《个人信息保护法》第十三条第一款第三项、第三十四条",
        "国家机关为履行法定职责所必需, 不超出必需的范围和限度",
        "necessary for duties laid down by law (13(1)(3)), within their limits as an organ of the state (34)",
        False,
    ),
    Basis(
        "rights",
        "《个人信息保护法》第十三条第一款第三项、第四十四条至第五十条",
        "为受理和处理个人行使权利的申请所必需",
        "necessary to receive and handle what persons ask for in exercise of their rights (13(1)(3), 44 to 50)",
        False,
    ),
    Basis(
        "security",
        "《个人信息保护法》第十三条第一款第三项、第五十一条、第五十四条",
        "为履行安全保护和合规审计的义务所必需",
        "necessary for the duties of protection and of compliance audits (13(1)(3), 51, 54)",
        False,
    ),
)


def _purpose(
    code: str,
    zh: str,
    en: str,
    basis: str,
    exports: str = "",
    *,
    sensitive: bool = False,
    consent: ConsentPurpose | None = None,
) -> Purpose:
    covers = (
        *(f"{Sort.RECORD}:{table}" for table, held in HELD.items() if held.purpose == code),
        *(f"{Sort.EXPORT}:{name}" for name in exports.split()),
        *(f"{Sort.NOTICE}:{kind}" for kind in FIRST_NOTICE_PURPOSES.get(code, ())),
    )
    stated = consent.value if consent else None
    separate = basis == "separate_consent"
    return Purpose(code, zh, en, basis, sensitive, separate, stated, covers, LAW_IN_FORCE)


PURPOSES = (
    _purpose(
        "register_upkeep",
        "人口登记的建立和更新",
        "keep the register of people and households current",
        "duty",
        "persons households places",
        sensitive=True,  # persons under fourteen are in it (article 28)
    ),
    _purpose(
        "register_quality",
        "更正、查重和与其他部门名单核对",
        "correct the register, find records that are one person, compare with other offices' lists",
        "duty",
        "persons households corrections duplicates",
        sensitive=True,
    ),
    _purpose(
        "service_offers",
        "告知和提供免费服务、随访",
        "offer and give free services and visits",
        "duty",
        "cards visits services activities",
        sensitive=True,
    ),
    _purpose(
        "card_health_data",
        "保存本人主动告知的避孕方法和预产期, 用于提供服务",
        "keep the method and the expected date that a woman tells, to offer services",
        "separate_consent",
        sensitive=True,
        consent=ConsentPurpose.CARD_HEALTH_DATA,
    ),
    _purpose(
        "health_in_lists",
        "在工作名单中列出本人接受的服务项目",
        "name in a list for work which services a person received",
        "separate_consent",
        sensitive=True,
        consent=ConsentPurpose.HEALTH_IN_LISTS,
    ),
    _purpose(
        "prepregnancy_check",
        "免费孕前优生健康检查及其告知",
        "free pre-pregnancy checks and telling their results",
        "separate_consent",
        sensitive=True,
        consent=ConsentPurpose.PREPREGNANCY_CHECK,
    ),
    _purpose(
        "contact_by_phone",
        "电话介绍可享受的服务",
        "call a person about services that are open to them",
        "consent",
        consent=ConsentPurpose.CONTACT_BY_PHONE,
    ),
    _purpose(
        "childbirth_registration",
        "生育登记",
        "register childbirths",
        "duty",
        "childbirth_registrations",
        sensitive=True,
    ),
    _purpose(
        "honour_certificate",
        "独生子女父母光荣证的保存和补发",
        "keep honour certificates of parents of an only child, and replace lost ones",
        "duty",
        "honour_certificates",
    ),
    _purpose(
        "certificate",
        "应本人申请签发、出示和查验婚育证明",
        "issue, show and check a migrant's certificate at the holder's request",
        "consent",
    ),
    _purpose(
        "benefits",
        "奖励扶助的申报、审核、公示和发放",
        "apply for, review, announce and pay benefits",
        "duty",
        "benefit_enrolments benefit_payments benefit_overpayments",
        sensitive=True,  # accounts of money (article 28)
    ),
    _purpose(
        "supplies",
        "免费药具的发放和管理",
        "hand out and account for free supplies",
        "duty",
        "supply_stock supply_ledger",
        sensitive=True,
    ),
    _purpose(
        "offices",
        "单位、出租房屋的登记和责任书",
        "registers of employers and rented housing, and their statements",
        "duty",
        "employers employees rentals tenants",
    ),
    _purpose(
        "petitions", "信访事项的受理和答复", "receive and answer petitions", "duty", "petitions surveys"
    ),
    _purpose("budget", "事业费的预算和支出", "plan and spend the budget", "duty", "budget_lines"),
    _purpose(
        "statistics",
        "按地区汇总的统计",
        "figures for areas",
        "duty",
        "surveys activities budget_lines supply_stock",
    ),
    _purpose(
        "own_account",
        "本人查阅、复制、更正和行使其他权利的账号",
        "the account by which persons read, copy and correct their record and use their other rights",
        "rights",
    ),
    _purpose(
        "own_consents", "同意的给予、撤回和历史", "consents given, withdrawn, and their history", "rights"
    ),
    _purpose("staff_accounts", "工作人员的账号和权限", "accounts and rights of staff", "security"),
    _purpose(
        "audit",
        "查阅、导出和变更的留痕",
        "a trace of who read, exported and changed what",
        "security",
    ),
    _purpose(
        "exchange_arrival",
        "使户籍地登记的现居住地保持真实",
        "keep the home register's present address true",
        "duty",
    ),
    _purpose(
        "exchange_departure",
        "使户籍地知悉离开",
        "let the home register know that somebody left",
        "duty",
    ),
    _purpose(
        "exchange_certificate_check",
        "告知户籍地其所发证明已被出示和查验",
        "tell the issuer that its certificate was shown and checked",
        "consent",
    ),
    _purpose(
        "exchange_service",
        "避免重复服务, 仅含项目和日期",
        "avoid giving a service twice; kind and date only",
        "separate_consent",
        sensitive=True,
        consent=ConsentPurpose.SHARE_SERVICES_WITH_HOME,
    ),
    _purpose(
        "exchange_birth",
        "供户籍地按其规定登记出生",
        "let the home district enter a birth under its own rules",
        "duty",
        sensitive=True,
    ),
    _purpose(
        "exchange_registration",
        "避免重复登记生育, 仅含登记日期",
        "avoid registering a childbirth twice; the day of registration only",
        "duty",
    ),
    _purpose(
        "exchange_inquiry",
        "核实仅户籍地掌握的情况",
        "ask what only the home district knows, and answer",
        "duty",
    ),
    _purpose(
        "exchange_follow_up",
        "确认、异议、更正、撤回和催办已发出的通报",
        "confirm, dispute, correct, take back or remind of what was told",
        "duty",
    ),
)
