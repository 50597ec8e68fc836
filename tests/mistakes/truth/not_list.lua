local lost = planhat.opportunity.get_list{ companyId = "67d08140557181002fd170dd" }
if not lost then
  print("no opportunities")
end
