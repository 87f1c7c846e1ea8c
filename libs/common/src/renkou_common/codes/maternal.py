"""Code lists of services, pre-pregnancy checks, childbirth registrations and honour certificates."""

from renkou_common.codes.lists import CodeList, Entry

_VERSION = "2026-01-01"


def _list(code: str, zh: str, en: str, *entries: tuple[str, str, str]) -> CodeList:
    return CodeList(code, _VERSION, zh, en, tuple(Entry(*each) for each in entries))


SERVICE_STATES = _list(
    "service_state",
    "服务状态",
    "state of a service",
    ("offered", "已告知", "offered"),
    ("accepted", "已接受", "accepted"),
    ("declined", "本人不需要", "declined"),
    ("given", "已提供", "given"),
    ("cancelled", "已取消", "cancelled"),
)
SERVICE_CANCELLATIONS = _list(
    "service_cancellation",
    "服务取消原因",
    "reason of a cancelled service",
    ("by_person", "本人取消", "called off by the person"),
    ("by_provider", "服务方未能提供", "not provided"),
    ("error", "登记有误", "recorded in error"),
)
SERVICE_RESULTS = _list(
    "service_result",
    "服务结果类别",
    "kind of result",
    ("normal", "未见异常", "normal"),
    ("follow_up", "建议复查", "repeat advised"),
    ("referred", "建议转诊", "referral advised"),
)
PREPREGNANCY_STATES = _list(
    "prepregnancy_state",
    "孕前检查状态",
    "state of a pre-pregnancy check",
    ("declined", "不需要", "declined"),
    ("registered", "已登记", "registered"),
    ("history", "已询问病史", "history taken"),
    ("laboratory", "已做实验室检查", "laboratory done"),
    ("imaging", "已做影像检查", "imaging done"),
    ("assessed", "已评估", "assessed"),
    ("informed", "已告知", "informed"),
    ("early_follow_up", "已做早孕随访", "early follow-up done"),
    ("outcome_follow_up", "已做结局随访", "outcome follow-up done"),
    ("closed", "已结案", "closed"),
    ("withdrawn", "已退出", "withdrawn"),
)
CHILDBIRTH_STATES = _list(
    "childbirth_state",
    "生育登记状态",
    "state of a childbirth registration",
    ("recorded", "已登记", "recorded"),
    ("linked", "已关联出生", "linked to a birth"),
    ("withdrawn", "本人撤回", "withdrawn by the person"),
)
CHILDBIRTH_ADDRESSES = _list(
    "childbirth_address",
    "生育登记地址",
    "address of a childbirth registration",
    ("registered", "户籍地", "registered address"),
    ("present", "现居住地", "present address"),
)
HONOUR_KINDS = _list(
    "honour_kind",
    "光荣证类别",
    "kind of honour certificate",
    ("existing", "原有证件", "entered from an existing certificate"),
    ("issued", "新发", "first issue"),
    ("replacement", "补发", "replacement"),
)
HONOUR_STATES = _list(
    "honour_state",
    "光荣证状态",
    "state of an honour certificate",
    ("valid", "有效", "valid"),
    ("replaced", "已补发", "replaced"),
    ("cancelled", "已注销", "cancelled"),
)
HONOUR_ENDINGS = _list(
    "honour_ending",
    "光荣证终止原因",
    "why an honour certificate ended",
    ("at_request", "持证人申请", "at the holders' request"),
    ("error", "登记有误", "recorded in error"),
    ("no_longer_only_child", "持证人申报再生育并交回", "handed back with another child"),
    ("lost", "遗失", "lost"),
    ("damaged", "损坏", "damaged"),
)
LISTS = (
    SERVICE_STATES,
    SERVICE_CANCELLATIONS,
    SERVICE_RESULTS,
    PREPREGNANCY_STATES,
    CHILDBIRTH_STATES,
    CHILDBIRTH_ADDRESSES,
    HONOUR_KINDS,
    HONOUR_STATES,
    HONOUR_ENDINGS,
)
