local tiers = { "Gold", "Silver" }
print("tiers: " .. table.concat(tiers, ", "))
