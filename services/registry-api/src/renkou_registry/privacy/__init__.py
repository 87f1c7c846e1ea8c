"""Protection of personal information (个人信息保护): purposes, retention, requests of persons, registers."""
