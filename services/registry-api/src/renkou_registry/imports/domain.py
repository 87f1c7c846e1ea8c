"""States of an import. No I/O."""

from enum import StrEnum


class JobState(StrEnum):
    """What happens to a file, in this order."""

    RECEIVING = "receiving"  # 上传中
    QUEUED = "queued"  # 等待检查
    CHECKING = "checking"  # 检查中
    CHECKED = "checked"  # 已检查, 待确认
    APPLYING = "applying"  # 导入中
    DONE = "done"  # 完成
    FAILED = "failed"  # 文件无法处理
