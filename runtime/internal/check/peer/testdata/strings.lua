local long = [[
several lines
]]
local level = [==[ ]] ]==]
local escaped = "a\
b" local after = 1
local quote = 'it''s'
print(after .. long)
--[[ a comment
over lines ]] local behind = 1
--[==[ another ]] ]==] print(behind)
print("é", ü)
