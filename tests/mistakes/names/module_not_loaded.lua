local companies = planhat.company.get_list{ select = { "mrr" } }
print("MRR " .. tables.sum(companies, "mrr"))
