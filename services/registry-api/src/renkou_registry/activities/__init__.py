"""Activities (宣传、培训、义诊活动)."""
