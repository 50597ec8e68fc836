return tostring(leaked) .. " " .. tostring(rawget(_G, "describe"))
