-- The largest customers.
local best = {}

function best.companies(count)
  return planhat.company.get_list{ sort = "-mrr", limit = count }
end

return best
