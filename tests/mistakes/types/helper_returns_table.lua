local function totals()
  return { customers = #planhat.company.get_list(), contacts = #planhat.enduser.get_list() }
end
if totals() > 100 then print("large account") end
