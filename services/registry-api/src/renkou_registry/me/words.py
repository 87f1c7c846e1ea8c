"""What tables and fields are called on paper. A field without a word here is printed by its own name."""

TITLES: dict[str, tuple[str, str]] = {
    "person": ("人员记录", "record"),
    "life_event": ("生命事件", "life events"),
}
FIELDS: dict[str, str] = {
    "name": "姓名 name",
    "sex": "性别 sex",
}
