local invoices = planhat.invoice.get_list{ limit = 5 }
local total = #invoices
print("invoices: " .. tostring(total))
