"""What was done, in plain words."""

ACTIONS: dict[str, str] = {
    "read": "查阅",
    "unmask": "明文查阅",
    "export": "导出",
    "search": "查找",
    "create": "新增",
    "change": "变更",
    "delete": "删除",
}
