local invoices = planhat.invoice.get_list{ limit = 5 }
do
  local total = #invoices
end
print("invoices: " .. tostring(total))
