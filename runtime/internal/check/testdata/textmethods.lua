-- The functions of a text, called with a dot.
local company = planhat.company.get_by_id("67d08140557181002fd170dd")
print(company.name.upper())            --> wrong-arguments: string.upper does not receive the string
print(company.name:upper(), company.owner.sub(1))
local s = "a-b"
print(s.gsub("-", "+"), s.rep(s, 2), ("x").rep(3)) --> wrong-arguments: string.gsub does not receive --> wrong-arguments: string.rep does not receive
