local companies = planhat.company.get_list{
  fields = { "name", "mrr" },
  limit = 20,
}
print(#companies)
