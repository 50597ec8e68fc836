local lost = planhat.opportunity.get_list{ companyId = "67d08140557181002fd170dd" }
if #lost == 0 then
  print("no opportunities")
end
