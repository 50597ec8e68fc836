local companies = planhat.company.get_list{
  select = { "name", "mrr" },
  limit = 20,
}
print(#companies)
