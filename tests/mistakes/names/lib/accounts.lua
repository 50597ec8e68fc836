-- Keys of the accounts in the CRM.
local accounts = {}

function accounts.key(row)
  return "crm-" .. row.id
end

return accounts
