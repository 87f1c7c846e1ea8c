"""Prepregnancy (免费孕前优生健康检查, per couple)."""
