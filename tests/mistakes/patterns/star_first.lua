for _, file in ipairs{ "accounts.csv", "notes.txt" } do
  if file:match("*.csv") then print(file) end
end
