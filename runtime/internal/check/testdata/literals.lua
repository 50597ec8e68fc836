local http = require "http"
print(time.add("2026-01-31", "2 dayz"), time.sleep("soon"))              --> wrong-value: "2 dayz" is not a duration --> wrong-value: "soon" is not a duration
local zone = "CET+1"
print(time.today(zone), time.today("CET"), time.today("+01:00"))         --> wrong-value: unknown time zone "CET+1"
print(time.diff(1, 2, "dys"), time.start_of(1, "decade"))                --> wrong-value: unknown unit 'dys' --> wrong-value: unknown period
print(time.format(1, "YYYY-MM-DD"), time.format(1, "%Y-%m-%d"))          --> wrong-value: invalid layout
print(time.parse("01/02/2026"), time.parse("01/02/2026", { format = "%d/%m/%Y" })) --> wrong-value: time.parse
print(time.parse("2026-13-01"), time.parse("2026-12-01", { zone = "Paris" })) --> wrong-value: 2026-13-01 --> wrong-value: unknown time zone
print(time.date(2026, 13, 1), time.date(2026, 2, 29), time.date(2024, 2, 29)) --> wrong-value: no such day as 2026-13-1 --> wrong-value: February has 28 days
print(time.add("2026-01-31", 30), time.add("2026-01-31", 86400))         --> wrong-value: a number is in seconds
print(time.duration("1 month"), time.duration("90s"))                    --> wrong-value: no fixed length

local options = { separator = "; ", on_error = "ignore", types = { mrr = "int" }, decimal = "comma" } --> wrong-value: 'separator' must be one character --> wrong-value: must be "stop" or "collect" --> wrong-value: unknown type 'int' --> wrong-value: option 'decimal'
print(#csv.read("a.csv", options), #csv.read("a.csv", { separator = "\t", encoding = "latin1x", skip = -1 })) --> wrong-value: unknown encoding --> wrong-value: 'skip' must not be negative
print(money.parse("1.234,50", { decimal = "." }), money.parse("1.234,50", { decimal = "," })) --> wrong-value: is not an amount

print(planhat.company.get_by_id("acme"), planhat.task.get_by_id("extid-a"), planhat.company.get_by_id("extid-a")) --> wrong-value: "acme" cannot be the id of a company --> wrong-value: does not support ids with extid-
print(planhat.enduser.get_by_id("kim@csm.example"))                      --> wrong-value: cannot be the id of an enduser
print(#planhat.license.get_list{ companyId = "extid-a" }, #planhat.license.get_list{ companyId = { "65920080b97f4a7a33000001" } }) --> wrong-value: takes only Planhat's own ids
print(#planhat.company.get_list{ limit = 0 }, planhat.request{ method = "FETCH", path = "/companies" }) --> wrong-value: option 'limit' --> wrong-value: "FETCH" is not known
print(http.get("api.example.com/x"), http.get("https://api.example.com/x", { timeout = 0 })) --> wrong-value: is not an address --> wrong-value: option 'timeout'

-- What a script tries out, and what is not known.
print(pcall(time.parse, "soon"), pcall(function() return time.parse("soon") end))
local function later(span) return time.add("2026-01-31", span) end
print(later("2d"), time.add(args[1], args[2]), time.try_parse("soon"))
