"""Forms of aggregate returns (报表制度) as data: sections, rows, columns, rules, who hands in and when."""
