"""Forecasts (人口预测): the register's own people and rates carried ten years on by the cohort-component method."""
