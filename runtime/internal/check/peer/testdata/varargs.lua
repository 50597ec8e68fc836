local function all(...) return select("#", ...) end
local function none(...) end
local function some(a, ...) local b, c = ...; return a, b end
local function packed(...) local t = { ... }; local n = select("#", ...) return t end
print(all(1), none(), some(1), packed())
local first, rest = ...
print(first)
