local companies = planhat.company.get_list()
print(#companies)
