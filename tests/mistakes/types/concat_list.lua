local tiers = { "Gold", "Silver" }
print("tiers: " .. tiers)
