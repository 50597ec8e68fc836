local text = "Zürich" local city = "Genève"
print("Müller", customr)
local t = { ["größe"] = 1 } print("ä", t, wrong)
for i, v in ipairs({ "ö" }) do print("ß", v) end
